"""Writing results: the asset-months that changed, their figures, and the roll-up that follows them in the same transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from common.database import Connection

from footprint.domain.catalogue import FactorRef
from footprint.domain.results import METHOD_VERSION, AssetMonth


class Stored(NamedTuple):
    """What is known of an asset-month that is already stored."""

    version: int
    digest: bytes
    published: bool
    removed: bool
    org: str
    kind: str
    claims_digest: bytes | None


@dataclass(frozen=True, slots=True)
class Change:
    """An asset-month to be written: `stored` when it was before, `removed` when it is no longer part of the timeline.

    `claims_digest` tells apart what applications use of it, None for nothing.
    """

    result: AssetMonth
    version: int
    digest: bytes
    stored: bool
    published: bool
    removed: bool
    claims_digest: bytes | None = None


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
    await _stage(connection, changes)
    await _write_headers(connection)
    await _write_figures(connection, await _remove_figures(connection, changes))


async def _stage(connection: Connection, changes: Sequence[Change]) -> None:
    """Bring the new rows in by COPY, the fastest way there is, which row-level security allows into temporary tables only."""
    await connection.execute(
        ";".join(
            f"CREATE TEMP TABLE IF NOT EXISTS new_{table} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
            for table in ("asset_months", "figures")
        )
    )
    await connection.copy_records_to_table(
        "new_asset_months", records=[_header(change) for change in changes], columns=_HEADER.split(", ")
    )
    await connection.copy_records_to_table(
        "new_figures",
        records=[
            (result.asset.id, result.month, result.asset.org, result.asset.kind, *figure)
            for result in (change.result for change in changes)
            for figure in result.figures
        ],
        columns=_FIGURE.split(", "),
    )


_HEADER: Final = (
    "asset_id, month, org_id, version, removed, published, digest, kind, quantity, status, site_id, host_id, kwh, "
    "embodied_evidence, energy_evidence, electricity_evidence, notices, factor_ids, factor_versions, method_version, claims_digest, "
    "life_start, spread_days"
)
_FIGURE: Final = (
    "asset_id, month, org_id, kind, stage, criterion, basis, share, site_id, scope, ghg_category, beges_item, value, ln_gsd2, "
    "factor, factor_ln_gsd2, source, source_ln_gsd2"
)


@lru_cache(maxsize=4096)
def _columns(references: tuple[FactorRef, ...]) -> tuple[list[str], list[int]]:
    """Ids and versions apart: the same few sets of factors stand behind very many results."""
    return [reference.id for reference in references], [reference.version for reference in references]


def _header(change: Change) -> tuple[Any, ...]:
    """The row of an asset-month, in the order of `_HEADER`."""
    result = change.result
    return (
        result.asset.id,
        result.month,
        result.asset.org,
        change.version,
        change.removed,
        change.published,
        change.digest,
        result.asset.kind,
        result.asset.quantity,
        result.status,
        result.site,
        result.host,
        result.kwh,
        result.embodied_evidence,
        result.energy_evidence,
        result.electricity_evidence,
        result.notices,
        *_columns(result.references),
        METHOD_VERSION,
        change.claims_digest,
        result.life_start,
        result.spread_days,
    )


async def _write_headers(connection: Connection) -> None:
    replaced = ", ".join(f"{name} = excluded.{name}" for name in _HEADER.split(", ")[2:])
    await connection.execute(
        f"""
        INSERT INTO asset_months ({_HEADER})
        SELECT {_HEADER} FROM new_asset_months
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
        WITH stored AS (
            INSERT INTO figures ({_FIGURE}) SELECT {_FIGURE} FROM new_figures
        ), difference AS (
            SELECT {_GROUP}, {_AMOUNTS_OF_A_FIGURE}
            FROM new_figures
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
