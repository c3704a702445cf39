"""The calculators' use case for closed months: what they find is recorded as restatements, told, and counted in the open month."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from common.database import Connection, Transaction
from common.events import Event

from footprint.documents import read_factor
from footprint.domain.catalogue import Factor, FactorRef
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset
from footprint.domain.months import month_start
from footprint.domain.restating import Closed, Found, Key, State, Used, moved, moved_claims, with_pinned_factors
from footprint.domain.results import AssetMonth
from footprint.events import period_changed
from footprint.store import answers, changes, periods, restated_claims
from footprint.store.periods import Restatement
from footprint.store.work import Seen


async def restate(
    unit: Transaction,
    assets: Sequence[Asset],
    world: World,
    found: Sequence[Found],
    seen: Seen,
    closed: Closed,
) -> list[Event]:
    """Record what was `found` of closed months, which this transaction holds closed, and return the events that tell it.

    `seen` is what was known when it was found.
    """
    if not found:
        return []
    connection = unit.connection
    before = await periods.states_before(connection, found)
    used = await restated_claims.used_before(connection, found)
    factors = await _factors(connection, before.values())
    restatements = await asyncio.to_thread(
        _restatements, assets, world, found, before, used, factors, seen.causes, closed
    )
    if not restatements:
        return []
    await periods.write_restatements(connection, restatements, seen.moment)
    touched = {(each.found.result.asset.org, each.found.result.month) for each in restatements}
    await periods.next_versions(connection, touched)
    by_org: dict[str, set[tuple[UUID | None, int]]] = {}
    for each in restatements:
        asset = each.found.result.asset
        by_org.setdefault(asset.org, set()).update({(asset.id, each.found.result.month), (asset.id, each.counted_in)})
    await changes.tell(unit, "period", by_org)
    return [period_changed(each) for each in await periods.documents(connection, touched)]


async def _factors(connection: Connection, states: Iterable[State]) -> dict[FactorRef, Factor]:
    named = sorted({reference for state in states for reference in state.references})
    found = await answers.factor_documents(connection, [each.id for each in named], [each.version for each in named])
    return {factor.ref: factor for factor in map(read_factor, found)}


def _restatements(
    assets: Sequence[Asset],
    world: World,
    found: Sequence[Found],
    before: Mapping[Key, State],
    used: Mapping[Key, Used],
    factors: Mapping[FactorRef, Factor],
    causes: Collection[str],
    closed: Closed,
) -> list[Restatement]:
    def recompute(references: frozenset[FactorRef], named: Collection[UUID], month: int) -> Iterable[AssetMonth]:
        pinned = world.pinned(factors[each] for each in sorted(references) if each in factors)
        asked = [asset for asset in assets if asset.id in named]
        stays = {segment.host for asset in asked for segment in asset.segments} - set(named)
        hosts = {asset.id: asset for asset in (*assets, *world.hosts.values()) if asset.id in stays}
        since = min(month_start(world.organisation(asset.org).time_zone, month) for asset in asked)
        return compute(asked, replace(pinned, hosts=hosts), since).results()

    pinned = with_pinned_factors(found, before, recompute)
    restatements = []
    for each in found:
        now = each.result.every_figure
        lines = moved(before[each.key], pinned.get(each.key, now), now, causes)
        claims = moved_claims(used[each.key], each.result.claimed)
        if lines or claims:
            counted_in = closed.through[each.result.asset.org] + 1
            restatements.append(Restatement(each, lines, claims, counted_in, sorted(causes)))
    return restatements
