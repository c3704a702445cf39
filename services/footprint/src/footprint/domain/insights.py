"""What figures say beyond themselves: intensities, equivalents, and what widens an interval most. Pure."""

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from footprint.domain.catalogue import Catalogue
from footprint.domain.cloud import cloud_size
from footprint.domain.inventory import Cloud
from footprint.domain.rollup import Rolled

EQUIVALENTS: Final = (
    "equivalent.person_year",
    "transport.car",
    "travel.high_speed_train",
    "travel.plane",
    "embodied.laptop",
    "embodied.smartphone",
)
"""What masses are compared with, in the order of telling."""

MAKING: Final = ("manufacturing", "transport", "end_of_life")


def equivalents(catalogue: Catalogue, kg: float, region: str | None, day: date) -> list[dict[str, Any]]:
    """A mass of CO2e in things that people know, each with its factor and source; those without a factor are left out."""
    found = []
    for activity in EQUIVALENTS:
        choice = catalogue.activity(activity, region, day)
        if choice is None or choice.factor.value <= 0:
            continue
        factor = choice.factor
        found.append(
            {
                "activity": activity,
                "quantity": kg / factor.value,
                "unit": factor.unit.partition("/")[2],
                "factor": {"id": factor.id, "version": factor.version, "value": factor.value, "unit": factor.unit},
                "source": {"name": factor.source.name, "year": factor.source.year, "licence": factor.source.licence},
                "years_back": choice.years_back,
            }
        )
    return found


class Powered(NamedTuple):
    """Virtual machines that ran, alike in all this, and how many on average; `declared`: they have energy or making of their own."""

    cloud: Cloud | None
    vcpu: float | None
    declared: bool
    machines: float


class Held(NamedTuple):
    """Mean virtual machines that have figures, and the mean vCPUs they hold; None where one of them states none."""

    machines: float
    vcpus: float | None


def held(powered: Iterable[Powered], catalogue: Catalogue) -> Held:
    """What the figures of virtual machines are divided by. One at a public cloud has the size of its type where it states none; without
    a size, or of a provider without coefficients, it has no figure and is not counted."""
    machines = vcpus = 0.0
    unknown = False
    for each in powered:
        vcpu, known = each.vcpu, each.declared
        if each.cloud is not None:
            vcpu, *_ = cloud_size(each.cloud, each.vcpu, None)
            coefficients = catalogue.parameter(f"cloud.{each.cloud.provider}.host_vcpu")
            known |= vcpu is not None and coefficients is not None
        if each.cloud is not None and not known:
            continue
        machines += each.machines
        vcpus += each.machines * (vcpu or 0.0)
        unknown |= vcpu is None
    return Held(machines, None if unknown else vcpus)


def sci(use_kg: float, making_kg: float, units: float, unit: str) -> dict[str, Any]:
    """SCI = (E·I + M) ÷ R, without the words of its boundary. `units` > 0."""
    return {
        "value": (use_kg + making_kg) / units,
        "unit": f"kgCO2e/{unit}",
        "operational_kg": use_kg,
        "embodied_kg": making_kg,
        "functional_units": units,
    }


def widening(rows: Iterable[Rolled]) -> list[dict[str, Any]]:
    """What the interval of a sum is made of: each factor, each shared source, and what is known of each asset for itself, with its share of
    the squared ln GSD² (they add up to 1), the widest first."""
    factors: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    sources: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    own: dict[int, float] = defaultdict(float)
    for row in rows:
        for table, name, weighted in (
            (factors, row.factor, row.factor_weighted),
            (sources, row.source, row.source_weighted),
        ):
            if name:
                table[name][0] += weighted
                table[name][1] += row.value
        own[row.month] += row.source_squares
    independent = sum(math.sqrt(max(0.0, each)) for each in own.values())
    terms = [
        *(("factor", name, weighted, value) for name, (weighted, value) in factors.items()),
        *(("source", name, weighted, value) for name, (weighted, value) in sources.items()),
        ("own", None, independent, None),
    ]
    whole = sum(weighted * weighted for _, _, weighted, _ in terms)
    if whole <= 0:
        return []
    return [
        {"what": what, "id": name, "share": weighted * weighted / whole, "value": value}
        for what, name, weighted, value in sorted(terms, key=lambda each: (-abs(each[2]), each[0], each[1] or ""))
        if weighted
    ]
