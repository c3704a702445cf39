"""Factors and their versions."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from common.database import Connection

from factors.domain.records import FactorContent, FactorVersion
from factors.domain.searching import search_text
from factors.store.rows import VERSION_COLUMNS, to_version, version_record

_SELECTED = ", ".join(VERSION_COLUMNS)

_REVISION_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('factor revisions', 0))"


@dataclass(frozen=True, slots=True)
class Origin:
    """What an author last said of a factor: its digest (None: nothing), and whether nobody changed the factor since."""

    digest: str | None
    is_latest: bool


async def next_versions(connection: Connection, factor_ids: Sequence[str]) -> dict[str, int]:
    """Take the next number of each factor, creating the factors that are new, and lock them until the transaction ends."""
    rows = await connection.fetch(
        """
        INSERT INTO factors (id, latest_version)
        SELECT id, 1
        FROM unnest($1::text[]) AS id
        ORDER BY id
        ON CONFLICT (id) DO UPDATE SET latest_version = factors.latest_version + 1
        RETURNING id, latest_version
        """,
        list(factor_ids),
    )
    return {row["id"]: row["latest_version"] for row in rows}


async def lock_factor(connection: Connection, factor_id: str) -> int | None:
    """The highest version number of a factor, which is locked until the transaction ends; None when there is none."""
    latest: int | None = await connection.fetchval(
        """
        SELECT latest_version
        FROM factors
        WHERE id = $1
        FOR UPDATE
        """,
        factor_id,
    )
    return latest


async def insert_versions(connection: Connection, new: Sequence[FactorVersion]) -> None:
    """Write new versions, all with one revision.

    Raises asyncpg.UniqueViolationError when a factor already has a published version, or an open draft.
    """
    revision = await next_revision(connection)
    columns = (*VERSION_COLUMNS, "revision", "digest", "search_text")
    records = [
        (*version_record(version), revision, version.content.digest(), search_text(version.id, version.content))
        for version in new
    ]
    await connection.copy_records_to_table("factor_versions", records=records, columns=columns)


async def next_revision(connection: Connection) -> int:
    """The next revision: larger than any that is committed or under way, since the lock is held until the end."""
    await connection.execute(_REVISION_LOCK)
    revision: int = await connection.fetchval("SELECT nextval('revisions')")
    return revision


async def supersede(connection: Connection, factor_ids: Iterable[str]) -> None:
    """Make the published versions of factors superseded."""
    await connection.execute(
        """
        UPDATE factor_versions
        SET status = 'superseded'
        WHERE factor_id = ANY ($1)
          AND status = 'published'
        """,
        list(factor_ids),
    )


async def settle_draft(connection: Connection, version: FactorVersion) -> None:
    """Give the open version of that number the status given, with who gave it and when."""
    await connection.execute(
        """
        UPDATE factor_versions
        SET status = $3, revision = $4, recorded_at = $5, published_by = $6
        WHERE factor_id = $1
          AND version = $2
          AND status IN ('draft', 'review')
        """,
        version.id,
        version.version,
        version.status.value,
        await next_revision(connection),
        version.recorded_at,
        version.published_by,
    )


async def check_one_answer(connection: Connection) -> None:
    """Check now what is otherwise checked at commit. Raises asyncpg.ExclusionViolationError when two answers overlap."""
    await connection.execute("SET CONSTRAINTS one_answer IMMEDIATE")


async def overlapping(connection: Connection, factor_id: str, content: FactorContent) -> str | None:
    """The id of another published factor that answers the same question on some of the same dates."""
    found: str | None = await connection.fetchval(
        """
        SELECT factor_id
        FROM factor_versions
        WHERE status = 'published'
          AND factor_id <> $1
          AND activity = $2
          AND criterion = $3
          AND (stage, region, perimeter, gwp_set) IS NOT DISTINCT FROM ($4::text, $5::text, $6::text, $7::text)
          AND daterange(valid_from, valid_to) && daterange($8::date, $9::date)
        ORDER BY factor_id
        LIMIT 1
        """,
        factor_id,
        content.activity,
        content.criterion,
        content.stage,
        content.region,
        content.perimeter,
        content.gwp_set,
        content.valid_from,
        content.valid_to,
    )
    return found


async def versions_of(connection: Connection, factor_id: str) -> list[FactorVersion]:
    """Every version of a factor, the newest first; empty when there is no such factor."""
    rows = await connection.fetch(
        f"""
        SELECT {_SELECTED}
        FROM factor_versions
        WHERE factor_id = $1
        ORDER BY version DESC
        """,
        factor_id,
    )
    return [to_version(row) for row in rows]


async def present_versions(connection: Connection, after_revision: int) -> AsyncIterator[tuple[int, FactorVersion]]:
    """The present versions (published or withdrawn) of later revisions than the one given, each after its revision."""
    cursor = connection.cursor(
        f"""
        SELECT revision, {_SELECTED}
        FROM factor_versions AS present
        WHERE status IN ('published', 'withdrawn')
          AND revision > $1
          AND NOT EXISTS (
              SELECT
              FROM factor_versions AS newer
              WHERE newer.factor_id = present.factor_id
                AND newer.version > present.version
                AND newer.status IN ('published', 'withdrawn')
          )
        ORDER BY revision, factor_id
        """,
        after_revision,
        prefetch=1000,
    )
    async for row in cursor:
        yield row["revision"], to_version(row)


async def published_about(
    connection: Connection, factor_ids: Sequence[str], activities: Sequence[str]
) -> list[FactorVersion]:
    """The published versions of these factors, and of any factor of these activities."""
    rows = await connection.fetch(
        f"""
        SELECT {_SELECTED}
        FROM factor_versions
        WHERE status = 'published'
          AND (factor_id = ANY ($1) OR activity = ANY ($2))
        ORDER BY factor_id
        """,
        list(factor_ids),
        list(activities),
    )
    return [to_version(row) for row in rows]


async def origins(connection: Connection, author: str) -> dict[str, Origin]:
    """What `author` last said of each factor."""
    rows = await connection.fetch(
        """
        SELECT factor.id, own.digest, own.version = factor.latest_version AS is_latest
        FROM factors AS factor
        LEFT JOIN LATERAL (
            SELECT digest, version
            FROM factor_versions
            WHERE factor_id = factor.id
              AND author = $1
            ORDER BY version DESC
            LIMIT 1
        ) AS own ON true
        """,
        author,
    )
    return {row["id"]: Origin(row["digest"], bool(row["is_latest"])) for row in rows}


async def published_by_others(connection: Connection, author: str) -> list[FactorVersion]:
    """The published versions that `author` did not write."""
    rows = await connection.fetch(
        f"""
        SELECT {_SELECTED}
        FROM factor_versions
        WHERE status = 'published'
          AND author <> $1
        ORDER BY factor_id
        """,
        author,
    )
    return [to_version(row) for row in rows]
