"""Every version of organisations, sites and applications, as it was written, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from common import json
from common.database import Connection

from inventory.domain.revision import NOBODY, Author


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
    document: dict[str, Any]
    author: Author = NOBODY


async def keep(connection: Connection, versions: Sequence[DocumentVersion]) -> None:
    """Write versions down, for good, as the work of whoever signed the transaction."""
    await connection.execute(
        """
        INSERT INTO document_versions (kind, id, org_id, version, recorded_at, document)
        SELECT kind, id, org_id, version, recorded_at, document::jsonb
        FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[])
             AS new (kind, id, org_id, version, recorded_at, document)
        """,
        [version.kind for version in versions],
        [version.id for version in versions],
        [version.org for version in versions],
        [version.version for version in versions],
        [version.recorded_at for version in versions],
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
            row["document"],
            Author(row["client"], row["import_id"]),
        )
        for row in rows
    ]
