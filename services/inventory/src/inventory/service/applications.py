"""Applications: create, change, delete, take in batches by their codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from common.api.problems import Conflict, NotFound
from common.database import Transaction
from common.organisations import visible
from pydantic import ValidationError

from inventory import events
from inventory.domain.application import (
    Application,
    ApplicationChange,
    ApplicationRecord,
    Claim,
    KnownMachine,
    MachineClaim,
    Membership,
    broken_rules,
    claimed,
    stated,
)
from inventory.domain.defects import Defect, Refused, defects_of
from inventory.domain.quantities import instant, year_defect
from inventory.domain.record import AssetKey
from inventory.service.problems import unprocessable
from inventory.service.rows import Malformed, Result, RowOutcome
from inventory.store import applications as store
from inventory.store import places, versions
from inventory.store.versions import DocumentKind, DocumentVersion

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class _World:
    """What is known of everything that some records name."""

    zones: Mapping[str, ZoneInfo]
    machines: Mapping[AssetKey, KnownMachine]
    now: datetime


async def create_application(unit: Transaction, record: ApplicationRecord, now: datetime) -> tuple[Application, bool]:
    """Create an application. The same again is the one there is; the flag says whether it is new.

    Raises Unprocessable, and Conflict when the code is taken by another content.
    """
    world = await _load(unit, [record], now)
    codes = [(record.org, record.code)]
    known = (await store.lock_by_codes(unit.connection, codes)).get(codes[0])
    try:
        after = _told(known, record, world, whole=True)
    except Refused as refused:
        raise unprocessable(refused.defects) from None
    if known is None:
        await _write(unit, [after], [])
        return after, True
    if not after.same_as(known):
        raise Conflict(
            f"application {record.code!r} of {record.org!r} exists and is not like this; change it with PATCH", "exists"
        )
    return known, False


async def change_application(
    unit: Transaction, known: Application, change: ApplicationChange, now: datetime
) -> Application:
    """Change a locked application, `machines` as a whole when it is said; what changes nothing makes no version.

    Raises Unprocessable.
    """
    said = {name: getattr(change, name) for name in change.model_fields_set}
    record = ApplicationRecord.model_construct(
        _fields_set={*said, "org", "code"}, **{**change.__dict__, "org": known.org, "code": known.code}
    )
    world = await _load(unit, [record], now)
    try:
        after = _told(known, record, world, whole=True)
    except Refused as refused:
        raise unprocessable(refused.defects) from None
    if after is not known:
        await _write(unit, [], [after])
    return after


async def delete_application(unit: Transaction, known: Application, now: datetime) -> None:
    """Delete a locked application: its last document says so, then the topic forgets it."""
    at = max(now, known.recorded_at + _TICK)
    last = replace(known, version=known.version + 1, recorded_at=at, deleted=True)
    await _write(unit, [], [last])
    unit.publish(events.application_tombstone(last))


def next_version(known: Application, machines: tuple[Membership, ...], now: datetime) -> Application:
    """The application at its next version, on these machines."""
    at = max(now, known.recorded_at + _TICK)
    return replace(known, machines=machines, version=known.version + 1, recorded_at=at)


async def restore(unit: Transaction, undone: Mapping[UUID, int], now: datetime) -> None:
    """Give locked applications the machines that they had before a version, by their ids; nothing else changes."""
    changed = []
    for application_id, version in undone.items():
        known = await store.find(unit.connection, application_id, lock=True)
        past = await versions.history(unit.connection, DocumentKind.APPLICATION, str(application_id))
        [before] = [one.document for one in past if one.version == version - 1]
        assert known is not None
        changed.append(next_version(known, _machines(before), now))
    await write_changed(unit, changed)


def _machines(document: Mapping[str, Any]) -> tuple[Membership, ...]:
    return tuple(
        Membership(
            UUID(one["asset_id"]),
            datetime.fromisoformat(one["from"]),
            None if one["to"] is None else datetime.fromisoformat(one["to"]),
            one["weight"],
        )
        for one in document["machines"]
    )


async def application_or_404(unit: Transaction, application_id: UUID) -> Application:
    """The application, locked for a change. Raises NotFound."""
    known = await store.find(unit.connection, application_id, lock=True)
    if known is None:
        raise NotFound("application", application_id)
    return known


async def apply_application_rows(unit: Transaction, rows: Sequence[Any], now: datetime) -> list[RowOutcome]:
    """Create or change applications by their codes, each row alone; machines that a row does not name stay as they are.

    Several rows may tell one application, such as one row a machine.
    """
    plan = await foresee_application_rows(unit, rows, now, {})
    changed = [after for before, after in plan.applications if before is not None and after is not before]
    await _write(unit, [after for before, after in plan.applications if before is None], changed)
    return plan.outcomes


@dataclass(frozen=True)
class ApplicationsPlan:
    """What rows of applications come to: an outcome each, and every application that they tell, before and after."""

    outcomes: list[RowOutcome]
    applications: list[tuple[Application | None, Application]]


async def foresee_application_rows(
    unit: Transaction, rows: Sequence[Any], now: datetime, awaited: Mapping[AssetKey, KnownMachine]
) -> ApplicationsPlan:
    """What `apply_application_rows` would do, were the machines `awaited` there too; nothing is written."""
    outcomes: dict[int, RowOutcome] = {}
    records: dict[int, ApplicationRecord] = {}
    for index, row in enumerate(rows):
        try:
            records[index] = _read(row, unit)
        except Refused as refused:
            outcomes[index] = RowOutcome(index, Result.ERROR, defects=refused.defects)
    world = await _load(unit, list(records.values()), now)
    world = replace(world, machines={**awaited, **world.machines})
    codes = {(record.org, record.code) for record in records.values()}
    known = await store.lock_by_codes(unit.connection, sorted(codes))
    current = dict(known)
    told: dict[int, Application] = {}
    for index, record in records.items():
        code = (record.org, record.code)
        try:
            told[index] = current[code] = _told(current.get(code), record, world, whole=False)
        except Refused as refused:
            outcomes[index] = RowOutcome(index, Result.ERROR, defects=refused.defects)
    settled = {code: _settled(known.get(code), after) for code, after in current.items()}
    for index in told:
        code = (records[index].org, records[index].code)
        outcomes[index] = _outcome(index, known.get(code), settled[code])
    applications = [(known.get(code), after) for code, after in settled.items()]
    return ApplicationsPlan([outcomes[index] for index in range(len(rows))], applications)


def _settled(known: Application | None, after: Application) -> Application:
    """One new version for all the rows that told it."""
    if known is None:
        return replace(after, version=1)
    return known if after.same_as(known) else replace(after, version=known.version + 1)


def _outcome(index: int, known: Application | None, after: Application) -> RowOutcome:
    result = Result.CREATED if known is None else Result.UNCHANGED if after is known else Result.UPDATED
    return RowOutcome(index, result, after.id, after.version)


def _read(row: Any, unit: Transaction) -> ApplicationRecord:
    if isinstance(row, Malformed):
        raise Refused([row.defect])
    try:
        record = ApplicationRecord.model_validate(row)
    except ValidationError as failure:
        raise Refused(defects_of(failure)) from None
    if not visible(unit.organisations, record.org):
        rule = f"your token does not name organisation {record.org!r}"
        raise Refused([Defect("org", "forbidden_organisation", rule)])
    return record


async def _load(unit: Transaction, records: Sequence[ApplicationRecord], now: datetime) -> _World:
    keys = {machine_key(claim, record.org) for record in records for claim in record.machines}
    zones = await places.time_zones(unit.connection, {record.org for record in records})
    machines = await store.find_machines(unit.connection, sorted(keys)) if keys else {}
    return _World(zones, machines, now)


def machine_key(claim: MachineClaim, org: str) -> AssetKey:
    """By what the machine of an application of `org` is known."""
    return AssetKey(claim.org or org, claim.source, claim.external_id)


def _told(known: Application | None, record: ApplicationRecord, world: _World, *, whole: bool) -> Application:
    """The application after a record, the very same object when nothing is new. Raises Refused.

    `whole`: the machines that the record names are all there are; otherwise they are told beside those that are known.
    """
    zone = world.zones.get(record.org)
    if zone is None:
        raise Refused([Defect("org", "unknown_organisation", f"no organisation {record.org!r} is known")])
    claims = _claims(record, world, zone)
    before = known.machines if known else ()
    machines = before
    if "machines" in record.model_fields_set:
        machines = stated(before, claims) if whole else claimed(before, claims, world.now)
    defects = broken_rules(machines)
    if defects:
        raise Refused(defects)
    if known is None:
        name = record.name or record.code
        return Application(uuid4(), record.org, record.code, name, record.users, machines, 1, world.now)
    said = record.model_fields_set
    after = replace(
        known,
        name=(record.name or record.code) if "name" in said else known.name,
        users=record.users if "users" in said else known.users,
        machines=machines,
    )
    if after.same_as(known):
        return known
    later = max(world.now, known.recorded_at + _TICK)
    return replace(after, version=known.version + 1, recorded_at=later)


def _claims(record: ApplicationRecord, world: _World, zone: ZoneInfo) -> list[Claim]:
    defects: list[Defect] = []
    claims: list[Claim] = []
    for position, claim in enumerate(record.machines):
        field = f"machines.{position}"
        key = machine_key(claim, record.org)
        machine = world.machines.get(key)
        if machine is None:
            rule = f"no asset {key.external_id!r} of {key.source!r} is known"
            defects.append(Defect(field, "unknown_machine", rule))
            continue
        start = None if claim.start is None else instant(claim.start, zone)
        end = None if claim.end is None else instant(claim.end, zone)
        for name, moment in (("from", start), ("to", end)):
            if moment is not None and (broken := year_defect(moment, zone)) is not None:
                defects.append(Defect(f"{field}.{name}", *broken))
        begins = start or machine.known_since
        if end is not None and end <= begins:
            rule = f"to must be after from, {begins.isoformat()}"
            defects.append(Defect(f"{field}.to", "not_after_start", rule))
        claims.append(Claim(machine, start, end, claim.weight))
    if defects:
        raise Refused(defects)
    return claims


async def _write(unit: Transaction, new: Sequence[Application], changed: Sequence[Application]) -> None:
    if new:
        await store.insert(unit.connection, new)
    await write_changed(unit, changed)
    await _keep(unit, new)
    unit.publish(*(events.application_changed(one) for one in new))


async def write_changed(unit: Transaction, changed: Sequence[Application]) -> None:
    """Write the next versions of locked applications and publish them."""
    if not changed:
        return
    await store.update(unit.connection, changed)
    await _keep(unit, changed)
    unit.publish(*(events.application_changed(one) for one in changed))


async def _keep(unit: Transaction, applications: Sequence[Application]) -> None:
    if applications:
        await versions.keep(
            unit.connection,
            [
                DocumentVersion(
                    DocumentKind.APPLICATION,
                    str(one.id),
                    one.org,
                    one.version,
                    one.recorded_at,
                    events.application_document(one),
                )
                for one in applications
            ],
        )
