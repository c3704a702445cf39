"""What lines come to by any groups, as `footprint.domain.groups` adds it up.

It comes column by column, which is read several times faster than row by row, and whole numbers as text, which is read faster than
decimals: of one month or, where twelve stand in a row, of a year. Of what is known of each thing for itself a group has the sum of the
roots of its months or, by month, their squares, as doubles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from common.database import Connection

from footprint.domain.groups import Column, Pairs, Roots
from footprint.domain.sums import Numbers, numbers, whole_roots

MONTH: Final = "month"


class Parts(NamedTuple):
    """What is told, as queries that have the columns of the groups, but for the month, and `month`, the (first) month of each row.

    `pairs` has `factor`, `source`, and texts: `billionths`, those of them `restated`, `kwh`, `factor_weighted`, `source_weighted`, and
    `figures` where not all that is told counts. `groups` has `roots`, or `squares`, an array. `whole` has `squares`, a text, of no group.
    None for what is not asked for.
    """

    pairs: str
    groups: str | None
    whole: str | None


async def added_up(
    connection: Connection,
    lines: str,
    groups: Sequence[str],
    values: Sequence[Any],
    within: tuple[int, int],
    reading: str = "NOT MATERIALIZED",
    *,
    with_roots: bool = True,
) -> tuple[Pairs, Roots]:
    """What `lines` come to, a query of the columns of the groups and `of_month`, `factor`, `source`, and the amounts with `source_squares`.

    It is made twice, unless its `reading` is MATERIALIZED. Without roots no interval can be told of the groups, only of the whole.
    """
    keys = without_month(groups)
    by = f"{keys}of_month, " if MONTH in groups else keys
    by_group = keys if with_roots else ""
    before = f"""
        WITH lines AS {reading} (
            {lines}
        ), months AS MATERIALIZED (
            SELECT {by_group} of_month, sum(source_squares) AS squares, sum(source_squares)::double precision AS nearest
            FROM lines
            WHERE source_squares <> 0
            GROUP BY {by_group} of_month
        )
    """
    pairs = f"""
            SELECT
                {keys}
                factor,
                source,
                max(of_month) AS month,
                NULL::text AS figures,
                sum(billionths)::text AS billionths,
                sum(restated)::text AS restated,
                sum(kwh)::text AS kwh,
                sum(factor_weighted)::text AS factor_weighted,
                sum(source_weighted)::text AS source_weighted
            FROM lines
            GROUP BY {by} factor, source
    """
    of_groups = f"""
            SELECT {keys} max(of_month) AS month, sum({whole_root("nearest")})::text AS roots
            FROM months
            {"GROUP BY" if by else ""} {by.rstrip(", ")}
            HAVING count(*) > 0
    """
    whole = "SELECT of_month AS month, sum(squares)::text AS squares FROM months GROUP BY of_month"
    parts = Parts(pairs, of_groups if with_roots else None, whole)
    rows = await connection.fetch(before + columns_of(parts, groups), *values)
    return read(rows, groups, within)


def columns_of(parts: Parts, groups: Sequence[str], *, in_squares: bool = False) -> str:
    """A statement that tells the columns of parts, a row each; groups told as squares have those of all in an array of arrays."""
    names = [name for name in groups if name != MONTH]
    keys = "".join(f"array_agg({name}) AS {name}, " for name in names)
    roots, squares = ("NULL", "array_agg(squares)") if in_squares else ("string_agg(roots, ' ')", "NULL")
    of_groups = f"""
        UNION ALL
        SELECT
            'groups', {keys} NULL, NULL, array_agg(month), NULL, {roots},
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, {squares}
        FROM ({parts.groups}) AS groups
    """
    whole = f"""
        UNION ALL
        SELECT
            'whole', {"NULL, " * len(names)} NULL, NULL, array_agg(month), NULL, string_agg(squares, ' '),
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM ({parts.whole}) AS whole
    """
    return f"""
        SELECT
            'pairs' AS part,
            {keys}
            array_agg(factor) AS factor,
            array_agg(source) AS source,
            array_agg(month) AS month,
            string_agg(figures, ' ') AS figures,
            string_agg(billionths, ' ') AS billionths,
            string_agg(restated, ' ') AS restated,
            array_agg(restated IS NOT NULL) AS has_restated,
            string_agg(kwh, ' ') AS kwh,
            array_agg(kwh IS NOT NULL) AS has_kwh,
            string_agg(factor_weighted, ' ') AS factor_weighted,
            array_agg(factor_weighted IS NOT NULL) AS has_factor_weighted,
            string_agg(source_weighted, ' ') AS source_weighted,
            array_agg(source_weighted IS NOT NULL) AS has_source_weighted,
            NULL::double precision[] AS squares
        FROM ({parts.pairs}) AS pairs
        {of_groups if parts.groups else ""}
        {whole if parts.whole else ""}
    """


def whole_root(squares: str) -> str:
    """The root of squares of billionths in whole billionths, of 15 significant digits; 0 of what is negative."""
    root = f"round(sqrt(greatest({squares}, 0)))"
    return f"CASE WHEN {squares} < 1e30 THEN {root}::bigint::numeric ELSE {root}::numeric END"


def without_month(groups: Sequence[str]) -> str:
    """The columns of groups with a comma after each; the month is a column of its own."""
    return "".join(f"{name}, " for name in groups if name != MONTH)


def read(rows: Sequence[Any], groups: Sequence[str], within: tuple[int, int], width: int = 1) -> tuple[Pairs, Roots]:
    """What rows tell (see `columns_of`), of `width` months in a row by month: of those that are `within` the first and the last."""
    told = {row["part"]: row for row in rows}
    in_group = width if MONTH in groups else 1
    pairs = _Table.of(told["pairs"], in_group, within)
    by_group = _Table.of(told.get("groups", {}), in_group, within)
    whole = _Table.of(told["whole"], width, within).amounts("billionths").tolist() if "whole" in told else []
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
        pairs.told("kwh")[np.nonzero(pairs.counted)[0]],
        pairs.amounts("factor_weighted"),
        pairs.amounts("source_weighted"),
    ), Roots([replace(key, places=key.places[count:]) for key in keys], _roots(by_group), whole)


@dataclass(frozen=True, slots=True)
class _Table:
    """Columns of rows of one month or twelve each; `counted` are the months of each that are asked for and have figures."""

    columns: Any
    every_month: npt.NDArray[np.int64]
    counted: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, columns: Any, width: int, within: tuple[int, int]) -> Self:
        months = np.array(columns.get("month") or (), dtype=np.int64).reshape(-1, 1) + np.arange(width)
        found = cls(columns, months, (months >= within[0]) & (months <= within[1]))
        if columns.get("figures") is None:
            return found
        return replace(found, counted=found.counted & (found.every("figures") > 0))

    @property
    def months(self) -> npt.NDArray[np.int64]:
        return self.every_month[self.counted]

    def values(self, name: str) -> Sequence[Any]:
        """The values of a column, of each row."""
        return self.columns.get(name) or ()

    def for_months(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What each row has, for each of its months."""
        return places[np.nonzero(self.counted)[0]]

    def column(self, name: str) -> Column:
        """The values of a column, for each month."""
        column = Column.of(self.values(name))
        return replace(column, places=self.for_months(column.places))

    def amounts(self, name: str) -> Numbers:
        """The amounts of a column, 0 where it has none."""
        amounts: Numbers = self.every(name)[self.counted]
        return amounts

    def every(self, name: str) -> Numbers:
        """The same of each month, whether it counts or not."""
        amounts = numbers(list(map(int, (self.columns.get(name) or "").split()))).reshape(-1, self.counted.shape[1])
        if len(amounts) == len(self.counted):
            return amounts
        found = np.zeros(self.counted.shape, amounts.dtype)
        if len(amounts):
            found[self.told(name)] = amounts
        return found

    def told(self, name: str) -> npt.NDArray[np.bool_]:
        """Which rows have amounts in a column that others have none in."""
        return np.array(self.values(f"has_{name}"), dtype=np.bool_)


def _roots(by_group: _Table) -> Numbers:
    """The roots of groups, told or of the squares that are."""
    if by_group.columns.get("squares") is None:
        return by_group.amounts("billionths")
    return whole_roots(np.array(by_group.values("squares"), dtype=np.float64)[by_group.counted])


def _key(name: str, pairs: _Table, by_group: _Table) -> Column:
    """A key of the pairs and, after them, of the groups."""
    if name == MONTH:
        return Column.of_numbers(np.concatenate([pairs.months, by_group.months]))
    column = Column.of([*pairs.values(name), *by_group.values(name)])
    count = len(pairs.values(name))
    places = pairs.for_months(column.places[:count]), by_group.for_months(column.places[count:])
    return replace(column, places=np.concatenate(places))
