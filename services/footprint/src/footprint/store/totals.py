"""Totals by any grouping and filter, within the organisations of the caller's transaction: from the roll-up, or for a page of assets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from common.database import Connection

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

SPREADS: Final = ("factor_weighted", "source_weighted", "source_squares")
"""The columns from which intervals follow."""


BEFORE_ALL: Final = UUID(int=0)
"""An id before those of all assets."""


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


def _conditions(question: Question, month: str) -> tuple[str, list[Any]]:
    """The WHERE clause of a question, and its parameters; `month` names the column that the months are of."""
    lines, values = [], [question.org, question.first, question.last, question.criterion, question.basis]
    for name, wanted in question.filters.items():
        values.append(list(wanted))
        lines.append(f"AND {ROLLED[name]} = ANY (${len(values)})")
    return f"WHERE org_id = $1 AND {month} BETWEEN $2 AND $3 AND criterion = $4 {' '.join(lines)}", values


async def totals(connection: Connection, question: Question) -> list[Any]:
    """The rows of the roll-up by the groups of a question, and by month, factor and source, which their intervals need. Whole numbers come
    as text, which is read several times faster than a decimal.

    `restated` is what of the billionths corrects closed months. `compared` and `placed` count the figures of the basis and of the location.
    """
    where, values = _conditions(question, "month")
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
    where, values = _conditions(question, "month")
    values.append(None if applications is None else list(applications))
    where += f" AND (${len(values)}::uuid[] IS NULL OR application_id = ANY (${len(values)}))"
    return await _rolled(connection, "application_months", "false", question, where, values)


async def _rolled(
    connection: Connection, table: str, restates: str, question: Question, where: str, values: list[Any]
) -> list[Any]:
    columns = {"application": "application_id", **ROLLED}
    keys = ", ".join(dict.fromkeys([*(columns[name] for name in question.groups), "month", "factor", "source"]))
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            {keys},
            (sum(billionths) FILTER (WHERE basis IN ('both', $5)))::text AS billionths,
            coalesce(sum(billionths) FILTER (WHERE basis IN ('both', $5) AND {restates}), 0)::text AS restated,
            (sum(factor_weighted) FILTER (WHERE basis IN ('both', $5)) / 1e9)::double precision AS factor_weighted,
            (sum(source_weighted) FILTER (WHERE basis IN ('both', $5)) / 1e9)::double precision AS source_weighted,
            (sum(source_squares) FILTER (WHERE basis IN ('both', $5)) / 1e18)::double precision AS source_squares,
            coalesce(sum(figures) FILTER (WHERE basis = $5 AND NOT {restates}), 0) AS compared,
            coalesce(sum(figures) FILTER (WHERE basis = 'location' AND NOT {restates}), 0) AS placed
        FROM {table}
        {where}
          AND figures > 0
        GROUP BY {keys}
        """,
        *values,
    )
    return rows


async def page_of_assets(
    connection: Connection,
    question: Question,
    assets: Sequence[UUID] | None,
    applications: Sequence[UUID] | None,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """`limit` assets after the one named that have figures for the question, in the order of their ids: of `assets` alone, of those that
    `applications` use, or of all; a site or an organisation with activities of its own stands among them, under its id."""
    own, values = _conditions(question, "month")
    own += " AND basis IN ('both', $5)"
    place = len(values)
    if applications is None or assets is not None:
        # Asset by asset, until the page is full: of each the first figure found is enough.
        rows = await connection.fetch(
            f"""
            SELECT named.id
            FROM (
                SELECT id FROM assets WHERE org_id = $1
                UNION ALL
                SELECT home_id FROM homes WHERE org_id = $1
            ) AS named CROSS JOIN LATERAL (
                SELECT FROM figures {own} AND asset_id = named.id
                UNION ALL
                SELECT FROM restated_figures {own.replace("AND month BETWEEN", "AND counted_in BETWEEN")} AND asset_id = named.id
                LIMIT 1
            ) AS counted
            WHERE named.id > ${place + 1} AND (${place + 2}::uuid[] IS NULL OR named.id = ANY (${place + 2}))
            ORDER BY named.id
            LIMIT ${place + 3}
            """,
            *values,
            after or BEFORE_ALL,
            None if assets is None else list(assets),
            limit,
        )
    else:
        # Application by application: of each the index gives the assets in their order, and no more of them than fit.
        rows = await connection.fetch(
            f"""
            SELECT DISTINCT id
            FROM unnest(${place + 2}::uuid[]) AS wanted (application_id) CROSS JOIN LATERAL (
                SELECT DISTINCT asset_id AS id
                FROM application_figures
                {own}
                  AND application_id = wanted.application_id
                  AND asset_id > ${place + 1}
                ORDER BY asset_id
                LIMIT ${place + 3}
            ) AS used
            ORDER BY id
            LIMIT ${place + 3}
            """,
            *values,
            after or BEFORE_ALL,
            list(applications),
            limit,
        )
    return [row["id"] for row in rows]


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


_OF_A_CLAIM: Final = """
            billionths / 1e9::double precision * factor_ln_gsd2 AS factor_weighted,
            CASE WHEN source = '' THEN 0 ELSE billionths / 1e9::double precision * source_ln_gsd2 END AS source_weighted,
            CASE WHEN source = '' THEN (billionths / 1e9::double precision * source_ln_gsd2) ^ 2 ELSE 0 END AS source_squares
"""


def _inner(question: Question) -> str:
    """The columns of the groups of a question that each answer by asset has not anyway."""
    columns = {"application": "application_id", **ROLLED}
    return "".join(f"{columns[name]}, " for name in question.groups if name not in ("asset", "month"))


async def totals_of_assets(connection: Connection, question: Question, assets: Sequence[UUID]) -> list[Any]:
    """The same of some assets, by asset. Each figure is a row: hardly any share asset, month, factor and source, and adding up so many
    groups in the database takes longer than reading them."""
    inner = _inner(question)
    own, values = _conditions(question, "month")
    counted = own.replace("AND month BETWEEN", "AND counted_in BETWEEN")
    ids = f"${len(values) + 1}::uuid[]"
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            asset_id AS asset, {inner} month, factor, source, billionths(value)::text AS billionths, '0' AS restated,
            value * factor_ln_gsd2 AS factor_weighted,
            CASE WHEN source = '' THEN 0 ELSE value * source_ln_gsd2 END AS source_weighted,
            CASE WHEN source = '' THEN (value * source_ln_gsd2) ^ 2 ELSE 0 END AS source_squares,
            0 AS compared, 0 AS placed
        FROM figures
        {own}
          AND basis IN ('both', $5)
          AND asset_id = ANY ({ids})
        UNION ALL
        SELECT
            asset_id AS asset, {inner} counted_in AS month, '', '', billionths::text, billionths::text AS restated, 0, 0, 0, 0, 0
        FROM restated_figures
        {counted}
          AND basis IN ('both', $5)
          AND asset_id = ANY ({ids})
        ORDER BY asset, month, factor, source, factor_weighted
        """,
        *values,
        list(assets),
    )
    return rows


async def used_of_assets(
    connection: Connection, question: Question, assets: Sequence[UUID], applications: Sequence[UUID] | None
) -> list[Any]:
    """The same of what applications use of some assets; of these applications alone when they are named."""
    own, values = _conditions(question, "month")
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            asset_id AS asset, {_inner(question)} month, factor, source, billionths::text AS billionths, '0' AS restated,
            {_OF_A_CLAIM},
            0 AS compared, 0 AS placed
        FROM application_figures
        {own}
          AND basis IN ('both', $5)
          AND asset_id = ANY (${len(values) + 1}::uuid[])
          AND (${len(values) + 2}::uuid[] IS NULL OR application_id = ANY (${len(values) + 2}))
        ORDER BY asset, month, factor, source, factor_weighted
        """,
        *values,
        list(assets),
        None if applications is None else list(applications),
    )
    return rows


async def applications(connection: Connection, org: str) -> dict[UUID, str]:
    """The codes of an organisation's applications by their ids."""
    rows = await connection.fetch("SELECT id, code FROM applications WHERE org_id = $1", org)
    return {row["id"]: row["code"] for row in rows}


async def site_codes(connection: Connection, sites: Sequence[UUID]) -> dict[UUID, str]:
    """The codes of sites."""
    rows = await connection.fetch(
        "SELECT id, document ->> 'code' AS code FROM sites WHERE id = ANY($1::uuid[])", list(sites)
    )
    return {row["id"]: row["code"] for row in rows}


async def site_ids(connection: Connection, org: str, codes: Sequence[str]) -> dict[str, UUID]:
    """The ids of an organisation's sites by their codes."""
    rows = await connection.fetch(
        "SELECT id, document ->> 'code' AS code FROM sites WHERE org_id = $1 AND document ->> 'code' = ANY($2::text[])",
        org,
        list(codes),
    )
    return {row["code"]: row["id"] for row in rows}


async def earlier_year(connection: Connection, factors: Mapping[str, int]) -> bool:
    """Whether a factor of electricity is used in a month (by its last one) that comes after the factor's own time."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM factors
            JOIN unnest($1::text[], $2::date[]) AS used (id, day) USING (id)
            WHERE activity = 'electricity'
              AND (document ->> 'valid_to')::date <= used.day
        )
        """,
        list(factors),
        [date(month // 12, month % 12 + 1, 1) for month in factors.values()],
    )
    return found


async def lacks_market(connection: Connection, question: Question, assets: Sequence[UUID]) -> bool:
    """Whether some electricity of these assets has a location-based figure and no market-based one."""
    own, values = _conditions(question, "month")
    found: bool = await connection.fetchval(
        f"""
        SELECT count(*) FILTER (WHERE basis = $5) < count(*) FILTER (WHERE basis = 'location')
        FROM figures
        {own}
          AND asset_id = ANY (${len(values) + 1}::uuid[])
        """,
        *values,
        list(assets),
    )
    return found
