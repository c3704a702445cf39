"""Reading results for the API, within the organisations of the caller's transaction."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from common.database import Connection


async def organisation_zone(connection: Connection, org: str) -> str | None:
    """The time zone of an organisation; None when it is not known, or not to be seen."""
    zone: str | None = await connection.fetchval(
        "SELECT time_zone FROM organisations WHERE org_id = $1 AND NOT deleted", org
    )
    return zone


async def refurbished_convention(connection: Connection, org: str) -> str | None:
    """By which convention an organisation counts refurbished kit; None when it is not known, or not to be seen."""
    convention: str | None = await connection.fetchval(
        "SELECT convention FROM organisations WHERE org_id = $1 AND NOT deleted", org
    )
    return convention


async def stages_by_month(connection: Connection, org: str, first: int, last: int, basis: str) -> list[Any]:
    """Climate-change billionths per month and stage on a basis, from the roll-up, without what months count of earlier, closed ones."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT month, stage, sum(billionths) AS billionths
        FROM organisation_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND criterion = 'gwp'
          AND basis IN ('both', $4)
          AND figures > 0
          AND restates IS NULL
        GROUP BY month, stage
        ORDER BY month, stage
        """,
        org,
        first,
        last,
        basis,
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


async def notices(connection: Connection, org: str, month: int) -> int:
    """The notices of all asset-months of a month."""
    bits: int | None = await connection.fetchval(
        "SELECT bit_or(notices) FROM asset_months WHERE org_id = $1 AND month = $2 AND NOT removed", org, month
    )
    return bits or 0


async def asset_month(connection: Connection, asset: UUID, month: int) -> Any:
    """The stored result of an asset and month, or None."""
    return await connection.fetchrow(
        "SELECT * FROM asset_months WHERE asset_id = $1 AND month = $2 AND NOT removed", asset, month
    )


async def figures(connection: Connection, keys: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], list[Any]]:
    """The figures of asset-months; what electricity without a factor stands for is none."""
    rows = await connection.fetch(
        """
        SELECT figures.*
        FROM figures
        JOIN unnest($1::uuid[], $2::integer[]) AS named (asset_id, month)
          ON named.asset_id = figures.asset_id AND named.month = figures.month
        WHERE criterion <> 'energy'
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


async def resting_on(connection: Connection, org: str, month: int, factor: str, most: int) -> list[UUID]:
    """Equipment (no virtual machines, which have it from their hosts) whose figures of the month rest on a factor, at most `most`."""
    rows = await connection.fetch(
        """
        SELECT asset_id
        FROM asset_months
        WHERE org_id = $1
          AND month = $2
          AND kind <> 'virtual_machine'
          AND $3 = ANY (factor_ids)
          AND NOT removed
        ORDER BY asset_id
        LIMIT $4
        """,
        org,
        month,
        factor,
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


async def past_life(
    connection: Connection, org: str, month: int, past_life: int, kinds: Sequence[str], most: int
) -> list[UUID]:
    """Assets of some kinds in service whose notices hold the bit `past_life`, at most `most`."""
    rows = await connection.fetch(
        """
        SELECT asset_id
        FROM asset_months
        WHERE org_id = $1
          AND month = $2
          AND kind = ANY ($5::text[])
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
        list(kinds),
    )
    return [row["asset_id"] for row in rows]


async def servers_due(
    connection: Connection, org: str, month: int, after: date, default_years: float | None, most: int
) -> list[UUID]:
    """Servers in service whose life ends in the six months from a day on: counted from the day of acquisition, for the planned years or the
    default ones."""
    rows = await connection.fetch(
        """
        SELECT asset_months.asset_id
        FROM asset_months
        JOIN assets ON assets.id = asset_months.asset_id
        WHERE asset_months.org_id = $1
          AND asset_months.month = $2
          AND asset_months.kind = 'server'
          AND asset_months.status = 'in_service'
          AND NOT asset_months.removed
          AND (assets.document ->> 'acquired_on')::date
              + (365 * coalesce((assets.document ->> 'planned_life_years')::double precision, $4))::integer
              BETWEEN $3 AND $3 + 183
        ORDER BY asset_months.asset_id
        LIMIT $5
        """,
        org,
        month,
        after,
        default_years,
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
