"""One consistent picture of all that the figures of some assets rest on: as it is known now, or as it was known at a moment."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record
from common.database import Connection

from footprint.documents import (
    plain,
    read_activity,
    read_asset,
    read_claim,
    read_measured_days,
    read_organisation,
    read_placement,
    read_site,
)
from footprint.domain.activities import home_asset
from footprint.domain.catalogue import Catalogues
from footprint.domain.engine import World
from footprint.domain.inventory import Activity, Asset, Claim, Organisation
from footprint.domain.measurements import Measured, MeasuredDay, read_measured
from footprint.store.moments import rows_of


async def read_assets(connection: Connection, ids: Collection[UUID], moment: str | None = None) -> list[Asset]:
    """The assets among `ids` that exist and have a timeline, and the sites and organisations that have activities, in the order of ids.

    With a `moment`, as they were known then.
    """
    rows = await connection.fetch(
        f"""
        SELECT id, org_id, kind, document
        FROM {rows_of("assets", moment)}
        WHERE id = ANY($1::uuid[])
          AND NOT deleted
        ORDER BY id
        """,
        list(ids),
    )
    assets = [asset for asset in map(read_asset, rows) if asset.segments]
    others = set(ids) - {row["id"] for row in rows}
    if not others:
        return assets
    return sorted([*assets, *await _homes(connection, others, moment)], key=lambda each: each.id.bytes)


async def _homes(connection: Connection, ids: Collection[UUID], moment: str | None) -> list[Asset]:
    rows = await connection.fetch(
        f"""
        SELECT activities.*, coalesce(organisations.time_zone, $2) AS zone
        FROM {rows_of("activities", moment)}
        LEFT JOIN {rows_of("organisations", moment)} USING (org_id)
        WHERE home_id = ANY($1::uuid[])
          AND asset_id IS NULL
          AND NOT activities.deleted
        ORDER BY home_id, id
        """,
        list(ids),
        Organisation("").time_zone,
    )
    found: dict[UUID, list[Record]] = {}
    for row in rows:
        found.setdefault(plain(row["home_id"]), []).append(row)
    return [
        home_asset(home, [read_activity(row) for row in of_home], of_home[0]["zone"]) for home, of_home in found.items()
    ]


async def read_world(
    connection: Connection, assets: Sequence[Asset], catalogues: Catalogues, now: datetime, moment: str | None = None
) -> World:
    """All that the figures of `assets` rest on, as `connection` (a snapshot) sees it; with a `moment`, as it was known then."""
    known = {asset.id for asset in assets}
    host_ids = {segment.host for asset in assets for segment in asset.segments if segment.host is not None} - known
    hosts = await read_assets(connection, host_ids, moment) if host_ids else []
    physical = [asset.id for asset in (*assets, *hosts)]
    placements = [
        read_placement(row)
        for row in await connection.fetch(
            f"SELECT * FROM {rows_of('placements', moment)} WHERE host_id = ANY($1::uuid[])", physical
        )
    ]
    organisations = {asset.org for asset in (*assets, *hosts)} | {placement.org for placement in placements}
    machines = {*physical, *(placement.vm for placement in placements)}
    has = await _has(connection, physical, machines, known, moment)
    activities = await _activities(connection, physical, moment) if has["activities"] else {}
    sites = {segment.site for asset in (*assets, *hosts) for segment in asset.segments if segment.site is not None}
    sites |= {each.site for found in activities.values() for each in found if each.site is not None}
    return World(
        organisations={
            organisation.id: organisation
            for organisation in map(
                read_organisation,
                await connection.fetch(
                    f"SELECT * FROM {rows_of('organisations', moment)} WHERE org_id = ANY($1::text[])",
                    list(organisations),
                ),
            )
        },
        sites={
            site.id: site
            for site in map(
                read_site,
                await connection.fetch(
                    f"SELECT * FROM {rows_of('sites', moment)} WHERE id = ANY($1::uuid[]) AND NOT deleted", list(sites)
                ),
            )
        },
        catalogue=catalogues.default,
        now=now,
        hosts={host.id: host for host in hosts},
        placements=placements,
        own_catalogues=catalogues.own,
        measured=await _measured(connection, machines, moment) if has["measurements"] else {},
        activities=activities,
        claims=await _claims(connection, known, moment) if has["claims"] else {},
    )


async def _has(
    connection: Connection,
    homes: Collection[UUID],
    machines: Collection[UUID],
    assets: Collection[UUID],
    moment: str | None,
) -> Record:
    """Whether there is anything to read of activities, measurements and claims: of most assets there is not."""
    (found,) = await connection.fetch(
        f"""
        SELECT
            EXISTS (SELECT FROM {rows_of("activities", moment)} WHERE home_id = ANY($1::uuid[])) AS activities,
            EXISTS (SELECT FROM {rows_of("measurement_months", moment)} WHERE asset_id = ANY($2::uuid[])) AS measurements,
            EXISTS (SELECT FROM {rows_of("claims", moment)} WHERE asset_id = ANY($3::uuid[])) AS claims
        """,
        list(homes),
        list(machines),
        list(assets),
    )
    return found


async def _activities(
    connection: Connection, homes: Collection[UUID], moment: str | None
) -> dict[UUID, list[Activity]]:
    found: dict[UUID, list[Activity]] = {}
    for row in await connection.fetch(
        f"SELECT * FROM {rows_of('activities', moment)} WHERE home_id = ANY($1::uuid[]) AND NOT deleted ORDER BY id",
        list(homes),
    ):
        found.setdefault(plain(row["home_id"]), []).append(read_activity(row))
    return found


async def _measured(connection: Connection, assets: Collection[UUID], moment: str | None) -> dict[UUID, Measured]:
    days: dict[UUID, list[MeasuredDay]] = {}
    for row in await connection.fetch(
        f"""
        SELECT *
        FROM {rows_of("measurement_months", moment)}
        WHERE asset_id = ANY($1::uuid[])
          AND NOT deleted
        ORDER BY asset_id, month
        """,
        list(assets),
    ):
        days.setdefault(plain(row["asset_id"]), []).extend(read_measured_days(row))
    return {asset: read_measured(of_asset) for asset, of_asset in days.items()}


async def _claims(connection: Connection, assets: Collection[UUID], moment: str | None) -> dict[UUID, list[Claim]]:
    found: dict[UUID, list[Claim]] = {}
    for row in await connection.fetch(
        f"""
        SELECT *
        FROM {rows_of("claims", moment)}
        WHERE asset_id = ANY($1::uuid[])
        ORDER BY asset_id, application_id, starts, ends NULLS LAST, weight
        """,
        list(assets),
    ):
        found.setdefault(plain(row["asset_id"]), []).append(read_claim(row))
    return found
