"""Use cases over studies: each runs within one transaction that its caller opens."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from common.api.problems import Conflict, NotFound
from common.database import Transaction

from scenarios.catalogue import offers_by_id, shipped_offers
from scenarios.domain.description import Refused
from scenarios.domain.estimate import MAX_ALTERNATIVES, AlternativeSpec
from scenarios.domain.run import applier_of, in_scope, prepare
from scenarios.domain.snapshot import Freezer, Snapshot
from scenarios.domain.study import StudyDefinition
from scenarios.store import runs, start, studies
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


async def create_study(unit: Transaction, definition: StudyDefinition, now: datetime) -> UUID:
    """Keep a study with a snapshot of its assets as heard. Raises `Refused` when no asset is in scope or an action does not fit."""
    snapshot = await _take_snapshot(unit, definition)
    await _check(definition, [], snapshot)
    study_id = uuid4()
    await studies.insert_study(unit.connection, study_id, definition, snapshot, now)
    return study_id


async def change_study(unit: Transaction, study: Study, definition: StudyDefinition, now: datetime) -> None:
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


async def refresh_snapshot(unit: Transaction, study: Study, now: datetime) -> Difference:
    """Take the assets as they are heard now, and tell what differs. Nothing is kept when nothing does. Raises `Refused`."""
    old, _ = await studies.read_snapshot(unit.connection, study.id, study.snapshot)
    new = await _take_snapshot(unit, study.definition)
    if new == old:
        return Difference([], [], {})
    others = await studies.list_alternatives(unit.connection, study.id)
    await _check(study.definition, [other.spec for other in others], new)
    await studies.insert_snapshot(unit.connection, study.id, study.snapshot + 1, study.org, new, now)
    await studies.update_study(unit.connection, study.id, study.definition, study.snapshot + 1, now)
    return difference(old, new)


async def duplicate_study(unit: Transaction, study: Study, name: str, now: datetime) -> UUID:
    """A copy with the same snapshot and alternatives, under another name."""
    definition = study.definition.model_copy(update={"name": name})
    snapshot, _ = await studies.read_snapshot(unit.connection, study.id, study.snapshot)
    copy_id = uuid4()
    await studies.insert_study(unit.connection, copy_id, definition, snapshot, now)
    copy = await find_study(unit, copy_id)
    for alternative in await studies.list_alternatives(unit.connection, study.id):
        await studies.insert_alternative(unit.connection, uuid4(), copy, alternative.spec)
    return copy_id


async def add_alternative(unit: Transaction, study: Study, alternative: AlternativeSpec) -> UUID:
    """Keep an alternative. Raises `Refused` when an action does not fit, `Conflict` when its name is taken."""
    others = await studies.list_alternatives(unit.connection, study.id)
    _check_name(alternative.name, others)
    if len(others) >= MAX_ALTERNATIVES:
        raise Conflict(f"a study has at most {MAX_ALTERNATIVES} alternatives", code="too-many-alternatives")
    await _check_alternative(unit, study, others, alternative)
    alternative_id = uuid4()
    await studies.insert_alternative(unit.connection, alternative_id, study, alternative)
    return alternative_id


async def change_alternative(
    unit: Transaction, study: Study, alternative: Alternative, changed: AlternativeSpec
) -> None:
    """Replace an alternative. Raises `Refused` and `Conflict` as `add_alternative`."""
    others = [
        other for other in await studies.list_alternatives(unit.connection, study.id) if other.id != alternative.id
    ]
    _check_name(changed.name, others)
    await _check_alternative(unit, study, others, changed)
    await studies.update_alternative(unit.connection, alternative.id, changed)


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


async def _take_snapshot(unit: Transaction, definition: StudyDefinition) -> Snapshot:
    heard = await start.read_heard(unit.connection, definition.org, definition.start)
    freezer = Freezer(heard, definition.start, definition.region, definition.electricity is not None)
    return await asyncio.to_thread(freezer.freeze, definition.scope.view)


def _frozen_by(definition: StudyDefinition) -> tuple[object, ...]:
    return definition.start, definition.scope.view, definition.region, definition.electricity is None


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
