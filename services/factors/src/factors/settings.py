"""The settings of the factors service: those that every service has, and its own."""

from typing import Annotated

from common.settings import ServiceSettings
from pydantic import Field


class FactorsSettings(ServiceSettings):
    """Read from the environment under the prefix `CONSTELLATION_`."""

    catalogue_at_start: bool = Field(
        default=True, description="publish the platform's own catalogue when a worker starts"
    )
    four_eyes: bool = Field(
        default=False, description="a factor is published after review, by another person than its author"
    )
    live_poll_s: Annotated[float, Field(gt=0)] = Field(
        default=1.0, description="longest wait between two looks for published changes when no notification comes"
    )
