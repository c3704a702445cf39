"""Studies, their snapshots and alternatives."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record
from common import json
from common.database import Connection

from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.snapshot import Snapshot
from scenarios.domain.study import StudyDefinition

_COLUMNS = "id, org_id, definition, snapshot, version, created_at, updated_at"

_INSERT_STUDY = """
INSERT INTO studies (id, org_id, name, definition, snapshot, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, 1, 1, $5, $5)
"""

_UPDATE_STUDY = """
UPDATE studies
SET name = $2, definition = $3, snapshot = $4, version = version + 1, updated_at = $5
WHERE id = $1
"""

_LIST_STUDIES = f"""
SELECT {_COLUMNS}
FROM studies
WHERE ($1::text IS NULL OR org_id = $1) AND id > $2
ORDER BY id
LIMIT $3
"""

_INSERT_SNAPSHOT = """
INSERT INTO snapshots (study_id, number, org_id, taken_at, content)
VALUES ($1, $2, $3, $4, $5)
"""

_INSERT_ALTERNATIVE = """
INSERT INTO alternatives (id, study_id, org_id, name, offers, actions, version)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb, 1)
"""

_UPDATE_ALTERNATIVE = """
UPDATE alternatives
SET name = $2, offers = $3::text::jsonb, actions = $4::text::jsonb, version = version + 1
WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class Study:
    """A stored study; `snapshot` is the number of the one that counts."""

    id: UUID
    org: str
    definition: StudyDefinition
    snapshot: int
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Alternative:
    """A stored alternative."""

    id: UUID
    study_id: UUID
    spec: AlternativeSpec
    version: int


async def insert_study(
    connection: Connection, study_id: UUID, definition: StudyDefinition, snapshot: Snapshot, now: datetime
) -> None:
    """Keep a new study with its first snapshot."""
    await connection.execute(_INSERT_STUDY, study_id, definition.org, definition.name, _written(definition), now)
    await insert_snapshot(connection, study_id, 1, definition.org, snapshot, now)


async def insert_snapshot(
    connection: Connection, study_id: UUID, number: int, org: str, snapshot: Snapshot, now: datetime
) -> None:
    """Keep a snapshot under its number."""
    await connection.execute(_INSERT_SNAPSHOT, study_id, number, org, now, snapshot.model_dump(mode="json"))


async def update_study(
    connection: Connection, study_id: UUID, definition: StudyDefinition, snapshot: int, now: datetime
) -> None:
    """Keep a changed study; its version rises."""
    await connection.execute(_UPDATE_STUDY, study_id, definition.name, _written(definition), snapshot, now)


async def find_study(connection: Connection, study_id: UUID, *, lock: bool = False) -> Study | None:
    """The study, if the transaction may see it."""
    query = f"SELECT {_COLUMNS} FROM studies WHERE id = $1"
    row = await connection.fetchrow(query + (" FOR UPDATE" if lock else ""), study_id)
    return None if row is None else _study(row)


async def list_studies(connection: Connection, org: str | None, after: UUID, limit: int) -> list[Study]:
    """Studies by id, after the given one."""
    return [_study(row) for row in await connection.fetch(_LIST_STUDIES, org, after, limit)]


async def read_snapshot(connection: Connection, study_id: UUID, number: int) -> tuple[Snapshot, datetime]:
    """A snapshot and when it was taken."""
    row = await connection.fetchrow(
        "SELECT content, taken_at FROM snapshots WHERE study_id = $1 AND number = $2", study_id, number
    )
    assert row is not None, f"study {study_id} has no snapshot {number}"
    return Snapshot.model_validate(row["content"]), row["taken_at"]


async def list_alternatives(connection: Connection, study_id: UUID) -> list[Alternative]:
    """The alternatives of a study, in the order they were made."""
    rows = await connection.fetch("SELECT * FROM alternatives WHERE study_id = $1 ORDER BY position", study_id)
    return [_alternative(row) for row in rows]


async def find_alternative(connection: Connection, alternative_id: UUID) -> Alternative | None:
    """An alternative, locked, if the transaction may see it."""
    row = await connection.fetchrow("SELECT * FROM alternatives WHERE id = $1 FOR UPDATE", alternative_id)
    return None if row is None else _alternative(row)


async def insert_alternative(
    connection: Connection, alternative_id: UUID, study: Study, alternative: AlternativeSpec
) -> None:
    """Keep a new alternative of `study`."""
    await connection.execute(_INSERT_ALTERNATIVE, alternative_id, study.id, study.org, *_columns(alternative))


async def update_alternative(connection: Connection, alternative_id: UUID, alternative: AlternativeSpec) -> None:
    """Keep a changed alternative; its version rises."""
    await connection.execute(_UPDATE_ALTERNATIVE, alternative_id, *_columns(alternative))


async def delete_alternative(connection: Connection, alternative_id: UUID) -> None:
    """Forget an alternative; runs that used it keep what they froze."""
    await connection.execute("DELETE FROM alternatives WHERE id = $1", alternative_id)


def _written(document: StudyDefinition | AlternativeSpec) -> dict[str, Any]:
    return document.model_dump(mode="json", by_alias=True)


def _columns(alternative: AlternativeSpec) -> tuple[str, str, str]:
    written = _written(alternative)
    return alternative.name, json.dumps_text(written["offers"]), json.dumps_text(written["actions"])


def _study(row: Record) -> Study:
    return Study(
        row["id"],
        row["org_id"],
        StudyDefinition.model_validate(row["definition"]),
        row["snapshot"],
        row["version"],
        row["created_at"],
        row["updated_at"],
    )


def _alternative(row: Record) -> Alternative:
    spec = AlternativeSpec.model_validate({name: row[name] for name in ("name", "offers", "actions")})
    return Alternative(row["id"], row["study_id"], spec, row["version"])
