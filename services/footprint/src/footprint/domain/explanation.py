"""The trace of one asset and month: every number that went into its figures, and formulas that give the stored values back, bit for bit.

A line's `formula`, read from left to right in IEEE doubles with its units struck out, is its `value`; a figure's value is the sum of its
lines in their order. The same engine computes it as computed what is stored.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np

from footprint.domain import formulas
from footprint.domain.engine import Computation, World, compute
from footprint.domain.inventory import Asset
from footprint.domain.profiles import Profile, Stretch
from footprint.domain.results import AssetMonth, cells_of
from footprint.domain.weighing import EMBODIED, SUPPORT, USE_LOCATION, USE_MARKET, FigureKey, Measure


class Explanation:
    """What is said of one asset and month."""

    def __init__(self, result: AssetMonth, evidence: list[dict[str, Any]], figures: list[dict[str, Any]]) -> None:
        self.result = result
        self.evidence = evidence
        self.figures = figures


def explain(asset: Asset, month: int, world: World) -> Explanation | None:
    """Compute the asset again and write out the month; None when the month is not part of its timeline."""
    computation = compute([asset], world)
    result = next((each for each in computation.results() if each.month == month), None)
    if result is None:
        return None
    terms = np.flatnonzero(computation.terms.month == month).tolist()
    sources = {int(computation.ledger.asset[computation.terms.interval[term]]) for term in terms}
    return Explanation(
        result,
        [_evidence(computation.ledger.profiles[source]) for source in sorted(sources)],
        list(_figures(computation, month)),
    )


def _evidence(profile: Profile) -> dict[str, Any]:
    """What is known of the asset behind some lines, and why each evidence was taken."""
    life = profile.life
    power = next((each.power for each in profile.stretches if each.power is not None), None)
    return {
        "asset_id": profile.asset.id,
        "kind": profile.asset.kind,
        "quantity": profile.asset.quantity,
        "embodied": list(profile.embodied.trace) if profile.embodied else [],
        "life": None
        if life is None
        else {
            "from": _instant(life.start),
            "to": _instant(life.end),
            "days": life.days,
            "evidence": life.evidence,
            "carried_kg": profile.spread.unit_kg if profile.spread else None,
            "spread_over_days": profile.spread.days if profile.spread else None,
            "refurbished_convention": profile.organisation.refurbished if profile.asset.age_years else None,
        },
        "energy": list(power.trace) if power else [],
        "sites": [_site(each) for each in {each.site.id: each for each in profile.stretches if each.site}.values()],
    }


def _site(stretch: Stretch) -> dict[str, Any]:
    site = stretch.site
    assert site is not None
    return {
        "id": site.id,
        "code": site.code,
        "region": site.region,
        "operator": site.operator,
        "allocation_rule": site.rule,
    }


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _figures(computation: Computation, month: int) -> Iterator[dict[str, Any]]:
    """Each sum of the month with its lines, in the order in which the engine adds them."""
    cells = cells_of(computation.terms)
    weights = computation.ledger.weights
    ends = np.append(cells.first[1:], len(computation.terms.subject))
    for cell in np.flatnonzero(cells.month == month).tolist():
        terms = range(int(cells.first[cell]), int(ends[cell]))
        for key, measure in weights.figures.items():
            lines = list(_lines(computation, key, measure, terms))
            if lines:
                yield {
                    **key._asdict(),
                    "lines": lines,
                    "value": _total(lines),
                    "site_id": _site_id(computation, terms[0]),
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


def _lines(computation: Computation, key: FigureKey, measure: Measure, terms: range) -> Iterator[dict[str, Any]]:
    ledger = computation.ledger
    for term in terms:
        interval = int(computation.terms.interval[term])
        if not measure.known[interval]:
            continue
        held, of = float(computation.terms.held[term]), float(computation.terms.of[term])
        shared = held != 1.0 or of != 1.0
        formula = _formula(computation, key, interval)
        yield {
            "from": _instant(int(ledger.start[interval])),
            "to": _instant(int(ledger.end[interval])),
            "asset_id": ledger.profiles[int(ledger.asset[interval])].asset.id,
            "formula": f"{formula} × ({held!r} vCPU ÷ {of!r} vCPU)" if shared else formula,
            "value": float(measure.value[interval] * computation.terms.share[term]),
        }


def _formula(computation: Computation, key: FigureKey, interval: int) -> str:
    """How the whole interval was weighed, written out."""
    ledger, weights = computation.ledger, computation.ledger.weights
    profile = ledger.profiles[int(ledger.asset[interval])]
    stretch = ledger.stretches[int(ledger.stretch[interval])]
    quantity = float(profile.asset.quantity)
    if key == EMBODIED:
        assert profile.spread is not None
        return formulas.written_embodied(
            quantity, profile.spread.unit_kg, float(weights.days_in_life[interval]), profile.spread.days
        )
    if key == SUPPORT:
        assert profile.maintenance is not None
        return formulas.written_rate(
            float(profile.asset.support_eur_per_year or 0.0), profile.maintenance.value, float(weights.days[interval])
        )
    if not stretch.status.powered:
        return "0.0"
    energy = f"{formulas.written_it_energy(quantity, stretch.watts, 1.0, float(weights.hours[interval]))} × {stretch.pue!r} PUE"
    region, column = int(ledger.region[interval]), int(ledger.month[interval]) - ledger.grid.first_month
    if key == USE_LOCATION:
        return f"{energy} × {float(ledger.grid.location.value[region, column])!r} kg"
    assert key == USE_MARKET
    unguaranteed = 1.0 - (stretch.site.guarantee_share if stretch.site else 0.0)
    residual = float(ledger.grid.residual.value[region, column])
    return f"{energy} × 0.0 kg" if unguaranteed <= 0 else f"{energy} × ({unguaranteed!r} × {residual!r} kg)"
