"""What the words of an estimate's item lead to, looked up once under a catalogue and a period, with the texts that it brings.

Embodied evidence, life, power, grid, and the share of a host: each is kept by the words that it depends on. Items of any other form are
left to `estimates.estimate`: several criteria or years, several embodied stages, absent evidence, and all that is refused.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from footprint.domain import formulas
from footprint.domain.catalogue import GWP, Catalogue, Factor
from footprint.domain.configuration import Configuration, read_configuration
from footprint.domain.embodied import MANUFACTURING, OTHER_STAGES, choose_part
from footprint.domain.energy import Power, choose_power
from footprint.domain.errors import ItemError
from footprint.domain.estimate_energy import check_energy, read_loads
from footprint.domain.estimate_machines import MACHINE, check_machine, lies_elsewhere, whole_host
from footprint.domain.estimate_warnings import left_out, parts_said
from footprint.domain.estimates import (
    GIVEN_LN_GSD2,
    ONE_DAY_HOURS,
    Period,
    days_in_life,
    embodied_parts,
    find_cloud,
    find_region,
    find_service,
    interval_of,
    named,
)
from footprint.domain.notices import absent_stages
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2, UNRATED_LN_GSD2, ln_product

MOST_KEPT: Final = 20_000
"""Entries of a table before it starts anew."""

QUALITY: Final = tuple(b"%d" % each for each in range(6))
"""The quality classes as text."""

T = TypeVar("T")

Item = Mapping[str, Any]

Named = tuple[str, str] | None
"""Maker and model."""

_OF_MACHINES: Final = frozenset({"allocation", "host", "cloud"})


class Spread(NamedTuple):
    """How sure a figure is: ln GSD² and GSD², and the quality class as text."""

    numbers: tuple[float, float]
    quality: bytes


class Making(NamedTuple):
    """The embodied evidence of one unit: kg, ln GSD² and GSD²; its class, evidence, factors, lines of the trace and part of the formula."""

    numbers: tuple[float, float, float]
    notices: int
    quality: bytes
    evidence: bytes
    factors: bytes
    trace: bytes
    formula: bytes


class Life(NamedTuple):
    """The days of the period within the life, those of the life, and those in use; factors, lines of the trace, parts of formulas."""

    numbers: tuple[float, float, float]
    factors: bytes
    trace: bytes
    formula: bytes
    hours: bytes


class Draw(NamedTuple):
    """The power of one unit: W (NaN where the item states them) and ln GSD²; evidence, factors and lines of the trace.

    `stated` is what stands behind the item's own W, which then end the `trace`.
    """

    watts: float
    spread: float
    evidence: bytes
    factors: bytes
    trace: bytes
    stated: bytes = b""


class Grid(NamedTuple):
    """The electricity of a region in the period: factor and ln GSD²; evidence, factors, its part of the formula, and its name.

    `beside` is the sum of upstream and losses, `written` that sum as the trace has it (empty where there is none), `named` their names.
    """

    factor: float
    spread: float
    notices: int
    evidence: bytes
    factors: bytes
    formula: bytes
    origin: bytes
    beside: float = 0.0
    written: bytes = b""
    named: bytes = b""


class Share(NamedTuple):
    """What an item is of the server that its answer is about: the whole of it, or a machine's `part` of a host, here or at a cloud."""

    notices: int = 0
    factors: bytes = b""
    trace: bytes = b""
    part: float = 1.0
    pue: float = 1.0
    country: str | None = None
    draw: Draw | None = None


WHOLE: Final = Share()

_ABSENT: Final = int(absent_stages([MANUFACTURING]))
"""What is said of each of these answers, which hold making and use alone."""

Words = tuple[int, str | None, Share, Making, Life, Draw, Grid, Spread]
"""An item's place among the items, its name, what its words lead to, and the spread of its use."""


class Speech(NamedTuple):
    """How a language says a line of a trace (or the words of a part of one), and the warnings held in a number."""

    line: Callable[[str], str]
    warnings: Callable[[int], list[dict[str, str]]]


@dataclass(slots=True)
class Lexicon:
    """What the words of items lead to in one period under one catalogue, said in one language."""

    catalogue: Catalogue
    period: Period
    speech: Speech
    makings: dict[Hashable, Making | None] = field(default_factory=dict)
    others: dict[Hashable, bool] = field(default_factory=dict)
    lives: dict[Hashable, Life | None] = field(default_factory=dict)
    draws: dict[Hashable, Draw | None] = field(default_factory=dict)
    grids: dict[Hashable, Grid | None] = field(default_factory=dict)
    clouds: dict[Hashable, Share | None] = field(default_factory=dict)
    declared: Draw = field(init=False)

    def __post_init__(self) -> None:
        before, behind = (self.speech.line(each).encode() for each in ("power (declared): ", " W on average"))
        self.declared = Draw(math.nan, ACTIVITY_LN_GSD2["declared"], b"declared", b"", b'"' + before, behind + b'",')

    def _lines(self, trace: Sequence[str]) -> bytes:
        """Lines of a trace as they stand in the list, each with its comma."""
        return b"".join(orjson.dumps(self.speech.line(line)) + b"," for line in trace)

    def _power(self, power: Power) -> Draw:
        return Draw(
            power.watts,
            power.ln_gsd2,
            power.evidence.encode(),
            _summaries(power.factors),
            self._lines(power.trace),
        )

    def words(self, place: int, item: Item, stated: list[float]) -> Words | None:
        """The words of an item, with its numbers put behind the `stated` ones; None where it is left to `estimate`."""
        share = WHOLE
        if item["kind"] == MACHINE or not _OF_MACHINES.isdisjoint(item):
            found = self._machine(item)
            if found is None:
                return None
            item, share = found
        get = item.get
        configuration, model, energy = get("configuration"), get("model"), get("energy")
        unit = (
            item["kind"],
            None if model is None else (model["maker"], model["name"]),
            None if configuration is None else configuration.key,
        )
        life = self._life(get("life"), item["kind"])
        making = self._making(get("embodied"), unit, configuration)
        draw = share.draw or self._draw(energy, unit, configuration)
        grid = self._grid(get("electricity"), get("region"), get("country"))
        if life is None or making is None or draw is None or grid is None:
            return None
        use = _product(grid.spread, draw.spread)
        quantity = get("quantity", 1.0)
        watts = energy["average_w"] if energy and draw.stated else draw.watts
        stated += (
            quantity * share.part,
            quantity,
            watts,
            get("duty", 1.0),
            get("pue", share.pue),
            grid.factor,
            grid.beside,
        )
        stated += making.numbers
        stated += life.numbers
        stated += use.numbers
        return place, get("ref"), share, making, life, draw, grid, use

    def _machine(self, item: Item) -> tuple[Item, Share] | None:
        """A virtual machine as a server and its share of it; None where that is not known, or refused."""
        try:
            check_machine(item)
            if "host" in item:
                servers, line = whole_host(item)
                return servers, Share(trace=self._lines([line]))
        except ItemError:
            return None
        if "cloud" not in item:
            return None
        share = self._cloud(item)
        if share is None or lies_elsewhere(item, share.country):
            return None
        country = item.get("country") or (None if "region" in item else share.country)
        return {**item, "kind": "server", "country": country}, share

    def _cloud(self, item: Item) -> Share | None:
        stated = [item.get(name) for name in ("cloud", "allocation", "energy")]
        key = (_key(stated), "pue" in item, "country" in item, "region" in item)
        try:
            return self.clouds[key]
        except KeyError:
            return _kept(self.clouds, key, self._read_cloud(item))

    def _read_cloud(self, item: Item) -> Share | None:
        if left_out(item.get("energy") or {}):
            return None
        try:
            machine = find_cloud(item, self.catalogue)
        except ItemError:
            return None
        if machine.power is None:
            return None
        return Share(
            int(machine.notices),
            _summaries(machine.factors),
            self._lines(machine.trace),
            machine.share,
            machine.pue,
            machine.country,
            self._power(machine.power),
        )

    def _life(self, stated: Item | None, kind: str) -> Life | None:
        key = kind if stated is None else (kind, stated.get("start"), stated.get("end"), stated.get("years"))
        try:
            return self.lives[key]
        except KeyError:
            return _kept(self.lives, key, self._read_life(stated, kind))

    def _read_life(self, stated: Item | None, kind: str) -> Life | None:
        try:
            service, default = find_service(stated, kind, self.catalogue)
        except ItemError:
            return None
        if service.life_days is None:
            return None
        low, high, _ = self.period.years[0]
        in_use = max(0.0, min(float(high), service.end) - max(float(low), service.start))
        within = days_in_life(service, service.life_days, self.period)
        return Life(
            (within, service.life_days, in_use),
            _summaries([default.factor]) if default else b"",
            self._lines([default.trace]) if default else b"",
            f"{within!r} d ÷ {service.life_days!r} d = ".encode(),
            f" × {in_use * ONE_DAY_HOURS!r} h ÷ 1000.0 × ".encode(),
        )

    def _making(self, given: Item | None, key: tuple[str, Named, bytes | None], stated: Item | None) -> Making | None:
        if given:
            stages = given.get(GWP)
            if len(given) != 1 or not stages or set(stages) != {MANUFACTURING} or self._has_other_stages(key):
                return None
            unit_kg = stages[MANUFACTURING]
            return Making((unit_kg, *_GIVEN.numbers), _ABSENT, _GIVEN.quality, b"given", b"", b"", _of_unit(unit_kg))
        try:
            return self.makings[key]
        except KeyError:
            return _kept(self.makings, key, self._read_making(key[0], key[1], stated))

    def _has_other_stages(self, key: tuple[str, Named, bytes | None]) -> bool:
        """Whether the catalogue has more than making of a kind and model, which then stands beside a making that is given."""
        try:
            return self.others[key]
        except KeyError:
            kind, about, _ = key
            maker, model = about or (None, None)
            found = [choose_part(self.catalogue, kind, stage, GWP, maker, model, None) for stage in OTHER_STAGES]
            return _kept(self.others, key, any(each is not None for each in found))

    def _read_making(self, kind: str, about: Named, stated: Item | None) -> Making | None:
        maker, model = about or (None, None)
        configuration = _configuration(stated)
        parts = embodied_parts(self.catalogue, kind, GWP, {"maker": maker, "name": model}, configuration)
        if [stage for stage, _ in parts] != [MANUFACTURING]:
            return None
        found = parts[0][1]
        spread = _spread(found.ln_gsd2)
        return Making(
            (found.unit_kg, *spread.numbers),
            _ABSENT | int(parts_said(found, configuration)),
            spread.quality,
            found.evidence.encode(),
            _summaries(found.factors),
            self._lines(found.trace),
            _of_unit(found.unit_kg),
        )

    def _draw(self, energy: Item | None, key: tuple[str, Named, bytes | None], stated: Item | None) -> Draw | None:
        if energy and "average_w" in energy and len(energy) == 1:
            return self.declared
        whole = (*key, _key(energy)) if energy else key[:2]
        try:
            return self.draws[whole]
        except KeyError:
            return _kept(self.draws, whole, self._read_draw(energy or {}, key[0], key[1], _configuration(stated)))

    def _read_draw(self, energy: Item, kind: str, about: Named, configuration: Configuration | None) -> Draw | None:
        if left_out(energy):
            return None
        try:
            check_energy(energy, configuration)
            loads = read_loads(energy.get("utilisation"))
        except ItemError:
            return None
        maker, model = about or (None, None)
        power = choose_power(
            self.catalogue,
            kind,
            annual_kwh=energy.get("annual_kwh"),
            loads=loads,
            configuration=configuration,
            maker=maker,
            model=model,
        )
        return None if power is None else self._power(power)

    def _grid(self, given: Mapping[str, float] | None, region: str | None, country: str | None) -> Grid | None:
        key = (region, country)
        try:
            found = self.grids[key]
        except KeyError:
            found = _kept(self.grids, key, self._read_grid(region, country))
        if given and (factor := given.get(GWP)) is not None:
            if (region is not None or country is not None) and found is None:
                return None
            return Grid(factor, UNRATED_LN_GSD2, 0, b"given", b"", _of_energy(factor), b"given")
        return found

    def _read_grid(self, region: str | None, country: str | None) -> Grid | None:
        try:
            place = find_region(region, country, self.catalogue)
        except ItemError:
            return None
        supply = self.catalogue.electricity(place, self.period.years[0][2], GWP) if place else None
        if supply is None:
            return None
        beside = [each.factor.value for each in supply.beside]
        return Grid(
            supply.used.factor.value,
            supply.ln_gsd2,
            int(supply.notices),
            b"earlier_year" if supply.used.ended else b"region",
            _summaries(supply.factors),
            _of_energy(supply.used.factor.value),
            _within(named([supply.used])),
            float(sum(beside)),
            formulas.written_sum(beside, "kg").encode(),
            _within(named(supply.beside)),
        )


def _spread(ln_gsd2: float) -> Spread:
    gsd2, class_ = interval_of(ln_gsd2)
    return Spread((ln_gsd2, gsd2), QUALITY[class_])


_GIVEN: Final = _spread(GIVEN_LN_GSD2)


@lru_cache(maxsize=4096)
def _product(one: float, other: float) -> Spread:
    return _spread(ln_product(one, other))


def _of_unit(kg: float) -> bytes:
    return f" × {kg!r} kg × ".encode()


def _of_energy(factor: float) -> bytes:
    return f" kWh × {factor!r} kg = ".encode()


def _configuration(stated: Item | None) -> Configuration | None:
    return None if stated is None else read_configuration(stated)


def _key(stated: Any) -> bytes:
    """The same bytes for equal words."""
    return orjson.dumps(stated)


def _kept(table: dict[Hashable, T], key: Hashable, value: T) -> T:
    if len(table) >= MOST_KEPT:
        table.clear()
    table[key] = value
    return value


def _within(text: str) -> bytes:
    """A text as it stands within another one in JSON."""
    return orjson.dumps(text)[1:-1]


def _summaries(factors: Sequence[Factor]) -> bytes:
    """Factors as they stand in the list, each with its comma; one text for all that rest on the same."""
    return _told(tuple({each.id: orjson.dumps(each.summary) for each in factors}.values()))


@lru_cache(maxsize=4096)
def _told(summaries: tuple[bytes, ...]) -> bytes:
    return b"".join(each + b"," for each in summaries)
