"""Migrations: plain numbered SQL, forward only, each in its own transaction, one runner at a time.

A file that has run is never edited: its checksum is remembered and a difference stops the runner. Common's own files run first.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from common.database import connect

log = structlog.get_logger()

COMMON = Path(__file__).parent / "sql"

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql\Z")

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    source     text NOT NULL,
    number     integer NOT NULL,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, number)
)
"""


class MigrationError(RuntimeError):
    """A migration file that is misnamed, misnumbered, or differs from what has run."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `source` is `common` or the service, `number` its place, from 1 without gaps."""

    source: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's text, hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read(source: str, folder: Path) -> list[Migration]:
    """The migrations of `folder` in order. Raises `MigrationError` on a stray name or a gap in the numbers."""
    found = []
    for file in sorted(folder.glob("*.sql")):
        match = _NAME.match(file.name)
        if match is None:
            raise MigrationError(f"{source}: {file.name} is not named NNNN_what.sql")
        found.append(Migration(source, int(match[1]), file.name, file.read_text(encoding="utf-8")))
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(
            f"{source}: migrations are numbered {numbers}, expected 1 to {len(found)} without gap or double"
        )
    return found


async def migrate(url: str, service: str, folder: Path) -> list[str]:
    """Bring the schema of `service` up to date, as its owner, and return the names of the files that ran.

    Waits for another runner (advisory lock). A statement that cannot get its table lock within five seconds fails the migration
    rather than stop the traffic behind it; run it again. Raises `MigrationError` or asyncpg's error; a failed file leaves nothing.
    """
    connection = await connect(url, service)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", f"migrate:{service}")
        await connection.execute(_LEDGER)
        done = {
            (row["source"], row["number"]): row["checksum"]
            for row in await connection.fetch("SELECT source, number, checksum FROM schema_migrations")
        }
        ran = []
        for migration in [*read("common", COMMON), *read(service, folder)]:
            known = done.get((migration.source, migration.number))
            if known is None:
                await _apply(connection, migration)
                ran.append(f"{migration.source}/{migration.name}")
            elif known != migration.checksum:
                raise MigrationError(
                    f"{migration.source}/{migration.name} has been edited since it ran; write a new file instead"
                )
        log.info("schema.migrated", service=service, ran=ran)
        return ran
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '5s'")
        await connection.execute("SELECT set_config('app.orgs', '*', true)")
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migrations (source, number, name, checksum) VALUES ($1, $2, $3, $4)",
            migration.source,
            migration.number,
            migration.name,
            migration.checksum,
        )
