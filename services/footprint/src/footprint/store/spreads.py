"""What lines come to by any groups, in one statement: their amounts, and the spread that the interval of each sum follows from.

The formula is that of `footprint.domain.rollup`, whose terms are apart: what factors and sources share, and what is known of each thing for
itself, month by month. Lines are whole numbers (billionths, and squares of billionths), which add up exactly; so do the squares of what is
shared, and the roots of months, each rounded to a billionth. So a sum has the same interval to the last bit whatever the groups and the
order of rows.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from common.database import Connection


class Parts(NamedTuple):
    """What is added up, as queries of the columns of the groups; `before` is what they read of, as `name AS (…),`.

    `pairs` has a row for the groups, `factor` and `source` with `last_month`, `billionths`, those of them `restated`, `kwh`,
    `factor_weighted` and `source_weighted`; `roots` rows for the groups whose `root` add up to the roots of their months; and `squares` one
    for each month with the `squares` of what is known of each thing for itself, whatever the groups.
    """

    before: str
    pairs: str
    roots: str
    squares: str


def parts_of(lines: str, groups: Sequence[str], reading: str = "NOT MATERIALIZED") -> Parts:
    """The parts of `lines`, a query of the columns of the groups and `of_month`, `factor`, `source`, and the amounts with `source_squares`.

    It is made twice, unless its `reading` is MATERIALIZED.
    """
    keys = listed(groups)
    pairs = f"""
            SELECT
                {keys}
                factor,
                source,
                max(of_month) AS last_month,
                sum(billionths) AS billionths,
                sum(restated) AS restated,
                sum(kwh) AS kwh,
                sum(factor_weighted) AS factor_weighted,
                sum(source_weighted) AS source_weighted
            FROM lines
            GROUP BY {keys} factor, source
    """
    return with_pairs(lines, groups, pairs, reading)


def with_pairs(lines: str, groups: Sequence[str], pairs: str, reading: str) -> Parts:
    """The parts of `lines` whose `pairs` are known."""
    keys = listed(groups)
    before = f"""
        lines AS {reading} (
            {lines}
        ), months AS MATERIALIZED (
            SELECT {keys} of_month, sum(source_squares) AS squares
            FROM lines
            WHERE source_squares <> 0
            GROUP BY {keys} of_month
        ),
    """
    roots = f"SELECT {keys} {whole_root('squares')} AS root FROM months"
    return Parts(before, pairs, roots, "SELECT sum(squares) AS squares FROM months GROUP BY of_month")


def whole_root(squares: str) -> str:
    """The root of a sum of squares of billionths in whole billionths, exact up to a million tonnes, to 15 digits beyond."""
    root = f"round(sqrt(greatest({squares}, 0)::double precision))"
    return f"CASE WHEN {squares} < 1e30 THEN {root}::bigint::numeric ELSE {root}::numeric END"


async def summed(
    connection: Connection, parts: Parts, groups: Sequence[str], values: Sequence[Any], *, wholly: bool = True
) -> list[Any]:
    """A row for each group of what is added up, and, `wholly`, one for all of it, `is_whole`, even where there is none.

    Of a group come `billionths` and `kwh` (NULL of nothing) and `restated` as text, which is read several times faster than a decimal, and
    in units of the criterion `shared`, a square, and `independent`. The whole has the `factors` behind it too, and the last of the
    `months` that each is used in.
    """
    rows: list[Any] = await connection.fetch(_statement(parts, groups, wholly), *values)
    return rows


def _statement(parts: Parts, groups: Sequence[str], wholly: bool) -> str:
    keys = listed(groups)
    levels = [_terms(parts, by, groups) for by in ([groups] if groups else []) + ([()] if wholly else [])]
    return f"""
        WITH {parts.before} pairs AS MATERIALIZED (
            {parts.pairs}
        ), factors AS (
            SELECT factor, max(last_month) AS month
            FROM pairs
            WHERE factor <> ''
            GROUP BY factor
        ), terms AS (
            {" UNION ALL ".join(levels)}
        )
        SELECT
            {keys}
            is_whole,
            sum(billionths)::text AS billionths,
            coalesce(sum(restated), 0)::text AS restated,
            sum(kwh)::text AS kwh,
            coalesce(sum(shared), 0)::double precision / 1e18 AS shared,
            coalesce(sum(independent), 0)::double precision / 1e9 AS independent,
            CASE WHEN is_whole THEN (SELECT coalesce(array_agg(factor ORDER BY factor), '{{}}') FROM factors) END AS factors,
            CASE WHEN is_whole THEN (SELECT coalesce(array_agg(month ORDER BY factor), '{{}}') FROM factors) END AS months
        FROM terms
        GROUP BY {keys} is_whole
    """


def _terms(parts: Parts, by: Sequence[str], groups: Sequence[str]) -> str:
    """The three terms of each sum, by these groups; the groups that are added up are NULL."""
    keys, grouped = listed(by), f"GROUP BY {', '.join(by)}" if by else ""
    labels = (
        "".join(f"{name if name in by else 'NULL'}, " for name in groups) + f"{'false' if by else 'true'} AS is_whole"
    )
    roots = parts.roots if by else f"SELECT {whole_root('squares')} AS root FROM ({parts.squares}) AS months"
    return f"""
            SELECT
                {labels}, sum(billionths) AS billionths, sum(restated) AS restated, sum(kwh) AS kwh,
                sum(weighted * weighted) AS shared, NULL::numeric AS independent
            FROM (
                SELECT {keys} sum(billionths) AS billionths, sum(restated) AS restated, sum(kwh) AS kwh, sum(factor_weighted) AS weighted
                FROM pairs
                GROUP BY {keys} factor
            ) AS by_factor
            {grouped}
            UNION ALL
            SELECT {labels}, NULL, NULL, NULL, sum(weighted * weighted), NULL
            FROM (
                SELECT {keys} sum(source_weighted) AS weighted
                FROM pairs
                WHERE source_weighted <> 0
                GROUP BY {keys} source
            ) AS by_source
            {grouped}
            UNION ALL
            SELECT {labels}, NULL, NULL, NULL, NULL, sum(root)
            FROM ({roots}) AS roots
            {grouped}
    """


def listed(names: Sequence[str]) -> str:
    """Names with a comma after each."""
    return "".join(f"{name}, " for name in names)
