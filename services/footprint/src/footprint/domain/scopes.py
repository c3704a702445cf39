"""Where an emission stands in the reports: GHG Protocol scope and category, and item of the French BEGES (decree of 2022).

Who controls the thing decides: own premises, own kit in another's room (the cooling and losses of the room, the part that the PUE
adds, are that host's energy and a bought service), or somebody else's machines used as a service. The same holds for upstream and
losses of the electricity.
"""

from enum import IntFlag
from typing import Final, NamedTuple


class Control(IntFlag):
    """Who controls a thing, where it is not owned and on own premises."""

    HOSTED = 1
    PURCHASED = 2
    LEASED = 4


class Line(NamedTuple):
    """Scope 1–3, GHG Protocol category (`1`, `2`, `3.1`, `3.2` …) and BEGES item of a figure."""

    scope: int
    ghg_category: str
    beges_item: str


DIRECT_FUGITIVE: Final = Line(1, "1", "1.4")
ELECTRICITY: Final = Line(2, "2", "2.1")
PURCHASED_GOODS: Final = Line(3, "3.2", "4.2")
PURCHASED_PARTS: Final = Line(3, "3.1", "4.1")
PURCHASED_SERVICES: Final = Line(3, "3.1", "4.5")
UPSTREAM_TRANSPORT: Final = Line(3, "3.4", "3.1")
ENERGY_UPSTREAM: Final = Line(3, "3.3", "4.1")
WASTE: Final = Line(3, "3.5", "4.3")
LEASED: Final = Line(3, "3.8", "4.4")
CLOUD: Final = Line(3, "3.1", "4.5")

USE: Final = "use"
BOTH: Final = "both"
"""The basis of what counts alike location-based and market-based."""

_OF_STAGE: Final = {
    USE: ELECTRICITY,
    "maintenance_and_sale": PURCHASED_SERVICES,
    "end_of_life": WASTE,
}


OWN_PREMISES: Final = Control(0)


def line_of(stage: str, basis: str, control: Control = OWN_PREMISES) -> Line:
    """The line of a figure.

    What of the use is alike on both bases is not the electricity itself, which contracts change, but its upstream and losses. Purchased is
    a share of another organisation's machine, a thing in a site that its provider operates, or a public cloud: everything is 3.1 then. What
    makes and brings leased kit is an upstream leased asset.
    """
    if Control.PURCHASED in control:
        return CLOUD
    if Control.LEASED in control and stage in ("manufacturing", "transport"):
        return LEASED
    if stage == USE and basis == BOTH:
        return ENERGY_UPSTREAM
    return _OF_STAGE.get(stage, PURCHASED_GOODS)
