"""Writing results: the asset-months that changed, their figures, and the roll-up that follows them in the same transaction."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from common.database import Connection

from footprint.domain.results import AssetMonth
from footprint.store import staging
from footprint.store.staging import FIGURE, HEADER, LINE, NUMBERS, Change

NO_SITE: Final = UUID(int=0)


class Stored(NamedTuple):
    """What is known of an asset-month that is already stored."""

    version: int
    digest: bytes
    published: bool
    removed: bool
    org: str
    kind: str
    claims_digest: bytes | None


async def stored_months(
    connection: Connection, assets: Collection[UUID], first_month: int
) -> dict[tuple[UUID, int], Stored]:
    """Every asset-month stored of the assets from a month on."""
    rows = await connection.fetch(
        """
        SELECT asset_id, month, version, digest, published, removed, org_id, kind, claims_digest
        FROM asset_months
        WHERE asset_id = ANY($1::uuid[])
          AND month >= $2
        """,
        list(assets),
        first_month,
    )
    return {row[:2]: Stored._make(row[2:]) for row in rows}


async def ensure_partitions(connection: Connection, first_month: int, last_month: int) -> None:
    """Make sure that every month from the first to the last has its partitions."""
    await connection.execute("SELECT ensure_month_partitions($1, $2)", first_month, last_month)


async def mark_published(connection: Connection, keys: Sequence[tuple[UUID, int]]) -> None:
    """Note that the current versions of asset-months are on their way to the topic."""
    await connection.execute(
        """
        UPDATE asset_months
        SET published = true
        FROM unnest($1::uuid[], $2::integer[]) AS named (asset_id, month)
        WHERE asset_months.asset_id = named.asset_id
          AND asset_months.month = named.month
        """,
        [asset for asset, _ in keys],
        [month for _, month in keys],
    )


_PLANNED_ONCE: Final = """
    SET LOCAL plan_cache_mode = force_generic_plan;
    SET LOCAL enable_nestloop = off;
    SET LOCAL enable_mergejoin = off
"""
"""Planning takes longer than writing a few asset-months, and no plan depends on which ones they are: everything is joined by hash. In the
loops that the planner takes for few rows, every row of a large group would be compared with every line, or every circumstance."""


async def write(connection: Connection, changes: Sequence[Change]) -> None:
    """Put asset-months in the place of those stored; of figures what differs is written, of the roll-up what that adds and takes."""
    await staging.stage(connection, changes)
    await connection.execute(_PLANNED_ONCE)
    stored = [change.result for change in changes if change.stored]
    if stored:
        await _replace_headers(connection, stored)
    if len(stored) < len(changes):
        await _add_headers(connection)
    await _write_figures(connection, stored)


_CHANGED: Final = HEADER.split(", ")[2:]
"""What of an asset-month may change."""


async def _replace_headers(connection: Connection, stored: Sequence[AssetMonth]) -> None:
    await connection.execute(
        f"""
        UPDATE asset_months
        SET {", ".join(f"{name} = new.{name}" for name in _CHANGED)}, computed_at = now()
        FROM (SELECT * FROM new_asset_months JOIN new_circumstances USING (circumstances)) AS new
        WHERE asset_months.asset_id = new.asset_id
          AND asset_months.month = new.month
          -- What leads into the indexes, and to the right partitions.
          AND asset_months.asset_id = ANY ($1::uuid[])
          AND asset_months.month BETWEEN $2 AND $3
        """,
        *_keys(stored),
    )


async def _add_headers(connection: Connection) -> None:
    """Those that are there already have just been replaced."""
    await connection.execute(
        f"""
        INSERT INTO asset_months ({HEADER})
        SELECT {HEADER} FROM new_asset_months JOIN new_circumstances USING (circumstances)
        ON CONFLICT (asset_id, month) DO NOTHING
        """
    )


def _keys(results: Sequence[AssetMonth]) -> tuple[list[UUID], int, int]:
    """The assets, the first and the last month of results: by bounds a plan that is made once finds the partitions, by a list it reads
    them all."""
    months = [each.month for each in results]
    return sorted({each.asset.id for each in results}), min(months, default=0), max(months, default=-1)


_GROUP: Final = (
    "org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source"
)
"""The key of the roll-up."""

_AMOUNTS: Final = "billionths, figures, factor_weighted, source_weighted, source_squares, kwh"


def _whole(amount: str) -> str:
    """Its sum in whole billionths: of what is counted in integers, which add up in a third of the time of numerics, and of the rest."""
    return f"""(
        coalesce(sum(round(({amount}) * 1e9)::bigint) FILTER (WHERE abs({amount}) < 1e5), 0)
        + coalesce(sum(billionths({amount})) FILTER (WHERE abs({amount}) >= 1e5), 0)
    )"""


def _sums_of_figures(sign: str = "") -> str:
    """What figures add to a line of the roll-up, or take from it."""
    return f"""
        {sign}{_whole("value")} AS billionths,
        {sign}count(*) AS figures,
        {sign}{_whole("value * factor_ln_gsd2")} AS factor_weighted,
        {sign}{_whole("CASE WHEN source = '' THEN 0 ELSE value * source_ln_gsd2 END")} AS source_weighted,
        {sign}coalesce(sum(square_billionths(value * source_ln_gsd2)) FILTER (WHERE source = ''), 0) AS source_squares,
        {sign}sum(kwh) AS kwh
    """


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{name} AS {table}_{name}" for name in columns.split(", "))


def _back(table: str, columns: str) -> str:
    return ", ".join(f"{table}_{name} AS {name}" for name in columns.split(", "))


_SAME_LINE: Final = " AND ".join(f"new_lines.{name} = figures.{name}" for name in LINE.split(", ") if name != "site_id")


async def _write_figures(connection: Connection, stored: Sequence[AssetMonth]) -> None:
    """Change, add and remove the figures that differ from those stored, and add to the roll-up what came less what went: one upsert, in
    the order of the key, so that two calculators of one organisation wait for each other and never lock crosswise.

    A figure is told from others by its line: the number that what it is about has among the new ones, none where no new figure is about it.
    """
    mine = "figures.asset_id = ANY ($1::uuid[]) AND figures.month BETWEEN $2 AND $3"
    here = f"figures.asset_id = differing.asset_id AND figures.month = differing.month AND figures.ctid = differing.place AND {mine}"
    await connection.execute(
        f"""
        WITH old AS (
            SELECT figures.*, figures.ctid AS place, new_lines.line
            FROM figures
            JOIN new_asset_months USING (asset_id, month)
            LEFT JOIN new_lines
              ON {_SAME_LINE}
             AND coalesce(new_lines.site_id, $4) = coalesce(figures.site_id, $4)
            -- What leads into the indexes, and to the right partitions.
            WHERE {mine}
        ), differing AS MATERIALIZED (
            SELECT
                coalesce(new.asset_id, old.asset_id) AS asset_id,
                coalesce(new.month, old.month) AS month,
                new.line,
                old.place,
                {_of("old", f"line, {LINE}, {NUMBERS}")},
                {_of("new", NUMBERS)}
            FROM old
            FULL JOIN new_figures AS new ON new.asset_id = old.asset_id AND new.month = old.month AND new.line = old.line
            WHERE ({", ".join(f"old.{name}" for name in NUMBERS.split(", "))})
                IS DISTINCT FROM ({", ".join(f"new.{name}" for name in NUMBERS.split(", "))})
        ), changed AS (
            UPDATE figures
            SET {", ".join(f"{name} = new_{name}" for name in NUMBERS.split(", "))}
            FROM differing
            -- Where none is to be changed the figures are not read a second time: a factor of another name changes the line of each.
            WHERE differing.line IS NOT NULL AND differing.place IS NOT NULL AND {here}
        ), removed AS (
            DELETE FROM figures
            USING differing
            WHERE differing.line IS NULL AND {here}
        ), added AS (
            INSERT INTO figures ({FIGURE})
            SELECT asset_id, month, {LINE}, {", ".join(f"new_{name}" for name in NUMBERS.split(", "))}
            FROM differing JOIN new_lines USING (line)
            WHERE place IS NULL
        ), came AS (
            -- By the number of the line, which is the key of the roll-up but for the month.
            SELECT month, line, {_sums_of_figures()}
            FROM (SELECT month, line, {_back("new", NUMBERS)} FROM differing WHERE line IS NOT NULL) AS figure
            JOIN new_lines USING (line)
            GROUP BY month, line
        ), went AS (
            SELECT month, line, {_sums_of_figures("-")}
            FROM (
                SELECT month, line, {_back("old", NUMBERS)} FROM differing WHERE line IS NOT NULL AND place IS NOT NULL
            ) AS figure
            JOIN new_lines USING (line)
            GROUP BY month, line
        ), difference AS (
            SELECT {_GROUP}, {_AMOUNTS}
            FROM (TABLE came UNION ALL TABLE went) AS moved JOIN new_lines USING (line)
            UNION ALL
            SELECT {_GROUP}, {_sums_of_figures("-")}
            FROM (SELECT month, {_back("old", f"{LINE}, {NUMBERS}")} FROM differing WHERE line IS NULL) AS figure
            GROUP BY {_GROUP}
        )
        INSERT INTO organisation_months ({_GROUP}, {_AMOUNTS})
        SELECT {_GROUP}, {", ".join(f"sum({name}) AS {name}" for name in _AMOUNTS.split(", "))}
        FROM difference
        GROUP BY {_GROUP}
        HAVING sum(billionths) <> 0 OR sum(figures) <> 0 OR sum(factor_weighted) <> 0
            OR sum(source_weighted) <> 0 OR sum(source_squares) <> 0 OR sum(kwh) <> 0
        ORDER BY {_GROUP}
        ON CONFLICT ({_GROUP}, restates) DO UPDATE
        SET {", ".join(f"{name} = organisation_months.{name} + excluded.{name}" for name in _AMOUNTS.split(", "))}
        """,
        *_keys(stored),
        NO_SITE,
    )
