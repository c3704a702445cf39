"""How assets stand at the end of a month: what the making of all that is in them weighs, and what of it is not charged yet.

What starts from a footprint (a study) needs both: an equal asset weighs the first, and the months to come are charged with the second.
They are carried as figures are, by who uses the asset at that instant: those of the machines on a host and of its idle part add up to it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from footprint.domain.allocation import Subject, Terms
from footprint.domain.catalogue import GWP
from footprint.domain.cells import Cells
from footprint.domain.embodied import MANUFACTURING, OTHER_STAGES
from footprint.domain.formulas import DAY_S
from footprint.domain.grid import Floats, Integers
from footprint.domain.ledger import Ledger
from footprint.domain.months import FIRST_YEAR, month_edges
from footprint.domain.profiles import Profile
from footprint.domain.weighing import EMBODIED

CONSTRUCTION: Final = (MANUFACTURING, *OTHER_STAGES)
"""The stages that are spread over the life."""


class Standing(NamedTuple):
    """Of each cell the kg of climate change of what makes its asset: whole and as new, what is not charged yet, and whether it is known."""

    whole_kg: list[float]
    left_kg: list[float]
    known: list[bool]


def stand(ledger: Ledger, terms: Terms, cells: Cells, subjects: Sequence[Subject]) -> Standing:
    """How the asset of each cell stands when its month ends: 0 where it has left before, or has no share any more."""
    last = np.flatnonzero(ledger.end[terms.interval] == _month_ends(terms, subjects))
    intervals, place = np.unique(terms.interval[last], return_inverse=True)
    share, cell, count = terms.share[last], cells.cell[last], len(cells.first)
    whole_kg, left_kg = _at_the_end(ledger, intervals)
    known = np.bincount(cells.cell, weights=ledger.weights.figures[EMBODIED].known[terms.interval], minlength=count) > 0
    whole, left = (
        np.maximum(np.bincount(cell, weights=each[place] * share, minlength=count), 0.0).tolist()
        for each in (whole_kg, left_kg)
    )
    return Standing(whole, left, known.tolist())


def _month_ends(terms: Terms, subjects: Sequence[Subject]) -> Integers:
    """When the month of each term ends, in the time zone of its subject."""
    zones = np.array([each.organisation.time_zone for each in subjects], dtype=object)[terms.subject]
    ends = np.zeros(len(terms.month), dtype=np.int64)
    for zone in sorted(set(zones)):
        rows = zones == zone
        ends[rows] = month_edges(zone)[terms.month[rows] + 1 - FIRST_YEAR * 12]
    return ends


def _at_the_end(ledger: Ledger, intervals: Integers) -> tuple[Floats, Floats]:
    """Of the asset of each of some intervals, as a whole and at its end: what is in it, and what is not charged yet."""
    weights, profiles, asset, end = ledger.weights, ledger.profiles, ledger.asset[intervals], ledger.end[intervals]
    quantity = np.array([each.asset.quantity for each in profiles], dtype=np.float64)[asset]
    unit_kg = np.array([_unit_kg(each) for each in profiles], dtype=np.float64).reshape(-1, 2)[asset]
    begin, until, share = weights.life_begin[intervals], weights.life_end[intervals], weights.life_share[intervals]
    charged = np.maximum(np.minimum(until, end) - begin, 0.0) / DAY_S
    left = np.maximum(share - share * charged / weights.life_days[intervals], 0.0)
    whole_kg, left_kg = quantity * unit_kg[:, 0], quantity * unit_kg[:, 1] * left
    for index in np.flatnonzero(np.array([bool(each.fitted) for each in profiles], dtype=bool)[asset]).tolist():
        profile, start = profiles[int(asset[index])], int(ledger.start[intervals[index]])
        fitted = next((each for each in reversed(profile.fitted) if each.start <= start), None)
        if fitted is not None:
            whole_kg[index] += quantity[index] * fitted.whole_kg
            left_kg[index] += quantity[index] * fitted.left_kg(float(end[index]))
    return whole_kg, left_kg


def _unit_kg(profile: Profile) -> tuple[float, float]:
    """Of one unit of an asset, as it came: what making, bringing and disposing of it weighs as new, and what of that the asset carries."""
    whole = carried = 0.0
    for stage in CONSTRUCTION:
        part = profile.part(stage, GWP)
        if part is not None:
            whole += part.embodied.unit_kg
            carried += part.unit_kg
    return whole, carried
