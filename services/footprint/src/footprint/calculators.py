"""The calculators: take marked assets, compute them from one snapshot, store and publish what changed.

Why any interleaving ends in the same result: an asset is computed by one calculator at a time (its row in `calculations` is locked); the
snapshot begins after that lock is held, so of two computations of an asset the later one sees at least what the earlier saw; a mark is
cleared only when its cause was in the snapshot; and the figures depend on nothing but the snapshot and the month it is.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog
from common import json
from common.database import Database, Transaction
from common.events import Event
from common.failures import is_transient
from common.garbage import collection_paused
from common.organisations import EVERY
from common.pause import Turn
from common.wakeup import Wakeup

from footprint.digests import Digest, claims_digest_of
from footprint.domain.difference import EVER
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset, Organisation
from footprint.domain.months import current_month, month_at
from footprint.domain.restating import NOTHING_CLOSED, Closed, Found, Key, Latest
from footprint.domain.results import AssetMonth
from footprint.domain.seasons import Moved, seasons_moved
from footprint.events import asset_month_changed, describe
from footprint.restating import restate
from footprint.store import changes, claims, periods, picture, results, seasons, work
from footprint.store.catalogues import CatalogueReader
from footprint.store.heard import BULK, MARKS_CHANNEL
from footprint.store.results import Stored
from footprint.store.staging import Change

log = structlog.get_logger()

MARKS = 100
"""Marks taken at a time. Work is taken in pieces small enough for a live change never to wait long behind one."""

POLL_S = 1.0

VERSIONS_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
VERSIONS_PER_S = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a computation leads to: rows to write, events to publish, and rows that are only published now."""

    changes: list[Change]
    events: list[Event]
    published: list[tuple[UUID, int]]
    claims: list[Change] = field(default_factory=list)
    """Asset-months of which applications use something else than is stored."""
    closed: list[Found] = field(default_factory=list)
    """What is known now of closed months, where it is not what was known: to be restated."""

    seasons: list[Moved] = field(default_factory=list)
    """By how much seasons move what is projected of the assets."""

    def touched(self) -> dict[str, set[tuple[UUID | None, int]]]:
        """The assets and months that change, by organisation."""
        found: dict[str, set[tuple[UUID | None, int]]] = {}
        for change in self.changes:
            found.setdefault(change.result.asset.org, set()).add((change.result.asset.id, change.result.month))
        return found


class Calculator:
    """One calculator; any number may run, in any number of processes."""

    def __init__(self, database: Database, clock: Callable[[], datetime], pause_s: float = 0.0) -> None:
        """`pause_s`: how long nothing must have been marked in bulk before bulk work begins."""
        self._database = database
        self._pause_s = pause_s
        self._clock = clock
        self._catalogue = CatalogueReader()
        self._partitioned: set[int] = set()

    async def run(self, url: str, stop: asyncio.Event) -> None:
        """Work until stopped; woken by each commit that marks something."""
        async with Wakeup(url, self._database, MARKS_CHANNEL) as wakeup:
            while not stop.is_set():
                turn = Turn()
                if done := await self.step():
                    await turn.over(done, stop)
                else:
                    await wakeup.wait(self._pause_s if await self._something_waits() else POLL_S)

    async def _something_waits(self) -> bool:
        async with self._database.snapshot(EVERY) as connection:
            return await work.is_waiting(connection)

    async def step(self) -> int:
        """Widen waiting changes, or compute one group of assets; how much was done, 0 when nothing waits."""
        async with self._database.transaction(EVERY) as unit:
            if await work.has_changes(unit.connection):
                return await work.widen_changes(unit.connection)
            taken = await work.take(unit.connection, MARKS, self._pause_s)
            if taken is None:
                return 0
            try:
                outcomes = [await self._settle(unit, taken.assets)]
            except Exception as error:
                if is_transient(error):
                    raise
                log.warning("assets.one_by_one", assets=len(taken.assets), reason=repr(error))
                outcomes = [found for asset in taken.assets if (found := await self._settle_alone(unit, asset))]
        log.info(
            "assets.computed",
            assets=len(taken.assets),
            changed=sum(len(each.changes) for each in outcomes),
            published=sum(len(each.events) for each in outcomes),
            bulk=taken.priority == BULK,
        )
        return len(taken.assets)

    async def _settle(self, unit: Transaction, ids: Sequence[UUID]) -> Outcome:
        """Compute locked assets and clear the marks seen; when that fails, `unit` is as it was before."""
        with collection_paused():
            return await self._settled(unit, ids)

    async def _settled(self, unit: Transaction, ids: Sequence[UUID]) -> Outcome:
        async with self._database.snapshot(EVERY) as snapshot:
            seen = await work.marks_seen(snapshot, ids)
            assets = await picture.read_assets(snapshot, ids)
            world = await picture.read_world(snapshot, assets, await self._catalogue.read(snapshot), self._clock())
        async with unit.connection.transaction():
            closed = await periods.hold_open(unit.connection, ids)
            world = await periods.with_closed_lives(unit.connection, world, assets)
            stored = await results.stored_months(unit.connection, ids, first_month(world, seen.since))
            outcome = await asyncio.to_thread(decide, assets, world, stored, seen.since, closed)
            await self._ensure_partitions(change.result.month for change in outcome.changes)
            if outcome.changes:
                await results.write(unit.connection, outcome.changes)
            await changes.tell(unit, "figures", outcome.touched())
            if outcome.claims:
                await claims.write(unit.connection, outcome.claims)
            if outcome.published:
                await results.mark_published(unit.connection, outcome.published)
            restated = await restate(unit, assets, world, outcome.closed, seen, closed)
            if outcome.seasons or await seasons.any_of(unit.connection, ids):
                await seasons.write(unit.connection, begins(ids, assets, world, seen.since), outcome.seasons)
            await work.settle(unit.connection, ids, seen.marks)
        unit.publish(*outcome.events, *restated)
        return outcome

    async def _settle_alone(self, unit: Transaction, asset: UUID) -> Outcome | None:
        """Compute one locked asset; None when that fails for good: its marks known before are set aside, later ones stay."""
        before = await work.marks_seen(unit.connection, [asset])
        try:
            return await self._settle(unit, [asset])
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("asset.failed", asset=str(asset), reason=repr(error))
            await work.set_aside(unit.connection, asset, before.marks, repr(error))
            return None

    async def _ensure_partitions(self, months: Iterable[int]) -> None:
        missing = set(months) - self._partitioned
        if missing:
            async with self._database.transaction(EVERY) as unit:
                await results.ensure_partitions(unit.connection, min(missing), max(missing))
            self._partitioned |= set(range(min(missing), max(missing) + 1))


def first_month(world: World, since: int) -> int:
    """The first month, in any time zone, that holds the Unix second `since` or lies after it."""
    zones = {each.time_zone for each in world.organisations.values()} | {Organisation("").time_zone}
    return min(month_at(zone, since) for zone in zones) if since > EVER else 0


def first_month_of(world: World, org: str, since: int) -> int:
    """The same in the time zone of an organisation."""
    return month_at(world.organisation(org).time_zone, since) if since > EVER else 0


def begins(ids: Sequence[UUID], assets: Sequence[Asset], world: World, since: int) -> dict[UUID, int]:
    """The first month that is computed of each asset since a Unix second; of one that is gone, in any zone."""
    orgs = {each.id: each.org for each in assets}
    first = first_month(world, since)
    return {each: first_month_of(world, orgs[each], since) if each in orgs else first for each in ids}


def decide(
    assets: Sequence[Asset],
    world: World,
    stored: Mapping[tuple[UUID, int], Stored],
    since: int = EVER,
    closed: Closed = NOTHING_CLOSED,
) -> Outcome:
    """Compute the months of `assets` since a Unix second and compare with what is `stored` of them.

    Only what differs is written, only elapsed and current months are published. Closed months are never written: what differs of them is
    told apart.
    """
    with collection_paused():
        return _decide(assets, world, stored, since, closed)


def _decide(
    assets: Sequence[Asset], world: World, stored: Mapping[tuple[UUID, int], Stored], since: int, closed: Closed
) -> Outcome:
    outcome = Outcome([], [], [])
    current = {
        org: current_month(world.organisation(org).time_zone, world.now) for org in {asset.org for asset in assets}
    }
    left: dict[Key, Stored | Latest] = {**stored, **closed.latest}
    first = first_version(world.now)
    computation = compute(assets, world, since) if assets else None
    outcome.seasons.extend(seasons_moved(computation, world) if computation else ())
    for result in computation.results() if computation else ():
        key = result.asset.id, result.month
        left.pop(key, None)
        known = stored.get(key)
        if closed.holds(result.asset.org, result.month):
            _compare_closed(outcome, result, closed.latest.get(key, known))
            continue
        _compare(outcome, result, known, current[result.asset.org], first)
    for (asset_id, month), was in left.items():
        if was.removed or month < first_month_of(world, was.org, since):
            continue
        if isinstance(was, Latest) or closed.holds(was.org, month):
            _compare_closed(outcome, _nothing(asset_id, month, was), was, removed=True)
        else:
            _remove(outcome, asset_id, month, was)
    return outcome


def first_version(now: datetime) -> int:
    """The version of a result that is not stored yet: the quarters of a second since 2026, an integer until 2043.

    Readers drop what is not newer than what they have. Had the service lost its database and began again at 1, they would drop
    everything that it computes anew; this way it is newer than all that was published before, unless one month of an asset
    had come out differently more than four times a second for as long as the results were kept.
    """
    return max(1, int((now - VERSIONS_SINCE).total_seconds() * VERSIONS_PER_S))


def _compare(outcome: Outcome, result: AssetMonth, known: Stored | None, current: int, first: int) -> None:
    content = json.dumps(describe(result))
    digest, claimed = Digest.of(result, content), claims_digest_of(result)
    due = result.month <= current
    told = known is None or known.removed or Digest.read(known.digest).told != digest.told
    written = told or known is None or known.digest != digest.stored
    version = first if known is None else known.version + told
    if written or claimed != (known.claims_digest if known else None):
        before = known is not None
        change = Change(result, version, digest.stored, before, published=due, removed=False, claims_digest=claimed)
        if written:
            outcome.changes.append(change)
        if claimed is not None or (known is not None and known.claims_digest is not None):
            outcome.claims.append(change)
    if not due or (known is not None and known.published and not told):
        return
    if not written:
        outcome.published.append((result.asset.id, result.month))
    outcome.events.append(asset_month_changed(result, content, version))


def _compare_closed(
    outcome: Outcome, result: AssetMonth, known: Stored | Latest | None, *, removed: bool = False
) -> None:
    digest, claimed = Digest.of(result, json.dumps(describe(result))), claims_digest_of(result)
    if known is None or known.removed or digest.moves(Digest.read(known.digest)) or known.claims_digest != claimed:
        outcome.closed.append(Found(result, digest.stored, removed, claimed))


def _nothing(asset_id: UUID, month: int, known: Stored | Latest) -> AssetMonth:
    """An asset-month without figures, for one that is no longer part of the timeline."""
    return AssetMonth(Asset(asset_id, known.org, known.kind, ()), month, "retired", None, None)


def _remove(outcome: Outcome, asset_id: UUID, month: int, known: Stored) -> None:
    """The asset is gone, or its timeline no longer holds that month: an empty document takes the place of the figures."""
    result = _nothing(asset_id, month, known)
    content = json.dumps(describe(result))
    change = Change(result, known.version + 1, Digest.of(result, content).stored, True, known.published, removed=True)
    outcome.changes.append(change)
    if known.claims_digest is not None:
        outcome.claims.append(change)
    if known.published:
        outcome.events.append(asset_month_changed(result, content, known.version + 1, deleted=True))
