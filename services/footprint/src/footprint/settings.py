"""The settings of the footprint service."""

from typing import Annotated

from common.settings import ServiceSettings
from pydantic import Field


class FootprintSettings(ServiceSettings):
    """Common settings, and how many calculators a `work` process runs."""

    bulk_pause_s: Annotated[float, Field(ge=0, le=3)] = Field(
        default=0.3, description="how long an import must have paused before what it brought is computed; at most 3 s"
    )
    calculators: Annotated[int, Field(ge=1, le=16)] = Field(default=1, description="calculators in one `work` process")
