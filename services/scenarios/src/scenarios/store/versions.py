"""The versions of studies, and with whom a study is shared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common import json
from common.database import Connection

from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.study import StudyDefinition
from scenarios.store.studies import Study

_INSERT_VERSION = """
INSERT INTO study_versions (study_id, number, org_id, recorded_at, recorded_by, change, definition, alternatives, snapshot)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9)
"""

_LIST_VERSIONS = """
SELECT number, recorded_at, recorded_by, change, snapshot
FROM study_versions
WHERE study_id = $1
ORDER BY number DESC
"""

_FIND_VERSION = """
SELECT number, recorded_at, recorded_by, change, snapshot, definition, alternatives
FROM study_versions
WHERE study_id = $1 AND number = $2
"""

_SHARE = """
INSERT INTO study_shares (study_id, org_id, with_org, shared_at, shared_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (study_id, with_org) DO NOTHING
"""

_LIST_SHARES = """
SELECT with_org AS org, shared_at, shared_by
FROM study_shares
WHERE study_id = $1
ORDER BY with_org
"""


@dataclass(frozen=True, slots=True)
class VersionLine:
    """When a version of a study came to be, by whom and through what change; `snapshot` is the one that counted."""

    number: int
    recorded_at: datetime
    recorded_by: str
    change: str
    snapshot: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version, whole."""

    line: VersionLine
    definition: StudyDefinition
    alternatives: Sequence[AlternativeSpec]


@dataclass(frozen=True, slots=True)
class Share:
    """An organisation that may read the study."""

    org: str
    shared_at: datetime
    shared_by: str


async def insert_version(
    connection: Connection, study: Study, alternatives: Sequence[AlternativeSpec], change: str, by: str, now: datetime
) -> None:
    """Keep the study as it is under its version."""
    await connection.execute(
        _INSERT_VERSION,
        study.id,
        study.version,
        study.org,
        now,
        by,
        change,
        study.definition.model_dump(mode="json", by_alias=True),
        json.dumps_text([each.model_dump(mode="json", by_alias=True) for each in alternatives]),
        study.snapshot,
    )


async def list_versions(connection: Connection, study_id: UUID) -> list[VersionLine]:
    """All versions, newest first."""
    return [VersionLine(**row) for row in await connection.fetch(_LIST_VERSIONS, study_id)]


async def find_version(connection: Connection, study_id: UUID, number: int) -> Version | None:
    """One version, whole."""
    row = await connection.fetchrow(_FIND_VERSION, study_id, number)
    if row is None:
        return None
    line = VersionLine(row["number"], row["recorded_at"], row["recorded_by"], row["change"], row["snapshot"])
    alternatives = [AlternativeSpec.model_validate(each) for each in row["alternatives"]]
    return Version(line, StudyDefinition.model_validate(row["definition"]), alternatives)


async def share(connection: Connection, study: Study, with_org: str, by: str, now: datetime) -> None:
    """Let another organisation read the study; once more changes nothing."""
    await connection.execute(_SHARE, study.id, study.org, with_org, now, by)


async def unshare(connection: Connection, study_id: UUID, with_org: str) -> None:
    """Let it read the study no more."""
    await connection.execute("DELETE FROM study_shares WHERE study_id = $1 AND with_org = $2", study_id, with_org)


async def list_shares(connection: Connection, study_id: UUID) -> list[Share]:
    """Who may read it beside its owner."""
    return [Share(**row) for row in await connection.fetch(_LIST_SHARES, study_id)]
