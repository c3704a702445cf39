"""Which kinds of evidence the figures of a month rest on, each with its share of the time, and why the others were not taken."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np

from footprint.domain.engine import Computation, World
from footprint.domain.grid import Integers
from footprint.domain.notices import Notice
from footprint.domain.pieces import base_configuration
from footprint.domain.results import AssetMonth
from footprint.domain.stretches import ENERGY_EVIDENCE
from footprint.domain.weighing import ELECTRICITY_EVIDENCE

LADDERS: Final[Mapping[str, Sequence[str]]] = {
    "embodied": ("given", "model", "configuration", "kind"),
    "energy": ENERGY_EVIDENCE[1:],
    "electricity": ELECTRICITY_EVIDENCE[1:],
}
"""The kinds of evidence, the best first."""

Shares = Mapping[str, float]
Ladder = dict[str, list[dict[str, Any]]]


def ladder(shares: Mapping[str, Shares], unusable: Collection[tuple[str, str]] = ()) -> Ladder:
    """For each question every kind of evidence, the best first: `chosen` with its `share` of the time, or `because` of what it was not.
    A projection is named where it is chosen alone: elapsed months have none.

    `because` is `weaker` than all that was used, `not_there`, or `not_usable`: it is there, and lacks what the method needs of it.
    """
    rungs = {question: map(_rung, *_columns(question, shares[question], unusable)) for question in LADDERS}
    return {
        question: [each for each in found if each["chosen"] or each["evidence"] != "projected"]
        for question, found in rungs.items()
    }


def _columns(
    question: str, shares: Shares, unusable: Collection[tuple[str, str]]
) -> tuple[Sequence[str], list[float], list[str]]:
    rungs = LADDERS[question]
    used = [place for place, rung in enumerate(rungs) if shares.get(rung)]
    weakest = len(rungs) if shares.get("none") or not used else max(used)
    why = [
        "weaker" if place > weakest else "not_usable" if (question, rung) in unusable else "not_there"
        for place, rung in enumerate(rungs)
    ]
    return rungs, [shares.get(rung, 0.0) for rung in rungs], why


def _rung(evidence: str, share: float, why: str) -> dict[str, Any]:
    chosen = share > 0
    return {"evidence": evidence, "chosen": chosen, "share": share, "because": None if chosen else why}


def stored_ladder(evidence: Mapping[str, str]) -> Ladder:
    """The ladder of a stored result that cannot be computed again: the evidence that it names."""
    return ladder({question: {evidence[question]: 1.0} for question in LADDERS})


def month_ladder(computation: Computation, result: AssetMonth, intervals: Integers, world: World) -> Ladder:
    """The ladder of a computed month; `intervals` are those that its figures rest on."""
    ledger, weights = computation.ledger, computation.ledger.weights
    seconds = (ledger.end - ledger.start)[intervals].astype(np.float64)
    drawn = weights.hours[intervals] > 0
    counted = np.array([ledger.stretches[each].counted for each in ledger.stretch[intervals].tolist()], dtype=bool)
    clouds = {
        interval
        for interval, extra in zip(ledger.extra_interval.tolist(), ledger.extra.tolist(), strict=True)
        if ledger.extras[extra].cloud
    }
    made = [
        "kind" if interval in clouds else ledger.profiles[asset].embodied_evidence
        for interval, asset in zip(intervals.tolist(), ledger.asset[intervals].tolist(), strict=True)
    ]
    energy = [ENERGY_EVIDENCE[each] for each in weights.energy_evidence[intervals].tolist()]
    grid = [ELECTRICITY_EVIDENCE[each] for each in weights.electricity_evidence[intervals].tolist()]
    shares = {
        "embodied": _shares(made, np.where(counted, seconds, 0.0).tolist(), result.embodied_evidence),
        "energy": _shares(energy, np.where(drawn, seconds, 0.0).tolist(), result.energy_evidence),
        "electricity": _shares(grid, np.where(drawn, seconds, 0.0).tolist(), result.electricity_evidence),
    }
    unusable = _unusable(computation, intervals, world)
    if result.notices & Notice.CONSUMPTION_NOT_TAKEN:
        unusable.add(("electricity", "region"))
    return ladder(shares, unusable)


def _shares(evidence: Sequence[str], seconds: Sequence[float], otherwise: str) -> Shares:
    """The share of the time that rests on each kind; all on `otherwise` where there is no such time."""
    whole = sum(seconds)
    if not whole:
        return {otherwise: 1.0}
    found: dict[str, float] = {}
    for each, part in zip(evidence, seconds, strict=True):
        found[each] = found.get(each, 0.0) + part
    return {each: part / whole for each, part in found.items()}


def _unusable(computation: Computation, intervals: Integers, world: World) -> set[tuple[str, str]]:
    """Evidence that is there: what it needs beside it (a thermal design power, a die area) decides whether it can be used."""
    ledger = computation.ledger
    found: set[tuple[str, str]] = set()
    for source in np.unique(ledger.asset[intervals]).tolist():
        asset = ledger.profiles[source].asset
        of_asset = intervals[ledger.asset[intervals] == source]
        start, end = int(ledger.start[of_asset].min()), int(ledger.end[of_asset].max())
        measured = world.measured.get(asset.id)
        if measured is not None and any(each.start < end and start < each.end for each in measured.loads):
            found.add(("energy", "utilisation"))
        if base_configuration(asset.segments) is not None:
            found.add(("embodied", "configuration"))
    return found
