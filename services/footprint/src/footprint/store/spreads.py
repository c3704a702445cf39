"""What lines come to by any groups, as `footprint.domain.groups` adds it up.

Whole numbers come as text, which is read several times faster than a decimal: of one month or, where twelve stand in a row, of a year. Of
what is known of each thing for itself a group has the sum of the roots of its months, or the squares that they follow from, as doubles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from common.database import Connection

from footprint.domain.groups import Column, Pairs, Roots
from footprint.domain.sums import Numbers, numbers, whole_roots

MONTH: Final = "month"


async def added_up(
    connection: Connection,
    lines: str,
    groups: Sequence[str],
    values: Sequence[Any],
    within: tuple[int, int],
    reading: str = "NOT MATERIALIZED",
) -> tuple[Pairs, Roots]:
    """What `lines` come to, a query of the columns of the groups and `of_month`, `factor`, `source`, and the amounts with `source_squares`.

    It is made twice, unless its `reading` is MATERIALIZED.
    """
    keys = without_month(groups)
    by = f"{keys}of_month, " if MONTH in groups else keys
    rows = await connection.fetch(
        f"""
        WITH lines AS {reading} (
            {lines}
        ), months AS MATERIALIZED (
            SELECT {keys} of_month, sum(source_squares) AS squares
            FROM lines
            WHERE source_squares <> 0
            GROUP BY {keys} of_month
        )
        SELECT
            'pair' AS part,
            {keys}
            factor,
            source,
            max(of_month) AS month,
            NULL::text AS figures,
            sum(billionths)::text AS billionths,
            sum(restated)::text AS restated,
            sum(kwh)::text AS kwh,
            sum(factor_weighted)::text AS factor_weighted,
            sum(source_weighted)::text AS source_weighted,
            NULL::double precision[] AS squares
        FROM lines
        GROUP BY {by} factor, source
        UNION ALL
        SELECT 'group', {keys} NULL, NULL, max(of_month), NULL, sum({_ROOT})::text, NULL, NULL, NULL, NULL, NULL
        FROM months
        {"GROUP BY" if by else ""} {by.rstrip(", ")}
        HAVING count(*) > 0
        UNION ALL
        SELECT {squares_of_whole(groups, "of_month", "sum(squares)::text")}
        FROM months
        GROUP BY of_month
        """,
        *values,
    )
    return read(rows, groups, within, 1, 1)


_ROOT: Final = """CASE
            WHEN squares < 1e30 THEN round(sqrt(greatest(squares, 0)::double precision))::bigint::numeric
            ELSE round(sqrt(greatest(squares, 0)::double precision))::numeric
        END"""
"""The root of a sum of squares of billionths in whole billionths, exact up to a million tonnes, to 15 digits beyond."""


def squares_of_group(groups: Sequence[str], month: str, squares: str) -> str:
    """The columns of a row that tells the squares of a group, from a month on."""
    keys = without_month(groups)
    return f"'group' AS part, {keys} NULL, NULL, {month}, NULL, NULL, NULL, NULL, NULL, NULL, {squares}"


def squares_of_whole(groups: Sequence[str], month: str, squares: str) -> str:
    """The columns of a row that tells the squares of all there is, from a month on, as a text."""
    nothing = "NULL, " * sum(name != MONTH for name in groups)
    return f"'whole' AS part, {nothing} NULL, NULL, {month}, NULL, {squares}, NULL, NULL, NULL, NULL, NULL"


def without_month(groups: Sequence[str]) -> str:
    """The columns of groups with a comma after each; the month is a column of its own."""
    return "".join(f"{name}, " for name in groups if name != MONTH)


def read(
    rows: Sequence[Any], groups: Sequence[str], within: tuple[int, int], in_pair: int, in_squares: int
) -> tuple[Pairs, Roots]:
    """What rows tell, each of as many months as are in a pair, or in squares: of those that are `within` the first and the last."""
    names = list(rows[0].keys()) if rows else []
    parts: dict[str, list[Any]] = {"pair": [], "group": [], "whole": []}
    for row in rows:
        parts[row[0]].append(row)
    pairs = _Rows.of(names, parts["pair"], in_pair, within)
    by_group = _Rows.of(names, parts["group"], in_squares, within)
    every = _Rows.of(names, parts["whole"], in_squares, within)
    by_group, roots = _roots(by_group, by_month=MONTH in groups)
    keys = [_key(name, pairs, by_group) for name in groups]
    count = len(pairs.months)
    return Pairs(
        [replace(key, places=key.places[:count]) for key in keys],
        pairs.column("factor"),
        pairs.column("source"),
        pairs.months,
        pairs.amounts("billionths"),
        pairs.amounts("restated"),
        pairs.amounts("kwh"),
        pairs.told("kwh"),
        pairs.amounts("factor_weighted"),
        pairs.amounts("source_weighted"),
    ), Roots([replace(key, places=key.places[count:]) for key in keys], roots, every.amounts("billionths").tolist())


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one month or twelve each, by column; `counted` are the months of each that are asked for and have figures."""

    columns: Mapping[str, Sequence[Any]]
    every_month: npt.NDArray[np.int64]
    counted: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, names: Sequence[str], rows: Sequence[Any], width: int, within: tuple[int, int]) -> Self:
        columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
        months = np.array(columns.get("month", ()), dtype=np.int64).reshape(-1, 1) + np.arange(width)
        found = cls(columns, months, (months >= within[0]) & (months <= within[1]))
        if columns.get("figures", (None,))[0] is None:
            return found
        return replace(found, counted=found.counted & (found.every("figures") > 0))

    @property
    def months(self) -> npt.NDArray[np.int64]:
        return self.every_month[self.counted]

    def values(self, name: str) -> Sequence[Any]:
        """The values of a column, of each row."""
        return self.columns.get(name, ())

    def for_months(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What each row has, for each of its months."""
        return places[np.nonzero(self.counted)[0]]

    def column(self, name: str) -> Column:
        """The values of a column, for each month."""
        column = Column.of(self.values(name))
        return replace(column, places=self.for_months(column.places))

    def told(self, name: str) -> npt.NDArray[np.bool_]:
        """Where a column has amounts."""
        return np.broadcast_to(self._told(name)[:, None], self.counted.shape)[self.counted]

    def amounts(self, name: str) -> Numbers:
        """The amounts of a column, 0 where it has none."""
        amounts: Numbers = self.every(name)[self.counted]
        return amounts

    def every(self, name: str) -> Numbers:
        """The same of each month, whether it counts or not."""
        texts = " ".join(filter(None, self.values(name)))
        amounts = numbers(list(map(int, texts.split())))
        found = np.zeros(self.counted.shape, amounts.dtype)
        found[self._told(name)] = amounts.reshape(-1, self.counted.shape[1])
        return found

    def _told(self, name: str) -> npt.NDArray[np.bool_]:
        return np.array([text is not None for text in self.values(name)], dtype=np.bool_)


def _roots(by_group: _Rows, *, by_month: bool) -> tuple[_Rows, Numbers]:
    """The roots of groups, and the rows whose they are: those of several months are added up unless the groups are by month."""
    if None not in by_group.values("billionths"):
        return by_group, by_group.amounts("billionths")
    squares = np.array(by_group.values("squares"), dtype=np.float64).reshape(by_group.counted.shape)
    roots = np.where(by_group.counted, whole_roots(squares), 0)
    if by_month:
        return by_group, roots[by_group.counted]
    once = np.ones((len(roots), 1), dtype=np.bool_)
    return replace(by_group, every_month=by_group.every_month[:, :1], counted=once), roots.sum(axis=1)


def _key(name: str, pairs: _Rows, by_group: _Rows) -> Column:
    """A key of the pairs and, after them, of the groups."""
    if name == MONTH:
        return Column.of_numbers(np.concatenate([pairs.months, by_group.months]))
    column = Column.of([*pairs.values(name), *by_group.values(name)])
    count = len(pairs.values(name))
    places = pairs.for_months(column.places[:count]), by_group.for_months(column.places[count:])
    return replace(column, places=np.concatenate(places))
