"""The settings of billing, beside those that every service has."""

from typing import Annotated

from common.settings import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """Read from the environment under `CONSTELLATION_`; see `common.settings`."""

    consumer_linger_ms: Annotated[int, Field(ge=0, le=30_000)] = 200
    threshold_check_s: Annotated[float, Field(gt=0)] = Field(
        default=300.0, description="from one look at the contracts' thresholds to the next"
    )
    reconciliation_check_s: Annotated[float, Field(gt=0)] = Field(
        default=300.0, description="from one look for contracts whose daily reconciliation is due to the next"
    )
