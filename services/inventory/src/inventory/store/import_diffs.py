"""What imports would do to what is known, and what is known and no longer in their files."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common import json
from common.database import Connection

from inventory.domain.planning import HostFacts
from inventory.domain.record import AssetKey
from inventory.domain.vocabulary import Kind, Status
from inventory.store.imports import Import


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing of an import's diff. `result`: created, updated, unchanged or missing."""

    result: str
    entity: str
    org: str
    source: str
    external_id: str
    kind: str | None
    name: str | None
    entity_id: UUID
    changes: Sequence[Mapping[str, Any]] = ()
    position: int = 0


async def insert(connection: Connection, job: Import, differences: Sequence[Difference]) -> None:
    """Keep differences, in this order."""
    await connection.execute(
        """
        INSERT INTO import_diffs
            (import_id, org_id, result, entity, of_org, source, external_id, kind, name, entity_id, changes)
        SELECT $1, $2, result, entity, of_org, source, external_id, kind, name, entity_id, changes::jsonb
        FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[],
                    $11::text[])
             AS new (result, entity, of_org, source, external_id, kind, name, entity_id, changes)
        """,
        job.id,
        job.org,
        [difference.result for difference in differences],
        [difference.entity for difference in differences],
        [difference.org for difference in differences],
        [difference.source for difference in differences],
        [difference.external_id for difference in differences],
        [difference.kind for difference in differences],
        [difference.name for difference in differences],
        [difference.entity_id for difference in differences],
        [json.dumps_text(list(difference.changes)) for difference in differences],
    )


async def insert_missing(connection: Connection, job: Import, at: datetime) -> int:
    """Keep the assets that are known from the sources of the files and are not in them; how many.

    Only of the kinds that the files hold, and only those that have not left at `at`. A refused row is in the file.
    """
    status = await connection.execute(
        """
        WITH scopes AS MATERIALIZED (
            SELECT DISTINCT content ->> 'org' AS org, content ->> 'source' AS source, content ->> 'kind' AS kind
            FROM import_rows
            WHERE import_id = $1 AND entity IN ('asset', 'charge')
        ),
        known AS MATERIALIZED (
            SELECT i.org_id, i.source, i.external_id, i.asset_id, s.kind,
                   concat_ws(chr(31), 'asset', i.org_id, i.source, i.external_id) AS told_as
            FROM scopes s
            JOIN asset_identities i ON i.org_id = s.org AND i.source = s.source
        )
        INSERT INTO import_diffs (import_id, org_id, result, entity, of_org, source, external_id, kind, name, entity_id)
        SELECT $1, $2, 'missing', 'asset', a.org_id, i.source, i.external_id, a.kind, a.name, a.id
        FROM known i
        JOIN assets a ON a.id = i.asset_id AND a.kind = i.kind AND a.deleted_at IS NULL
        WHERE NOT EXISTS (
              SELECT FROM import_rows r
              WHERE r.import_id = $1 AND r.rank = ANY ('{0,1,2,3}')
                AND r.asset = i.told_as
          )
          AND NOT EXISTS (
              SELECT FROM import_rejects r
              WHERE r.import_id = $1 AND r.asset = i.told_as
          )
          AND NOT EXISTS (
              SELECT FROM asset_states t
              WHERE t.asset_id = a.id AND upper_inf(t.known) AND t.valid @> $3::timestamptz AND t.status = $4
          )
        ORDER BY i.org_id, i.source, i.external_id
        """,
        job.id,
        job.org,
        at,
        Status.RETIRED,
    )
    return int(status.rpartition(" ")[2])


async def foreseen_hosts(connection: Connection, job: Import, keys: Collection[AssetKey]) -> dict[AssetKey, HostFacts]:
    """Those of `keys` that the import would create."""
    ordered = list(keys)
    rows = await connection.fetch(
        """
        SELECT of_org, source, external_id, entity_id, kind
        FROM import_diffs
        JOIN unnest($2::text[], $3::text[], $4::text[]) AS wanted (of_org, source, external_id)
             USING (of_org, source, external_id)
        WHERE import_id = $1 AND entity = 'asset' AND result = 'created'
        """,
        job.id,
        [key.org for key in ordered],
        [key.source for key in ordered],
        [key.external_id for key in ordered],
    )
    return {
        AssetKey(row["of_org"], row["source"], row["external_id"]): HostFacts(row["entity_id"], Kind(row["kind"]))
        for row in rows
    }


async def foreseen_sites(
    connection: Connection, job: Import, codes: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """Those sites, by organisation and code, that the import would create."""
    ordered = list(codes)
    rows = await connection.fetch(
        """
        SELECT of_org, external_id, entity_id
        FROM import_diffs
        JOIN unnest($2::text[], $3::text[]) AS wanted (of_org, external_id) USING (of_org, external_id)
        WHERE import_id = $1 AND entity = 'site' AND result = 'created'
        """,
        job.id,
        [org for org, _ in ordered],
        [code for _, code in ordered],
    )
    return {(row["of_org"], row["external_id"]): row["entity_id"] for row in rows}


async def names(connection: Connection, job: Import, ids: Collection[UUID]) -> dict[UUID, str]:
    """What assets and sites are called, known ones and such as the import would create: `source/external_id`, or the code."""
    rows = await connection.fetch(
        """
        SELECT id, source || '/' || external_id AS name FROM assets WHERE id = ANY ($2::uuid[])
        UNION ALL
        SELECT id, code FROM sites WHERE id = ANY ($2::uuid[])
        UNION ALL
        SELECT entity_id, CASE entity WHEN 'site' THEN external_id ELSE source || '/' || external_id END
        FROM import_diffs
        WHERE import_id = $1 AND entity_id = ANY ($2::uuid[]) AND result = 'created'
        """,
        job.id,
        list(ids),
    )
    return {row["id"]: row["name"] for row in rows}


async def page(connection: Connection, import_id: UUID, result: str | None, after: int, limit: int) -> list[Difference]:
    """Up to `limit` differences in the order in which they were found, after a position."""
    rows = await connection.fetch(
        """
        SELECT result, entity, of_org AS org, source, external_id, kind, name, entity_id, changes, position
        FROM import_diffs
        WHERE import_id = $1 AND ($2::text IS NULL OR result = $2) AND position > $3
        ORDER BY position
        LIMIT $4
        """,
        import_id,
        result,
        after,
        limit,
    )
    return [Difference(**dict(row)) for row in rows]
