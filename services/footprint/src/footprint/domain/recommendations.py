"""What an organisation could do, with its evidence, and kg and € a year; a € that nothing is known of is null, never invented."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from footprint.domain.catalogue import Catalogue
from footprint.domain.inventory import Asset, Site
from footprint.domain.results import AssetMonth

RENEWED_ENERGY_SAVING: Final = 0.30
"""Share of energy that new kit saves (assumption of the provider's catalogue for Long Life Support; range 0–50 %)."""

SHARED_HOSTING_PUE: Final = 1.3
"""PUE of the provider's shared hosting (catalogue, Cloud Like)."""

MONTHS_PER_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Machine:
    """A server computed as if nobody shared it: its asset and its month."""

    asset: Asset
    month: AssetMonth

    def kg(self, stage: str) -> float:
        """Location-based kg of a stage in the month."""
        return sum(each.value for each in self.month.figures if each.stage == stage and each.basis != "market")


def powered_off(machines: Sequence[Machine]) -> dict[str, Any] | None:
    """Servers that are off and still there: what making them still weighs could serve somebody; their support is paid for nothing."""
    if not machines:
        return None
    kg = sum(machine.kg("manufacturing") for machine in machines) * MONTHS_PER_YEAR
    support = [
        machine.asset.support_eur_per_year for machine in machines if machine.asset.support_eur_per_year is not None
    ]
    return _recommendation(
        "powered_off_but_racked",
        machines,
        kg,
        sum(support) if support else None,
        [
            f"{len(machines)} servers are off at the end of the month and not retired",
            f"making them weighs {kg:.1f} kg a year as long as they stay: reuse them, or have them taken back",
            f"support contracts are known for {len(support)} of them",
        ],
    )


def past_life(machines: Sequence[Machine], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Servers past their life: worth keeping where making a new one weighs more a year than the energy it would save, else due."""
    embodied, life = catalogue.coefficient("embodied.server"), catalogue.parameter("life.server")
    if embodied is None or life is None:
        return []
    keep, renew = [], []
    kept_kg = renewed_kg = 0.0
    for machine in machines:
        making = embodied.value * machine.asset.quantity / life.value
        saving = machine.kg("use") * MONTHS_PER_YEAR * RENEWED_ENERGY_SAVING
        if making >= saving:
            keep.append(machine)
            kept_kg += making - saving
        else:
            renew.append(machine)
            renewed_kg += saving - making
    prices = [
        machine.asset.price_eur * machine.asset.quantity / life.value
        for machine in keep
        if machine.asset.price_eur is not None
    ]
    why = (
        f"a new server: {embodied.value:g} kg over {life.value:g} years [{embodied.id}, {life.id}], "
        f"{RENEWED_ENERGY_SAVING:.0%} less energy (assumption)"
    )
    found = []
    if keep:
        lines = [why, "on this grid keeping them emits less", f"a purchase price is known for {len(prices)} of them"]
        found.append(_recommendation("past_life_keep", keep, kept_kg, sum(prices) if prices else None, lines))
    if renew:
        found.append(
            _recommendation("past_life_renew", renew, renewed_kg, None, [why, "on this grid renewing them emits less"])
        )
    return found


def high_pue(site: Site, pue: float, use_kg: float, threshold: float) -> dict[str, Any] | None:
    """A computer room less efficient than the world mean, against the provider's shared hosting."""
    if pue <= threshold:
        return None
    kg = use_kg * MONTHS_PER_YEAR * (1.0 - SHARED_HOSTING_PUE / pue)
    return {
        "code": "high_pue_site",
        "site": site.code,
        "assets": [],
        "kg_per_year": round(kg, 3),
        "eur_per_year": None,
        "evidence": [
            f"the PUE of {site.code} is {pue:g}, above the world mean of {threshold:g}",
            f"at {SHARED_HOSTING_PUE:g} (the provider's shared hosting) they would use {1 - SHARED_HOSTING_PUE / pue:.0%} less",
            "no price of electricity is known for the site",
        ],
    }


def _recommendation(
    code: str, machines: Sequence[Machine], kg: float, eur: float | None, evidence: list[str]
) -> dict[str, Any]:
    return {
        "code": code,
        "site": None,
        "assets": [machine.asset.id for machine in machines],
        "kg_per_year": round(kg, 3),
        "eur_per_year": None if eur is None else f"{eur:.2f}",
        "evidence": evidence,
    }
