"""Keeping what was heard, and noting that it changed: both in the consumer's transaction, both set-based.

Every upsert is guarded by the version, so that neither order nor repetition of events can leave an older state. What an upsert returns
is what really changed, and only that is noted. What else it touches is found by the calculators (migration 0002 says why).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal
from uuid import UUID

from asyncpg import Record
from common.database import Connection, Transaction

from footprint.documents import asset_document, factor_document, placements_of, read_both, site_document
from footprint.domain.difference import EVER, changed_since
from footprint.domain.regions import place_of
from footprint.events import AssetChanged, FactorChanged, OrganisationChanged, SiteChanged

MARKS_CHANNEL: Final = "marks"
CATALOGUE_CHANNEL: Final = "catalogue"

LIVE: Final = 0
BULK: Final = 1


async def keep_organisations(connection: Connection, heard: Sequence[OrganisationChanged]) -> list[str]:
    """Store newer versions, and the same one of what was heard before names were kept; the ids of those that were stored."""
    rows = await connection.fetch(
        """
        INSERT INTO organisations (org_id, version, deleted, role, time_zone, convention, name)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::text[], $7::text[])
        ON CONFLICT (org_id) DO UPDATE
        SET version = excluded.version,
            deleted = excluded.deleted,
            role = excluded.role,
            time_zone = excluded.time_zone,
            convention = excluded.convention,
            name = excluded.name
        WHERE organisations.version < excluded.version
           OR (organisations.version = excluded.version AND organisations.name = '' AND excluded.name <> '')
        RETURNING org_id
        """,
        [each.id for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [each.role for each in heard],
        [each.time_zone for each in heard],
        [each.refurbished_convention.value for each in heard],
        [each.name for each in heard],
    )
    return [row["org_id"] for row in rows]


async def keep_sites(connection: Connection, heard: Sequence[SiteChanged]) -> list[UUID]:
    """Store newer versions, and the same one of what was heard before regions were kept; the ids of those that were stored."""
    rows = await connection.fetch(
        """
        INSERT INTO sites (id, org_id, version, deleted, region, document)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::jsonb[])
        ON CONFLICT (id) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            deleted = excluded.deleted,
            region = excluded.region,
            document = excluded.document
        WHERE sites.version < excluded.version
           OR (sites.version = excluded.version AND sites.region <> excluded.region)
        RETURNING id
        """,
        [each.id for each in heard],
        [each.org for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [place_of(each.country, each.region) for each in heard],
        [site_document(each) for each in heard],
    )
    return [row["id"] for row in rows]


async def keep_assets(connection: Connection, heard: Sequence[AssetChanged]) -> dict[UUID, int]:
    """Store newer versions and the placements of their timelines; and the same one of what was heard before names were kept.

    Those in which something that weighs changed, and the hosts that they left, stayed on or came to, each with the Unix second before
    which nothing changed. The rows are locked before they are compared, so that what is compared is what is replaced.
    """
    before = {
        row["id"]: row
        for row in await connection.fetch(
            "SELECT * FROM assets WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", [each.id for each in heard]
        )
    }
    rows = await connection.fetch(
        """
        INSERT INTO assets (id, org_id, version, deleted, kind, site_ids, has_support, document)
        SELECT id, org_id, version, deleted, kind, string_to_array(sites, ' ')::uuid[], has_support, document
        FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::text[], $7::boolean[], $8::jsonb[])
            AS heard (id, org_id, version, deleted, kind, sites, has_support, document)
        ON CONFLICT (id) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            deleted = excluded.deleted,
            kind = excluded.kind,
            site_ids = excluded.site_ids,
            has_support = excluded.has_support,
            document = excluded.document
        WHERE assets.version < excluded.version
           OR (assets.version = excluded.version AND NOT assets.document ? 'external_id')
        RETURNING id, org_id, kind, deleted, document
        """,
        [each.id for each in heard],
        [each.org for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [each.kind for each in heard],
        [
            " ".join(sorted({str(segment.site_id) for segment in each.timeline if segment.site_id is not None}))
            for each in heard
        ],
        [bool(each.support and each.support.eur_per_year) for each in heard],
        [asset_document(each) for each in heard],
    )
    changed = {row["id"]: since for row in rows if (since := _since(before.get(row["id"]), row)) is not None}
    await connection.execute(
        """
        INSERT INTO calculations (asset_id, org_id)
        SELECT id, org_id FROM assets WHERE id = ANY($1::uuid[]) ORDER BY id
        ON CONFLICT DO NOTHING
        """,
        sorted(changed),
    )
    touched = dict(changed)
    for asset, hosts in (await _replace_placements(connection, [each for each in heard if each.id in changed])).items():
        for host in hosts:
            touched[host] = min(changed[asset], touched.get(host, changed[asset]))
    later = {asset: since for asset, since in changed.items() if since > EVER}
    return touched | dict.fromkeys(await _came_with(connection, later) if later else (), EVER)


async def _came_with(connection: Connection, changed: Mapping[UUID, int]) -> list[UUID]:
    """The machines of which something was done before they first came, on a host that differs from a day before that on: it was done where
    that host stood when they came, which the day of the change does not tell."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT placements.vm_id
        FROM unnest($1::uuid[], $2::bigint[]) AS changed (host_id, since)
        JOIN placements USING (host_id)
        WHERE placements.starts >= changed.since
          AND EXISTS (
              SELECT FROM activities
              WHERE home_id = placements.vm_id
                AND starts < (to_timestamp(placements.starts) + interval '1 day')::date
                AND NOT deleted
          )
          AND NOT EXISTS (
              SELECT FROM placements AS earlier
              WHERE earlier.vm_id = placements.vm_id
                AND earlier.starts < placements.starts
          )
        """,
        list(changed),
        list(changed.values()),
    )
    return [row["vm_id"] for row in rows]


def _since(before: Record | None, after: Record) -> int | None:
    """From when on two rows of an asset differ in what weighs; None when they do not."""
    if before is None or before["deleted"] != after["deleted"]:
        return EVER
    return changed_since(*read_both(before, after))


async def _replace_placements(connection: Connection, heard: Sequence[AssetChanged]) -> dict[UUID, set[UUID]]:
    """Put the placements of the given timelines in the place of the old ones; the hosts that they have a share of, by machine."""
    machines = [each.id for each in heard if each.kind == "virtual_machine"]
    concerned: dict[UUID, set[UUID]] = {}
    if not machines:
        return concerned
    for row in await connection.fetch(
        "DELETE FROM placements WHERE vm_id = ANY($1::uuid[]) RETURNING vm_id, host_id, vcpu", machines
    ):
        if not math.isnan(row["vcpu"]):
            concerned.setdefault(row["vm_id"], set()).add(row["host_id"])
    placements = [placement for each in heard for placement in placements_of(each)]
    for each in placements:
        if not math.isnan(each.vcpu):
            concerned.setdefault(each.vm, set()).add(each.host)
    await connection.execute(
        """
        INSERT INTO placements (vm_id, host_id, starts, ends, org_id, vcpu, ram_gib, disk_gib)
        SELECT * FROM unnest(
            $1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::double precision[], $7::double precision[],
            $8::double precision[]
        )
        """,
        [each.vm for each in placements],
        [each.host for each in placements],
        [each.start for each in placements],
        [each.end for each in placements],
        [each.org for each in placements],
        [each.vcpu for each in placements],
        [each.ram_gib for each in placements],
        [each.disk_gib for each in placements],
    )
    return concerned


STATUS_ORDER: Final = ("draft", "published", "superseded", "withdrawn")


async def keep_factors(connection: Connection, heard: Sequence[FactorChanged]) -> list[str]:
    """Store versions not yet known, and later states of known ones; the ids of those that brought something new."""
    rows = await connection.fetch(
        """
        INSERT INTO factors (id, version, status, activity, region, document)
        SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
        ON CONFLICT (id, version) DO UPDATE
        SET status = excluded.status,
            activity = excluded.activity,
            region = excluded.region,
            document = excluded.document
        WHERE array_position($7::text[], factors.status) < array_position($7::text[], excluded.status)
        RETURNING id
        """,
        [each.id for each in heard],
        [each.version for each in heard],
        [each.status for each in heard],
        [each.activity for each in heard],
        [each.region for each in heard],
        [factor_document(each) for each in heard],
        list(STATUS_ORDER),
    )
    if rows:
        await connection.execute("UPDATE catalogue_revision SET revision = revision + 1")
    return sorted({row["id"] for row in rows})


async def mark_assets(
    unit: Transaction,
    touched: Mapping[UUID, int],
    priority: int,
    cause: Literal["inventory", "measurement"] = "inventory",
) -> None:
    """Have assets computed again, each from the Unix second given with it, and with each host the virtual machines on it."""
    ids = sorted(touched)
    await unit.connection.execute(
        """
        INSERT INTO marks (asset_id, since, priority, cause, org_id)
        SELECT id, since, $3, $4, org_id
        FROM unnest($1::uuid[], $2::bigint[]) AS touched (id, since)
        LEFT JOIN calculations ON calculations.asset_id = id
        ORDER BY id
        """,
        ids,
        [touched[each] for each in ids],
        priority,
        cause,
    )
    unit.wake(MARKS_CHANNEL)


async def note_changes(
    unit: Transaction,
    kind: Literal["organisation", "site", "factor", "override", "measurement"],
    keys: Iterable[object],
) -> None:
    """Have all assets computed again that belong to an organisation (or rest on its own factors), stand at a site, or rest on a factor
    (or lack it); or the hosts of a machine of which something was measured."""
    await unit.connection.execute(
        "INSERT INTO changes (kind, key) SELECT $1, unnest($2::text[])", kind, [str(key) for key in keys]
    )
    unit.wake(MARKS_CHANNEL)
