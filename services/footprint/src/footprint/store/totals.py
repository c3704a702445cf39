"""Totals by any grouping and filter, within the organisations of the caller's transaction: from the roll-up, or for a page of assets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    """Billionths per group from the roll-up, with what of them corrects closed months."""
    columns = [ROLLED[name] for name in question.groups]
    where, values = _conditions(question, "month")
    shown = "".join(f"{column}, " for column in columns)
    order = ", ".join(f"{column} NULLS LAST" for column in columns)
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            {shown}
            sum(billionths) FILTER (WHERE basis IN ('both', $5)) AS billionths,
            coalesce(sum(billionths) FILTER (WHERE basis IN ('both', $5) AND restates IS NOT NULL), 0) AS restated,
            sum(figures) FILTER (WHERE basis = $5 AND restates IS NULL)
                < sum(figures) FILTER (WHERE basis = 'location' AND restates IS NULL) AS incomplete
        FROM organisation_months
        {where}
          AND figures > 0
        {f"GROUP BY {', '.join(columns)} ORDER BY {order}" if columns else ""}
        """,
        *values,
    )
    return rows


async def totals_by_asset(
    connection: Connection, question: Question, assets: Sequence[UUID] | None, after: UUID | None, limit: int
) -> list[Any]:
    """Billionths of `limit` assets after the one named, in the order of their ids, by the other groups as well.

    An asset without any figure is one row, with nothing in its columns. `assets`: these alone.
    """
    columns = [ROLLED[name] for name in question.groups if name != "asset"]
    own, values = _conditions(question, "month")
    counted = own.replace("AND month BETWEEN", "AND counted_in BETWEEN").replace("month = ANY", "counted_in = ANY")
    page = f"${len(values) + 1}::uuid[]"
    inner = "".join(f"{column}, " for column in columns)
    of_counted = "".join(f"{'counted_in AS month' if column == 'month' else column}, " for column in columns)
    outer = "".join(f"figured.{column}, " for column in columns)
    by = "".join(f", figured.{column}" for column in columns)
    rows: list[Any] = await connection.fetch(
        f"""
        WITH page AS (
            SELECT id
            FROM assets
            WHERE org_id = $1
              AND ($2 >= 0 AND $3 >= 0)
              AND ({page} IS NULL OR id = ANY ({page}))
              AND (${len(values) + 2}::uuid IS NULL OR id > ${len(values) + 2})
            ORDER BY id
            LIMIT ${len(values) + 3}
        ), figured AS (
            SELECT asset_id, {inner} billionths(value) AS billionths, 0::numeric AS restated
            FROM figures
            {own}
              AND basis IN ('both', $5)
              AND asset_id = ANY (ARRAY(SELECT id FROM page))
            UNION ALL
            SELECT asset_id, {of_counted} billionths, billionths AS restated
            FROM restated_figures
            {counted}
              AND basis IN ('both', $5)
              AND asset_id = ANY (ARRAY(SELECT id FROM page))
        )
        SELECT page.id AS asset, {outer} sum(figured.billionths) AS billionths, coalesce(sum(figured.restated), 0) AS restated
        FROM page
        LEFT JOIN figured ON figured.asset_id = page.id
        GROUP BY page.id{by}
        ORDER BY page.id{by}
        """,
        *values,
        None if assets is None else list(assets),
        after,
        limit,
    )
    return rows


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
