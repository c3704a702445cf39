"""The kinds of assets (domain §2)."""

from typing import Literal

Kind = Literal[
    "server",
    "storage",
    "network",
    "virtual_machine",
    "laptop",
    "desktop",
    "monitor",
    "thin_client",
    "smartphone",
    "tablet",
    "printer",
    "ip_phone",
    "other",
]
