"""What was heard. A row gives way only to a higher version, so order and repetition of events cannot harm it.

Lists within a document travel as JSON text: the driver would take a list of lists for an array of two dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from common import json
from common.database import Connection

from scenarios.events import AssetChanged, AssetMonthChanged, FactorChanged, SiteChanged

_KEEP_SITES = """
INSERT INTO sites (id, org_id, name, country, region, pue, version, deleted, code)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]::jsonb[], $7::integer[],
                     $8::boolean[], $9::text[])
ON CONFLICT (id) DO UPDATE
SET org_id = excluded.org_id, name = excluded.name, country = excluded.country, region = excluded.region,
    pue = excluded.pue, version = excluded.version, deleted = excluded.deleted, code = excluded.code
WHERE sites.version < excluded.version
"""

_KEEP_ASSETS = """
INSERT INTO assets (id, org_id, kind, name, quantity, planned_life_years, acquired, declared, support, timeline,
                    version, deleted, tags)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::double precision[],
                     $7::jsonb[], $8::jsonb[], $9::jsonb[], $10::text[]::jsonb[], $11::integer[], $12::boolean[],
                     $13::jsonb[])
ON CONFLICT (id) DO UPDATE
SET org_id = excluded.org_id, kind = excluded.kind, name = excluded.name, quantity = excluded.quantity,
    planned_life_years = excluded.planned_life_years, acquired = excluded.acquired, declared = excluded.declared,
    support = excluded.support, timeline = excluded.timeline, version = excluded.version, deleted = excluded.deleted,
    tags = excluded.tags
WHERE assets.version < excluded.version
"""

_KEEP_FACTORS = """
INSERT INTO factors (id, activity, criterion, stage, value, unit, region, valid_from, valid_to, perimeter, status, version)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::double precision[], $6::text[], $7::text[],
                     $8::date[], $9::date[], $10::text[], $11::text[], $12::integer[])
ON CONFLICT (id) DO UPDATE
SET activity = excluded.activity, criterion = excluded.criterion, stage = excluded.stage, value = excluded.value,
    unit = excluded.unit, region = excluded.region, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
    perimeter = excluded.perimeter, status = excluded.status, version = excluded.version
WHERE factors.version < excluded.version
"""

_KEEP_ASSET_MONTHS = """
INSERT INTO asset_months (asset_id, month, org_id, kind, site_id, kwh, stages, version, deleted, host_id, gwp_kg,
                          embodied_kg, embodied_left_kg)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::uuid[], $6::double precision[],
                     $7::text[]::jsonb[], $8::integer[], $9::boolean[], $10::uuid[], $11::double precision[],
                     $12::double precision[], $13::double precision[])
ON CONFLICT (asset_id, month) DO UPDATE
SET org_id = excluded.org_id, kind = excluded.kind, site_id = excluded.site_id, kwh = excluded.kwh,
    stages = excluded.stages, version = excluded.version, deleted = excluded.deleted, host_id = excluded.host_id,
    gwp_kg = excluded.gwp_kg, embodied_kg = excluded.embodied_kg, embodied_left_kg = excluded.embodied_left_kg
WHERE asset_months.version < excluded.version
"""

_COUNT_ASSETS = """
SELECT kind, sum(quantity)::bigint AS quantity
FROM assets
WHERE org_id = $1 AND NOT deleted
GROUP BY kind
ORDER BY kind
"""

_COUNT_SITES = "SELECT count(*) FROM sites WHERE org_id = $1 AND NOT deleted"

_MONTHS_KNOWN = """
SELECT min(month) AS first, max(month) AS last
FROM asset_months
WHERE org_id = $1 AND NOT deleted
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known of an organisation: pieces of kit by kind, sites, and the months whose footprint has been heard."""

    quantity_by_kind: dict[str, int]
    sites: int
    first_month: date | None
    last_month: date | None


async def keep_sites(connection: Connection, documents: Sequence[SiteChanged]) -> None:
    """Keep each site whose version is higher than the one here."""
    await connection.execute(
        _KEEP_SITES,
        [site.id for site in documents],
        [site.org for site in documents],
        [site.name for site in documents],
        [site.country for site in documents],
        [site.region for site in documents],
        [json.dumps_text(site.pue) for site in documents],
        [site.version for site in documents],
        [site.deleted for site in documents],
        [site.code for site in documents],
    )


async def keep_assets(connection: Connection, documents: Sequence[AssetChanged]) -> None:
    """Keep each asset whose version is higher than the one here."""
    await connection.execute(
        _KEEP_ASSETS,
        [asset.id for asset in documents],
        [asset.org for asset in documents],
        [asset.kind for asset in documents],
        [asset.name for asset in documents],
        [asset.quantity for asset in documents],
        [asset.planned_life_years for asset in documents],
        [asset.acquired for asset in documents],
        [asset.declared for asset in documents],
        [asset.support for asset in documents],
        [
            json.dumps_text([segment.model_dump(mode="json", by_alias=True) for segment in asset.timeline])
            for asset in documents
        ],
        [asset.version for asset in documents],
        [asset.deleted for asset in documents],
        [asset.tags for asset in documents],
    )


async def keep_factors(connection: Connection, documents: Sequence[FactorChanged]) -> None:
    """Keep each factor whose version is higher than the one here."""
    await connection.execute(
        _KEEP_FACTORS,
        [factor.id for factor in documents],
        [factor.activity for factor in documents],
        [factor.criterion for factor in documents],
        [factor.stage for factor in documents],
        [factor.value for factor in documents],
        [factor.unit for factor in documents],
        [factor.region for factor in documents],
        [factor.valid_from for factor in documents],
        [factor.valid_to for factor in documents],
        [factor.perimeter for factor in documents],
        [factor.status for factor in documents],
        [factor.version for factor in documents],
    )


async def keep_asset_months(connection: Connection, documents: Sequence[AssetMonthChanged]) -> None:
    """Keep each asset's month whose version is higher than the one here."""
    await connection.execute(
        _KEEP_ASSET_MONTHS,
        [result.asset_id for result in documents],
        [result.month for result in documents],
        [result.org for result in documents],
        [result.kind for result in documents],
        [result.site_id for result in documents],
        [result.kwh for result in documents],
        [json.dumps_text(result.started_from) for result in documents],
        [result.version for result in documents],
        [result.deleted for result in documents],
        [result.host_id for result in documents],
        [result.gwp_kg for result in documents],
        [result.embodied_kg for result in documents],
        [result.embodied_left_kg for result in documents],
    )


async def read_scope(connection: Connection, org: str) -> Scope:
    """What is known of `org`; all zero and None for an organisation of which nothing was heard."""
    kinds = await connection.fetch(_COUNT_ASSETS, org)
    months = await connection.fetchrow(_MONTHS_KNOWN, org)
    assert months is not None
    return Scope(
        quantity_by_kind={row["kind"]: row["quantity"] for row in kinds},
        sites=await connection.fetchval(_COUNT_SITES, org),
        first_month=months["first"],
        last_month=months["last"],
    )
