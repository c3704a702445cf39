"""Activities: batches, corrections, deletion."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from common.api.problems import NotFound
from common.database import Transaction
from common.organisations import visible

from inventory import events
from inventory.domain.activities import Activity, ActivityRow, StoredActivity, read_activity, resolved
from inventory.domain.defects import Defect, Refused
from inventory.domain.samples import AssetReference
from inventory.service.rows import Malformed, Result
from inventory.store import activities, measurements, places
from inventory.store.activities import Name, name_of
from inventory.store.measurements import Measured

Read: TypeAlias = ActivityRow | Refused


@dataclass(frozen=True, slots=True)
class ActivityOutcome:
    """What a row came to, with the activity as it is then."""

    result: Result
    stored: StoredActivity | None = None
    defects: Sequence[Defect] = ()

    def document(self, index: int) -> dict[str, Any]:
        """The outcome of the row at `index` as an answer shows it."""
        if self.stored is None:
            return {"index": index, "status": self.result, "errors": [asdict(defect) for defect in self.defects]}
        return {
            "index": index,
            "status": self.result,
            "id": self.stored.id,
            "version": self.stored.version,
            "activity": self.stored.activity.activity,
        }


async def apply_activities(unit: Transaction, rows: Sequence[Any], now: datetime) -> list[ActivityOutcome]:
    """Create or correct activities for a caller who may touch the organisations of `unit`; every row has its outcome.

    Of two rows of one name the later one counts, each with a version of its own.
    Raises asyncpg's UniqueViolationError when another transaction just created one of the same name: see `retried`.
    """
    read = [_read(row, unit) for row in rows]
    good = [row for row in read if isinstance(row, ActivityRow)]
    world = await _load(unit, good) if good else _World({}, {}, {}, set())
    known = dict(world.known)
    outcomes: list[ActivityOutcome] = []
    written: dict[UUID, StoredActivity] = {}
    for row in read:
        activity = row if isinstance(row, Refused) else world.resolve(row)
        if isinstance(activity, Refused):
            outcomes.append(ActivityOutcome(Result.ERROR, defects=activity.defects))
            continue
        outcome = _apply(activity, known.get(name_of(activity)), now)
        outcomes.append(outcome)
        assert outcome.stored is not None
        known[name_of(activity)] = outcome.stored
        if outcome.result is not Result.UNCHANGED:
            written[outcome.stored.id] = outcome.stored
    await _write(unit, world.known, list(written.values()))
    return outcomes


async def activity_or_404(unit: Transaction, activity_id: UUID) -> StoredActivity:
    """The activity, locked for a change. Raises NotFound."""
    known = await activities.find(unit.connection, activity_id, lock=True)
    if known is None:
        raise NotFound("activity", activity_id)
    return known


async def delete_activity(unit: Transaction, known: StoredActivity, now: datetime) -> None:
    """Delete a locked activity: its last document says so, then the topic forgets it."""
    last = replace(_following(known, known.activity, now), deleted=True)
    await activities.mark_deleted(unit.connection, last)
    unit.publish(events.activity_changed(last), events.activity_tombstone(last))


async def move_activities(unit: Transaction, old: UUID, new: UUID, now: datetime) -> list[tuple[UUID, int]]:
    """Have the activities for a locked asset be for another one: their ids, and the versions that the move made."""
    return await _moved(unit, await activities.lock_of_asset(unit.connection, old), new, now)


async def give_back_activities(
    unit: Transaction, moved: Sequence[tuple[UUID, int]], old: UUID, new: UUID, now: datetime
) -> None:
    """Have the activities that a move to `new` brought, and that are still there, be for `old` again.

    What else was said of them since stays; one that was deleted since stays so.
    """
    ids = {activity_id for activity_id, _ in moved}
    back = [stored for stored in await activities.lock_of_asset(unit.connection, new) if stored.id in ids]
    await _moved(unit, back, old, now)


async def _moved(
    unit: Transaction, locked: Sequence[StoredActivity], asset_id: UUID, now: datetime
) -> list[tuple[UUID, int]]:
    moved = [_following(stored, replace(stored.activity, asset_id=asset_id), now) for stored in locked]
    if moved:
        await activities.update(unit.connection, moved)
        unit.publish(*(events.activity_changed(stored) for stored in moved))
    return [(stored.id, stored.version) for stored in moved]


def _read(row: Any, unit: Transaction) -> Read:
    if isinstance(row, Malformed):
        return Refused([row.defect])
    try:
        read = read_activity(row)
    except Refused as refused:
        return refused
    if not visible(unit.organisations, read.org):
        rule = f"your token does not name organisation {read.org!r}"
        return Refused([Defect("org", "forbidden_organisation", rule)])
    return read


@dataclass(frozen=True, slots=True)
class _World:
    """What the rows name, as far as it is known."""

    known: Mapping[Name, StoredActivity]
    assets: Mapping[UUID | AssetReference, Measured]
    sites: Mapping[tuple[str, str], UUID]
    orgs: set[str]

    def resolve(self, row: ActivityRow) -> Activity | Refused:
        """The activity of a row, or what it names that is not known in its organisation."""
        defects = []
        asset = None if row.asset is None else self.assets.get(_in_org(row.asset, row.org))
        if row.org not in self.orgs:
            defects.append(Defect("org", "unknown_organisation", f"no organisation {row.org!r} is known"))
        elif row.asset is not None and (asset is None or asset.org != row.org):
            shown = row.asset if isinstance(row.asset, UUID) else row.asset.external_id
            defects.append(Defect("asset", "unknown_asset", f"no asset {str(shown)!r} is known in {row.org!r}"))
        site = None if row.site is None else self.sites.get((row.org, row.site))
        if row.site is not None and site is None and not defects:
            defects.append(Defect("site", "unknown_site", f"no site {row.site!r} is known in {row.org!r}"))
        return Refused(defects) if defects else resolved(row, asset and asset.id, site)


def _in_org(name: UUID | AssetReference, org: str) -> UUID | AssetReference:
    """The name of an asset within the organisation of what names it."""
    if isinstance(name, UUID) or name.org is not None:
        return name
    return name.model_copy(update={"org": org})


async def _load(unit: Transaction, rows: Sequence[ActivityRow]) -> _World:
    connection = unit.connection
    names = {_in_org(row.asset, row.org) for row in rows if row.asset is not None}
    ids = [name for name in names if isinstance(name, UUID)]
    by_id = await measurements.find_by_id(connection, ids)
    assets: dict[UUID | AssetReference, Measured] = {name: by_id[name] for name in ids if name in by_id}
    references = [name for name in names if isinstance(name, AssetReference)]
    for name, found in (await measurements.find_by_name(connection, references)).items() if references else ():
        if len(found) == 1:
            assets[name] = found[0]
    codes = sorted({(row.org, row.site) for row in rows if row.site is not None})
    sites = await places.site_ids(connection, codes) if codes else {}
    orgs = set(await places.time_zones(connection, {row.org for row in rows}))
    known = await activities.lock_by_names(connection, {(row.org, row.source, row.external_id) for row in rows})
    return _World(known, assets, sites, orgs)


def _apply(activity: Activity, known: StoredActivity | None, now: datetime) -> ActivityOutcome:
    if known is None:
        return ActivityOutcome(Result.CREATED, StoredActivity(uuid4(), activity, 1, now))
    if known.activity == activity:
        return ActivityOutcome(Result.UNCHANGED, known)
    return ActivityOutcome(Result.UPDATED, _following(known, activity, now))


def _following(known: StoredActivity, activity: Activity, now: datetime) -> StoredActivity:
    at = max(now, known.recorded_at + timedelta(microseconds=1))
    return replace(known, activity=activity, version=known.version + 1, recorded_at=at)


async def _write(unit: Transaction, known: Mapping[Name, StoredActivity], written: Sequence[StoredActivity]) -> None:
    ids = {stored.id for stored in known.values()}
    new = [stored for stored in written if stored.id not in ids]
    changed = [stored for stored in written if stored.id in ids]
    if new:
        await activities.insert(unit.connection, new)
    if changed:
        await activities.update(unit.connection, changed)
    unit.publish(*(events.activity_changed(stored) for stored in written))
