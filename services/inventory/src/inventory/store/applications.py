"""Applications and their machines."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from uuid import UUID

import asyncpg
from common.database import Connection

from inventory.domain.application import Application, KnownMachine, Membership
from inventory.domain.record import AssetKey

CODE_TAKEN = "applications_code"
"""The index that a second application of the same code violates."""


async def insert(connection: Connection, applications: Sequence[Application]) -> None:
    """Insert new applications with their machines. Raises UniqueViolationError on `CODE_TAKEN`."""
    await connection.executemany(
        """
        INSERT INTO applications (id, org_id, code, name, users, version, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [(one.id, one.org, one.code, one.name, one.users, one.version, one.recorded_at) for one in applications],
    )
    await _insert_machines(connection, applications)


async def update(connection: Connection, applications: Sequence[Application]) -> None:
    """Write the next versions of locked applications, their machines as a whole."""
    await connection.executemany(
        """
        UPDATE applications
        SET name = $2, users = $3, version = $4, recorded_at = $5, deleted_at = $6
        WHERE id = $1
        """,
        [
            (one.id, one.name, one.users, one.version, one.recorded_at, one.recorded_at if one.deleted else None)
            for one in applications
        ],
    )
    await connection.execute(
        "DELETE FROM application_machines WHERE application_id = ANY ($1::uuid[])", [one.id for one in applications]
    )
    await _insert_machines(connection, [one for one in applications if not one.deleted])


async def _insert_machines(connection: Connection, applications: Sequence[Application]) -> None:
    machines = [(one, machine) for one in applications for machine in one.machines]
    await connection.execute(
        """
        INSERT INTO application_machines (application_id, org_id, asset_id, valid, weight)
        SELECT application_id, org_id, asset_id, tstzrange(start, until), weight
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::float8[])
             AS new (application_id, org_id, asset_id, start, until, weight)
        """,
        [one.id for one, _ in machines],
        [one.org for one, _ in machines],
        [machine.asset_id for _, machine in machines],
        [machine.start for _, machine in machines],
        [machine.end for _, machine in machines],
        [machine.weight for _, machine in machines],
    )


async def find(connection: Connection, application_id: UUID, *, lock: bool = False) -> Application | None:
    """The application, or None when it is not known, deleted or not visible; locked against other writers on request."""
    rows = await connection.fetch(
        f"SELECT * FROM applications WHERE id = $1 AND deleted_at IS NULL {'FOR NO KEY UPDATE' if lock else ''}",
        application_id,
    )
    found = await _with_machines(connection, rows)
    return found[0] if found else None


async def lock_by_codes(
    connection: Connection, codes: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Application]:
    """The known and visible applications by (organisation, code), locked in order of id."""
    rows = await connection.fetch(
        """
        SELECT a.*
        FROM applications a
        JOIN unnest($1::text[], $2::text[]) AS wanted (org_id, code) USING (org_id, code)
        WHERE a.deleted_at IS NULL
        ORDER BY a.id
        FOR NO KEY UPDATE OF a
        """,
        [org for org, _ in codes],
        [code for _, code in codes],
    )
    return {(one.org, one.code): one for one in await _with_machines(connection, rows)}


async def lock_of_machine(connection: Connection, asset_id: UUID) -> list[Application]:
    """The visible applications that run, ran or will run on a machine, locked in order of id."""
    rows = await connection.fetch(
        """
        SELECT a.*
        FROM applications a
        WHERE a.deleted_at IS NULL
          AND a.id IN (SELECT application_id FROM application_machines WHERE asset_id = $1)
        ORDER BY a.id
        FOR NO KEY UPDATE OF a
        """,
        asset_id,
    )
    return await _with_machines(connection, rows)


async def serves_anything(connection: Connection, asset_id: UUID) -> bool:
    """Whether any application of any organisation runs, ran or will run on a machine."""
    return bool(await connection.fetchval("SELECT serves_anything($1)", asset_id))


async def list_applications(
    connection: Connection,
    org: str | None,
    code: str | None,
    search: str | None,
    machine: UUID | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Application]:
    """Up to `limit` applications by organisation and code, after one; `search` is a LIKE pattern on code and name."""
    rows = await connection.fetch(
        """
        SELECT *
        FROM applications a
        WHERE deleted_at IS NULL
          AND ($1::text IS NULL OR org_id = $1)
          AND ($2::text IS NULL OR code = $2)
          AND ($3::text IS NULL OR code || ' ' || name ILIKE $3)
          AND ($4::uuid IS NULL OR id IN (SELECT application_id FROM application_machines WHERE asset_id = $4))
          AND ($5::text IS NULL OR (org_id, code) > ($5, $6))
        ORDER BY org_id, code
        LIMIT $7
        """,
        org,
        code,
        search,
        machine,
        *(after or (None, None)),
        limit,
    )
    return await _with_machines(connection, rows)


async def stream(connection: Connection) -> AsyncIterator[Application]:
    """Every application, the longest unchanged first; deleted ones without machines."""
    async for row in connection.cursor("SELECT * FROM applications ORDER BY recorded_at, id"):
        [application] = await _with_machines(connection, [row])
        yield application


async def find_machines(connection: Connection, keys: Collection[AssetKey]) -> dict[AssetKey, KnownMachine]:
    """The known and visible assets among `keys`; they cannot be deleted until commit."""
    rows = await connection.fetch(
        """
        SELECT i.org_id, i.source, i.external_id, a.id,
               (SELECT min(lower(valid)) FROM asset_states WHERE asset_id = a.id AND upper_inf(known)) AS known_since
        FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (org_id, source, external_id)
        JOIN asset_identities i USING (org_id, source, external_id)
        JOIN assets a ON a.id = i.asset_id
        WHERE a.deleted_at IS NULL
        ORDER BY a.id
        FOR KEY SHARE OF a
        """,
        [key.org for key in keys],
        [key.source for key in keys],
        [key.external_id for key in keys],
    )
    return {
        AssetKey(row["org_id"], row["source"], row["external_id"]): KnownMachine(row["id"], row["known_since"])
        for row in rows
    }


async def _with_machines(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Application]:
    found = await connection.fetch(
        """
        SELECT application_id, asset_id, lower(valid) AS start, upper(valid) AS until, weight
        FROM application_machines
        WHERE application_id = ANY ($1::uuid[])
        ORDER BY application_id, asset_id, lower(valid)
        """,
        [row["id"] for row in rows],
    )
    machines: dict[UUID, list[Membership]] = defaultdict(list)
    for row in found:
        machines[row["application_id"]].append(Membership(row["asset_id"], row["start"], row["until"], row["weight"]))
    return [
        Application(
            row["id"],
            row["org_id"],
            row["code"],
            row["name"],
            row["users"],
            tuple(machines[row["id"]]),
            row["version"],
            row["recorded_at"],
            row["deleted_at"] is not None,
        )
        for row in rows
    ]
