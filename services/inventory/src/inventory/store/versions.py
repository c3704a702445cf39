"""Every version of organisations, sites and applications, as it was written, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from common import json
from common.database import Connection

from inventory.domain.revision import Author


class DocumentKind(StrEnum):
    """What a document is of."""

    ORGANISATION = "organisation"
    SITE = "site"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A document as it was from `recorded_at` on."""

    kind: DocumentKind
    id: str
    org: str
    version: int
    recorded_at: datetime
    author: Author
    document: dict[str, Any]


async def keep(connection: Connection, versions: Sequence[DocumentVersion]) -> None:
    """Write versions down, for good."""
    await connection.execute(
        """
        INSERT INTO document_versions (kind, id, org_id, version, recorded_at, client, import_id, document)
        SELECT kind, id, org_id, version, recorded_at, client, import_id, document::jsonb
        FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::uuid[], $8::text[])
             AS new (kind, id, org_id, version, recorded_at, client, import_id, document)
        """,
        [version.kind for version in versions],
        [version.id for version in versions],
        [version.org for version in versions],
        [version.version for version in versions],
        [version.recorded_at for version in versions],
        [version.author.client for version in versions],
        [version.author.import_id for version in versions],
        [json.dumps_text(version.document) for version in versions],
    )


async def history(connection: Connection, kind: DocumentKind, document_id: str) -> list[DocumentVersion]:
    """All versions of a document, first to last."""
    rows = await connection.fetch(
        "SELECT * FROM document_versions WHERE kind = $1 AND id = $2 ORDER BY version", kind, document_id
    )
    return [
        DocumentVersion(
            DocumentKind(row["kind"]),
            row["id"],
            row["org_id"],
            row["version"],
            row["recorded_at"],
            Author(row["client"], row["import_id"]),
            row["document"],
        )
        for row in rows
    ]


async def as_known_at(
    connection: Connection, kind: DocumentKind, document_id: str | UUID, moment: datetime
) -> DocumentVersion | None:
    """The version that was the current one at `moment`, or None when it was not known then."""
    known = [one for one in await history(connection, kind, str(document_id)) if one.recorded_at <= moment]
    return known[-1] if known else None
