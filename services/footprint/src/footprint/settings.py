"""The settings of the footprint service."""

from typing import Annotated

from common.settings import ServiceSettings
from pydantic import Field


class FootprintSettings(ServiceSettings):
    """Common settings, and how many calculators a `work` process runs."""

    calculators: Annotated[int, Field(ge=1, le=16)] = Field(default=1, description="calculators in one `work` process")
