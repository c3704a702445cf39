"""Writing results: the asset-months that changed, their figures, and the roll-up that follows them in the same transaction."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from common.database import Connection

from footprint.store import staging
from footprint.store.staging import FIGURE, HEADER, Change


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
    return {
        (row["asset_id"], row["month"]): Stored(
            row["version"],
            row["digest"],
            row["published"],
            row["removed"],
            row["org_id"],
            row["kind"],
            row["claims_digest"],
        )
        for row in rows
    }


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


async def write(connection: Connection, changes: Sequence[Change]) -> None:
    """Replace asset-months, their figures, and what they add to the roll-up."""
    await staging.stage(connection, changes)
    await _write_headers(connection)
    await _write_figures(connection, await _remove_figures(connection, changes))


async def _write_headers(connection: Connection) -> None:
    replaced = ", ".join(f"{name} = excluded.{name}" for name in HEADER.split(", ")[2:])
    await connection.execute(
        f"""
        INSERT INTO asset_months ({HEADER})
        SELECT {HEADER} FROM new_asset_months JOIN new_circumstances USING (circumstances)
        ON CONFLICT (asset_id, month) DO UPDATE
        SET {replaced}, computed_at = now()
        """
    )


_GROUP: Final = (
    "org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source"
)
"""The key of the roll-up."""

_AMOUNTS: Final = "billionths, figures, factor_weighted, source_weighted, source_squares"

_AMOUNTS_OF_A_FIGURE: Final = """
            billionths(value) AS billionths,
            1 AS figures,
            billionths(value * factor_ln_gsd2) AS factor_weighted,
            CASE WHEN source = '' THEN 0 ELSE billionths(value * source_ln_gsd2) END AS source_weighted,
            CASE WHEN source = '' THEN square_billionths(value * source_ln_gsd2) ELSE 0 END AS source_squares
"""


def _summed(sign: str = "") -> str:
    return ", ".join(f"{sign}sum({name}) AS {name}" for name in _AMOUNTS.split(", "))


def _added(table: str) -> str:
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in _AMOUNTS.split(", "))


async def _remove_figures(connection: Connection, changes: Sequence[Change]) -> Sequence[Any]:
    """Delete the figures of asset-months that were stored before; what that takes from each group of the roll-up."""
    old = [(change.result.asset.id, change.result.month) for change in changes if change.stored]
    if not old:
        return []
    return await connection.fetch(
        f"""
        WITH gone AS (
            DELETE FROM figures
            USING unnest($1::uuid[], $2::integer[]) AS named (asset_id, month)
            WHERE figures.asset_id = named.asset_id
              AND figures.month = named.month
              -- Said again as lists, which lead to the right partitions and into their indexes.
              AND figures.asset_id = ANY ($1::uuid[])
              AND figures.month = ANY ($2::integer[])
            RETURNING figures.*
        ), amounts AS (
            SELECT {_GROUP}, {_AMOUNTS_OF_A_FIGURE} FROM gone
        )
        SELECT {_GROUP}, {_summed()}
        FROM amounts
        GROUP BY {_GROUP}
        """,
        [asset for asset, _ in old],
        [month for _, month in old],
    )


async def _write_figures(connection: Connection, gone: Sequence[Any]) -> None:
    """Insert the new figures, and add to the roll-up what came less what went: one upsert, in the order of the key, so that two
    calculators of one organisation wait for each other and never lock crosswise."""
    await connection.execute(
        f"""
        WITH new AS (
            SELECT * FROM new_figures JOIN new_lines USING (line)
        ), stored AS (
            INSERT INTO figures ({FIGURE}) SELECT {FIGURE} FROM new
        ), came AS (
            -- By the number of the line, which is the key of the roll-up but for the month.
            SELECT month, line, {_summed()}
            FROM (SELECT month, line, {_AMOUNTS_OF_A_FIGURE} FROM new) AS amounts
            GROUP BY month, line
        ), difference AS (
            SELECT {_GROUP}, {_AMOUNTS}
            FROM came JOIN new_lines USING (line)
            UNION ALL
            SELECT {_GROUP}, {", ".join(f"-{name}" for name in _AMOUNTS.split(", "))}
            FROM unnest(
                $1::text[], $2::integer[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::smallint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::numeric[], $15::bigint[],
                $16::numeric[], $17::numeric[], $18::numeric[]
            ) AS gone ({_GROUP}, {_AMOUNTS})
        )
        INSERT INTO organisation_months ({_GROUP}, {_AMOUNTS})
        SELECT {_GROUP}, {_summed()}
        FROM difference
        GROUP BY {_GROUP}
        HAVING sum(billionths) <> 0 OR sum(figures) <> 0 OR sum(factor_weighted) <> 0
            OR sum(source_weighted) <> 0 OR sum(source_squares) <> 0
        ORDER BY {_GROUP}
        ON CONFLICT ({_GROUP}, restates) DO UPDATE
        SET {_added("organisation_months")}
        """,
        *([row[name] for row in gone] for name in (*_GROUP.split(", "), *_AMOUNTS.split(", "))),
    )
