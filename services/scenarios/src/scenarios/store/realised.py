"""What footprints and inventory tell of the assets of a plan's actions."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from common.database import Connection

from scenarios.domain.progress import Known

_FOOTPRINTS = """
SELECT number, month, sum(gwp_kg) AS kg
FROM (
    SELECT counted.number, result.asset_id, result.month, result.gwp_kg
    FROM unnest($1::integer[], $2::uuid[]) AS counted (number, asset_id)
    JOIN asset_months AS result ON result.asset_id = counted.asset_id
    WHERE result.org_id = $3 AND NOT result.deleted AND result.month BETWEEN $4 AND $5
    UNION
    SELECT counted.number, result.asset_id, result.month, result.gwp_kg
    FROM unnest($1::integer[], $2::uuid[]) AS counted (number, asset_id)
    JOIN asset_months AS result ON result.host_id = counted.asset_id
    WHERE result.org_id = $3 AND NOT result.deleted AND result.month BETWEEN $4 AND $5
) AS each_once
GROUP BY number, month
"""
"""An asset of an action, and what runs on it: each once an action, whichever way it comes in."""

_KNOWN = """
SELECT asset.id,
       CASE
           WHEN asset.timeline -> -1 ->> 'status' = 'retired' THEN left(asset.timeline -> -1 ->> 'from', 10)::date
           ELSE left(asset.timeline -> -1 ->> 'to', 10)::date
       END AS gone_on,
       asset.deleted,
       coalesce((
           SELECT array_agg(result.month)
           FROM asset_months AS result
           WHERE result.asset_id = asset.id AND NOT result.deleted AND result.month BETWEEN $3 AND $4
       ), '{}') AS months
FROM assets AS asset
WHERE asset.org_id = $1 AND asset.id = ANY ($2::uuid[])
"""


async def read_footprints(
    connection: Connection, org: str, members: Mapping[int, Sequence[UUID]], months: Sequence[date]
) -> dict[int, dict[date, float]]:
    """Kilograms by number of action and month, of its `members` and of the machines on them."""
    found: dict[int, dict[date, float]] = {number: {} for number in members}
    if not months:
        return found
    numbers = [number for number, refs in members.items() for _ in refs]
    refs = [ref for refs in members.values() for ref in refs]
    for row in await connection.fetch(_FOOTPRINTS, numbers, refs, org, months[0], months[-1]):
        found[row["number"]][row["month"]] = row["kg"]
    return found


async def read_known(
    connection: Connection, org: str, refs: Sequence[UUID], months: Sequence[date]
) -> dict[str, Known]:
    """By ref; of one that was never heard, or that inventory has deleted, nothing is known."""
    nothing = Known(frozenset(), None, False)
    found = {str(ref): nothing for ref in refs}
    if not months:
        return found
    for row in await connection.fetch(_KNOWN, org, refs, months[0], months[-1]):
        if not row["deleted"]:
            found[str(row["id"])] = Known(frozenset(row["months"]), row["gone_on"], True)
    return found
