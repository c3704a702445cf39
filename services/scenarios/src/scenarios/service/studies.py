"""Use cases over studies; whoever changes one is kept with the version that came of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from common.api.auth import Caller
from common.api.problems import Conflict, Forbidden, NotFound
from common.database import Transaction

from scenarios.catalogue import offers_by_id, shipped_offers
from scenarios.domain.description import Refused
from scenarios.domain.estimate import MAX_ALTERNATIVES, AlternativeSpec
from scenarios.domain.run import applier_of, in_scope, prepare
from scenarios.domain.snapshot import Freezer, Snapshot
from scenarios.domain.study import StudyDefinition
from scenarios.store import runs, start, studies, versions
from scenarios.store.studies import Alternative, Study

RUNS_CHANNEL = "runs"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a new snapshot differs from the one before: refs that came, went, or changed in which values."""

    added: list[str]
    removed: list[str]
    changed: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """On how many assets of a study an offer can be taken; `reason` says why on none."""

    offer: str
    assets: int
    reason: str | None


async def create_study(unit: Transaction, definition: StudyDefinition, by: str, now: datetime) -> UUID:
    """Keep a study with a snapshot of its assets as heard. Raises `Refused` when no asset is in scope or an action does not fit."""
    snapshot = await _take_snapshot(unit, definition)
    await _check(definition, [], snapshot)
    study_id = uuid4()
    await studies.insert_study(unit.connection, study_id, definition, snapshot, now)
    await _record(unit, study_id, "created", by, now)
    return study_id


async def change_study(unit: Transaction, study: Study, definition: StudyDefinition, by: str, now: datetime) -> None:
    """Replace the definition. The snapshot stays, unless start, view or electricity make it another one. Raises `Refused`."""
    if definition.org != study.org:
        raise Refused("org", "immutable", f"the study belongs to {study.org!r}; make another for {definition.org!r}")
    number = study.snapshot
    snapshot, _ = await studies.read_snapshot(unit.connection, study.id, number)
    if _frozen_by(definition) != _frozen_by(study.definition):
        snapshot, number = await _take_snapshot(unit, definition), number + 1
        await studies.insert_snapshot(unit.connection, study.id, number, study.org, snapshot, now)
    others = await studies.list_alternatives(unit.connection, study.id)
    await _check(definition, [other.spec for other in others], snapshot)
    await studies.update_study(unit.connection, study.id, definition, number, now)
    await _record(unit, study.id, "definition replaced", by, now)


async def refresh_snapshot(unit: Transaction, study: Study, by: str, now: datetime) -> Difference:
    """Take the assets as they are heard now, and tell what differs. Nothing is kept when nothing does. Raises `Refused`."""
    old, _ = await studies.read_snapshot(unit.connection, study.id, study.snapshot)
    new = await _take_snapshot(unit, study.definition)
    if new == old:
        return Difference([], [], {})
    others = await studies.list_alternatives(unit.connection, study.id)
    await _check(study.definition, [other.spec for other in others], new)
    await studies.insert_snapshot(unit.connection, study.id, study.snapshot + 1, study.org, new, now)
    await studies.update_study(unit.connection, study.id, study.definition, study.snapshot + 1, now)
    await _record(unit, study.id, f"snapshot {study.snapshot + 1} taken", by, now)
    return difference(old, new)


async def duplicate_study(unit: Transaction, study: Study, name: str, by: str, now: datetime) -> UUID:
    """A copy with the same snapshot and alternatives, under another name."""
    definition = study.definition.model_copy(update={"name": name})
    snapshot, _ = await studies.read_snapshot(unit.connection, study.id, study.snapshot)
    copy_id = uuid4()
    await studies.insert_study(unit.connection, copy_id, definition, snapshot, now)
    copy = await find_study(unit, copy_id)
    for alternative in await studies.list_alternatives(unit.connection, study.id):
        await studies.insert_alternative(unit.connection, uuid4(), copy, alternative.spec)
    await _record(unit, copy_id, f"copied from {study.definition.name!r}, version {study.version}", by, now)
    return copy_id


async def add_alternative(
    unit: Transaction, study: Study, alternative: AlternativeSpec, by: str, now: datetime
) -> UUID:
    """Keep an alternative. Raises `Refused` when an action does not fit, `Conflict` when its name is taken."""
    others = await studies.list_alternatives(unit.connection, study.id)
    _check_name(alternative.name, others)
    if len(others) >= MAX_ALTERNATIVES:
        raise Conflict(f"a study has at most {MAX_ALTERNATIVES} alternatives", code="too-many-alternatives")
    await _check_alternative(unit, study, others, alternative)
    alternative_id = uuid4()
    await studies.insert_alternative(unit.connection, alternative_id, study, alternative)
    await _touch(unit, study, f"alternative {alternative.name!r} added", by, now)
    return alternative_id


async def change_alternative(
    unit: Transaction, study: Study, alternative: Alternative, changed: AlternativeSpec, by: str, now: datetime
) -> None:
    """Replace an alternative. Raises `Refused` and `Conflict` as `add_alternative`."""
    others = [
        other for other in await studies.list_alternatives(unit.connection, study.id) if other.id != alternative.id
    ]
    _check_name(changed.name, others)
    await _check_alternative(unit, study, others, changed)
    await studies.update_alternative(unit.connection, alternative.id, changed)
    await _touch(unit, study, f"alternative {changed.name!r} replaced", by, now)


async def forget_alternative(unit: Transaction, study: Study, alternative: Alternative, by: str, now: datetime) -> None:
    """Take an alternative out of the study; runs, plans and earlier versions keep what they hold of it."""
    await studies.delete_alternative(unit.connection, alternative.id)
    await _touch(unit, study, f"alternative {alternative.spec.name!r} taken out", by, now)


async def eligible_offers(unit: Transaction, study: Study) -> list[Eligibility]:
    """For each offer of the catalogue, on how many of the study's assets it can be taken, or why on none."""
    snapshot, _ = await studies.read_snapshot(unit.connection, study.id, study.snapshot)
    applier = applier_of(study.definition, offers_by_id(), in_scope(study.definition, snapshot))
    found = []
    for offer in shipped_offers():
        try:
            found.append(Eligibility(offer.id, len(applier.eligible(offer)), None))
        except Refused as refused:
            found.append(Eligibility(offer.id, 0, refused.detail))
    return found


async def request_run(unit: Transaction, study: Study, kind: str, options: dict[str, Any], now: datetime) -> UUID:
    """Queue a run of the study as it is now: later changes of the study do not reach it."""
    alternatives = await studies.list_alternatives(unit.connection, study.id)
    request = {
        "definition": study.definition.model_dump(mode="json", by_alias=True),
        "alternatives": [each.spec.model_dump(mode="json", by_alias=True) for each in alternatives],
        "snapshot": study.snapshot,
        "study_version": study.version,
        "options": options,
    }
    run_id = uuid4()
    await runs.insert_run(unit.connection, run_id, study.id, study.org, kind, request, now)
    unit.wake(RUNS_CHANNEL)
    return run_id


async def find_alternative(unit: Transaction, study: Study, alternative_id: UUID) -> Alternative:
    """An alternative of the study, locked. Raises `NotFound`."""
    alternative = await studies.find_alternative(unit.connection, alternative_id)
    if alternative is None or alternative.study_id != study.id:
        raise NotFound("scenario", alternative_id)
    return alternative


async def find_own_study(unit: Transaction, study_id: UUID, caller: Caller) -> Study:
    """The study, locked, of an organisation that the caller's token names.

    Raises `NotFound`, and `Forbidden` for one that is only shared with the caller.
    """
    await find_study(unit, study_id)
    study = await studies.find_study(unit.connection, study_id, lock=True)
    if study is None:
        raise Forbidden("this study is shared with you to read; who owns it can change it")
    caller.require_organisation(study.org)
    return study


async def find_study(unit: Transaction, study_id: UUID, *, lock: bool = False) -> Study:
    """The study. Raises `NotFound`."""
    study = await studies.find_study(unit.connection, study_id, lock=lock)
    if study is None:
        raise NotFound("study", study_id)
    return study


def difference(old: Snapshot, new: Snapshot) -> Difference:
    """What came, went and changed between two snapshots."""
    before = {asset.ref: asset.model_dump() for asset in old.assets}
    after = {asset.ref: asset.model_dump() for asset in new.assets}
    return Difference(
        added=sorted(after.keys() - before.keys()),
        removed=sorted(before.keys() - after.keys()),
        changed={
            ref: [name for name, value in after[ref].items() if before[ref][name] != value]
            for ref in sorted(before.keys() & after.keys())
            if before[ref] != after[ref]
        },
    )


async def _touch(unit: Transaction, study: Study, change: str, by: str, now: datetime) -> None:
    await studies.update_study(unit.connection, study.id, study.definition, study.snapshot, now)
    await _record(unit, study.id, change, by, now)


async def _record(unit: Transaction, study_id: UUID, change: str, by: str, now: datetime) -> None:
    """Keep the study as it is now under its version."""
    study = await find_study(unit, study_id)
    others = await studies.list_alternatives(unit.connection, study_id)
    await versions.insert_version(unit.connection, study, [other.spec for other in others], change, by, now)


async def _take_snapshot(unit: Transaction, definition: StudyDefinition) -> Snapshot:
    heard = await start.read_heard(unit.connection, definition.org, definition.start, definition.release)
    given = definition.electricity is not None
    freezer = Freezer(heard, definition.start, definition.region, given, definition.given, definition.release)
    return await asyncio.to_thread(freezer.freeze, definition.scope.view)


def _frozen_by(definition: StudyDefinition) -> tuple[object, ...]:
    return (
        definition.start,
        definition.scope.view,
        definition.region,
        definition.electricity is None,
        definition.given,
        definition.release,
    )


async def _check(definition: StudyDefinition, alternatives: Sequence[AlternativeSpec], snapshot: Snapshot) -> None:
    if not in_scope(definition, snapshot).assets:
        reasons = Counter(each.reason for each in snapshot.left_out)
        told = "; ".join(f"{count} left out: {reason}" for reason, count in sorted(reasons.items()))
        raise Refused("scope", "empty", f"no asset of {definition.org!r} is in scope" + (f" ({told})" if told else ""))
    await asyncio.to_thread(prepare, definition, alternatives, snapshot, offers_by_id())


async def _check_alternative(
    unit: Transaction, study: Study, others: Sequence[Alternative], alternative: AlternativeSpec
) -> None:
    snapshot, _ = await studies.read_snapshot(unit.connection, study.id, study.snapshot)
    try:
        await _check(study.definition, [alternative, *(other.spec for other in others)], snapshot)
    except Refused as refused:
        raise Refused(refused.field.removeprefix("alternatives.0."), refused.code, refused.detail) from refused


def _check_name(name: str, others: Sequence[Alternative]) -> None:
    if any(other.spec.name == name for other in others):
        raise Conflict(f"the study has an alternative {name!r} already", code="name-taken")
