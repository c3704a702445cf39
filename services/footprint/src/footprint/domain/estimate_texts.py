"""Answers of estimates by columns: the same figures as `estimates.estimate`, written at once for a slice of items.

What an item's words lead to (the embodied evidence of its configuration, its life, its power, its grid) is looked up once and kept with the
texts that it brings; what is left for each item are one row of a table of numbers and one filled template. A slice is computed by columns
of that table, and all its numbers are turned to text together. Items of any other form are left to `estimate`: several criteria or years,
several embodied stages, virtual machines,
absent evidence, and all that is refused. A property test holds both against each other, byte for byte.
"""

import marshal
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from footprint.domain import formulas
from footprint.domain.catalogue import GWP, Catalogue, Factor
from footprint.domain.configuration import Configuration, read_configuration
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.energy import choose_power
from footprint.domain.errors import ItemError
from footprint.domain.estimate_columns import NUMBERS, QUALITY, computed, is_writable
from footprint.domain.estimate_machines import MACHINE
from footprint.domain.estimates import (
    GIVEN_LN_GSD2,
    Period,
    check_energy,
    days_in_life,
    declared_twice,
    embodied_parts,
    find_region,
    find_service,
    interval_of,
    named,
    read_loads,
)
from footprint.domain.notices import Notice, absent_stages, sentences
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2, UNRATED_LN_GSD2, ln_product

MOST_KEPT: Final = 20_000
"""Entries of a table of texts before it starts anew."""

T = TypeVar("T")

_OF_MACHINES: Final = frozenset({"allocation", "host", "cloud"})

MOST_PERIODS: Final = 32
"""Periods of which texts are kept."""


class _Spread(NamedTuple):
    """How sure a figure is: ln GSD², GSD², and the quality class as text."""

    ln_gsd2: float
    gsd2: float
    quality: bytes


class _Making(NamedTuple):
    """The embodied evidence of one unit: kg, evidence, spread, lines of the trace, factors and notices."""

    unit_kg: float
    evidence: bytes
    spread: _Spread
    trace: bytes
    factors: bytes
    notices: int


class _Life(NamedTuple):
    """The days of the life and those of the period within it, the days in use, lines of the trace and factors."""

    days: float
    within: float
    in_use: float
    trace: bytes
    factors: bytes


class _Draw(NamedTuple):
    """The power of one unit: W (NaN where the item states them), evidence, ln GSD², lines of the trace and factors.

    `stated` is what stands behind the item's own W, which then end the `trace`.
    """

    watts: float
    evidence: bytes
    spread: float
    trace: bytes
    factors: bytes
    stated: bytes = b""


class _Grid(NamedTuple):
    """The electricity of a region in the period: factor, evidence, ln GSD², its name in the trace, factors and notices.

    `beside` is the sum of upstream and losses, `written` that sum as the trace has it (empty where there is none), `named` their names.
    """

    factor: float
    evidence: bytes
    spread: float
    origin: bytes
    factors: bytes
    notices: int
    beside: float = 0.0
    written: bytes = b""
    named: bytes = b""


_Row = tuple[int, str | None, _Making, _Life, _Draw, _Grid, _Spread]
"""The words of an item, ready to be written: its place among the items, its name, what they lead to, and the spread of its use."""

_TEMPLATE: Final = (
    b'{"ref":%b,"stages":{"manufacturing":{"gwp":{"value":%b,"low":%b,"high":%b,"quality":%b}},'
    b'"use":{"gwp":{"value":%b,"low":%b,"high":%b,"quality":%b}}},"total":{"gwp":{"value":%b,"low":%b,"high":%b,"quality":%b}},'
    b'"energy_kwh":%b,"evidence":{"embodied":"%b","energy":"%b","electricity":"%b"},"factors":[%b],"warnings":%b,"trace":[%b%b'
    + '"manufacturing gwp: %b × %b kg × %b d ÷ %b d = %b kg",%b%b%b"energy: %b × %b W × %b × %b h ÷ 1000.0 × %b PUE = %b kWh",'.encode()
    + '"use gwp: %b kWh × %b kg = %b kg [%b]"%b]}'.encode()
)
_BESIDE: Final = ',"upstream and losses gwp: %b kWh × %b = %b kg [%b]"'.encode()
_ABSENT: Final = int(absent_stages([MANUFACTURING]))
"""What is said of each of these answers, which hold making and use alone."""

_DECLARED: Final = _Draw(
    math.nan, b"declared", ACTIVITY_LN_GSD2["declared"], b'"power (declared): ', b"", b' W on average",'
)


@dataclass(slots=True)
class Texts:
    """What items of one period lead to under one catalogue, with the texts."""

    catalogue: Catalogue
    period: Period
    makings: dict[Hashable, _Making | None] = field(default_factory=dict)
    lives: dict[Hashable, _Life | None] = field(default_factory=dict)
    draws: dict[Hashable, _Draw | None] = field(default_factory=dict)
    grids: dict[Hashable, _Grid | None] = field(default_factory=dict)

    def answers(self, items: Sequence[Mapping[str, Any]]) -> list[bytes | None]:
        """The answer of each item as JSON; None for those that are left to `estimate`. Configurations are `StatedConfiguration`s."""
        found: list[bytes | None] = [None] * len(items)
        rows: list[_Row] = []
        stated: list[float] = []
        for place, item in enumerate(items):
            row = self._row(place, item, stated)
            if row is not None:
                rows.append(row)
        if not rows:
            return found
        texts, classes, writable = computed(stated)
        for line, row in enumerate(rows):
            if writable[line]:
                found[row[0]] = _written(row, texts[line * NUMBERS : (line + 1) * NUMBERS], classes[line])
        return found

    def _row(self, place: int, item: Mapping[str, Any], stated: list[float]) -> _Row | None:
        """An item as a row, with its numbers put behind the `stated` ones; None where it does not fit the template."""
        get = item.get
        kind: str = item["kind"]
        if kind == MACHINE or not _OF_MACHINES.isdisjoint(item):
            return None
        configuration = get("configuration")
        key = None if configuration is None else configuration.key
        life = self._life(get("life"), kind)
        model = get("model")
        making = self._making(get("embodied"), kind, model, configuration, key)
        energy = get("energy")
        draw = self._draw(energy, kind, model, configuration, key)
        grid = self._grid(get("electricity"), get("region"), get("country"))
        if life is None or making is None or draw is None or grid is None:
            return None
        use = _product(grid.spread, draw.spread)
        watts = energy["average_w"] if energy and draw.stated else draw.watts
        stated += (
            get("quantity", 1.0), making.unit_kg, life.within, life.days, watts, get("duty", 1.0), life.in_use, get("pue", 1.0),
            grid.factor, grid.beside, making.spread.ln_gsd2, making.spread.gsd2, use.ln_gsd2, use.gsd2,
        )  # fmt: skip
        return place, get("ref"), making, life, draw, grid, use

    def _life(self, stated: Mapping[str, Any] | None, kind: str) -> _Life | None:
        key = kind if stated is None else (kind, stated.get("start"), stated.get("end"), stated.get("years"))
        try:
            return self.lives[key]
        except KeyError:
            return _kept(self.lives, key, self._read_life(stated, kind))

    def _read_life(self, stated: Mapping[str, Any] | None, kind: str) -> _Life | None:
        try:
            service, default = find_service(stated, kind, self.catalogue)
        except ItemError:
            return None
        if service.life_days is None:
            return None
        low, high, _ = self.period.years[0]
        in_use = max(0.0, min(float(high), service.end) - max(float(low), service.start))
        trace = _lines([default.trace]) if default else b""
        factors = _summaries([default.factor]) if default else b""
        return _Life(service.life_days, days_in_life(service, service.life_days, self.period), in_use, trace, factors)

    def _making(
        self,
        given: Mapping[str, Mapping[str, float]] | None,
        kind: str,
        model: Mapping[str, Any] | None,
        configuration: Mapping[str, Any] | None,
        key: bytes | None,
    ) -> _Making | None:
        if given:
            stages = given.get(GWP)
            if len(given) != 1 or not stages or set(stages) != {MANUFACTURING}:
                return None
            return _Making(stages[MANUFACTURING], b"given", _GIVEN, b"", b"", _ABSENT)
        named = None if model is None else (model.get("maker"), model.get("name"))
        whole = (kind, named, key)
        try:
            return self.makings[whole]
        except KeyError:
            return _kept(self.makings, whole, self._read_making(kind, named, configuration))

    def _read_making(self, kind: str, named: Any, stated: Mapping[str, Any] | None) -> _Making | None:
        maker, model = named or (None, None)
        parts = embodied_parts(self.catalogue, kind, GWP, {"maker": maker, "name": model}, _configuration(stated))
        if [stage for stage, _ in parts] != [MANUFACTURING]:
            return None
        found = parts[0][1]
        notices = _ABSENT | (int(Notice.UNSTATED_PARTS) if found.trace[-1].startswith("not stated") else 0)
        return _Making(
            found.unit_kg,
            found.evidence.encode(),
            _spread(found.ln_gsd2),
            _lines(found.trace),
            _summaries(found.factors),
            notices,
        )

    def _draw(
        self,
        energy: Mapping[str, Any] | None,
        kind: str,
        model: Mapping[str, Any] | None,
        configuration: Mapping[str, Any] | None,
        key: bytes | None,
    ) -> _Draw | None:
        whole: Hashable = (kind, None if model is None else (model.get("maker"), model.get("name")))
        if energy:
            if "average_w" in energy and "annual_kwh" not in energy:
                return _DECLARED
            whole = (whole, _key(energy), key)
        try:
            return self.draws[whole]
        except KeyError:
            return _kept(
                self.draws, whole, self._read_draw(energy or {}, kind, model or {}, _configuration(configuration))
            )

    def _read_draw(
        self, energy: Mapping[str, Any], kind: str, model: Mapping[str, Any], configuration: Configuration | None
    ) -> _Draw | None:
        if declared_twice(energy):
            return None
        try:
            check_energy(energy, configuration)
            loads = read_loads(energy.get("utilisation"))
        except ItemError:
            return None
        power = choose_power(
            self.catalogue,
            kind,
            annual_kwh=energy.get("annual_kwh"),
            average_w=energy.get("average_w"),
            loads=loads,
            configuration=configuration,
            maker=model.get("maker"),
            model=model.get("name"),
        )
        if power is None:
            return None
        return _Draw(
            power.watts, power.evidence.encode(), power.ln_gsd2, _lines(power.trace), _summaries(power.factors)
        )

    def _grid(self, given: Mapping[str, float] | None, region: str | None, country: str | None) -> _Grid | None:
        key = (region, country)
        try:
            found = self.grids[key]
        except KeyError:
            found = _kept(self.grids, key, self._read_grid(region, country))
        if given and (factor := given.get(GWP)) is not None:
            if (region is not None or country is not None) and found is None:
                return None
            return _Grid(factor, b"given", UNRATED_LN_GSD2, b"given", b"", 0)
        return found

    def _read_grid(self, region: str | None, country: str | None) -> _Grid | None:
        try:
            place = find_region(region, country, self.catalogue)
        except ItemError:
            return None
        supply = self.catalogue.electricity(place, self.period.years[0][2], GWP) if place else None
        if supply is None:
            return None
        beside = [each.factor.value for each in supply.beside]
        return _Grid(
            supply.used.factor.value,
            b"earlier_year" if supply.used.years_back else b"region",
            supply.ln_gsd2,
            _within(named([supply.used])),
            _summaries(supply.factors),
            int(supply.notices),
            float(sum(beside)),
            formulas.written_sum(beside, "kg").encode(),
            _within(named(supply.beside)),
        )


class TextShelf:
    """The texts of the periods asked for under the catalogue as it is now."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._texts: dict[Period, Texts] = {}

    def texts(self, catalogue: Catalogue, period: Period, criteria: Sequence[str]) -> Texts | None:
        """The texts of a catalogue and period; None where answers by columns are not for such a call."""
        if len(criteria) != 1 or criteria[0] != GWP or len(period.years) != 1:
            return None
        if catalogue is not self._catalogue or len(self._texts) >= MOST_PERIODS:
            self._catalogue, self._texts = catalogue, {}
        found = self._texts.get(period)
        if found is None:
            found = self._texts[period] = Texts(catalogue, period)
        return found


def _spread(ln_gsd2: float) -> _Spread:
    gsd2, class_ = interval_of(ln_gsd2)
    return _Spread(ln_gsd2, gsd2, QUALITY[class_])


_GIVEN: Final = _spread(GIVEN_LN_GSD2)


@lru_cache(maxsize=4096)
def _product(one: float, other: float) -> _Spread:
    return _spread(ln_product(one, other))


def _written(row: _Row, texts: Sequence[bytes], class_: bytes) -> bytes | None:
    """The answer of a row; None where the lines of its electricity hold a number that Python and the encoder write differently."""
    _, ref, making, life, draw, grid, use = row
    (
        made, made_low, made_high, used, used_low, used_high, total, total_low, total_high, kwh, quantity, unit, within, days, watts, duty,
        hours, pue, factor,
    ) = texts  # fmt: skip
    lines = _of_electricity(grid, kwh, used)
    if lines is None:
        return None
    itself, beside = lines
    return _TEMPLATE % (
        b"null" if ref is None else orjson.dumps(ref),
        made, made_low, made_high, making.spread.quality, used, used_low, used_high, use.quality,
        total, total_low, total_high, class_, kwh, making.evidence, draw.evidence, grid.evidence,
        (life.factors + making.factors + draw.factors + grid.factors)[:-1],
        _warnings(making.notices | grid.notices),
        life.trace, making.trace, quantity, unit, within, days, made,
        draw.trace, watts if draw.stated else b"", draw.stated,
        quantity, watts, duty, hours, pue, kwh, kwh, factor, itself, grid.origin, beside,
    )  # fmt: skip


def _of_electricity(grid: _Grid, kwh: bytes, used: bytes) -> tuple[bytes, bytes] | None:
    """What the electricity itself weighs, and the line of its upstream and losses, as they stand in the trace."""
    if not grid.written:
        return used, b""
    itself, beside = (formulas.use_kg(float(kwh), each) for each in (grid.factor, grid.beside))
    if not (is_writable(itself) and is_writable(beside)):
        return None
    return b"%r" % itself, _BESIDE % (kwh, grid.written, b"%r" % beside, grid.named)


def _configuration(stated: Mapping[str, Any] | None) -> Configuration | None:
    return None if stated is None else read_configuration(stated)


def _key(stated: Any) -> bytes:
    """The same bytes for equal words, thrice as fast as JSON: `marshal` of the version without references depends on values alone."""
    return marshal.dumps(stated, 2)


def _kept(table: dict[Hashable, T], key: Hashable, value: T) -> T:
    if len(table) >= MOST_KEPT:
        table.clear()
    table[key] = value
    return value


def _lines(trace: Sequence[str]) -> bytes:
    """Lines of a trace as they stand in the list, each with its comma."""
    return b"".join(orjson.dumps(line) + b"," for line in trace)


def _within(text: str) -> bytes:
    """A text as it stands within another one in JSON."""
    return orjson.dumps(text)[1:-1]


def _summaries(factors: Sequence[Factor]) -> bytes:
    unique = {each.id: each for each in factors}
    return b"".join(orjson.dumps(each.summary) + b"," for each in unique.values())


_WARNINGS: dict[int, bytes] = {}


def _warnings(notices: int) -> bytes:
    if notices not in _WARNINGS:
        _WARNINGS[notices] = orjson.dumps(sentences(notices))
    return _WARNINGS[notices]
