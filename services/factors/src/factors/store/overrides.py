"""What organisations put in the place of public factors. Row-level security keeps each to its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
from common.database import Connection
from pydantic import TypeAdapter

from factors.domain.records import FactorContent, FactorVersion, Status
from factors.store.versions import next_revision

_CONTENT = TypeAdapter(FactorContent)

_COLUMNS = "org_id, id, version, status, content, author, reason, recorded_at"


@dataclass(frozen=True, slots=True)
class Override:
    """One version of one organisation's own value."""

    org: str
    version: FactorVersion


async def lock_organisation(connection: Connection, org: str) -> None:
    """Let no other transaction change the overrides of `org` until this one ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"overrides:{org}")


async def insert(connection: Connection, override: Override) -> None:
    """Write a version."""
    version = override.version
    await connection.execute(
        f"""
        INSERT INTO overrides ({_COLUMNS}, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        override.org,
        version.id,
        version.version,
        version.status.value,
        _CONTENT.dump_python(version.content, mode="json"),
        version.author,
        version.reason,
        version.recorded_at,
        await next_revision(connection),
    )


async def present(connection: Connection, org: str) -> list[Override]:
    """The last version of each override of an organisation, ended ones included, in the order of ids."""
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT ON (id) {_COLUMNS}
        FROM overrides
        WHERE org_id = $1
        ORDER BY id, version DESC
        """,
        org,
    )
    return [_to_override(row) for row in rows]


async def versions_of(connection: Connection, org: str, override_id: str) -> list[Override]:
    """Every version of an override, the newest first; empty when there is none."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM overrides
        WHERE org_id = $1
          AND id = $2
        ORDER BY version DESC
        """,
        org,
        override_id,
    )
    return [_to_override(row) for row in rows]


async def changed_since(connection: Connection, after_revision: int) -> AsyncIterator[tuple[int, Override]]:
    """The versions of later revisions than the one given, in their order, each after its revision."""
    cursor = connection.cursor(
        f"""
        SELECT revision, {_COLUMNS}
        FROM overrides
        WHERE revision > $1
        ORDER BY revision
        """,
        after_revision,
        prefetch=1000,
    )
    async for row in cursor:
        yield row["revision"], _to_override(row)


def _to_override(row: asyncpg.Record) -> Override:
    version = FactorVersion(
        id=row["id"],
        version=row["version"],
        status=Status(row["status"]),
        content=_CONTENT.validate_python(row["content"]),
        author=row["author"],
        reason=row["reason"],
        recorded_at=row["recorded_at"],
        published_by=row["author"],
    )
    return Override(row["org_id"], version)
