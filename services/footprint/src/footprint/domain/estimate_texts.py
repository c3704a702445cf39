"""Answers of estimates by columns: the same figures as `estimates.estimate`, written at once for a slice of items.

What an item's words lead to (the embodied evidence of its configuration, its life, its power, its grid) is looked up once and kept with the
texts that it brings; what is left for each item are some products and one row of a template. All numbers of a slice are turned to text
together. Items of any other form are left to `estimate`: several criteria or years, several embodied stages, absent evidence, and all that
is refused. A property test holds both against each other, byte for byte.
"""

import marshal
import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from footprint.domain import formulas
from footprint.domain.catalogue import GWP, Catalogue, Factor
from footprint.domain.configuration import Configuration, read_configuration
from footprint.domain.embodied import MANUFACTURING, choose_embodied
from footprint.domain.energy import choose_power
from footprint.domain.estimates import (
    GIVEN_LN_GSD2,
    ONE_DAY_HOURS,
    ItemError,
    Period,
    check_energy,
    days_in_life,
    find_region,
    find_service,
    interval_of,
    read_loads,
)
from footprint.domain.notices import Notice, sentences
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2, UNRATED_LN_GSD2, ln_product, quality

MOST_KEPT: Final = 20_000
"""Entries of a table of texts before it starts anew."""

MOST_PERIODS: Final = 32
"""Periods of which texts are kept."""

LARGEST, SMALLEST = 1e15, 1e-4
"""Between these a number is written the same by Python and by the encoder."""


class _Making(NamedTuple):
    """The embodied evidence of one unit: kg, evidence, ln GSD², lines of the trace, factors and notices."""

    unit_kg: float
    evidence: bytes
    spread: float
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
    """The power of one unit that no number of the item gives: W, evidence, ln GSD², lines of the trace and factors."""

    watts: float
    evidence: bytes
    spread: float
    trace: bytes
    factors: bytes


class _Grid(NamedTuple):
    """The electricity of a region in the period: factor, evidence, ln GSD², its name in the trace, factors and notices."""

    factor: float
    evidence: bytes
    spread: float
    origin: bytes
    factors: bytes
    notices: int


_PIECES: Final = tuple(each.encode() for each in re.split(
    "%[sd]",
    '{"ref":%s,"stages":{"manufacturing":{"gwp":{"value":%s,"low":%s,"high":%s,"quality":%s}},'
    '"use":{"gwp":{"value":%s,"low":%s,"high":%s,"quality":%s}}},"total":{"gwp":{"value":%s,"low":%s,"high":%s,"quality":%s}},'
    '"energy_kwh":%s,"evidence":{"embodied":"%s","energy":"%s","electricity":"%s"},"factors":[%s],"warnings":%s,"trace":[%s'
    '"manufacturing gwp: %s × %s kg × %s d ÷ %s d = %s kg",%s"energy: %s × %s W × %s × %s h ÷ 1000.0 × %s PUE = %s kWh",'
    '"use gwp: %s kWh × %s kg = %s kg [%s]"]}'
))  # fmt: skip
"""What stands in a row before, between and behind what is put in."""

_PARTS: Final = 2 * len(_PIECES) - 1
_NUMBERS: Final = 19
"""Numbers of a row that are turned to text together."""


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
        """The answer of each item as JSON; None for those that are left to `estimate`."""
        found: list[bytes | None] = [None] * len(items)
        rows: list[tuple[int, _Row]] = []
        numbers: list[float] = []
        for index, item in enumerate(items):
            row = self._row(item)
            if row is not None:
                rows.append((index, row))
                numbers += row.numbers
        texts = orjson.dumps(numbers)[1:-1].split(b",")
        for place, (index, row) in enumerate(rows):
            found[index] = _written(row, texts[place * _NUMBERS : (place + 1) * _NUMBERS])
        return found

    def _row(self, item: Mapping[str, Any]) -> "_Row | None":
        """An item as a row; None where it does not fit the template."""
        get = item.get
        kind: str = item["kind"]
        configuration = get("configuration")
        key = None if configuration is None else _key(configuration)
        life = self._life(get("life"), kind)
        making = self._making(get("embodied"), kind, get("model"), configuration, key)
        draw = self._draw(get("energy"), kind, get("model"), configuration, key)
        grid = self._grid(get("electricity"), get("region"), get("country"))
        if life is None or making is None or draw is None or grid is None:
            return None
        quantity, duty, pue = get("quantity", 1.0), get("duty", 1.0), get("pue", 1.0)
        hours = life.in_use * ONE_DAY_HOURS
        made = formulas.embodied_kg(quantity, making.unit_kg, life.within, life.days)
        kwh = formulas.facility_energy_kwh(formulas.it_energy_kwh(quantity, draw.watts, duty, hours), pue)
        used = formulas.use_kg(kwh, grid.factor)
        use_spread = ln_product(grid.spread, draw.spread)
        making_factor, making_quality = interval_of(making.spread)
        use_factor, use_quality = interval_of(use_spread)
        total = made + used
        spread = _ln_sum(made, making.spread, used, use_spread, total)
        total_factor = math.exp(spread)
        numbers = (
            made, made / making_factor, made * making_factor, used, used / use_factor, used * use_factor, total, total / total_factor,
            total * total_factor, kwh, quantity, making.unit_kg, life.within, life.days, draw.watts, duty, hours, pue, grid.factor,
        )  # fmt: skip
        for number in numbers:
            if number != 0.0 and not SMALLEST <= number < LARGEST:
                return None
        return _Row(numbers, get("ref"), making, life, draw, grid, making_quality, use_quality, quality(spread))

    def _life(self, stated: Mapping[str, Any] | None, kind: str) -> _Life | None:
        key = kind if stated is None else (kind, stated.get("start"), stated.get("end"), stated.get("years"))
        if key not in self.lives:
            _keep(self.lives, key, self._read_life(stated, kind))
        return self.lives[key]

    def _read_life(self, stated: Mapping[str, Any] | None, kind: str) -> _Life | None:
        try:
            service, default = find_service(stated, kind, self.catalogue)
        except ItemError:
            return None
        if service.life_days is None:
            return None
        low, high, _ = self.period.years[0]
        in_use = max(0.0, min(high, service.end) - max(low, service.start))
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
            return _Making(stages[MANUFACTURING], b"given", GIVEN_LN_GSD2, b"", b"", 0)
        named = None if model is None else (model.get("maker"), model.get("name"))
        whole = (kind, named, key)
        if whole not in self.makings:
            _keep(self.makings, whole, self._read_making(kind, named, configuration))
        return self.makings[whole]

    def _read_making(self, kind: str, named: Any, stated: Mapping[str, Any] | None) -> _Making | None:
        maker, model = named or (None, None)
        found = choose_embodied(self.catalogue, kind, maker=maker, model=model, configuration=_configuration(stated))
        if found is None:
            return None
        notices = int(Notice.UNSTATED_PARTS) if found.trace[-1].startswith("not stated") else 0
        return _Making(
            found.unit_kg,
            found.evidence.encode(),
            found.ln_gsd2,
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
            watts = energy.get("average_w")
            if watts is not None and "annual_kwh" not in energy:
                if watts != 0.0 and not SMALLEST <= watts < LARGEST:
                    return None
                text = b'"power (declared): %a W on average",' % watts
                return _Draw(watts, b"declared", ACTIVITY_LN_GSD2["declared"], text, b"")
            whole = (whole, _key(energy), key)
        if whole not in self.draws:
            _keep(self.draws, whole, self._read_draw(energy or {}, kind, model or {}, _configuration(configuration)))
        return self.draws[whole]

    def _read_draw(
        self, energy: Mapping[str, Any], kind: str, model: Mapping[str, Any], configuration: Configuration | None
    ) -> _Draw | None:
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
        if key not in self.grids:
            _keep(self.grids, key, self._read_grid(region, country))
        if given and (factor := given.get(GWP)) is not None:
            if (region is not None or country is not None) and self.grids[key] is None:
                return None
            return _Grid(factor, b"given", UNRATED_LN_GSD2, b"given", b"", 0)
        return self.grids[key]

    def _read_grid(self, region: str | None, country: str | None) -> _Grid | None:
        try:
            place = find_region(region, country, self.catalogue)
        except ItemError:
            return None
        choice = self.catalogue.electricity(place, self.period.years[0][2], GWP) if place else None
        if choice is None:
            return None
        factor = choice.factor
        evidence, notices = (b"earlier_year", int(Notice.EARLIER_YEAR_FACTOR)) if choice.years_back else (b"region", 0)
        return _Grid(
            factor.value,
            evidence,
            factor.ln_gsd2,
            _within(f"{factor.id} v{factor.version}"),
            _summaries([factor]),
            notices,
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


class _Row(NamedTuple):
    """An item, ready to be written."""

    numbers: tuple[float, ...]
    ref: str | None
    making: _Making
    life: _Life
    draw: _Draw
    grid: _Grid
    making_quality: int
    use_quality: int
    quality: int


_QUALITY: Final = tuple(b"%d" % each for each in range(6))


def _written(row: _Row, texts: Sequence[bytes]) -> bytes:
    _, ref, making, life, draw, grid, making_quality, use_quality, total_quality = row
    _, making_evidence, _, making_trace, making_factors, making_notices = making
    _, draw_evidence, _, draw_trace, draw_factors = draw
    _, grid_evidence, _, origin, grid_factors, grid_notices = grid
    (
        made, made_low, made_high, used, used_low, used_high, total, total_low, total_high, kwh, quantity, unit, within, days, watts, duty,
        hours, pue, factor,
    ) = texts  # fmt: skip
    parts = [b""] * _PARTS
    parts[::2] = _PIECES
    parts[1::2] = (
        b"null" if ref is None else orjson.dumps(ref),
        made, made_low, made_high, _QUALITY[making_quality], used, used_low, used_high, _QUALITY[use_quality],
        total, total_low, total_high, _QUALITY[total_quality], kwh, making_evidence, draw_evidence, grid_evidence,
        (life.factors + making_factors + draw_factors + grid_factors)[:-1],
        _warnings(making_notices | grid_notices),
        life.trace + making_trace, quantity, unit, within, days, made,
        draw_trace, quantity, watts, duty, hours, pue, kwh, kwh, factor, used, origin,
    )  # fmt: skip
    return b"".join(parts)


def _ln_sum(one: float, one_spread: float, other: float, other_spread: float, total: float) -> float:
    """`uncertainty.ln_sum` of two."""
    if total == 0:
        return 0.0
    first, second = one / total * one_spread, other / total * other_spread
    return math.sqrt(first * first + second * second)


def _configuration(stated: Mapping[str, Any] | None) -> Configuration | None:
    return None if stated is None else read_configuration(stated)


def _key(stated: Any) -> bytes:
    """The same bytes for equal words, thrice as fast as JSON: `marshal` of the version without references depends on values alone."""
    return marshal.dumps(stated, 2)


def _keep(table: dict[Hashable, Any], key: Hashable, value: object) -> None:
    if len(table) >= MOST_KEPT:
        table.clear()
    table[key] = value


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
