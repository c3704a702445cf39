"""Totals by any grouping and filter, within the organisations of the caller's transaction: from the roll-up, or for a page of assets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from common.database import Connection

from footprint.domain.groups import Pairs, Roots
from footprint.store.spreads import added_up
from footprint.store.years import WITHIN, years_added_up

ROLLED: Final[Mapping[str, str]] = {
    "month": "month",
    "site": "site_id",
    "kind": "kind",
    "stage": "stage",
    "scope": "scope",
    "ghg_category": "ghg_category",
    "beges_item": "beges_item",
    "share": "share",
}
"""What the roll-up can be grouped and filtered by, and its column."""

_COLUMNS: Final[Mapping[str, str]] = {"application": "application_id", **ROLLED}
"""What what applications use can be grouped by as well, and its column."""

_SPREADS: Final = "factor_weighted, source_weighted, source_squares"
"""The columns from which intervals follow."""

WITHIN_MONTHS: Final = "month BETWEEN $2 AND $3"
"""The months of a question."""

COUNTED: Final = "counted_in BETWEEN $2 AND $3"
"""The months that count corrections of closed ones."""

_BASIS: Final = "AND basis IN ('both', $5)"
"""What counts on the basis of a question."""

_KWH: Final = "CASE WHEN basis <> 'both' THEN kwh END AS kwh"
"""The electricity behind a figure of it, NULL of others."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which totals are asked for: months from the first to the last, a criterion and basis, groups, and what to leave out."""

    org: str
    first: int
    last: int
    criterion: str = "gwp"
    basis: str = "location"
    groups: tuple[str, ...] = ()
    filters: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @property
    def within(self) -> tuple[int, int]:
        """The first and the last month."""
        return self.first, self.last


def conditions(question: Question, within: str = WITHIN_MONTHS, criteria: Sequence[str] = ()) -> tuple[str, list[Any]]:
    """The WHERE clause of a question, or of other `criteria`, and its parameters: the second and third are the first and last month."""
    lines: list[str] = []
    values: list[Any] = [
        question.org,
        question.first,
        question.last,
        [*criteria] or [question.criterion],
        question.basis,
    ]
    for name, wanted in question.filters.items():
        values.append(list(wanted))
        lines.append(f"AND {ROLLED[name]} = ANY (${len(values)})")
    return f"WHERE org_id = $1 AND {within} AND criterion = ANY ($4) {' '.join(lines)}", values


async def totals(connection: Connection, question: Question) -> list[Any]:
    """The rows of the roll-up by the groups of a question, and by month, factor and source, which their intervals need. Whole numbers come
    as text, which is read several times faster than a decimal. `restated` is what of the billionths corrects closed months."""
    where, values = conditions(question)
    return await _rolled(connection, "organisation_months", "restates IS NOT NULL", question, where, values)


async def stages(connection: Connection, question: Question) -> list[str]:
    """The life-cycle stages of which the organisation has any figure of the criterion in those months, whatever is filtered."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT stage
        FROM organisation_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND criterion = $4
        """,
        question.org,
        question.first,
        question.last,
        question.criterion,
    )
    return [row["stage"] for row in rows]


async def totals_of_applications(
    connection: Connection, question: Question, applications: Sequence[UUID] | None
) -> list[Any]:
    """The same of what applications use; of these alone when they are named."""
    where, values = of_applications(question, applications)
    return await _rolled(connection, "applications_by_month", "restates IS NOT NULL", question, where, values)


def of_applications(
    question: Question, applications: Sequence[UUID] | None, within: str = WITHIN_MONTHS, criteria: Sequence[str] = ()
) -> tuple[str, list[Any]]:
    """The same of what applications use; of these alone when they are named."""
    where, values = conditions(question, within, criteria)
    values.append(None if applications is None else list(applications))
    return f"{where} AND (${len(values)}::uuid[] IS NULL OR application_id = ANY (${len(values)}))", values


async def _rolled(
    connection: Connection, table: str, restates: str, question: Question, where: str, values: list[Any]
) -> list[Any]:
    keys = ", ".join(dict.fromkeys([*(_COLUMNS[name] for name in question.groups), "month", "factor", "source"]))
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            {keys},
            sum(billionths)::text AS billionths,
            coalesce(sum(billionths) FILTER (WHERE {restates}), 0)::text AS restated,
            sum(CASE WHEN basis <> 'both' THEN kwh END)::text AS kwh,
            (sum(factor_weighted) / 1e9)::double precision AS factor_weighted,
            (sum(source_weighted) / 1e9)::double precision AS source_weighted,
            (sum(source_squares) / 1e18)::double precision AS source_squares
        FROM {table}
        {where}
          AND basis IN ('both', $5)
          AND figures > 0
        GROUP BY {keys}
        """,
        *values,
    )
    return rows


async def sums(connection: Connection, question: Question, *, with_roots: bool = True) -> tuple[Pairs, Roots]:
    """What all is comes to by the groups of a question, factor and source; without roots no interval of the groups can be told."""
    where, values = conditions(question)
    keys = _keys(question)
    lines = f"""
            SELECT
                {"".join(f"{name}, " for name in keys)} month AS of_month, factor, source, billionths,
                CASE WHEN restates IS NULL THEN 0 ELSE billionths END AS restated, {_KWH}, {_SPREADS}
            FROM organisation_months
            {where}
              AND basis IN ('both', $5)
              AND figures > 0
    """
    return await added_up(connection, lines, keys, values, question.within, with_roots=with_roots)


async def sums_of_applications(
    connection: Connection, question: Question, applications: Sequence[UUID] | None, *, with_roots: bool = True
) -> tuple[Pairs, Roots]:
    """The same of what applications use; of these alone, and in whole, when they are named."""
    where, values = of_applications(question, applications, WITHIN)
    counted, _ = of_applications(question, applications)
    lines = f"{where} {_BASIS}", f"{counted} {_BASIS}"
    wholly, keys = applications is not None, _keys(question)
    return await years_added_up(connection, *lines, keys, values, question.within, wholly=wholly, with_roots=with_roots)


async def groups_of_applications(
    connection: Connection, question: Question, applications: Sequence[UUID] | None
) -> dict[UUID, int]:
    """How many groups each application has at most, all of them or these, in the order of their ids: by month each may have all months.

    Groups of more than two factors and sources count as half as many groups: what takes time is adding up those.
    """
    where, values = of_applications(question, applications, WITHIN)
    counted, _ = of_applications(question, applications)
    columns = ", ".join(dict.fromkeys(["application_id", *(name for name in _keys(question) if name != "month")]))
    months = question.last - question.first + 1 if "month" in question.groups else 1
    rows = await connection.fetch(
        f"""
        SELECT application_id, ceil(greatest(count(*), sum(pairs) / 2) * {months})::integer AS groups
        FROM (
            SELECT {columns}, count(*) AS pairs
            FROM (
                SELECT DISTINCT {columns}, factor, source FROM application_years {where} {_BASIS}
                UNION
                SELECT {columns}, '', '' FROM application_restatements {counted} {_BASIS}
            ) AS used
            GROUP BY {columns}
        ) AS grouped
        GROUP BY application_id
        ORDER BY application_id
        """,
        *values,
    )
    return {row["application_id"]: row["groups"] for row in rows}


def _keys(question: Question) -> list[str]:
    return [_COLUMNS[name] for name in question.groups]


async def known_assets(connection: Connection, org: str, assets: Sequence[UUID]) -> set[UUID]:
    """Those of some ids that an asset of the organisation has, or had, or a site or organisation with activities of its own."""
    rows = await connection.fetch(
        """
        SELECT id FROM assets WHERE org_id = $1 AND id = ANY ($2::uuid[])
        UNION ALL
        SELECT home_id FROM homes WHERE org_id = $1 AND home_id = ANY ($2::uuid[])
        """,
        org,
        list(assets),
    )
    return {row["id"] for row in rows}


def _of_figure(value: str) -> str:
    """What a figure, or a claim of one, adds to sums, as the roll-up counts it; `value` is it in units of the criterion."""
    return f"""
                billionths({value} * factor_ln_gsd2) AS factor_weighted,
                CASE WHEN source = '' THEN 0 ELSE billionths({value} * source_ln_gsd2) END AS source_weighted,
                CASE WHEN source = '' THEN square_billionths({value} * source_ln_gsd2) ELSE 0 END AS source_squares"""


def _of_assets(question: Question) -> tuple[str, list[str]]:
    """The columns of an answer by asset: those to select, with the month as `of_month`, and those to group by."""
    columns = {"asset": "asset_id", **_COLUMNS}
    keys = [columns[name] for name in question.groups]
    return ", ".join([*keys, "month AS of_month"]), keys


def _counted_columns(keys: Sequence[str]) -> str:
    """Those columns of what corrects closed months: it stands in the month that counts it."""
    return ", ".join([*("counted_in" if name == "month" else name for name in keys), "counted_in"])


def _figures_of_assets(question: Question, assets: Sequence[UUID]) -> tuple[str, list[Any]]:
    """The figures of some assets, and what corrects their closed months, as the roll-up counts them; and the parameters."""
    columns, keys = _of_assets(question)
    own, values = conditions(question)
    counted, _ = conditions(question, COUNTED)
    ids = f"${len(values) + 1}::uuid[]"
    lines = f"""
            SELECT {columns}, factor, source, billionths(value) AS billionths, 0 AS restated, {_KWH}, {_of_figure("value")}
            FROM figures
            {own}
              AND basis IN ('both', $5)
              AND asset_id = ANY ({ids})
            UNION ALL
            SELECT {_counted_columns(keys)}, '', '', billionths, billionths, {_KWH}, 0, 0, 0
            FROM restated_figures
            {counted}
              AND basis IN ('both', $5)
              AND asset_id = ANY ({ids})
    """
    return lines, [*values, list(assets)]


async def totals_of_assets(connection: Connection, question: Question, assets: Sequence[UUID]) -> list[Any]:
    """The rows of some assets as `totals` gives them, but a row for each figure."""
    lines, values = _figures_of_assets(question, assets)
    keys = "".join(f"{name}, " for name in _of_assets(question)[1] if name != "month")
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            {keys}
            of_month AS month,
            factor,
            source,
            billionths::text AS billionths,
            restated::text AS restated,
            (factor_weighted / 1e9)::double precision AS factor_weighted,
            (source_weighted / 1e9)::double precision AS source_weighted,
            (source_squares / 1e18)::double precision AS source_squares
        FROM ({lines}) AS lines
        ORDER BY of_month, factor, source, factor_weighted
        """,
        *values,
    )
    return rows


async def sums_of_assets(connection: Connection, question: Question, assets: Sequence[UUID]) -> tuple[Pairs, Roots]:
    """The same as `sums` of some assets, from their figures."""
    lines, values = _figures_of_assets(question, assets)
    return await added_up(connection, lines, _of_assets(question)[1], values, question.within, "MATERIALIZED")


async def sums_used_of_assets(
    connection: Connection, question: Question, assets: Sequence[UUID], applications: Sequence[UUID] | None
) -> tuple[Pairs, Roots]:
    """The same of what applications use of some assets; of these applications alone when they are named."""
    columns, keys = _of_assets(question)
    where, values = of_applications(question, applications)
    counted, _ = of_applications(question, applications, COUNTED)
    of_page = f"AND basis IN ('both', $5) AND asset_id = ANY (${len(values) + 1}::uuid[])"
    lines = f"""
            SELECT
                {columns}, factor, source, billionths, 0 AS restated, {_KWH},
                {_of_figure("billionths / 1e9::double precision")}
            FROM application_figures
            {where}
              {of_page}
            UNION ALL
            SELECT {_counted_columns(keys)}, '', '', billionths, billionths, {_KWH}, 0, 0, 0
            FROM restated_application_figures
            {counted}
              {of_page}
    """
    return await added_up(connection, lines, keys, [*values, list(assets)], question.within, "MATERIALIZED")


async def applications(connection: Connection, org: str) -> dict[UUID, str]:
    """The codes of an organisation's applications by their ids."""
    rows = await connection.fetch("SELECT id, code FROM applications WHERE org_id = $1", org)
    return {row["id"]: row["code"] for row in rows}


async def earlier_year(connection: Connection, factors: Mapping[str, int]) -> bool:
    """Whether a factor of electricity is used in a month (by its last one) that comes after the factor's own time."""
    found: bool = await connection.fetchval(
        """
        WITH used AS (SELECT * FROM unnest($1::text[], $2::date[]) AS used (id, day))
        SELECT EXISTS (
            SELECT FROM factors
            JOIN used USING (id)
            WHERE activity = 'electricity'
              AND (document ->> 'valid_to')::date <= used.day
        ) OR EXISTS (
            SELECT FROM overrides AS own
            JOIN used ON own.org_id = split_part(used.id, '/', 1) AND own.id = split_part(used.id, '/', 2)
            WHERE activity = 'electricity'
              AND (document ->> 'valid_to')::date <= used.day
        )
        """,
        list(factors),
        [date(month // 12, month % 12 + 1, 1) for month in factors.values()],
    )
    return found
