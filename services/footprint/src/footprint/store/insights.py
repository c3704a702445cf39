"""Reading what insights need, within the organisations of the caller's transaction."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from common.database import Connection

from footprint.domain.insights import Powered
from footprint.domain.inventory import Cloud
from footprint.domain.notices import Notice
from footprint.store.notices import notices_of_months
from footprint.store.totals import Question


class Without(NamedTuple):
    """A machine without any figure between two Unix seconds."""

    asset: UUID
    start: int
    end: int


async def hosts_unknown(connection: Connection, org: str, first: int, last: int) -> list[tuple[UUID, int]]:
    """The virtual machines whose host is not known, with each month in which that is so."""
    machines = Question(org, first, last, filters={"kind": ["virtual_machine"]})
    if not await notices_of_months(connection, machines) & Notice.HOST_UNKNOWN:
        return []
    rows = await connection.fetch(
        """
        SELECT asset_id, month
        FROM asset_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND kind = 'virtual_machine'
          AND notices & $4 <> 0
          AND NOT removed
        """,
        org,
        first,
        last,
        int(Notice.HOST_UNKNOWN),
    )
    return [(row["asset_id"], row["month"]) for row in rows]


async def powered(
    connection: Connection, org: str, start: int, end: int, without: Sequence[Without] = ()
) -> list[Powered]:
    """The virtual machines that ran between two Unix seconds, those alike together: how many on average, by what their timelines say.

    Left out is what can have no figure: on a host without vCPUs, on nothing without anything declared, unless it has support or activities
    of its own in that time; and the times `without`.
    """
    rows = await connection.fetch(
        """
        WITH machine AS MATERIALIZED (
            SELECT
                id,
                document -> 'segments' AS segments,
                (document ->> 'quantity')::double precision AS quantity,
                coalesce(document ->> 'annual_kwh', document ->> 'average_w', document ->> 'embodied_kg') IS NOT NULL AS declared,
                has_support OR EXISTS (
                    SELECT FROM activities
                    WHERE home_id = assets.id
                      AND NOT activities.deleted
                      AND starts < (to_timestamp($3) AT TIME ZONE time_zone)::date
                      AND ends > (to_timestamp($2) AT TIME ZONE time_zone)::date
                ) AS attended
            FROM assets
            JOIN organisations USING (org_id)
            WHERE org_id = $1
              AND kind = 'virtual_machine'
              AND NOT assets.deleted
        )
        SELECT
            cloud ->> 'provider' AS provider,
            cloud ->> 'instance_type' AS instance_type,
            vcpu,
            declared OR attended AS declared,
            sum(quantity * (least(coalesce("end", $3), $3) - greatest(start, $2) - coalesce(without.seconds, 0))) / ($3 - $2) AS machines
        FROM machine
        CROSS JOIN jsonb_to_recordset(segments)
            AS segment (start bigint, "end" bigint, status text, host text, vcpu double precision, cloud jsonb)
        LEFT JOIN LATERAL (
            SELECT sum(least(segment."end", until, $3) - greatest(segment.start, since, $2)) AS seconds
            FROM unnest($4::uuid[], $5::bigint[], $6::bigint[]) AS times (asset_id, since, until)
            WHERE asset_id = machine.id
              AND since < least(segment."end", $3)
              AND until > greatest(segment.start, $2)
        ) AS without ON cardinality($4::uuid[]) > 0
        WHERE status IN ('in_service', 'standby')
          AND start < $3
          AND ("end" IS NULL OR "end" > $2)
          AND (attended OR CASE WHEN host IS NOT NULL THEN vcpu IS NOT NULL ELSE cloud ->> 'provider' IS NOT NULL OR declared END)
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
        """,
        org,
        start,
        end,
        *([each[column] for each in without] for column in range(len(Without._fields))),
    )
    return [
        Powered(
            None if row["provider"] is None else Cloud(row["provider"], row["instance_type"]),
            row["vcpu"],
            row["declared"],
            row["machines"],
        )
        for row in rows
        if row["machines"] > 0
    ]


async def application(connection: Connection, org: str, code: str) -> Any:
    """An application by its code; None where it is not known."""
    return await connection.fetchrow(
        "SELECT * FROM applications WHERE org_id = $1 AND code = $2 AND NOT deleted", org, code
    )


async def asset(connection: Connection, asset_id: UUID) -> Any:
    """An asset's row; None where it is not known, or not to be seen."""
    return await connection.fetchrow("SELECT * FROM assets WHERE id = $1 AND NOT deleted", asset_id)


async def home(connection: Connection, home_id: UUID) -> Any:
    """The row of a site, or an organisation, with activities of its own, as that of an asset of one unit that is called by its code; None
    where it is not known, or not to be seen."""
    return await connection.fetchrow(
        """
        SELECT
            home_id AS id,
            homes.org_id,
            CASE WHEN sites.id IS NULL THEN 'organisation' ELSE 'site' END AS kind,
            jsonb_build_object(
                'external_id', coalesce(sites.document ->> 'code', homes.org_id), 'maker', NULL, 'model', NULL, 'quantity', 1.0,
                'acquired_on', NULL, 'planned_life_years', NULL
            ) AS document
        FROM homes
        LEFT JOIN sites ON sites.id = home_id
        WHERE home_id = $1
        """,
        home_id,
    )


async def named(connection: Connection, assets: Sequence[UUID]) -> list[Any]:
    """The rows of some assets, of those that are to be seen, by id."""
    rows: list[Any] = await connection.fetch(
        "SELECT id, document FROM assets WHERE id = ANY ($1::uuid[]) ORDER BY id", list(assets)
    )
    return rows


async def asset_year(connection: Connection, asset_id: UUID, first: int, last: int) -> list[Any]:
    """The stored months of an asset between two, both included."""
    rows: list[Any] = await connection.fetch(
        "SELECT * FROM asset_months WHERE asset_id = $1 AND month BETWEEN $2 AND $3 AND NOT removed ORDER BY month",
        asset_id,
        first,
        last,
    )
    return rows


async def main_region(connection: Connection, org: str) -> str | None:
    """The region where most assets of an organisation stand."""
    region: str | None = await connection.fetchval(
        """
        SELECT sites.region
        FROM sites
        JOIN assets ON sites.id = ANY (assets.site_ids)
        WHERE assets.org_id = $1
        GROUP BY sites.region
        ORDER BY count(*) DESC, sites.region
        LIMIT 1
        """,
        org,
    )
    return region


async def measured_since(connection: Connection, org: str, month: int, kinds: Sequence[str], most: int) -> list[Any]:
    """The measurements of a month and the one before, of assets of some kinds that are in service at its end."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT measurement_months.*, assets.kind
        FROM measurement_months
        JOIN asset_months
          ON asset_months.asset_id = measurement_months.asset_id
         AND asset_months.month = $2
         AND asset_months.status = 'in_service'
         AND NOT asset_months.removed
        JOIN assets ON assets.id = measurement_months.asset_id
        WHERE measurement_months.org_id = $1
          AND measurement_months.month BETWEEN $2 - 1 AND $2
          AND NOT measurement_months.deleted
          AND assets.kind = ANY ($3::text[])
        ORDER BY measurement_months.asset_id, measurement_months.month
        LIMIT $4
        """,
        org,
        month,
        list(kinds),
        most,
    )
    return rows


async def in_service(connection: Connection, org: str, month: int, kinds: Sequence[str], most: int) -> list[UUID]:
    """Assets of some kinds that are in service at the end of a month, at most `most`."""
    rows = await connection.fetch(
        """
        SELECT asset_id
        FROM asset_months
        WHERE org_id = $1
          AND month = $2
          AND kind = ANY ($3::text[])
          AND status = 'in_service'
          AND NOT removed
        ORDER BY asset_id
        LIMIT $4
        """,
        org,
        month,
        list(kinds),
        most,
    )
    return [row["asset_id"] for row in rows]


async def kg_of(connection: Connection, assets: Sequence[UUID], month: int) -> dict[UUID, float]:
    """Location-based kg of assets in a month, with what stays idle on hosts."""
    rows = await connection.fetch(
        """
        SELECT asset_id, sum(value) AS kg
        FROM figures
        WHERE asset_id = ANY ($1::uuid[])
          AND month = $2
          AND criterion = 'gwp'
          AND basis IN ('both', 'location')
        GROUP BY asset_id
        """,
        list(assets),
        month,
    )
    return {row["asset_id"]: row["kg"] for row in rows}
