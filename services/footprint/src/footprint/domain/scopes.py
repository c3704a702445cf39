"""Where an emission stands in the reports: GHG Protocol scope and category, and item of the French BEGES (decree of 2022).

Who controls the thing decides: own premises, own kit in another's room (the cooling and losses of the room, the part that the PUE
adds, are that host's energy and a bought service), or somebody else's machines used as a service.
"""

from typing import Final, NamedTuple


class Line(NamedTuple):
    """Scope 1–3, GHG Protocol category (`2`, `3.1`, `3.2` …) and BEGES item of a figure."""

    scope: int
    ghg_category: str
    beges_item: str


ELECTRICITY: Final = Line(2, "2", "2.1")
PURCHASED_GOODS: Final = Line(3, "3.2", "4.2")
PURCHASED_SERVICES: Final = Line(3, "3.1", "4.5")
CLOUD: Final = Line(3, "3.1", "4.5")


def line_of(stage: str, *, purchased: bool) -> Line:
    """The line of a figure. `purchased` is for a share of another organisation's machine: everything is 3.1 then."""
    if purchased:
        return CLOUD
    if stage == "use":
        return ELECTRICITY
    if stage == "maintenance_and_sale":
        return PURCHASED_SERVICES
    return PURCHASED_GOODS
