"""The trace of one asset and month: every number that went into its figures, and formulas that give the stored values back, bit for bit.

A line's `formula`, read from left to right in IEEE doubles with its units struck out, is its `value`; a figure's value is the sum of its
lines in their order. The same engine computes it as computed what is stored.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np

from footprint.domain import formulas
from footprint.domain.allocation import LINES, UNITS
from footprint.domain.catalogue import GWP
from footprint.domain.catalogue import UNITS as AMOUNTS
from footprint.domain.cells import ExtraSum, cells_of, extra_value, sum_extras
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.engine import Computation, World, compute
from footprint.domain.formulas import DAY_S
from footprint.domain.grid import Integers
from footprint.domain.inventory import AllocationRule, Asset, SharedBy
from footprint.domain.ladders import Ladder, month_ladder
from footprint.domain.ledger import Ledger
from footprint.domain.measurements import EnergyPiece, Span
from footprint.domain.months import local_day, time_zone
from footprint.domain.profiles import USED, Profile
from footprint.domain.results import About, AssetMonth, Figure, figure_order
from footprint.domain.scopes import BOTH, CLOUD, USE, Control, Line, line_of
from footprint.domain.stretches import Stretch
from footprint.domain.support import support_in
from footprint.domain.weighing import SUPPORT, FigureKey, Measure


class Explanation:
    """What is said of one asset and month."""

    def __init__(
        self, result: AssetMonth, evidence: list[dict[str, Any]], figures: list[dict[str, Any]], ladder: Ladder
    ) -> None:
        self.result = result
        self.evidence = evidence
        self.figures = figures
        self.ladder = ladder


def explain(asset: Asset, month: int, world: World) -> Explanation | None:
    """Compute the asset again and write out the month; None when the month is not part of its timeline."""
    computation = compute([asset], world)
    result = next((each for each in computation.results() if each.month == month), None)
    if result is None:
        return None
    ledger = computation.ledger
    intervals = np.unique(computation.terms.interval[computation.terms.month == month])
    sources = np.unique(ledger.asset[intervals]).tolist()
    return Explanation(
        result,
        [_evidence(ledger, source, intervals[ledger.asset[intervals] == source]) for source in sources],
        list(_by_line(_sums(computation, month))),
        month_ladder(computation, result, intervals, world),
    )


def _evidence(ledger: Ledger, source: int, intervals: Integers) -> dict[str, Any]:
    """What is known of the asset behind some lines, and why each evidence was taken; of what holds at times, in these intervals."""
    profile = ledger.profiles[source]
    life, made = profile.life, profile.part(MANUFACTURING, GWP)
    stretches = [ledger.stretches[each] for each in dict.fromkeys(ledger.stretch[intervals].tolist())]
    powers = [each.power.trace for each in stretches if each.power is not None and each.draws]
    until = int(ledger.end[intervals].max(initial=0))
    extras = np.unique(ledger.extra[np.isin(ledger.extra_interval, intervals)]).tolist()
    return {
        "asset_id": profile.asset.id,
        "kind": profile.asset.kind,
        "quantity": profile.asset.quantity,
        "embodied": [
            *(line for part in profile.parts for line in (*part.embodied.trace, part.carried) if line),
            *_what_is_left(profile, until),
            *dict.fromkeys(
                each.origin for each in profile.extras if each.stage == MANUFACTURING and each.start < until
            ),
        ],
        "life": None
        if life is None
        else {
            "from": _instant(life.start),
            "to": _instant(life.end),
            "days": life.days,
            "evidence": life.evidence,
            "carried_kg": made.unit_kg if made else None,
            "carried": [
                {"stage": part.stage, "criterion": part.criterion, "per_unit": part.unit_kg} for part in profile.parts
            ],
            "spread_over_days": profile.spread_days,
            "spread_to": None if profile.spread_days is None else _instant(life.start + profile.spread_days * DAY_S),
            "refurbished_convention": profile.organisation.refurbished if profile.asset.condition in USED else None,
        },
        "energy": list(dict.fromkeys(line for lines in powers for line in lines)),
        "measured": _measured(stretches, profile.organisation.time_zone),
        "extras": [ledger.extras[each].origin for each in extras],
        "sites": [_site(each) for each in {_place(each): each for each in stretches if each.site}.values()],
    }


def _what_is_left(profile: Profile, until: int) -> Iterator[str]:
    """Where months were closed with another life, before a Unix second: which share of the making they left, and what is spread of it."""
    made, phases, zone = profile.part(MANUFACTURING, GWP), profile.phases, profile.organisation.time_zone
    begun = [each for each in zip(profile.runs, pairwise(phases), strict=True) if each[0].until < until]
    for run, (before, after) in begun:
        charged = max(0.0, min(before.end, run.until) - before.start) / DAY_S
        formula = f"{before.share!r} − {before.share!r} × {charged!r} d ÷ {before.days!r} d = " if after.share else ""
        closed = local_day(zone, run.until - 1)
        yield f"share left of a life of {run.days!r} d closed through {closed}: {formula}{after.share!r}"
    if begun and made is not None and (line := begun[-1][1][1]).share:
        written = f"{made.unit_kg!r} kg × {line.share!r} = {made.unit_kg * line.share!r} kg"
        yield f"left to spread over {line.days!r} d: {written}"


def _measured(stretches: Sequence[Stretch], zone: str) -> list[str]:
    """What was measured, in words: the level taken, the energy, the seconds covered and the local time of it; and what goes on of it."""
    pieces = dict.fromkeys(each.energy for each in stretches if each.energy is not None)
    loads = dict.fromkeys(each.projected_from for each in stretches if each.projected_from and each.energy is None)
    return [
        *(_written_piece(each, zone) for each in pieces),
        *(f"projected from the load of the last measured days, {_written_span(each, zone)}" for each in loads),
    ]


def _written_piece(piece: EnergyPiece, zone: str) -> str:
    origin = "projected from the last measured days, " if piece.projected_from else ""
    level = "facility, with the PUE in it" if piece.facility else "device"
    span = _written_span(piece.projected_from or (piece.start, piece.end), zone)
    return f"{origin}measured at the {level}: {piece.kwh!r} kWh over {piece.covered_s} s, {span}"


def _written_span(span: Span, zone: str) -> str:
    return f"from {_written_instant(span[0], zone)} to {_written_instant(span[1], zone)}"


def _written_instant(seconds: float, zone: str) -> str:
    """An instant as the clocks of a zone show it: a midnight is the day that begins."""
    moment = datetime.fromtimestamp(seconds, time_zone(zone)).replace(tzinfo=None)
    if moment.time() == time.min:
        return moment.date().isoformat()
    return moment.isoformat(" ", "seconds" if moment.second else "minutes")


def _place(stretch: Stretch) -> tuple[UUID, AllocationRule, SharedBy] | None:
    """Where it is, and by which rule hosts are shared out there."""
    site = stretch.site
    return None if site is None else (site.id, site.rule, site.shared_by)


def _site(stretch: Stretch) -> dict[str, Any]:
    site = stretch.site
    assert site is not None
    return {
        "id": site.id,
        "code": site.code,
        "region": site.region,
        "operator": stretch.operator,
        "allocation_rule": site.rule,
        "shared_by": site.shared_by,
    }


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _by_line(sums: Iterable[tuple[About, list[dict[str, Any]]]]) -> Iterator[dict[str, Any]]:
    """The figures of sums, in the order of a result's: those about the same (stage, criterion, basis, share, site and reporting line) are
    one, of all their lines."""
    lines: dict[About, list[dict[str, Any]]] = {}
    for about, each in sums:
        lines.setdefault(about, []).extend(each)
    for figure in sorted((Figure(*about, _total(each), 0.0) for about, each in lines.items()), key=figure_order):
        yield {
            "stage": figure.stage,
            "criterion": figure.criterion,
            "basis": figure.basis,
            "site_id": figure.site,
            "share": figure.share,
            **Line(*figure.line[5:])._asdict(),
            "lines": lines[figure.line],
            "value": figure.value,
        }


def _sums(computation: Computation, month: int) -> Iterator[tuple[About, list[dict[str, Any]]]]:
    """What the sums of the month are about, and their lines, in the order in which the engine adds them.

    The electricity of own kit in another's room is two: what falls on the device, and all of it less that.
    """
    cells = cells_of(computation.terms)
    weights = computation.ledger.weights
    extras = sum_extras(computation.ledger, computation.terms, cells)
    for cell in np.flatnonzero(cells.month == month).tolist():
        of_cell = cells.terms_of(cell)
        terms = range(of_cell.start, of_cell.stop)
        control = Control(int(cells.control[cell]))
        where = LINES[int(cells.line[cell])], _site_id(computation, terms[0])
        for key, measure in weights.figures.items():
            lines = list(_lines(computation, key, measure, terms))
            if not lines:
                continue
            if key in weights.at_device and Control.HOSTED in control:
                of_device = list(_device_lines(computation, key, weights.at_device[key], terms))
                yield (*key, *where, *line_of(key.stage, key.basis)), of_device
                yield (*key, *where, *CLOUD), [*lines, _less(lines, key, _total(of_device))]
            else:
                yield (*key, *where, *line_of(key.stage, key.basis, control)), lines
        for extra in (each for each in extras.get(cell, ()) if not each.void):
            line = extra.line
            if line is None or Control.PURCHASED in control:
                line = line_of(extra.key.stage, extra.key.basis, control)
            yield (*extra.key, *where, *line), list(_extra_lines(computation, extra))


def _less(lines: list[dict[str, Any]], key: FigureKey, device: float) -> dict[str, Any]:
    """The last line of what the room adds: all of the electricity, less what falls on the device."""
    return {
        "from": lines[0]["from"],
        "to": lines[-1]["to"],
        "asset_id": lines[0]["asset_id"],
        "formula": f"0.0 − {device!r} {AMOUNTS[key.criterion]}",
        "value": -device,
        "origin": "less what falls on the device itself, a figure of its own",
    }


def _total(lines: list[dict[str, Any]]) -> float:
    total = 0.0
    for line in lines:
        total += line["value"]
    return total


def _site_id(computation: Computation, term: int) -> UUID | None:
    ledger = computation.ledger
    site = ledger.stretches[int(ledger.stretch[computation.terms.interval[term]])].site
    return site.id if site else None


def _line(computation: Computation, term: int, formula: str, value: float) -> dict[str, Any]:
    """One line of a figure: a term's share of what its whole interval weighs."""
    ledger, terms = computation.ledger, computation.terms
    interval = int(terms.interval[term])
    held, of, unit = float(terms.held[term]), float(terms.of[term]), UNITS[int(terms.by[term])]
    shared = held != 1.0 or of != 1.0
    return {
        "from": _instant(int(ledger.start[interval])),
        "to": _instant(int(ledger.end[interval])),
        "asset_id": ledger.profiles[int(ledger.asset[interval])].asset.id,
        "formula": f"{formula} × ({held!r} {unit} ÷ {of!r} {unit})" if shared else formula,
        "value": value,
    }


def _lines(computation: Computation, key: FigureKey, measure: Measure, terms: range) -> Iterator[dict[str, Any]]:
    for term in terms:
        interval = int(computation.terms.interval[term])
        if measure.known[interval]:
            value = float(measure.value[interval] * computation.terms.share[term])
            yield _line(computation, term, _formula(computation, key, interval), value)


def _device_lines(computation: Computation, key: FigureKey, measure: Measure, terms: range) -> Iterator[dict[str, Any]]:
    for term in terms:
        interval = int(computation.terms.interval[term])
        if measure.known[interval]:
            value = float(measure.value[interval] * computation.terms.share[term])
            yield _line(computation, term, _used(computation, key, interval, at_device=True), value)


def _extra_lines(computation: Computation, extra: ExtraSum) -> Iterator[dict[str, Any]]:
    ledger, terms = computation.ledger, computation.terms
    for term, index in zip(extra.terms, extra.extras, strict=True):
        each, interval = ledger.extras[index], int(terms.interval[term])
        formula = each.written(float(ledger.end[interval] - ledger.start[interval]))
        line = _line(computation, term, formula, extra_value(ledger, terms, term, index))
        yield {**line, "origin": each.origin, "factor": each.factor.ref._asdict() if each.factor else None}


def _formula(computation: Computation, key: FigureKey, interval: int) -> str:
    """How the whole interval was weighed, written out."""
    ledger, weights = computation.ledger, computation.ledger.weights
    profile = ledger.profiles[int(ledger.asset[interval])]
    quantity = float(profile.asset.quantity)
    if key == SUPPORT:
        choice = support_in(profile.support, int(ledger.month[interval]))
        assert choice is not None
        return formulas.written_rate(
            float(profile.asset.support_eur_per_year or 0.0), choice.factor.value, float(weights.days[interval])
        )
    if key.stage != USE:
        part = profile.part(key.stage, key.criterion)
        assert part is not None
        share = float(weights.life_share[interval])
        unit_kg = part.unit_kg * share
        return formulas.written_embodied(
            quantity,
            unit_kg,
            float(weights.days_in_life[interval]),
            float(weights.life_days[interval]),
            AMOUNTS[key.criterion],
        )
    return _used(computation, key, interval, at_device=False)


def _used(computation: Computation, key: FigureKey, interval: int, *, at_device: bool) -> str:
    """The electricity of an interval, at the meter of the site or at the device alone, times its factor."""
    ledger = computation.ledger
    stretch = ledger.stretches[int(ledger.stretch[interval])]
    if not stretch.draws:
        return "0.0"
    quantity = float(ledger.profiles[int(ledger.asset[interval])].asset.quantity)
    hours, seconds = float(ledger.weights.hours[interval]), float(ledger.end[interval] - ledger.start[interval])
    energy = (_it_energy if at_device else _energy)(stretch, quantity, hours, seconds)
    place, column = int(ledger.place[interval]), int(ledger.month[interval]) - ledger.grid.first_month
    unit = AMOUNTS[key.criterion]
    if key.basis == BOTH:
        beside = ledger.grid.beside[key.criterion]
        parts = [float(each.value[place, column]) for each in (beside.upstream, beside.losses)]
        return f"{energy} × {formulas.written_sum([each for each in parts if not math.isnan(each)], unit)}"
    if key.basis == "location":
        return f"{energy} × {float(ledger.grid.location[key.criterion].value[place, column])!r} {unit}"
    rest = 1.0 - stretch.guarantee_share
    own = stretch.residual_kg_per_kwh
    residual = float(ledger.grid.residual.value[place, column]) if math.isnan(own) else own
    return f"{energy} × 0.0 kg" if rest <= 0 else f"{energy} × ({rest!r} × {residual!r} kg)"


def _energy(stretch: Stretch, quantity: float, hours: float, seconds: float) -> str:
    """The kWh at the meter, written out."""
    if stretch.energy is not None and stretch.facility:
        return formulas.written_measured(stretch.energy.kwh, seconds, float(stretch.energy.covered_s))
    return f"{_it_energy(stretch, quantity, hours, seconds)} × {stretch.pue!r} PUE"


def _it_energy(stretch: Stretch, quantity: float, hours: float, seconds: float) -> str:
    """The kWh at the device, written out; of what was measured with the PUE in it, what is left without."""
    if stretch.energy is None:
        return formulas.written_it_energy(quantity, stretch.watts, 1.0, hours)
    measured = formulas.written_measured(stretch.energy.kwh, seconds, float(stretch.energy.covered_s))
    without = stretch.facility and not math.isnan(stretch.pue)
    return f"{measured} ÷ {stretch.pue!r} PUE" if without else measured
