"""What applications use, from its roll-up by years: an amount of each month is a column there, so that two years are two rows.

Only where a question is by month are rows made of the columns, after everything else has been added up.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from footprint.store.claims import AMOUNTS, MONTHS
from footprint.store.spreads import Parts, listed, whole_root, with_pairs

WITHIN: Final = "year BETWEEN $2 / 12 AND $3 / 12"
"""The years of the months from $2 to $3."""

_OF_MONTH: Final = "year * 12 + number - 1"


def parts_of_years(where: str, counted: str, groups: Sequence[str], first: int, last: int) -> Parts:
    """The parts of the rows of `application_years` that `where` leaves in, and of `application_restatements` that `counted` does, by their
    columns and by `month`, for months $2 to $3."""
    keys = listed(groups)
    if "month" in groups:
        lines = _lines(where, [name for name in groups if name != "month"])
        amounts = "billionths, restated, kwh, factor_weighted, source_weighted"
        pairs = f"""
            SELECT {keys} factor, source, of_month AS last_month, {amounts} FROM lines
            UNION ALL
            {_restated(counted, groups)}
        """
        return with_pairs(lines, groups, pairs, "MATERIALIZED")
    grouped = f"GROUP BY {keys} factor, source"
    kwh = f"sum(CASE WHEN basis <> 'both' THEN {_added('kwh', first, last)} END) AS kwh"
    billionths, *weighted = [
        f"sum({_added(amount, first, last)}) AS {amount}"
        for amount in ("billionths", "factor_weighted", "source_weighted")
    ]
    sums = ", ".join([billionths, "0 AS restated", kwh, *weighted])
    pairs = f"""
            SELECT {keys} factor, source, max({_last_month()}) AS last_month, {sums}
            FROM application_years
            {where}
            {grouped}
            HAVING sum({_added("figures", first, last)}) > 0
            UNION ALL
            {_restated(counted, groups)}
    """
    squares = ", ".join(f"sum(squares_{month}) AS squares_{month}" for month in MONTHS)
    before = f"""
        years AS MATERIALIZED (
            SELECT {keys} year, {", ".join(_squares(month) for month in MONTHS)}
            FROM application_years
            {where}
              AND source = ''
            GROUP BY {keys} year
        ),
    """
    roots = f"SELECT {keys} {' + '.join(whole_root(f'squares_{month}') for month in MONTHS)} AS root FROM years"
    whole = f"""
            SELECT squares
            FROM (SELECT {squares} FROM years GROUP BY year) AS years
            CROSS JOIN LATERAL (VALUES {", ".join(f"(squares_{month})" for month in MONTHS)}) AS months (squares)
    """
    return Parts(before, pairs, roots, whole)


def _restated(counted: str, groups: Sequence[str]) -> str:
    """The pairs of what corrects closed months, which has no spread of its own: of no factor and no source."""
    return f"""
            SELECT
                {listed(groups)} '' AS factor, '' AS source, max(month) AS last_month, sum(billionths) AS billionths,
                sum(billionths) AS restated, sum(CASE WHEN basis <> 'both' THEN kwh END) AS kwh, 0 AS factor_weighted, 0 AS source_weighted
            FROM application_restatements
            {counted}
            GROUP BY {listed(groups)} factor
    """


def _squares(month: int) -> str:
    return f"""coalesce(
                sum(source_squares_{month}) FILTER (WHERE year * 12 + {month - 1} BETWEEN $2 AND $3), 0
            ) AS squares_{month}"""


def _lines(where: str, keys: Sequence[str]) -> str:
    """A row for each month, by other columns, of what is there: the years are added up before they are taken apart."""
    sums = ", ".join(f"sum({amount}_{month}) AS {amount}_{month}" for month in MONTHS for amount in AMOUNTS)
    return f"""
            SELECT
                {listed(keys)} {_OF_MONTH} AS month, {_OF_MONTH} AS of_month, factor, source, billionths, 0 AS restated,
                CASE WHEN electric THEN kwh END AS kwh, factor_weighted, source_weighted, source_squares
            FROM (
                SELECT {listed(keys)} year, factor, source, bool_or(basis <> 'both') AS electric, {sums}
                FROM application_years
                {where}
                GROUP BY {listed(keys)} year, factor, source
            ) AS years CROSS JOIN LATERAL (VALUES {_rows(*AMOUNTS)}) AS months (number, {", ".join(AMOUNTS)})
            WHERE {_OF_MONTH} BETWEEN $2 AND $3
              AND figures > 0
    """


def _rows(*amounts: str) -> str:
    return ", ".join(f"({month}, {', '.join(f'{amount}_{month}' for amount in amounts)})" for month in MONTHS)


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
