"""The settings of billing: those that every service has."""

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from the environment under `CONSTELLATION_`; see `common.settings`."""
