"""Known assets that a list of purchases may be of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.database import Connection


@dataclass(frozen=True, slots=True)
class Wanted:
    """By what a purchase names its asset; what it does not say is None."""

    org: str
    source: str | None
    serial: str | None
    external_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known asset that a purchase may be of, and by what it was found: `serial`, `external_id` or `name`."""

    by: str
    org: str
    source: str
    external_id: str
    kind: str
    details: Mapping[str, Any]


async def candidates(connection: Connection, wanted: Sequence[Wanted]) -> list[list[Candidate]]:
    """The assets that may be meant, for each of `wanted`.

    A serial number is the asset's own, or one of its names at any source, without regard to case, spaces and hyphens, as
    `store.merging` compares them. A name is compared without regard
    to case, and whole or up to its first point: an inventory says esx-1.acme.example where an invoice says ESX-1.
    """
    rows = await connection.fetch(
        """
        WITH wanted AS MATERIALIZED (
            SELECT ordinality - 1 AS index, org_id, source, serial, external_id, name
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
                 WITH ORDINALITY AS w (org_id, source, serial, external_id, name, ordinality)
        ),
        found AS (
            SELECT w.index, 'serial' AS by, i.asset_id
            FROM wanted w
            JOIN asset_identities i ON i.org_id = w.org_id AND likeness_key(i.external_id) = likeness_key(w.serial)
            UNION
            SELECT w.index, 'serial', a.id
            FROM wanted w
            JOIN assets a ON a.org_id = w.org_id AND a.deleted_at IS NULL
                         AND coalesce(a.details ->> 'serial_number', a.details -> 'tags' ->> 'serial') IS NOT NULL
                         AND likeness_key(coalesce(a.details ->> 'serial_number', a.details -> 'tags' ->> 'serial'))
                             = likeness_key(w.serial)
            UNION
            SELECT w.index, 'external_id', i.asset_id
            FROM wanted w JOIN asset_identities i ON i.org_id = w.org_id AND i.external_id = w.external_id
            UNION
            SELECT w.index, 'name', a.id
            FROM wanted w
            JOIN assets a ON a.org_id = w.org_id AND a.deleted_at IS NULL AND lower(a.name) = lower(w.name)
            UNION
            SELECT w.index, 'name', a.id
            FROM wanted w
            JOIN assets a ON a.org_id = w.org_id AND a.deleted_at IS NULL
                         AND split_part(lower(a.name), '.', 1) = lower(w.name)
        )
        SELECT f.index, f.by, a.org_id, a.source, a.external_id, a.kind, a.details
        FROM found f
        JOIN wanted w USING (index)
        JOIN assets a ON a.id = f.asset_id
        WHERE w.source IS NULL OR EXISTS (
            SELECT FROM asset_identities i WHERE i.asset_id = a.id AND i.source = w.source
        )
        ORDER BY f.index, a.source, a.external_id
        """,
        [one.org for one in wanted],
        [one.source for one in wanted],
        [one.serial for one in wanted],
        [one.external_id for one in wanted],
        [one.name for one in wanted],
    )
    found: list[list[Candidate]] = [[] for _ in wanted]
    for row in rows:
        found[row["index"]].append(
            Candidate(row["by"], row["org_id"], row["source"], row["external_id"], row["kind"], row["details"])
        )
    return found
