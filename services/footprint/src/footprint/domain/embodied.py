"""Embodied emissions: what making a thing weighed, by the best evidence there is.

The ladder, best first: a figure given by the customer · a factor for that maker and model · the parts of its configuration (bottom-up)
· the default of its kind. What was chosen, and why not better, goes with the figure. Published coefficients: BoaviztAPI, factors.yml.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from footprint.domain.catalogue import GWP, UNITS, Catalogue, Factor
from footprint.domain.configuration import Configuration
from footprint.domain.formulas import YEAR_DAYS
from footprint.domain.inventory import Convention
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2, UNRATED_LN_GSD2, ln_product

MANUFACTURING: Final = "manufacturing"
OTHER_STAGES: Final = ("transport", "end_of_life")
COMPONENTS: Final = "component"
"""The coefficients of a bottom-up sum come from one source: their errors are one."""


class Embodied(NamedTuple):
    """Embodied kg of one unit, with the evidence chosen, the factors it rests on and how it was found.

    `shared` names what its uncertainty shares with others (a factor, or the coefficients of parts as a whole), '' for nothing, and
    `factor_ln_gsd2` is of that; `source_ln_gsd2` is of what the asset has for itself.
    """

    unit_kg: float
    evidence: str
    factors: tuple[Factor, ...] = ()
    trace: tuple[str, ...] = ()
    shared: str = ""
    factor_ln_gsd2: float = 0.0
    source_ln_gsd2: float = 0.0

    @property
    def ln_gsd2(self) -> float:
        """ln GSD² of the product of both."""
        return ln_product(self.factor_ln_gsd2, self.source_ln_gsd2)


@dataclass(frozen=True, slots=True)
class _Part:
    """A share of a bottom-up sum: kg, the written formula, and the factors it took."""

    kg: float
    text: str
    factors: tuple[Factor, ...]


def slug(text: str) -> str:
    """`PowerEdge R740` as it stands in an activity: `poweredge-r740`."""
    return "-".join("".join(sign if sign.isalnum() else " " for sign in text.lower()).split())


def choose_embodied(
    catalogue: Catalogue,
    kind: str,
    *,
    given_kg: float | None = None,
    maker: str | None = None,
    model: str | None = None,
    configuration: Configuration | None = None,
    day: date | None = None,
) -> Embodied | None:
    """Climbs the ladder for one unit of `kind` (criterion gwp, stage manufacturing); None when there is no evidence at all.

    With the `day` of its acquisition by the factors that hold on it.
    """
    if given_kg is not None:
        spread = ln_product(UNRATED_LN_GSD2, ACTIVITY_LN_GSD2["given"])
        return Embodied(given_kg, "given", (), ("embodied: given by the customer",), source_ln_gsd2=spread)
    key = ("embodied", kind, maker, model, configuration, None if day is None else catalogue.epoch(day))
    return catalogue.remember(key, lambda: _found_embodied(catalogue, kind, maker, model, configuration, day=day))


def choose_part(
    catalogue: Catalogue,
    kind: str,
    stage: str,
    criterion: str,
    maker: str | None,
    model: str | None,
    configuration: Configuration | None,
    day: date | None = None,
) -> Embodied | None:
    """What the catalogue knows of one unit of `kind` in a stage and criterion, by the same ladder; None where it knows nothing."""
    key = ("part", kind, stage, criterion, maker, model, configuration, None if day is None else catalogue.epoch(day))
    return catalogue.remember(
        key, lambda: _found_embodied(catalogue, kind, maker, model, configuration, criterion, stage, day)
    )


def _found_embodied(
    catalogue: Catalogue,
    kind: str,
    maker: str | None,
    model: str | None,
    configuration: Configuration | None,
    criterion: str = GWP,
    stage: str = MANUFACTURING,
    day: date | None = None,
) -> Embodied | None:
    """The rungs below what the customer gives."""
    of_stage = None if stage == MANUFACTURING else stage
    if maker and model:
        factor = catalogue.coefficient(f"embodied.{kind}.{slug(maker)}.{slug(model)}", criterion, of_stage, day)
        if factor is not None:
            return _from_factor(factor, "model")
    if configuration is not None and kind == "server" and stage == MANUFACTURING:
        bottom_up = bottom_up_embodied(catalogue, configuration, criterion, day)
        if bottom_up is not None:
            return bottom_up
    default = catalogue.coefficient(f"embodied.{kind}", criterion, of_stage, day)
    return None if default is None else _from_factor(default, "kind")


def _from_factor(factor: Factor, evidence: str) -> Embodied:
    text = f"embodied ({evidence}): {factor.value!r} {UNITS[factor.criterion]} per unit [{factor.id} v{factor.version}]"
    return Embodied(factor.value, evidence, (factor,), (text,), factor.id, factor.ln_gsd2, ACTIVITY_LN_GSD2[evidence])


def bottom_up_embodied(
    catalogue: Catalogue, configuration: Configuration, criterion: str = GWP, day: date | None = None
) -> Embodied | None:
    """Sum of the parts of a server (BoaviztAPI, component documentation); None unless the die area of its CPUs is stated.

    CPU die × per_mm2 + base · RAM GB ÷ density × per_cm2 + base · SSD likewise · HDD · power supply kg × per_kg · motherboard · case ·
    assembly. Parts that the configuration does not state, and SSDs without a size, are not counted, and named in the trace.
    """
    if configuration.cpu is None or configuration.cpu.die_mm2 is None:
        return None
    try:
        parts = _parts(configuration, _required(catalogue, criterion, day))
    except _MissingCoefficient:
        return None
    total = 0.0
    for part in parts:
        total += part.kg
    used = {factor.id: factor for part in parts for factor in part.factors}
    widest = max(factor.ln_gsd2 for factor in used.values())
    unit = UNITS[criterion]
    lines = [f"{part.text} = {part.kg!r} {unit}" for part in parts]
    lines.append(f"embodied (configuration): {' + '.join(repr(part.kg) for part in parts)} = {total!r} {unit}")
    unstated = [
        name
        for name, stated in (
            ("memory", configuration.ram),
            ("disks", configuration.disks or configuration.diskless),
            ("power supply", configuration.psu),
            ("size of an SSD", all(each.gib is not None or each.type == "hdd" for each in configuration.disks)),
        )
        if not stated
    ]
    if unstated:
        lines.append(f"not stated, so not counted: {', '.join(unstated)}")
    return Embodied(
        total,
        "configuration",
        tuple(used.values()),
        tuple(lines),
        COMPONENTS,
        widest,
        ACTIVITY_LN_GSD2["configuration"],
    )


def parts_embodied(catalogue: Catalogue, configuration: Configuration, criterion: str, day: date) -> Embodied | None:
    """What the parts that a configuration states weigh alone, without what each server has once; None without their coefficients."""
    key = ("parts", configuration, criterion, catalogue.epoch(day))
    return catalogue.remember(key, lambda: _parts_alone(catalogue, configuration, criterion, day))


def _parts_alone(catalogue: Catalogue, configuration: Configuration, criterion: str, day: date) -> Embodied | None:
    try:
        parts = _stated_parts(configuration, _required(catalogue, criterion, day))
    except _MissingCoefficient:
        return None
    if not parts:
        return None
    total = 0.0
    for part in parts:
        total += part.kg
    used = {factor.id: factor for part in parts for factor in part.factors}
    widest = max(factor.ln_gsd2 for factor in used.values())
    own = ACTIVITY_LN_GSD2["configuration"]
    trace = tuple(f"{each.text} = {each.kg!r} {UNITS[criterion]}" for each in parts)
    return Embodied(total, "configuration", tuple(used.values()), trace, COMPONENTS, widest, own)


class _MissingCoefficient(LookupError):
    """A coefficient that the bottom-up sum needs is not in the catalogue."""


def _required(catalogue: Catalogue, impact: str, day: date | None) -> Callable[[str], Factor]:
    def coefficient(name: str) -> Factor:
        criterion = "parameter" if name in ("ram_density", "ssd_density", "psu_mass") else impact
        found = catalogue.coefficient(f"component.{name}", criterion, day=day)
        if found is None:
            raise _MissingCoefficient(name)
        return found

    return coefficient


def _parts(configuration: Configuration, coefficient: Callable[[str], Factor]) -> list[_Part]:
    """All that a server is made of: the parts that are stated, and those that each has once."""
    parts = _stated_parts(configuration, coefficient)
    for name, label in _fixed(configuration.case):
        fixed = coefficient(name)
        parts.append(_Part(fixed.value, f"{label}: {fixed.value!r}", (fixed,)))
    return parts


def _stated_parts(configuration: Configuration, coefficient: Callable[[str], Factor]) -> list[_Part]:
    parts = []
    if (cpu := configuration.cpu) is not None and cpu.die_mm2 is not None:
        per_mm2, base = coefficient("cpu_die_per_mm2"), coefficient("cpu_base")
        parts.append(
            _Part(
                cpu.units * (cpu.die_mm2 * per_mm2.value + base.value),
                f"CPU: {cpu.units} × ({cpu.die_mm2!r} mm² × {per_mm2.value!r} + {base.value!r})",
                (per_mm2, base),
            )
        )
    for module in configuration.ram:
        parts.append(_memory("RAM", "ram", module.units, module.gib, module.density_gb_cm2, coefficient))
    for disk in configuration.disks:
        if disk.type == "hdd":
            hdd = coefficient("hdd")
            parts.append(_Part(disk.units * hdd.value, f"HDD: {disk.units} × {hdd.value!r}", (hdd,)))
        elif disk.gib is not None:
            parts.append(_memory("SSD", "ssd", disk.units, disk.gib, disk.density_gb_cm2, coefficient))
    if (psu := configuration.psu) is not None:
        per_kg, mass = coefficient("psu_per_kg"), coefficient("psu_mass")
        kg = mass.value if psu.kg is None else psu.kg
        parts.append(
            _Part(
                psu.units * (kg * per_kg.value),
                f"power supply: {psu.units} × ({kg!r} kg × {per_kg.value!r})",
                (per_kg, mass),
            )
        )
    return parts


def _fixed(case: str | None) -> list[tuple[str, str]]:
    """The parts that each server has once; without a stated case, the rack one."""
    enclosure = ("case_blade", "blade case") if case == "blade" else ("case_rack", "rack case")
    return [("motherboard", "motherboard"), enclosure, ("assembly", "assembly")]


def _memory(
    label: str, name: str, units: int, gb: float, density: float | None, coefficient: Callable[[str], Factor]
) -> _Part:
    per_cm2, base, default = coefficient(f"{name}_per_cm2"), coefficient(f"{name}_base"), coefficient(f"{name}_density")
    used = default.value if density is None else density
    return _Part(
        units * (gb / used * per_cm2.value + base.value),
        f"{label}: {units} × ({gb!r} GB ÷ {used!r} GB/cm² × {per_cm2.value!r} + {base.value!r})",
        (per_cm2, base, default),
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """Embodied kg of one unit, the days over which a straight line spreads them, and how the kg come about, written out."""

    unit_kg: float
    days: float
    text: str


def refurbished(
    convention: Convention,
    unit_kg: float,
    *,
    age_years: float | None,
    first_life_days: float | None,
    use_days: float,
    gone: bool,
    unit: str = "kg",
) -> Spread:
    """What the second user of a thing carries, `age_years` old when it came (Bilan Carbone, annexe 1, and its alternatives; case C07).

    `remaining`: what the first life had not amortised, over the days left of it, or over its use where it left before. `cut_off`:
    nothing. `shared_life`: the whole shared by days of use, over the second one. `first_life_days` is planned or usual when new (None
    where unknown: age and use), `use_days` the second use: the actual one once the thing is `gone`, else what is planned or usual.
    Without an age nothing is shared, save under `cut_off`: the thing weighs as a new one.
    """
    if convention is Convention.CUT_OFF:
        return Spread(0.0, use_days, f"refurbished (cut_off): 0.0 {unit}")
    if age_years is None:
        return Spread(
            unit_kg,
            use_days,
            f"refurbished, as new: the age is not stated; convention {convention.value}, {unit_kg!r} {unit}",
        )
    age_days = age_years * YEAR_DAYS
    if convention is Convention.SHARED_LIFE:
        kg = unit_kg * use_days / (age_days + use_days)
        text = f"{unit_kg!r} {unit} × {use_days!r} d ÷ ({age_days!r} d + {use_days!r} d) = {kg!r} {unit}"
        return Spread(kg, use_days, f"refurbished (shared_life): {text}")
    life_days = first_life_days if first_life_days is not None else age_days + use_days
    left = max(0.0, life_days - age_days)
    kg = unit_kg * left / life_days
    text = f"refurbished (remaining): {unit_kg!r} {unit} × {left!r} d ÷ {life_days!r} d = {kg!r} {unit}"
    days = min(left, use_days) if gone else left
    return Spread(kg, days if days > 0 else use_days, text)
