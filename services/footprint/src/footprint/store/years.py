"""What applications use, from its roll-up by years: an amount of each month is a column there, so that two years are two rows.

Months stay in their row until they have been added up by everything else: of a year they come as a text of twelve numbers.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from common.database import Connection

from footprint.domain.groups import Pairs, Roots
from footprint.store.claims import MONTHS
from footprint.store.spreads import MONTH, Parts, columns_of, read, whole_root, without_month

WITHIN: Final = "year BETWEEN $2 / 12 AND $3 / 12"
"""The years of the months from $2 to $3."""


async def years_added_up(
    connection: Connection,
    where: str,
    counted: str,
    groups: Sequence[str],
    values: Sequence[Any],
    within: tuple[int, int],
    *,
    wholly: bool,
    with_roots: bool,
) -> tuple[Pairs, Roots]:
    """What the rows of `application_years` come to that `where` leaves in, and those of `application_restatements` that `counted` does, by
    their columns and by `month`, for months $2 to $3; the whole has no squares unless `wholly`, the groups none unless `with_roots`."""
    keys, by_month = without_month(groups), MONTH in groups
    months = _months(*within)
    start = f"year * 12 + {months[0] - 1}"
    pairs = _pairs_of_months(where, keys, start, months) if by_month else _pairs(where, keys, *within)
    restated = _restated_of_months(counted, keys, months) if by_month else _restated(counted, keys)
    roots = _squares(where, keys, start, months) if by_month else _roots(where, keys, months)
    parts = Parts(
        f"{pairs} UNION ALL {restated}",
        roots if with_roots else None,
        _whole(where, start, months) if wholly else None,
    )
    rows = await connection.fetch(columns_of(parts, groups, in_squares=by_month), *values)
    return read(rows, groups, within, len(months))


def _pairs(where: str, keys: str, first: int, last: int) -> str:
    """The pairs of all months together."""
    kwh = f"sum(CASE WHEN basis <> 'both' THEN {_added('kwh', first, last)} END)::text AS kwh"
    return f"""
        SELECT
            {keys}
            factor,
            source,
            max({_last_month()}) AS month,
            NULL::text AS figures,
            sum({_added("billionths", first, last)})::text AS billionths,
            NULL::text AS restated,
            {kwh},
            sum({_added("factor_weighted", first, last)})::text AS factor_weighted,
            sum({_added("source_weighted", first, last)})::text AS source_weighted
        FROM application_years
        {where}
        GROUP BY {keys} factor, source
        HAVING sum({_added("figures", first, last)}) > 0
    """


def _pairs_of_months(where: str, keys: str, start: str, months: Sequence[int]) -> str:
    """The pairs of each year, its months in a row."""
    return f"""
        SELECT
            {keys}
            factor,
            source,
            {start} AS month,
            {_row_of("figures", months)} AS figures,
            {_row_of("billionths", months)} AS billionths,
            NULL::text AS restated,
            CASE WHEN bool_or(basis <> 'both') THEN {_row_of("kwh", months)} END AS kwh,
            {_row_of("factor_weighted", months)} AS factor_weighted,
            CASE WHEN source <> '' THEN {_row_of("source_weighted", months)} END AS source_weighted
        FROM application_years
        {where}
        GROUP BY {keys} year, factor, source
    """


def _squares(where: str, keys: str, start: str, months: Sequence[int]) -> str:
    """The squares of groups by month, those of a year in a row."""
    squares = ", ".join(f"sum(source_squares_{month})::double precision" for month in months)
    return f"""
        SELECT {keys} {start} AS month, ARRAY[{squares}] AS squares
        FROM application_years
        {where}
          AND source = ''
        GROUP BY {keys} year
    """


def _roots(where: str, keys: str, months: Sequence[int]) -> str:
    """The roots of groups of all months together, year by year."""
    squares = ", ".join(f"sum(source_squares_{month})::double precision AS squares_{month}" for month in months)
    roots = " + ".join(
        f"CASE WHEN year * 12 + {month - 1} BETWEEN $2 AND $3 THEN {whole_root(f'squares_{month}')} ELSE 0 END"
        for month in months
    )
    return f"""
        SELECT {keys} $2::integer AS month, ({roots})::text AS roots
        FROM (
            SELECT {keys} year, {squares}
            FROM application_years
            {where}
              AND source = ''
            GROUP BY {keys} year
        ) AS years
    """


def _whole(where: str, start: str, months: Sequence[int]) -> str:
    """The squares of all there is, those of a year in a row."""
    return f"""
        SELECT {start} AS month, {_row_of("source_squares", months)} AS squares
        FROM application_years
        {where}
          AND source = ''
        GROUP BY year
    """


def _restated(counted: str, keys: str) -> str:
    """The pairs of what corrects closed months, which has no spread of its own: of no factor and no source."""
    kwh = "sum(CASE WHEN basis <> 'both' THEN kwh END)::text"
    amounts = f"NULL, sum(billionths)::text, sum(billionths)::text, {kwh}, NULL, NULL"
    return f"""
        SELECT {keys} '', '', max(month), {amounts}
        FROM application_restatements
        {counted}
        {"GROUP BY" if keys else ""} {keys.rstrip(", ")}
        HAVING count(*) > 0
    """


def _restated_of_months(counted: str, keys: str, months: Sequence[int]) -> str:
    """The same of each year, its months in a row."""

    def row_of(amount: str) -> str:
        sums = (f"coalesce(sum({amount}) FILTER (WHERE month % 12 = {month - 1}), 0)" for month in months)
        return f"concat_ws(' ', {', '.join(sums)})"

    billionths, kwh = row_of("billionths"), f"CASE WHEN bool_or(basis <> 'both') THEN {row_of('kwh')} END"
    return f"""
        SELECT
            {keys} '', '', month / 12 * 12 + {months[0] - 1},
            {row_of("figures")}, {billionths}, {billionths}, {kwh}, NULL, NULL
        FROM application_restatements
        {counted}
        GROUP BY {keys} month / 12
    """


def _months(first: int, last: int) -> Sequence[int]:
    """Which months of a year are read: all twelve where several years are asked for."""
    return range(first % 12 + 1, last % 12 + 2) if first // 12 == last // 12 else MONTHS


def _row_of(amount: str, months: Sequence[int]) -> str:
    """The sums of an amount in these months of a year, as a text."""
    return f"concat_ws(' ', {', '.join(f'sum({amount}_{month})' for month in months)})"


def _added(amount: str, first: int, last: int) -> str:
    """What an amount of a year comes to in its months from the first to the last: the years at both ends may have fewer than twelve."""

    def between(low: int, high: int) -> str:
        return " + ".join(f"{amount}_{month}" for month in range(low + 1, high + 2))

    if first // 12 == last // 12:
        return between(first % 12, last % 12)
    return f"""CASE year
        WHEN $2 / 12 THEN {between(first % 12, 11)}
        WHEN $3 / 12 THEN {between(0, last % 12)}
        ELSE {between(0, 11)}
    END"""


def _last_month() -> str:
    """The last month of a year, of those asked for, that has figures."""

    def cases() -> Iterator[str]:
        for month in reversed(MONTHS):
            of_month = f"year * 12 + {month - 1}"
            yield f"WHEN figures_{month} > 0 AND {of_month} BETWEEN $2 AND $3 THEN {of_month}"

    return f"CASE {' '.join(cases())} END"
