"""What a year's report is made of, read in one snapshot within the organisations of the caller."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from common.database import Connection


async def organisation(connection: Connection, org: str) -> Any:
    """The organisation's row; None where it is not known, or not to be seen."""
    return await connection.fetchrow("SELECT * FROM organisations WHERE org_id = $1 AND NOT deleted", org)


async def lines(connection: Connection, org: str, first: int, last: int, names: Mapping[UUID, str]) -> list[Any]:
    """Everything the months hold, from the roll-up: billionths by month, what they correct, site (by its name, else its id), kind and
    reporting line; those of one stand together, one for each factor and source, which its interval needs. `restated`: what of them
    corrects a closed month."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT
            rolled.month, rolled.restates, coalesce(sites.name, rolled.site_id::text) AS site, rolled.kind, rolled.stage, rolled.criterion,
            rolled.basis, rolled.share, rolled.scope, rolled.ghg_category, rolled.beges_item, rolled.factor, rolled.source,
            sum(rolled.billionths) AS billionths,
            CASE WHEN rolled.restates IS NULL THEN 0 ELSE sum(rolled.billionths) END AS restated,
            sum(rolled.figures)::bigint AS figures,
            CASE WHEN rolled.basis <> 'both' THEN sum(rolled.kwh) END AS kwh,
            (sum(rolled.factor_weighted) / 1e9)::double precision AS factor_weighted,
            (sum(rolled.source_weighted) / 1e9)::double precision AS source_weighted,
            (sum(rolled.source_squares) / 1e18)::double precision AS source_squares
        FROM organisation_months AS rolled
        LEFT JOIN unnest($4::uuid[], $5::text[]) AS sites (id, name) ON sites.id = rolled.site_id
        WHERE rolled.org_id = $1
          AND rolled.month BETWEEN $2 AND $3
          AND rolled.figures > 0
          AND rolled.criterion <> 'energy'
        GROUP BY
            rolled.month, rolled.restates, sites.name, rolled.site_id, rolled.kind, rolled.stage, rolled.criterion, rolled.basis,
            rolled.share, rolled.scope, rolled.ghg_category, rolled.beges_item, rolled.factor, rolled.source
        ORDER BY
            rolled.criterion, rolled.month, rolled.restates NULLS FIRST, site, rolled.kind, rolled.stage, rolled.basis,
            rolled.share, rolled.scope, rolled.ghg_category, rolled.beges_item, rolled.factor, rolled.source
        """,
        org,
        first,
        last,
        list(names),
        list(names.values()),
    )
    return rows


async def sites(connection: Connection, org: str) -> list[Any]:
    """The sites of an organisation."""
    rows: list[Any] = await connection.fetch(
        "SELECT id, org_id, region, document FROM sites WHERE org_id = $1 AND NOT deleted ORDER BY document ->> 'code'",
        org,
    )
    return rows


async def evidence(connection: Connection, org: str, first: int, last: int) -> list[Any]:
    """How many asset-months rest on which evidence, by kind."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT kind, embodied_evidence, energy_evidence, electricity_evidence, count(*) AS asset_months
        FROM asset_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND NOT removed
        GROUP BY kind, embodied_evidence, energy_evidence, electricity_evidence
        ORDER BY kind, embodied_evidence, energy_evidence, electricity_evidence
        """,
        org,
        first,
        last,
    )
    return rows


async def notices(connection: Connection, org: str, first: int, last: int) -> list[Any]:
    """How many asset-months carry which warnings."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT notices, count(*) AS asset_months
        FROM asset_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND NOT removed
          AND notices <> 0
        GROUP BY notices
        """,
        org,
        first,
        last,
    )
    return rows


async def factors(connection: Connection, org: str, first: int, last: int) -> list[Any]:
    """The documents of the factor versions that the months name, with how many asset-months name each."""
    rows: list[Any] = await connection.fetch(
        """
        WITH sets AS (
            SELECT factor_ids, factor_versions, count(*) AS asset_months
            FROM asset_months
            WHERE org_id = $1
              AND month BETWEEN $2 AND $3
              AND NOT removed
            GROUP BY factor_ids, factor_versions
        ), named AS (
            SELECT id, version, sum(asset_months)::bigint AS asset_months
            FROM sets, unnest(factor_ids, factor_versions) AS used (id, version)
            GROUP BY id, version
        )
        SELECT named.id, named.version, named.asset_months, factors.document
        FROM named
        LEFT JOIN factors ON factors.id = named.id AND factors.version = named.version
        ORDER BY named.id, named.version
        """,
        org,
        first,
        last,
    )
    return rows


async def methods(connection: Connection, org: str, first: int, last: int) -> list[Any]:
    """The versions of the method that the months were computed by."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT method_version, min(month) AS first, max(month) AS last, count(*) AS asset_months
        FROM asset_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND NOT removed
        GROUP BY method_version
        ORDER BY method_version
        """,
        org,
        first,
        last,
    )
    return rows
