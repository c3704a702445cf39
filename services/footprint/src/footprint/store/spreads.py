"""What lines come to by any groups, in one statement: their amounts, and the spread that the interval of each sum follows from.

The formula is that of `footprint.domain.rollup`, whose terms are apart: what factors and sources share, and what is known of each thing for
itself, month by month. Lines are whole numbers (billionths, and squares of billionths), which add up exactly; so do the squares of what is
shared, and the roots of months, each rounded to a billionth. So a sum has the same interval to the last bit whatever the groups and the
order of rows.
"""

from collections.abc import Sequence
from typing import Any

from common.database import Connection


async def summed(connection: Connection, lines: str, groups: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """A row for each group of the lines, and one for all of them, `is_whole`, even where there is none.

    `lines` is a query of the columns of the groups and `of_month`, `factor`, `source`, `billionths`, those of them `restated`,
    `factor_weighted`, `source_weighted` and `source_squares`. Of a group come `billionths` (NULL of nothing) and `restated` as text, which
    is read several times faster than a decimal, and in units of the criterion `shared`, a square, and `independent`. The
    whole has the `factors` behind it too, and the last of the `months` that each is used in.
    """
    rows: list[Any] = await connection.fetch(_statement(lines, groups), *values)
    return rows


def _statement(lines: str, groups: Sequence[str]) -> str:
    keys = _listed(groups)
    levels = [_terms(groups, groups), _terms((), groups)] if groups else [_terms((), ())]
    return f"""
        WITH lines AS NOT MATERIALIZED (
            {lines}
        ), pairs AS MATERIALIZED (
            SELECT
                {keys}
                factor,
                source,
                max(of_month) AS last_month,
                sum(billionths) AS billionths,
                sum(restated) AS restated,
                sum(factor_weighted) AS factor_weighted,
                sum(source_weighted) AS source_weighted
            FROM lines
            GROUP BY {keys} factor, source
        ), months AS MATERIALIZED (
            SELECT {keys} of_month, sum(source_squares) AS squares, {_root("sum(source_squares)")} AS root
            FROM lines
            WHERE source_squares <> 0
            GROUP BY {keys} of_month
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
            coalesce(sum(shared), 0)::double precision / 1e18 AS shared,
            coalesce(sum(independent), 0)::double precision / 1e9 AS independent,
            CASE WHEN is_whole THEN (SELECT coalesce(array_agg(factor ORDER BY factor), '{{}}') FROM factors) END AS factors,
            CASE WHEN is_whole THEN (SELECT coalesce(array_agg(month ORDER BY factor), '{{}}') FROM factors) END AS months
        FROM terms
        GROUP BY {keys} is_whole
    """


def _terms(by: Sequence[str], groups: Sequence[str]) -> str:
    """The three terms of each sum, by these groups; the groups that are added up are NULL."""
    keys, grouped = _listed(by), f"GROUP BY {', '.join(by)}" if by else ""
    labels = (
        "".join(f"{name if name in by else 'NULL'}, " for name in groups) + f"{'false' if by else 'true'} AS is_whole"
    )
    roots = "months" if by else f"(SELECT {_root('sum(squares)')} AS root FROM months GROUP BY of_month) AS months"
    return f"""
            SELECT
                {labels}, sum(billionths) AS billionths, sum(restated) AS restated,
                sum(weighted * weighted) AS shared, NULL::numeric AS independent
            FROM (
                SELECT {keys} sum(billionths) AS billionths, sum(restated) AS restated, sum(factor_weighted) AS weighted
                FROM pairs
                GROUP BY {keys} factor
            ) AS by_factor
            {grouped}
            UNION ALL
            SELECT {labels}, NULL, NULL, sum(weighted * weighted), NULL
            FROM (
                SELECT {keys} sum(source_weighted) AS weighted
                FROM pairs
                WHERE source_weighted <> 0
                GROUP BY {keys} source
            ) AS by_source
            {grouped}
            UNION ALL
            SELECT
                {labels}, NULL, NULL, NULL,
                coalesce(sum(root::bigint) FILTER (WHERE root < 1e15), 0)
                    + coalesce(sum(root::numeric) FILTER (WHERE root >= 1e15), 0)
            FROM {roots}
            {grouped}
    """


def _root(squares: str) -> str:
    """The root of a sum of squares of billionths, in whole billionths. Those that fit are added up as integers, which is faster."""
    return f"round(sqrt(greatest({squares}, 0)::double precision))"


def _listed(names: Sequence[str]) -> str:
    return "".join(f"{name}, " for name in names)
