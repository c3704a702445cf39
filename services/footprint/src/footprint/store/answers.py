"""Reading results for the API, within the organisations of the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from common.database import Connection

GROUPS: Final[Mapping[str, str]] = {
    "month": "month",
    "site": "site_id",
    "kind": "kind",
    "stage": "stage",
    "scope": "scope",
}
"""What the roll-up can be grouped by, and its column."""


async def organisation_zone(connection: Connection, org: str) -> str | None:
    """The time zone of an organisation; None when it is not known, or not to be seen."""
    zone: str | None = await connection.fetchval(
        "SELECT time_zone FROM organisations WHERE org_id = $1 AND NOT deleted", org
    )
    return zone


async def stages_by_month(
    connection: Connection, org: str, first: int, last: int, *, restated: bool = True
) -> list[Any]:
    """Climate-change billionths per month and stage, location-based, from the roll-up; with what each month counts of earlier, closed ones
    unless told otherwise."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT month, stage, sum(billionths) AS billionths
        FROM organisation_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND criterion = 'gwp'
          AND basis IN ('both', 'location')
          AND figures > 0
          AND ($4 OR restates IS NULL)
        GROUP BY month, stage
        ORDER BY month, stage
        """,
        org,
        first,
        last,
        restated,
    )
    return rows


async def servers(connection: Connection, org: str, month: int) -> dict[str, int]:
    """How many servers stand in which status at the end of a month."""
    rows = await connection.fetch(
        """
        SELECT status, sum(quantity)::bigint AS servers
        FROM asset_months
        WHERE org_id = $1
          AND month = $2
          AND kind = 'server'
          AND NOT removed
        GROUP BY status
        """,
        org,
        month,
    )
    return {row["status"]: row["servers"] for row in rows}


async def month_warnings(connection: Connection, org: str, month: int) -> int:
    """The notices of all asset-months of a month, together."""
    bits: int | None = await connection.fetchval(
        "SELECT bit_or(notices) FROM asset_months WHERE org_id = $1 AND month = $2 AND NOT removed", org, month
    )
    return bits or 0


async def totals(
    connection: Connection, org: str, first: int, last: int, group: str, criterion: str, basis: str
) -> list[Any]:
    """Billionths per group from the roll-up; `group` is a key of `GROUPS`."""
    column = GROUPS[group]
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            {column} AS key,
            sum(billionths) FILTER (WHERE basis IN ('both', $5)) AS billionths,
            coalesce(sum(billionths) FILTER (WHERE basis IN ('both', $5) AND restates IS NOT NULL), 0) AS restated,
            sum(figures) FILTER (WHERE basis = $5) < sum(figures) FILTER (WHERE basis = 'location') AS incomplete
        FROM organisation_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND criterion = $4
          AND figures > 0
        GROUP BY {column}
        ORDER BY {column} NULLS LAST
        """,
        org,
        first,
        last,
        criterion,
        basis,
    )
    return rows


async def totals_by_asset(
    connection: Connection, org: str, first: int, last: int, criterion: str, basis: str, after: UUID | None, limit: int
) -> list[Any]:
    """Billionths per asset, `limit` assets after the one named, in the order of their ids."""
    rows: list[Any] = await connection.fetch(
        """
        WITH page AS (
            SELECT id FROM assets WHERE org_id = $1 AND ($6::uuid IS NULL OR id > $6) ORDER BY id LIMIT $7
        ), own AS (
            SELECT figures.asset_id, sum(billionths(figures.value)) AS billionths
            FROM page
            JOIN figures
              ON figures.asset_id = page.id
             AND figures.month BETWEEN $2 AND $3
             AND figures.org_id = $1
             AND figures.criterion = $4
             AND figures.basis IN ('both', $5)
            GROUP BY figures.asset_id
        ), restated AS (
            SELECT counted.asset_id, sum(counted.billionths) AS billionths
            FROM page
            JOIN restated_figures AS counted
              ON counted.asset_id = page.id
             AND counted.counted_in BETWEEN $2 AND $3
             AND counted.org_id = $1
             AND counted.criterion = $4
             AND counted.basis IN ('both', $5)
            GROUP BY counted.asset_id
        )
        SELECT
            page.id AS key,
            CASE
                WHEN own.billionths IS NULL AND restated.billionths IS NULL THEN NULL
                ELSE coalesce(own.billionths, 0) + coalesce(restated.billionths, 0)
            END AS billionths,
            coalesce(restated.billionths, 0) AS restated
        FROM page
        LEFT JOIN own ON own.asset_id = page.id
        LEFT JOIN restated ON restated.asset_id = page.id
        ORDER BY page.id
        """,
        org,
        first,
        last,
        criterion,
        basis,
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


async def asset_month(connection: Connection, asset: UUID, month: int) -> Any:
    """The stored result of an asset and month, or None."""
    return await connection.fetchrow(
        "SELECT * FROM asset_months WHERE asset_id = $1 AND month = $2 AND NOT removed", asset, month
    )


async def figures(connection: Connection, keys: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], list[Any]]:
    """The figures of asset-months."""
    rows = await connection.fetch(
        """
        SELECT figures.*
        FROM figures
        JOIN unnest($1::uuid[], $2::integer[]) AS named (asset_id, month)
          ON named.asset_id = figures.asset_id AND named.month = figures.month
        """,
        [asset for asset, _ in keys],
        [month for _, month in keys],
    )
    found: dict[tuple[UUID, int], list[Any]] = {key: [] for key in keys}
    for row in rows:
        found[row["asset_id"], row["month"]].append(row)
    return found


async def factor_documents(connection: Connection, ids: Sequence[str], versions: Sequence[int]) -> list[Any]:
    """The documents of factor versions, in the order asked: public ones, of releases, and organisations' own (named `<org>/<id>`)."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT coalesce(factors.document, frozen.document, own.document || jsonb_build_object('id', named.id)) AS document
        FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS named (id, version, place)
        LEFT JOIN factors ON factors.id = named.id AND factors.version = named.version
        LEFT JOIN LATERAL (
            SELECT document FROM release_factors WHERE id = named.id AND version = named.version LIMIT 1
        ) AS frozen ON factors.id IS NULL
        LEFT JOIN overrides AS own
          ON own.org_id = split_part(named.id, '/', 1)
         AND own.id = split_part(named.id, '/', 2)
         AND own.version = named.version
        WHERE coalesce(factors.document, frozen.document, own.document) IS NOT NULL
        ORDER BY place
        """,
        list(ids),
        list(versions),
    )
    return [row["document"] for row in rows]


async def is_marked(connection: Connection, asset: UUID) -> bool:
    """Whether a change that touches the asset still waits to be computed, or could not be."""
    marked: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM marks WHERE asset_id = $1) OR EXISTS (SELECT FROM failed_marks WHERE asset_id = $1)
        """,
        asset,
    )
    return marked


async def servers_off(connection: Connection, org: str, month: int, most: int) -> list[UUID]:
    """Servers that were off at the end of the month, at most `most`."""
    rows = await connection.fetch(
        """
        SELECT asset_id
        FROM asset_months
        WHERE org_id = $1
          AND month = $2
          AND kind = 'server'
          AND status = 'off'
          AND NOT removed
        ORDER BY asset_id
        LIMIT $3
        """,
        org,
        month,
        most,
    )
    return [row["asset_id"] for row in rows]


async def servers_past_life(connection: Connection, org: str, month: int, past_life: int, most: int) -> list[UUID]:
    """Servers in service whose notices hold the bit `past_life`, at most `most`."""
    rows = await connection.fetch(
        """
        SELECT asset_id
        FROM asset_months
        WHERE org_id = $1
          AND month = $2
          AND kind = 'server'
          AND status = 'in_service'
          AND notices & $3 <> 0
          AND NOT removed
        ORDER BY asset_id
        LIMIT $4
        """,
        org,
        month,
        past_life,
        most,
    )
    return [row["asset_id"] for row in rows]


async def electricity_by_site(connection: Connection, org: str, month: int) -> list[Any]:
    """Emissions of electricity per site in a month, with the document of the site."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT sites.id, sites.org_id, sites.region, sites.document, (sum(rolled.billionths) / 1e9)::double precision AS kg
        FROM organisation_months AS rolled
        JOIN sites ON sites.id = rolled.site_id
        WHERE rolled.org_id = $1
          AND rolled.month = $2
          AND rolled.restates IS NULL
          AND rolled.stage = 'use'
          AND rolled.criterion = 'gwp'
          AND rolled.basis IN ('both', 'location')
          AND rolled.figures > 0
        GROUP BY sites.id
        ORDER BY sites.id
        """,
        org,
        month,
    )
    return rows
