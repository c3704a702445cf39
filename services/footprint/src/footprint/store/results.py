"""Writing results: the asset-months that changed, their figures, and the roll-up that follows them in the same transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from common.database import Connection

from footprint.domain.results import METHOD_VERSION, AssetMonth


class Stored(NamedTuple):
    """What is known of an asset-month that is already stored."""

    version: int
    digest: bytes
    published: bool
    removed: bool
    org: str
    kind: str


@dataclass(frozen=True, slots=True)
class Change:
    """An asset-month to be written: `removed` when it is no longer part of the timeline."""

    result: AssetMonth
    version: int
    digest: bytes
    published: bool
    removed: bool


async def stored_months(connection: Connection, assets: Collection[UUID]) -> dict[tuple[UUID, int], Stored]:
    """Every asset-month stored of the assets."""
    rows = await connection.fetch(
        """
        SELECT asset_id, month, version, digest, published, removed, org_id, kind
        FROM asset_months
        WHERE asset_id = ANY($1::uuid[])
        """,
        list(assets),
    )
    return {
        (row["asset_id"], row["month"]): Stored(
            row["version"], row["digest"], row["published"], row["removed"], row["org_id"], row["kind"]
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
    await _write_headers(connection, changes)
    gone = await _remove_figures(connection, changes)
    await _write_figures(connection, changes, gone)


async def _write_headers(connection: Connection, changes: Sequence[Change]) -> None:
    results = [change.result for change in changes]
    await connection.execute(
        """
        INSERT INTO asset_months (
            asset_id, month, org_id, version, removed, published, digest, kind, quantity, status, site_id, host_id, kwh,
            embodied_evidence, energy_evidence, electricity_evidence, notices, factor_ids, factor_versions, method_version
        )
        SELECT
            asset_id, month, org_id, version, removed, published, digest, kind, quantity, status, site_id, host_id, kwh,
            embodied_evidence, energy_evidence, electricity_evidence, notices, string_to_array(factor_ids, ' '),
            string_to_array(factor_versions, ' ')::integer[], $20
        FROM unnest(
            $1::uuid[], $2::integer[], $3::text[], $4::integer[], $5::boolean[], $6::boolean[], $7::bytea[], $8::text[],
            $9::double precision[], $10::text[], $11::uuid[], $12::uuid[], $13::double precision[], $14::text[], $15::text[],
            $16::text[], $17::integer[], $18::text[], $19::text[]
        ) AS came (
            asset_id, month, org_id, version, removed, published, digest, kind, quantity, status, site_id, host_id, kwh,
            embodied_evidence, energy_evidence, electricity_evidence, notices, factor_ids, factor_versions
        )
        ON CONFLICT (asset_id, month) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            removed = excluded.removed,
            published = excluded.published,
            digest = excluded.digest,
            kind = excluded.kind,
            quantity = excluded.quantity,
            status = excluded.status,
            site_id = excluded.site_id,
            host_id = excluded.host_id,
            kwh = excluded.kwh,
            embodied_evidence = excluded.embodied_evidence,
            energy_evidence = excluded.energy_evidence,
            electricity_evidence = excluded.electricity_evidence,
            notices = excluded.notices,
            factor_ids = excluded.factor_ids,
            factor_versions = excluded.factor_versions,
            method_version = excluded.method_version,
            computed_at = now()
        """,
        [each.asset.id for each in results],
        [each.month for each in results],
        [each.asset.org for each in results],
        [change.version for change in changes],
        [change.removed for change in changes],
        [change.published for change in changes],
        [change.digest for change in changes],
        [each.asset.kind for each in results],
        [each.asset.quantity for each in results],
        [each.status for each in results],
        [each.site for each in results],
        [each.host for each in results],
        [each.kwh for each in results],
        [each.embodied_evidence for each in results],
        [each.energy_evidence for each in results],
        [each.electricity_evidence for each in results],
        [int(each.notices) for each in results],
        [" ".join(reference.id for reference in each.references) for each in results],
        [" ".join(str(reference.version) for reference in each.references) for each in results],
        METHOD_VERSION,
    )


_GROUP: Final = "org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item"
"""The key of the roll-up."""


async def _remove_figures(connection: Connection, changes: Sequence[Change]) -> Sequence[Any]:
    """Delete the figures of asset-months that were stored before; what that takes from each group of the roll-up."""
    old = [(change.result.asset.id, change.result.month) for change in changes if change.version > 1]
    if not old:
        return []
    return await connection.fetch(
        f"""
        WITH gone AS (
            DELETE FROM figures
            USING unnest($1::uuid[], $2::integer[]) AS named (asset_id, month)
            WHERE figures.asset_id = named.asset_id
              AND figures.month = named.month
            RETURNING figures.*
        )
        SELECT {_GROUP}, sum(billionths(value)) AS billionths, count(*) AS figures
        FROM gone
        GROUP BY {_GROUP}
        """,
        [asset for asset, _ in old],
        [month for _, month in old],
    )


async def _write_figures(connection: Connection, changes: Sequence[Change], gone: Sequence[Any]) -> None:
    """Insert the new figures, and add to the roll-up what came less what went: one upsert, in the order of the key, so that two
    calculators of one organisation wait for each other and never lock crosswise."""
    rows = [
        (result.asset.id, result.month, result.asset.org, result.asset.kind, *figure)
        for result in (change.result for change in changes)
        for figure in result.figures
    ]
    if not rows and not gone:
        return
    asset, month, org, kind, stage, criterion, basis, share, site, scope, category, item, value, spread = (
        zip(*rows, strict=True) if rows else ([] for _ in range(14))
    )
    await connection.execute(
        f"""
        WITH came AS (
            SELECT *
            FROM unnest(
                $1::uuid[], $2::integer[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
                $10::smallint[], $11::text[], $12::text[], $13::double precision[], $14::double precision[]
            ) AS figure (
                asset_id, month, org_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, value, ln_gsd2
            )
        ), stored AS (
            INSERT INTO figures (
                asset_id, month, org_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, value, ln_gsd2
            )
            SELECT * FROM came
        ), difference AS (
            SELECT {_GROUP}, billionths(value) AS billionths, 1 AS figures
            FROM came
            UNION ALL
            SELECT {_GROUP}, -billionths, -figures
            FROM unnest(
                $15::text[], $16::integer[], $17::text[], $18::uuid[], $19::text[], $20::text[], $21::text[], $22::text[],
                $23::smallint[], $24::text[], $25::text[], $26::numeric[], $27::bigint[]
            ) AS gone ({_GROUP}, billionths, figures)
        )
        INSERT INTO organisation_months ({_GROUP}, billionths, figures)
        SELECT {_GROUP}, sum(billionths), sum(figures)
        FROM difference
        GROUP BY {_GROUP}
        HAVING sum(billionths) <> 0 OR sum(figures) <> 0
        ORDER BY {_GROUP}
        ON CONFLICT ({_GROUP}) DO UPDATE
        SET billionths = organisation_months.billionths + excluded.billionths,
            figures = organisation_months.figures + excluded.figures
        """,
        *(
            list(column)
            for column in (
                asset,
                month,
                org,
                kind,
                site,
                stage,
                criterion,
                basis,
                share,
                scope,
                category,
                item,
                value,
                spread,
            )
        ),
        *([row[name] for row in gone] for name in (*_GROUP.split(", "), "billionths", "figures")),
    )
