"""Factors as this service keeps them: organisations' own, frozen releases, and the catalogues that computations are done with."""

from collections.abc import Collection, Sequence
from typing import Any

from common.database import Connection

from footprint.documents import factor_document, read_factor, read_override
from footprint.domain.catalogue import Catalogue, Catalogues
from footprint.events import OverrideChanged, ReleaseFrozen
from footprint.store.moments import rows_of


async def keep_overrides(connection: Connection, heard: Sequence[OverrideChanged]) -> list[str]:
    """Store versions not yet known; the organisations for which something is new."""
    rows = await connection.fetch(
        """
        INSERT INTO overrides (org_id, id, version, status, activity, region, document)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
        ON CONFLICT (org_id, id, version) DO UPDATE
        SET status = excluded.status,
            document = excluded.document
        WHERE overrides.status <> excluded.status
          AND excluded.status = 'withdrawn'
        RETURNING org_id
        """,
        [each.org for each in heard],
        [each.id for each in heard],
        [each.version for each in heard],
        [each.status for each in heard],
        [each.activity for each in heard],
        [each.region for each in heard],
        [factor_document(each) for each in heard],
    )
    if rows:
        await moved(connection)
    return sorted({row["org_id"] for row in rows})


async def keep_releases(connection: Connection, heard: Sequence[ReleaseFrozen]) -> list[str]:
    """Store parts not yet known; the organisations that are pinned to a release that they bring."""
    rows = await connection.fetch(
        """
        INSERT INTO release_parts (name, part, parts)
        SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[])
        ON CONFLICT DO NOTHING
        RETURNING name, part
        """,
        [each.name for each in heard],
        [each.part for each in heard],
        [each.parts for each in heard],
    )
    new = {(row["name"], row["part"]) for row in rows}
    factors = [(each.name, factor) for each in heard if (each.name, each.part) in new for factor in each.factors]
    await connection.execute(
        """
        INSERT INTO release_factors (name, id, version, document)
        SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::jsonb[])
        ON CONFLICT DO NOTHING
        """,
        [name for name, _ in factors],
        [factor.id for _, factor in factors],
        [factor.version for _, factor in factors],
        [factor_document(factor) for _, factor in factors],
    )
    if not new:
        return []
    await moved(connection)
    pinned = await connection.fetch(
        "SELECT org_id FROM organisation_settings WHERE factor_release = ANY($1::text[])",
        sorted({name for name, _ in new}),
    )
    return [row["org_id"] for row in pinned]


async def moved(connection: Connection) -> None:
    """Note that catalogues are others now: whoever has read them reads them again."""
    await connection.execute("UPDATE catalogue_revision SET revision = revision + 1")


async def complete_releases(connection: Connection) -> list[str]:
    """The names of releases of which every part was heard."""
    rows = await connection.fetch(
        "SELECT name FROM release_parts GROUP BY name HAVING count(*) = max(parts) ORDER BY name"
    )
    return [row["name"] for row in rows]


class CatalogueReader:
    """Reads the catalogues, and again only when their revision moved."""

    def __init__(self) -> None:
        self._revision = -1
        self._catalogues = Catalogues(Catalogue())

    @property
    def has_read(self) -> bool:
        """Whether the catalogues were ever read."""
        return self._revision >= 0

    @property
    def known(self) -> Catalogues:
        """The catalogues as last read."""
        return self._catalogues

    async def read(self, connection: Connection) -> Catalogues:
        """The catalogues as `connection`, which sees every organisation, sees them.

        The present one holds of each factor its newest version that is no draft, if that one is published.
        """
        revision = await connection.fetchval("SELECT revision FROM catalogue_revision")
        if revision != self._revision:
            self._catalogues = await _read(connection)
            self._revision = revision
        return self._catalogues


async def catalogues_at(connection: Connection, moment: str, orgs: Collection[str]) -> Catalogues:
    """The catalogues with which organisations were computed at a moment, as `connection`, which sees every organisation, sees them."""
    return await _read(connection, moment, orgs)


async def _read(connection: Connection, moment: str | None = None, orgs: Collection[str] | None = None) -> Catalogues:
    among = None if orgs is None else list(orgs)
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT ON (id) status, document
        FROM {rows_of("factors", moment)}
        WHERE status <> 'draft'
        ORDER BY id, version DESC
        """
    )
    present = Catalogue(read_factor(row["document"]) for row in rows if row["status"] == "published")
    bases = {
        row["org_id"]: row["factor_release"]
        for row in await connection.fetch(
            f"""
            SELECT org_id, factor_release
            FROM {rows_of("organisation_settings", moment)}
            WHERE factor_release IS NOT NULL
              AND ($1::text[] IS NULL OR org_id = ANY ($1))
            """,
            among,
        )
    }
    releases = {name: await _release(connection, name) for name in sorted(set(bases.values()))}
    overrides: dict[str, list[Any]] = {}
    for row in await connection.fetch(
        f"""
        SELECT DISTINCT ON (org_id, id) *
        FROM {rows_of("overrides", moment)}
        WHERE $1::text[] IS NULL OR org_id = ANY ($1)
        ORDER BY org_id, id, version DESC
        """,
        among,
    ):
        if row["status"] == "published":
            overrides.setdefault(row["org_id"], []).append(row)
    own: dict[str, Catalogue] = {}
    for org in sorted({*bases, *overrides}):
        base = releases[bases[org]] if org in bases else present
        own[org] = base.with_own(map(read_override, overrides[org])) if org in overrides else base
    return Catalogues(present, own)


async def _release(connection: Connection, name: str) -> Catalogue:
    rows = await connection.fetch("SELECT document FROM release_factors WHERE name = $1 ORDER BY id, version", name)
    return Catalogue(read_factor(row["document"]) for row in rows)


async def settings_of(connection: Connection, org: str) -> Any:
    """What an organisation has decided, as a row; None where nothing."""
    return await connection.fetchrow("SELECT * FROM organisation_settings WHERE org_id = $1", org)


async def pin(connection: Connection, org: str, release: str | None, by: str) -> int:
    """Have an organisation computed with a release, or with the present catalogue; the new version of its settings."""
    version: int = await connection.fetchval(
        """
        INSERT INTO organisation_settings (org_id, version, factor_release, changed_by)
        VALUES ($1, 1, $2, $3)
        ON CONFLICT (org_id) DO UPDATE
        SET version = organisation_settings.version + 1,
            factor_release = excluded.factor_release,
            changed_by = excluded.changed_by,
            changed_at = now()
        RETURNING version
        """,
        org,
        release,
        by,
    )
    await moved(connection)
    return version
