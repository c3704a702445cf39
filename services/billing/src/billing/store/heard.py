"""All SQL of billing. A row gives way only to a higher version, so order and repetition of events cannot harm it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from common.database import Connection

from billing.domain.metering import Allocation, Period, allocations_of
from billing.events import AssetChanged, AssetMonthChanged, OrganizationChanged

_KEEP_ORGANISATIONS = """
INSERT INTO organisations (org_id, name, time_zone, version, deleted)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::boolean[])
ON CONFLICT (org_id) DO UPDATE
SET name = excluded.name, time_zone = excluded.time_zone, version = excluded.version, deleted = excluded.deleted
WHERE organisations.version < excluded.version
"""

_KEEP_ASSETS = """
INSERT INTO assets (id, org_id, source, external_id, name, version, deleted)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::boolean[])
ON CONFLICT (id) DO UPDATE
SET org_id = excluded.org_id, source = excluded.source, external_id = excluded.external_id, name = excluded.name,
    version = excluded.version, deleted = excluded.deleted
WHERE assets.version < excluded.version
RETURNING id
"""

_DROP_ALLOCATIONS = "DELETE FROM allocations WHERE asset_id = ANY ($1)"

_ADD_ALLOCATIONS = """
INSERT INTO allocations (asset_id, org_id, starts_at, ends_at, vcpu, ram_mib, disk_mib)
SELECT asset_id, org_id, starts_at, coalesce(ends_at, 'infinity'), vcpu, ram_mib, disk_mib
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::integer[], $6::bigint[], $7::bigint[])
     AS stated (asset_id, org_id, starts_at, ends_at, vcpu, ram_mib, disk_mib)
"""

_KEEP_ASSET_MONTHS = """
INSERT INTO asset_months (asset_id, month, org_id, kwh, gwp_kg, version, deleted)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::text[], $4::double precision[], $5::double precision[], $6::integer[],
                     $7::boolean[])
ON CONFLICT (asset_id, month) DO UPDATE
SET org_id = excluded.org_id, kwh = excluded.kwh, gwp_kg = excluded.gwp_kg, version = excluded.version,
    deleted = excluded.deleted
WHERE asset_months.version < excluded.version
"""

_TIME_ZONE = "SELECT time_zone FROM organisations WHERE org_id = $1 AND NOT deleted"

_HOLDERS = """
SELECT asset.id, asset.source, asset.external_id, asset.name, month.kwh, month.gwp_kg
FROM assets AS asset
LEFT JOIN asset_months AS month ON month.asset_id = asset.id AND month.month = $2 AND NOT month.deleted
WHERE asset.org_id = $1 AND $3::timestamptz < $4::timestamptz
  AND EXISTS (
      SELECT FROM allocations AS held
      WHERE held.asset_id = asset.id AND held.starts_at < $4 AND held.ends_at > $3)
  AND ($5::uuid IS NULL OR asset.id > $5)
ORDER BY asset.id
LIMIT $6
"""

_ALLOCATIONS = """
SELECT asset_id, starts_at, nullif(ends_at, 'infinity') AS ends_at, vcpu, ram_mib, disk_mib
FROM allocations
WHERE asset_id = ANY ($1) AND starts_at < $3 AND ends_at > $2
ORDER BY asset_id, starts_at
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A VM that held resources in a period, with its footprint of that month as far as it has been heard."""

    asset_id: UUID
    source: str
    external_id: str
    name: str | None
    kwh: float | None
    gwp_kg: float | None
    allocations: tuple[Allocation, ...]


async def keep_organisations(connection: Connection, documents: Sequence[OrganizationChanged]) -> None:
    """Keep each organisation whose version is higher than the one here."""
    await connection.execute(
        _KEEP_ORGANISATIONS,
        [organisation.id for organisation in documents],
        [organisation.name for organisation in documents],
        [organisation.time_zone for organisation in documents],
        [organisation.version for organisation in documents],
        [organisation.deleted for organisation in documents],
    )


async def keep_assets(connection: Connection, documents: Sequence[AssetChanged]) -> None:
    """Keep each asset whose version is higher than the one here, and state its allocations anew."""
    rows = await connection.fetch(
        _KEEP_ASSETS,
        [asset.id for asset in documents],
        [asset.org for asset in documents],
        [asset.source for asset in documents],
        [asset.external_id for asset in documents],
        [asset.name for asset in documents],
        [asset.version for asset in documents],
        [asset.deleted for asset in documents],
    )
    renewed = {row["id"] for row in rows}
    await connection.execute(_DROP_ALLOCATIONS, list(renewed))
    stated = [
        (asset, allocation)
        for asset in documents
        if asset.id in renewed and not asset.deleted
        for allocation in allocations_of(segment.state() for segment in asset.timeline)
    ]
    await connection.execute(
        _ADD_ALLOCATIONS,
        [asset.id for asset, _ in stated],
        [asset.org for asset, _ in stated],
        [allocation.start for _, allocation in stated],
        [allocation.end for _, allocation in stated],
        [allocation.vcpu for _, allocation in stated],
        [allocation.ram_mib for _, allocation in stated],
        [allocation.disk_mib for _, allocation in stated],
    )


async def keep_asset_months(connection: Connection, documents: Sequence[AssetMonthChanged]) -> None:
    """Keep each VM's month whose version is higher than the one here."""
    await connection.execute(
        _KEEP_ASSET_MONTHS,
        [result.asset_id for result in documents],
        [result.month for result in documents],
        [result.org for result in documents],
        [result.kwh for result in documents],
        [result.gwp_kg for result in documents],
        [result.version for result in documents],
        [result.deleted for result in documents],
    )


async def read_time_zone(connection: Connection, org: str) -> ZoneInfo | None:
    """Where the months of `org` begin and end; None when the organisation has not been heard of."""
    name = await connection.fetchval(_TIME_ZONE, org)
    return None if name is None else ZoneInfo(name)


async def read_holders(
    connection: Connection, org: str, month: date, period: Period, *, after: UUID | None, limit: int
) -> list[Holder]:
    """The VMs of `org` that held resources in `period`, by id from behind `after`, at most `limit`."""
    rows = await connection.fetch(_HOLDERS, org, month, period.start, period.end, after, limit)
    allocations: dict[UUID, list[Allocation]] = {row["id"]: [] for row in rows}
    for row in await connection.fetch(_ALLOCATIONS, list(allocations), period.start, period.end):
        held = Allocation(row["starts_at"], row["ends_at"], row["vcpu"], row["ram_mib"], row["disk_mib"])
        allocations[row["asset_id"]].append(held)
    return [
        Holder(
            asset_id=row["id"],
            source=row["source"],
            external_id=row["external_id"],
            name=row["name"],
            kwh=row["kwh"],
            gwp_kg=row["gwp_kg"],
            allocations=tuple(allocations[row["id"]]),
        )
        for row in rows
    ]
