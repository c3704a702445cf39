"""Where downloads are kept: `.local/cache` of the checkout, or a folder that several checkouts share."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]


def cache_folder() -> Path:
    """The folder named by CONSTELLATION_CACHE, else `.local/cache` of this checkout."""
    shared = os.environ.get("CONSTELLATION_CACHE")
    return Path(shared).expanduser().resolve() if shared else CHECKOUT / ".local" / "cache"
