"""Keeping what was measured, what was done and which applications use what: version-guarded, and what that touches."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from common.database import Connection

from footprint.documents import activity_document, activity_of, measured_document
from footprint.domain.activities import home_of
from footprint.domain.difference import EVER
from footprint.domain.formulas import DAY_S
from footprint.domain.inventory import VIRTUAL_MACHINE
from footprint.domain.months import parse_month
from footprint.events import ActivityChanged, ApplicationChanged, MeasurementMonthChanged


def _before(year: int, month: int, day: int) -> int:
    """A Unix second before that local day begins anywhere."""
    return max(EVER + 1, int(datetime(year, month, day, tzinfo=UTC).timestamp() - DAY_S))


async def keep_measurements(
    connection: Connection, heard: Sequence[MeasurementMonthChanged]
) -> tuple[dict[UUID, int], list[UUID]]:
    """Store newer months; the assets that they are of, with the Unix second before which nothing changed, and those among them that may be
    virtual: what shares a host with them is touched as well."""
    rows = await connection.fetch(
        """
        INSERT INTO measurement_months (asset_id, month, org_id, version, deleted, time_zone, document)
        SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::bigint[], $5::boolean[], $6::text[], $7::jsonb[])
        ON CONFLICT (asset_id, month) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            deleted = excluded.deleted,
            time_zone = excluded.time_zone,
            document = excluded.document
        WHERE measurement_months.version < excluded.version
        RETURNING asset_id, month
        """,
        [each.asset_id for each in heard],
        [parse_month(each.month) for each in heard],
        [each.org for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [each.time_zone for each in heard],
        [measured_document(each) for each in heard],
    )
    touched: dict[UUID, int] = {}
    for row in rows:
        since = _before(row["month"] // 12, row["month"] % 12 + 1, 1)
        touched[row["asset_id"]] = min(since, touched.get(row["asset_id"], since))
    physical = await connection.fetch(
        "SELECT id FROM assets WHERE id = ANY($1::uuid[]) AND kind <> $2", list(touched), VIRTUAL_MACHINE
    )
    return touched, sorted(touched.keys() - {row["id"] for row in physical})


async def keep_activities(connection: Connection, heard: Sequence[ActivityChanged]) -> dict[UUID, int]:
    """Store newer versions; the homes of what is new, and where it stood before, with the Unix second before which nothing changed."""
    before = await connection.fetch(
        "SELECT id, home_id, starts FROM activities WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
        [each.id for each in heard],
    )
    rows = await connection.fetch(
        """
        INSERT INTO activities (
            id, org_id, version, deleted, home_id, asset_id, site_id, activity, starts, ends, document
        )
        SELECT * FROM unnest(
            $1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::date[],
            $10::date[], $11::jsonb[]
        )
        ON CONFLICT (id) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            deleted = excluded.deleted,
            home_id = excluded.home_id,
            asset_id = excluded.asset_id,
            site_id = excluded.site_id,
            activity = excluded.activity,
            starts = excluded.starts,
            ends = excluded.ends,
            document = excluded.document
        WHERE activities.version < excluded.version
        RETURNING id, org_id, home_id, asset_id, starts
        """,
        [each.id for each in heard],
        [each.org for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [home_of(activity_of(each)) for each in heard],
        [each.asset_id for each in heard],
        [each.site_id for each in heard],
        [each.activity for each in heard],
        [each.start for each in heard],
        [each.end for each in heard],
        [activity_document(each) for each in heard],
    )
    new = {row["id"] for row in rows}
    touched: dict[UUID, int] = {}
    for row in (*rows, *(each for each in before if each["id"] in new)):
        day = row["starts"]
        since = _before(day.year, day.month, day.day)
        touched[row["home_id"]] = min(since, touched.get(row["home_id"], since))
    await _keep_homes(connection, sorted({(row["home_id"], row["org_id"]) for row in rows if row["asset_id"] is None}))
    return touched


async def _keep_homes(connection: Connection, homes: Sequence[tuple[UUID, str]]) -> None:
    """Sites and organisations that have, or had, activities of their own are computed as assets are."""
    await connection.execute(
        """
        WITH named AS (
            SELECT * FROM unnest($1::uuid[], $2::text[]) AS named (home_id, org_id)
        ), kept AS (
            INSERT INTO homes (home_id, org_id) SELECT home_id, org_id FROM named ON CONFLICT DO NOTHING
        )
        INSERT INTO calculations (asset_id, org_id) SELECT home_id, org_id FROM named ON CONFLICT DO NOTHING
        """,
        [home for home, _ in homes],
        [org for _, org in homes],
    )


async def keep_applications(connection: Connection, heard: Sequence[ApplicationChanged]) -> dict[UUID, int]:
    """Store newer versions with what they claim; the machines claimed before or now, since the first claim that differs."""
    rows = await connection.fetch(
        """
        INSERT INTO applications (id, org_id, version, deleted, code, name, users)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::text[], $7::integer[])
        ON CONFLICT (id) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            deleted = excluded.deleted,
            code = excluded.code,
            name = excluded.name,
            users = excluded.users
        WHERE applications.version < excluded.version
        RETURNING id
        """,
        [each.id for each in heard],
        [each.org for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [each.code for each in heard],
        [each.name for each in heard],
        [each.users for each in heard],
    )
    new = {row["id"] for row in rows}
    gone = await connection.fetch(
        """
        DELETE FROM claims WHERE application_id = ANY($1::uuid[])
        RETURNING application_id, asset_id, org_id, starts, ends, weight
        """,
        sorted(new),
    )
    claims = [
        (
            each.id,
            machine.asset_id,
            each.org,
            int(machine.start.timestamp()),
            None if machine.end is None else int(machine.end.timestamp()),
            machine.weight,
        )
        for each in heard
        if each.id in new and not each.deleted
        for machine in each.machines
    ]
    await connection.execute(
        """
        INSERT INTO claims (application_id, asset_id, org_id, starts, ends, weight)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::double precision[])
        """,
        *([claim[column] for claim in claims] for column in range(6)),
    )
    touched: dict[UUID, int] = {}
    for claim in set(map(tuple, gone)) ^ set(claims):
        asset, since = claim[1], max(EVER + 1, claim[3])
        touched[asset] = min(since, touched.get(asset, since))
    return touched
