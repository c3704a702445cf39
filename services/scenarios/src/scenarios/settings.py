"""The settings of scenarios: those that every service has."""

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from the environment under `CONSTELLATION_`; see `common.settings`."""
