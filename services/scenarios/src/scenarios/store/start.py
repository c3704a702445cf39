"""What a study starts from: an organisation's assets with their newest footprints, its sites, and the factors in force."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from asyncpg import Record
from common.database import Connection

from scenarios.domain.description import Refused
from scenarios.domain.snapshot import FactorUsed, Heard, HeardAsset, HeardMonth, HeardSite
from scenarios.store import releases

_ASSETS_OF = """
SELECT asset.id, asset.kind, asset.quantity, asset.planned_life_years, asset.acquired, asset.declared, asset.support,
       asset.tags, asset.timeline,
       coalesce(footprint.months, '{}') AS months, footprint.kwh, footprint.construction_kg, footprint.maintenance_kg,
       footprint.embodied_kg, footprint.embodied_left_kg
FROM assets AS asset
LEFT JOIN (
    SELECT asset_id,
           array_agg(month ORDER BY month DESC) AS months,
           array_agg(kwh ORDER BY month DESC) AS kwh,
           array_agg(construction_kg ORDER BY month DESC) AS construction_kg,
           array_agg(maintenance_kg ORDER BY month DESC) AS maintenance_kg,
           array_agg(embodied_kg ORDER BY month DESC) AS embodied_kg,
           array_agg(embodied_left_kg ORDER BY month DESC) AS embodied_left_kg
    FROM (
        SELECT result.asset_id, result.month, result.kwh, result.embodied_kg, result.embodied_left_kg,
               (SELECT coalesce(sum((stage ->> 'value')::double precision), 0)
                FROM jsonb_array_elements(result.stages) AS stage
                WHERE stage ->> 'criterion' = 'gwp'
                AND stage ->> 'stage' IN ('manufacturing', 'transport', 'end_of_life')) AS construction_kg,
               (SELECT coalesce(sum((stage ->> 'value')::double precision), 0)
                FROM jsonb_array_elements(result.stages) AS stage
                WHERE stage ->> 'criterion' = 'gwp' AND stage ->> 'stage' = 'maintenance_and_sale') AS maintenance_kg
        FROM asset_months AS result
        WHERE result.org_id = $1 AND NOT result.deleted AND result.month BETWEEN $2 AND $3
    ) AS newest
    GROUP BY asset_id
) AS footprint ON footprint.asset_id = asset.id
WHERE asset.org_id = $1 AND NOT asset.deleted
ORDER BY asset.id
"""

_SITES_OF = "SELECT id, coalesce(code, name) AS code, country, region, pue FROM sites WHERE org_id = $1 AND NOT deleted"

_NEWEST_MONTH = """
SELECT coalesce(max(month) FILTER (WHERE month < date_trunc('month', $2::date)), max(month))
FROM asset_months
WHERE org_id = $1 AND NOT deleted
"""
"""What happens after the start belongs to the scenarios; only where nothing is known before it does it tell the starting point."""

_FACTORS_IN_FORCE = """
SELECT id, version, activity, region, valid_from, valid_to, value, perimeter
FROM factors
WHERE status = 'published' AND criterion IN ('gwp', 'parameter')
  AND (
      activity = 'electricity' AND perimeter IN ('production', 'direct', 'upstream', 'losses')
      OR activity LIKE 'life.%' OR activity LIKE 'embodied.%'
  )
ORDER BY id
"""
"""Electricity in the perimeters that footprints are computed with: that of consumption holds them all, and counts beside none."""

MONTHS_READ = 14
"""Twelve settled months, the one under way, and the one before the first."""


async def read_heard(connection: Connection, org: str, start: date, release: str | None) -> Heard:
    """All that a study of `org` that begins on `start` may need, with the factors in force or those of a release.

    Raises `Refused` when the release is not known, or not all of it was heard yet.
    """
    newest = await connection.fetchval(_NEWEST_MONTH, org, start) or date(1990, 1, 1)
    assets = await connection.fetch(_ASSETS_OF, org, _months_before(newest, MONTHS_READ - 1), newest)
    sites = await connection.fetch(_SITES_OF, org)
    factors = await _factors(connection, release)
    return Heard(
        assets=[_asset(row, start) for row in assets if row["timeline"]],
        sites={row["id"]: HeardSite(**row) for row in sites},
        factors=factors,
    )


async def _factors(connection: Connection, release: str | None) -> list[FactorUsed]:
    if release is None:
        return [FactorUsed(**row) for row in await connection.fetch(_FACTORS_IN_FORCE)]
    found = await releases.factors_of(connection, release)
    if found is None:
        raise Refused(
            "release", "unknown_release", f"no release {release!r} of factors was heard, or not all of it yet"
        )
    return found


def _months_before(month: date, count: int) -> date:
    years, index = divmod(month.year * 12 + month.month - 1 - count, 12)
    return date(years, index + 1, 1)


def _asset(row: Record, start: date) -> HeardAsset:
    segments = row["timeline"]
    segment = next((each for each in reversed(segments) if each["from"][:10] <= start.isoformat()), segments[0])
    acquired, declared, support = row["acquired"] or {}, row["declared"] or {}, row["support"] or {}
    allocation = segment.get("allocation") or {}
    ended = segment["to"] is not None and segment["to"][:10] <= start.isoformat()
    watts, annual_kwh = declared.get("average_w"), declared.get("annual_kwh")
    return HeardAsset(
        id=row["id"],
        kind=row["kind"],
        quantity=row["quantity"],
        status="retired" if ended else segment["status"],
        site_id=UUID(segment["site_id"]) if segment.get("site_id") else None,
        host_id=UUID(segment["host_id"]) if segment.get("host_id") else None,
        entered_on=date.fromisoformat(acquired.get("on") or segments[0]["from"][:10]),
        age_then_years=float(acquired.get("age_years") or 0.0),
        planned_life_years=row["planned_life_years"],
        declared_annual_kwh=watts * 8.76 if annual_kwh is None and watts is not None else annual_kwh,
        declared_embodied_kg=declared.get("embodied_kg"),
        support_eur_per_year=Decimal(support.get("eur_per_year") or 0),
        price_eur=Decimal(acquired.get("price_eur") or 0),
        tags=row["tags"],
        vcpu=float(allocation.get("vcpu") or 0) * row["quantity"],
        ram_gib=float(allocation.get("ram_gib") or 0) * row["quantity"],
        months=[
            HeardMonth(*month)
            for month in zip(
                row["months"],
                row["kwh"] or (),
                row["construction_kg"] or (),
                row["maintenance_kg"] or (),
                row["embodied_kg"] or (),
                row["embodied_left_kg"] or (),
                strict=True,
            )
        ],
    )
