"""The settings of scenarios, beside those that every service has."""

from typing import Annotated

from common.settings import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """Read from the environment under `CONSTELLATION_`; see `common.settings`."""

    consumer_linger_ms: Annotated[int, Field(ge=0, le=30_000)] = 200
