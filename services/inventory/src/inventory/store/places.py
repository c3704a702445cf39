"""Organisations and sites."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from common.database import Connection

from inventory.domain.places import Organisation, Site


@dataclass(frozen=True, slots=True)
class StoredOrganisation:
    """An organisation at one version."""

    organisation: Organisation
    version: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StoredSite:
    """A site at one version."""

    id: UUID
    site: Site
    version: int
    recorded_at: datetime


async def insert_organisation(connection: Connection, stored: StoredOrganisation) -> bool:
    """Insert an organisation; False when its id is taken."""
    organisation = stored.organisation
    status = await connection.execute(
        """
        INSERT INTO organisations (org_id, name, role, time_zone, refurbished_convention, version, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """,
        organisation.id,
        organisation.name,
        organisation.role,
        organisation.time_zone,
        organisation.refurbished_convention,
        stored.version,
        stored.recorded_at,
    )
    return bool(status == "INSERT 0 1")


async def update_organisation(connection: Connection, stored: StoredOrganisation) -> None:
    """Write the next version of an organisation."""
    organisation = stored.organisation
    await connection.execute(
        """
        UPDATE organisations
        SET name = $2, role = $3, time_zone = $4, refurbished_convention = $5, version = $6, recorded_at = $7
        WHERE org_id = $1
        """,
        organisation.id,
        organisation.name,
        organisation.role,
        organisation.time_zone,
        organisation.refurbished_convention,
        stored.version,
        stored.recorded_at,
    )


async def find_organisation(connection: Connection, org: str, *, lock: bool = False) -> StoredOrganisation | None:
    """The organisation, or None when it is not known or not visible; locked against other writers on request."""
    row = await connection.fetchrow(
        f"SELECT * FROM organisations WHERE org_id = $1 {'FOR NO KEY UPDATE' if lock else ''}", org
    )
    return None if row is None else _organisation(row)


async def list_organisations(connection: Connection, after: str | None, limit: int) -> list[StoredOrganisation]:
    """Up to `limit` organisations by id, after one."""
    rows = await connection.fetch(
        "SELECT * FROM organisations WHERE $1::text IS NULL OR org_id > $1 ORDER BY org_id LIMIT $2", after, limit
    )
    return [_organisation(row) for row in rows]


async def stream_organisations(connection: Connection) -> AsyncIterator[StoredOrganisation]:
    """Every organisation, the longest unchanged first."""
    async for row in connection.cursor("SELECT * FROM organisations ORDER BY recorded_at, org_id"):
        yield _organisation(row)


async def time_zones(connection: Connection, orgs: Iterable[str]) -> dict[str, ZoneInfo]:
    """The time zones of those of `orgs` that exist and are visible."""
    rows = await connection.fetch("SELECT org_id, time_zone FROM organisations WHERE org_id = ANY ($1)", list(orgs))
    return {row["org_id"]: ZoneInfo(row["time_zone"]) for row in rows}


async def insert_site(connection: Connection, stored: StoredSite) -> bool:
    """Insert a site; False when its organisation has one of that code."""
    status = await connection.execute(
        """
        INSERT INTO sites (id, org_id, code, name, kind, country, region, pue, operator, operators,
                           allocation_rule, electricity, version, recorded_at, allocation_by, allocations)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT (org_id, code) DO NOTHING
        """,
        *_site_values(stored),
    )
    return bool(status == "INSERT 0 1")


async def update_site(connection: Connection, stored: StoredSite) -> None:
    """Write the next version of a site; its organisation and code stay."""
    await connection.execute(
        """
        UPDATE sites
        SET name = $4, kind = $5, country = $6, region = $7, pue = $8, operator = $9, operators = $10,
            allocation_rule = $11, electricity = $12, version = $13, recorded_at = $14,
            allocation_by = $15, allocations = $16
        WHERE id = $1 AND org_id = $2 AND code = $3
        """,
        *_site_values(stored),
    )


async def find_site(connection: Connection, site_id: UUID, *, lock: bool = False) -> StoredSite | None:
    """The site, or None when it is not known or not visible; locked against other writers on request."""
    row = await connection.fetchrow(f"SELECT * FROM sites WHERE id = $1 {'FOR NO KEY UPDATE' if lock else ''}", site_id)
    return None if row is None else _site(row)


async def find_site_by_code(connection: Connection, org: str, code: str) -> StoredSite | None:
    """The site of an organisation by what that calls it."""
    row = await connection.fetchrow("SELECT * FROM sites WHERE org_id = $1 AND code = $2", org, code)
    return None if row is None else _site(row)


async def list_sites(
    connection: Connection, org: str | None, after: tuple[str, str] | None, limit: int
) -> list[StoredSite]:
    """Up to `limit` sites by organisation and code, after one, of one organisation or of all that are visible."""
    rows = await connection.fetch(
        """
        SELECT * FROM sites
        WHERE ($1::text IS NULL OR org_id = $1)
          AND ($2::text IS NULL OR (org_id, code) > ($2, $3))
        ORDER BY org_id, code
        LIMIT $4
        """,
        org,
        *(after or (None, None)),
        limit,
    )
    return [_site(row) for row in rows]


async def stream_sites(connection: Connection) -> AsyncIterator[StoredSite]:
    """Every site, the longest unchanged first."""
    async for row in connection.cursor("SELECT * FROM sites ORDER BY recorded_at, id"):
        yield _site(row)


async def site_ids(connection: Connection, codes: Sequence[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """The ids of sites by (organisation, code), for those that exist and are visible."""
    rows = await connection.fetch(
        """
        SELECT org_id, code, id
        FROM sites
        JOIN unnest($1::text[], $2::text[]) AS wanted (org_id, code) USING (org_id, code)
        """,
        [org for org, _ in codes],
        [code for _, code in codes],
    )
    return {(row["org_id"], row["code"]): row["id"] for row in rows}


def _organisation(row: asyncpg.Record) -> StoredOrganisation:
    organisation = Organisation(
        id=row["org_id"],
        name=row["name"],
        role=row["role"],
        time_zone=row["time_zone"],
        refurbished_convention=row["refurbished_convention"],
    )
    return StoredOrganisation(organisation, row["version"], row["recorded_at"])


def _site(row: asyncpg.Record) -> StoredSite:
    fields = {name: row[name] for name in Site.model_fields if name != "org"}
    return StoredSite(
        row["id"], Site.model_validate({"org": row["org_id"], **fields}), row["version"], row["recorded_at"]
    )


def _site_values(stored: StoredSite) -> tuple[object, ...]:
    site = stored.site
    document = site.model_dump(mode="json", by_alias=True)
    return (
        stored.id,
        site.org,
        site.code,
        site.name,
        site.kind,
        site.country,
        site.region,
        document["pue"],
        site.operator,
        document["operators"],
        site.allocation_rule,
        document["electricity"],
        stored.version,
        stored.recorded_at,
        site.allocation_by,
        document["allocations"],
    )
