"""Stateless estimates: the formulas and evidence ladders of the pipeline, for one item over a period of whole days.

A period has no time zone, so its days are 24 hours. Electricity is taken year by year: a period over several calendar years uses each
year's factor for its own days.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from footprint.domain import formulas
from footprint.domain.catalogue import GWP, UNITS, Catalogue, Choice, Factor, Supply
from footprint.domain.configuration import Configuration, read_configuration
from footprint.domain.countries import COUNTRIES
from footprint.domain.embodied import MANUFACTURING, OTHER_STAGES, Embodied, choose_embodied, choose_part
from footprint.domain.energy import Power, choose_power
from footprint.domain.errors import ItemError
from footprint.domain.estimate_energy import check_energy, read_loads
from footprint.domain.estimate_machines import (
    MACHINE,
    CloudMachine,
    check_machine,
    cloud_machine,
    lies_elsewhere,
    whole_host,
)
from footprint.domain.estimate_warnings import REGION_LEFT_OUT, left_out, parts_said
from footprint.domain.notices import Notice, absent_stages, sentences
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2, UNRATED_LN_GSD2, ln_product, ln_sum, quality

CRITERIA: Final = ("gwp", "pe", "adpe", "water")
LACKING: Final = str(Notice.NO_ELECTRICITY_FACTOR.name).lower()
ONE_DAY_HOURS: Final = 24.0

GIVEN_LN_GSD2: Final = ln_product(UNRATED_LN_GSD2, ACTIVITY_LN_GSD2["given"])


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from `start` (included) to `end` (excluded), as ordinals, and its parts by calendar year."""

    start: int
    end: int
    years: tuple[tuple[int, int, date], ...]

    @classmethod
    @lru_cache(maxsize=1024)
    def between(cls, start: date, end: date) -> "Period":
        """The period; raises ItemError when it is empty."""
        if end <= start:
            raise ItemError(
                "period", "empty", f"period.to {end} must be after period.from {start}",
                f"period.to {end} doit suivre period.from {start}",
            )  # fmt: skip
        turns = [start, *(date(year, 1, 1) for year in range(start.year + 1, end.year + 1)), end]
        years = tuple((low.toordinal(), high.toordinal(), low) for low, high in pairwise(turns) if low < high)
        return cls(start.toordinal(), end.toordinal(), years)


@dataclass(slots=True)
class _Answer:
    """An item's answer while it is put together."""

    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    spreads: dict[str, list[float]] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)
    notices: int = 0
    absent: list[tuple[str, str]] = field(default_factory=list)
    lacking: int | None = None
    left_out: list[dict[str, str]] = field(default_factory=list)
    factors: dict[str, Factor] = field(default_factory=dict)

    def add(self, stage: str, criterion: str, value: float, spread: float) -> None:
        """Record a figure."""
        self.stages.setdefault(stage, {})[criterion] = _figure(value, spread)
        self.values.setdefault(criterion, []).append(value)
        self.spreads.setdefault(criterion, []).append(spread)

    def warn(self, notice: Notice) -> None:
        """Record a warning."""
        self.notices |= int(notice)

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """What must be said; a stage of another criterion than climate change that is absent is named with its criterion, a factor of
        electricity that lacks with the `year` of which there is none."""
        return [
            *(
                each | {"year": self.lacking} if each["code"] == LACKING else each
                for each in (sentences(self.notices) if self.notices else [])
            ),
            *self.left_out,
            *(
                {
                    "code": "no_factor_of_criterion",
                    "stage": stage,
                    "criterion": criterion,
                    "detail": f"{stage} is absent in {criterion}: no figure given, and no factor of that criterion for it",
                }
                for stage, criterion in self.absent
            ),
        ]


class Service(NamedTuple):
    """When an item serves, in ordinals (infinite where open), and the days of its life (None where unknown)."""

    start: float
    end: float
    life_days: float | None
    dated: bool


def estimate(item: Mapping[str, Any], period: Period, criteria: Sequence[str], catalogue: Catalogue) -> dict[str, Any]:
    """The answer for one (already validated) item. Raises ItemError for what its fields contradict."""
    check_machine(item)
    if "host" in item:
        servers, line = whole_host(item)
        found = estimate(servers, period, criteria, catalogue)
        found["trace"].insert(0, line)
        return found
    answer = _Answer(left_out=left_out(item.get("energy") or {}))
    stated = item.get("configuration")
    configuration = None if stated is None else read_configuration(stated)
    cloud = find_cloud(item, catalogue) if "cloud" in item else None
    if cloud is not None:
        answer.warn(cloud.notices)
        answer.trace.extend(cloud.trace)
        answer.factors.update((factor.id, factor) for factor in cloud.factors)
        if lies_elsewhere(item, cloud.country):
            answer.left_out.append(REGION_LEFT_OUT)
    country = item.get("country")
    if country is None and cloud is not None and "region" not in item:
        country = cloud.country
    region = find_region(item.get("region"), country, catalogue)
    kind: str = item["kind"] if cloud is None else "server"
    service, default = find_service(item.get("life"), kind, catalogue)
    if default is not None:
        answer.factors[default.factor.id] = default.factor
        answer.trace.append(default.trace)
    hosts = item.get("quantity", 1.0) * (1.0 if cloud is None else cloud.share)
    embodied = _add_embodied(answer, item, kind, hosts, configuration, service, period, criteria, catalogue)
    power = _power(item, kind, configuration, catalogue) if cloud is None else cloud.power
    pue = item.get("pue", 1.0 if cloud is None else cloud.pue)
    energy, kwh, electricity = _add_use(answer, item, power, pue, service, period, criteria, region, catalogue)
    if kind == MACHINE and (embodied == "none" or power is None):
        answer.warn(Notice.HOST_UNKNOWN)
    return {
        "ref": item.get("ref"),
        "stages": answer.stages,
        "total": {
            criterion: _figure(sum(values), ln_sum(values, answer.spreads[criterion]))
            for criterion, values in answer.values.items()
        },
        "energy_kwh": kwh,
        "evidence": {"embodied": embodied, "energy": energy, "electricity": electricity},
        "factors": [each.summary for each in answer.factors.values()],
        "warnings": answer.warnings,
        "trace": answer.trace,
    }


def find_cloud(item: Mapping[str, Any], catalogue: Catalogue) -> CloudMachine:
    """What a machine at a public cloud takes; half load where none is stated. Raises ItemError for what its fields contradict."""
    energy: Mapping[str, Any] = item.get("energy") or {}
    machine = cloud_machine(item, tuple(read_loads(energy.get("utilisation"))), catalogue)
    if energy.keys() & {"annual_kwh", "average_w"}:
        power = choose_power(
            catalogue, item["kind"], annual_kwh=energy.get("annual_kwh"), average_w=energy.get("average_w")
        )
        return machine._replace(power=power)
    return machine


def _power(
    item: Mapping[str, Any], kind: str, configuration: Configuration | None, catalogue: Catalogue
) -> Power | None:
    """The power of one unit by the best evidence. Raises ItemError for a utilisation that cannot be used."""
    energy: Mapping[str, Any] = item.get("energy") or {}
    model = item.get("model") or {}
    check_energy(energy, configuration)
    return choose_power(
        catalogue,
        kind,
        annual_kwh=energy.get("annual_kwh"),
        average_w=energy.get("average_w"),
        loads=read_loads(energy.get("utilisation")),
        configuration=configuration,
        maker=model.get("maker"),
        model=model.get("name"),
    )


def _figure(value: float, spread: float) -> dict[str, float | int]:
    factor, class_ = interval_of(spread)
    return {"value": value, "low": value / factor, "high": value * factor, "quality": class_}


@lru_cache(maxsize=4096)
def interval_of(spread: float) -> tuple[float, int]:
    """GSD² and quality class: most figures share few spreads."""
    return math.exp(spread), quality(spread)


def find_region(region: str | None, country: str | None, catalogue: Catalogue) -> str | None:
    """The code under which the electricity is looked up; raises ItemError for one that is not known."""
    if country is not None and country not in COUNTRIES:
        raise ItemError(
            "country", "unknown", f"country {country!r} is not an ISO 3166-1 alpha-2 code, for example FR",
            f"country {country!r} n’est pas un code ISO 3166-1 alpha-2, comme FR",
        )  # fmt: skip
    if region is not None and not catalogue.knows_grid(region):
        raise ItemError(
            "region", "unknown", f"region {region!r} has no electricity factor in the catalogue",
            f"region {region!r} n’a pas de facteur d’électricité au catalogue",
        )  # fmt: skip
    nation = region.partition("-")[0] if region is not None else None
    if country is not None and nation in COUNTRIES and nation != country:
        raise ItemError(
            "region", "contradictory", f"region {region!r} does not lie in country {country!r}",
            f"region {region!r} n’est pas dans le pays {country!r}",
        )  # fmt: skip
    return region or country


class DefaultLife(NamedTuple):
    """The life of a kind, with its line of the trace."""

    factor: Factor
    trace: str


def find_service(life: Mapping[str, Any] | None, kind: str, catalogue: Catalogue) -> tuple[Service, DefaultLife | None]:
    """When an item serves and how long it lives, and the default of its kind where that was taken; raises ItemError for contradictions."""
    start, end, years = (
        (life.get("start"), life.get("end"), life.get("years")) if life is not None else (None, None, None)
    )
    if end is not None:
        if start is None:
            raise ItemError(
                "life", "incomplete", "life.to needs life.from: a life is known by both dates, or by years",
                "life.to demande life.from : une vie est connue par ses deux dates, ou par ses années",
            )  # fmt: skip
        if years is not None:
            raise ItemError(
                "life", "contradictory", "life is known by both dates or by years, not by all three",
                "life est connue par ses deux dates ou par ses années, non par les trois",
            )  # fmt: skip
        if end <= start:
            raise ItemError(
                "life", "not_positive", f"life.to {end} must be after life.from {start}",
                f"life.to {end} doit suivre life.from {start}",
            )  # fmt: skip
        entry, leaving = float(start.toordinal()), float(end.toordinal())
        return Service(entry, leaving, leaving - entry, True), None
    begins = -math.inf if start is None else float(start.toordinal())
    if years is None:
        found = catalogue.parameter(f"life.{kind}")
        if found is None:
            return Service(begins, math.inf, None, start is not None), None
        default = DefaultLife(found, f"life (kind): {found.value!r} years [{found.id} v{found.version}]")
        return Service(begins, math.inf, found.value * formulas.YEAR_DAYS, start is not None), default
    return Service(begins, math.inf, years * formulas.YEAR_DAYS, start is not None), None


def days_in_life(service: Service, life_days: float, period: Period) -> float:
    """Days of the period within the life; without a date of entry, the item is in service and amortised all along it."""
    if not service.dated:
        return min(float(period.end - period.start), life_days)
    return max(0.0, min(float(period.end), service.start + life_days) - max(float(period.start), service.start))


def _add_embodied(
    answer: _Answer,
    item: Mapping[str, Any],
    kind: str,
    quantity: float,
    configuration: Configuration | None,
    service: Service,
    period: Period,
    criteria: Sequence[str],
    catalogue: Catalogue,
) -> str:
    """Add the embodied stages, straight line over the life, and return the evidence: of making, where it is known.

    Of each criterion a stage that is given counts as given, the others as the catalogue has them.
    """
    rows: list[tuple[str, str, float, float]] = []
    evidence = "none"
    for criterion in criteria:
        given: Mapping[str, float] = (item.get("embodied") or {}).get(criterion) or {}
        parts = dict(embodied_parts(catalogue, kind, criterion, item.get("model") or {}, configuration))
        for stage in (MANUFACTURING, *OTHER_STAGES):
            if stage in given:
                rows.append((stage, criterion, given[stage], GIVEN_LN_GSD2))
                evidence = "given" if evidence == "none" else evidence
            elif stage in parts:
                found = parts[stage]
                answer.trace.extend(found.trace)
                answer.factors.update((factor.id, factor) for factor in found.factors)
                answer.warn(parts_said(found, configuration))
                rows.append((stage, criterion, found.unit_kg, found.ln_gsd2))
                evidence = found.evidence if evidence == "none" else evidence
            elif stage == MANUFACTURING and criterion == GWP:
                answer.warn(Notice.NO_EMBODIED_EVIDENCE)
            elif stage == MANUFACTURING:
                answer.absent.append((MANUFACTURING, criterion))
    if GWP in criteria:
        answer.warn(absent_stages(stage for stage, criterion, *_ in rows if criterion == GWP))
    if not rows:
        return evidence
    if service.life_days is None:
        answer.warn(Notice.NO_LIFE)
        return "none"
    days = days_in_life(service, service.life_days, period)
    for stage, criterion, of_unit, spread in rows:
        value = formulas.embodied_kg(quantity, of_unit, days, service.life_days)
        unit = UNITS[criterion]
        written = formulas.written_embodied(quantity, of_unit, days, service.life_days, unit)
        answer.trace.append(f"{stage} {criterion}: {written} = {value!r} {unit}")
        answer.add(stage, criterion, value, spread)
    return evidence


def embodied_parts(
    catalogue: Catalogue, kind: str, criterion: str, model: Mapping[str, Any], configuration: Configuration | None
) -> list[tuple[str, Embodied]]:
    """What is known of making, bringing and disposing of one unit in a criterion, by stage."""
    maker, name = model.get("maker"), model.get("name")
    making = (
        choose_embodied(catalogue, kind, maker=maker, model=name, configuration=configuration)
        if criterion == GWP
        else choose_part(catalogue, kind, MANUFACTURING, criterion, maker, name, configuration)
    )
    others = (
        (stage, choose_part(catalogue, kind, stage, criterion, maker, name, configuration)) for stage in OTHER_STAGES
    )
    return [(stage, found) for stage, found in ((MANUFACTURING, making), *others) if found is not None]


def _add_use(
    answer: _Answer,
    item: Mapping[str, Any],
    power: Power | None,
    pue: float,
    service: Service,
    period: Period,
    criteria: Sequence[str],
    region: str | None,
    catalogue: Catalogue,
) -> tuple[str, float | None, str]:
    """Add the use stage; return the evidence of the energy, the kWh at the meter, and the evidence of the electricity."""
    if power is None:
        answer.warn(Notice.NO_ENERGY_EVIDENCE)
        return "none", None, "none"
    answer.trace.extend(power.trace)
    answer.factors.update((factor.id, factor) for factor in power.factors)
    quantity, duty = item.get("quantity", 1.0), item.get("duty", 1.0)
    parts: list[tuple[float, date]] = []
    total_kwh = 0.0
    in_use = [
        (max(0.0, min(float(high), service.end) - max(float(low), service.start)), first_day)
        for low, high, first_day in period.years
    ]
    for days, first_day in [each for each in in_use if each[0] > 0.0] or in_use[-1:]:
        hours = days * ONE_DAY_HOURS
        it_kwh = formulas.it_energy_kwh(quantity, power.watts, duty, hours)
        kwh = formulas.facility_energy_kwh(it_kwh, pue)
        answer.trace.append(
            f"energy: {formulas.written_it_energy(quantity, power.watts, duty, hours)} × {pue!r} PUE = {kwh!r} kWh"
        )
        parts.append((kwh, first_day))
        total_kwh += kwh
    evidence = "none"
    for criterion in criteria:
        found = _electricity(answer, item, criterion, parts, region, catalogue)
        if found is not None:
            value, spread, of_criterion = found
            evidence = of_criterion if evidence == "none" else evidence
            answer.add("use", criterion, value, ln_product(spread, power.ln_gsd2))
    return power.evidence, total_kwh, evidence


def _electricity(
    answer: _Answer,
    item: Mapping[str, Any],
    criterion: str,
    parts: Sequence[tuple[float, date]],
    region: str | None,
    catalogue: Catalogue,
) -> tuple[float, float, str] | None:
    """Emissions of the energy of each year with its upstream and losses, the widest ln GSD² of the factors and the evidence of the
    electricity; None, with a warning, where its factor lacks."""
    given = (item.get("electricity") or {}).get(criterion)
    if given is not None:
        total = 0.0
        for kwh, _ in parts:
            total += _add_used(answer, criterion, kwh, given, "given")
        return total, UNRATED_LN_GSD2, "given"
    total, evidence, spread = 0.0, "region", 0.0
    for kwh, day in parts:
        supply = catalogue.electricity(region, day, criterion) if region else None
        if supply is None:
            if not region:
                answer.warn(Notice.NO_SITE)
            elif criterion == GWP:
                answer.warn(Notice.NO_ELECTRICITY_FACTOR)
                answer.lacking = day.year
            else:
                answer.absent.append(("use", criterion))
            return None
        answer.warn(supply.notices if criterion == GWP else supply.used.notices)
        if supply.used.ended:
            evidence = "earlier_year"
        total += _add_used(answer, criterion, kwh, supply.used.factor.value, named((supply.used,)))
        if supply.beside:
            total += _add_beside(answer, criterion, kwh, supply)
        for factor in supply.factors:
            answer.factors[factor.id] = factor
        spread = max(spread, supply.ln_gsd2)
    return total, spread, evidence


def _add_used(answer: _Answer, criterion: str, kwh: float, factor: float, origin: str) -> float:
    """Add the line of the electricity itself to the trace, and return its emissions."""
    value, unit = formulas.use_kg(kwh, factor), UNITS[criterion]
    answer.trace.append(f"use {criterion}: {kwh!r} kWh × {factor!r} {unit} = {value!r} {unit} [{origin}]")
    return value


def _add_beside(answer: _Answer, criterion: str, kwh: float, supply: Supply) -> float:
    """Add the line of upstream and losses to the trace, and return their emissions."""
    factors, unit = [each.factor.value for each in supply.beside], UNITS[criterion]
    value = formulas.use_kg(kwh, sum(factors))
    written = f"{kwh!r} kWh × {formulas.written_sum(factors, unit)} = {value!r} {unit}"
    answer.trace.append(f"upstream and losses {criterion}: {written} [{named(supply.beside)}]")
    return value


def named(choices: Sequence[Choice]) -> str:
    """How a trace names the factors of a line."""
    return ", ".join(f"{each.factor.id} v{each.factor.version}" for each in choices)
