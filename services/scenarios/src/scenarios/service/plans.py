"""Use cases over plans: adopted from a study's alternative, moved on action by action, held against footprints."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID, uuid4

from common.api.problems import Conflict, NotFound
from common.database import Connection, Transaction

from scenarios import events
from scenarios.catalogue import offers_by_id
from scenarios.domain.committee import Analysis, Committee, committee_of
from scenarios.domain.description import Refused
from scenarios.domain.expecting import WHOLE, Expected, expected_of
from scenarios.domain.plan import ActionChange, PlannedAction, Status, adopted, changed, difference
from scenarios.domain.progress import Progress, calendar_months, following, progress_of, reasons_of
from scenarios.domain.run import in_scope
from scenarios.domain.snapshot import Snapshot
from scenarios.store import plans, realised, studies
from scenarios.store.plans import Entry, Plan
from scenarios.store.studies import Alternative, Study


@dataclass(frozen=True, slots=True)
class Followed:
    """A plan held against footprints: as a whole, each asset counted once, and by action."""

    months: Sequence[date]
    whole: Progress
    each: Mapping[int, Progress]
    retired: Mapping[date, int]
    silent: Mapping[date, int]


async def adopt(unit: Transaction, study: Study, alternative: Alternative, by: str, now: datetime) -> UUID:
    """Adopt an alternative as the study's plan. Raises `Conflict` when one is active already, `Refused` when it does nothing."""
    if await plans.has_active_plan(unit.connection, study.id):
        raise Conflict("the study has an active plan; close it before another is adopted", code="plan-active")
    snapshot, _ = await studies.read_snapshot(unit.connection, study.id, study.snapshot)
    assets = {asset.ref: asset for asset in in_scope(study.definition, snapshot).assets}
    actions = adopted(alternative.spec, study.definition, assets, offers_by_id())
    if not actions:
        raise Refused("alternative", "empty", f"{alternative.spec.name!r} has no action to follow")
    plan = Plan(
        id=uuid4(),
        study_id=study.id,
        org=study.org,
        study_version=study.version,
        snapshot=study.snapshot,
        definition=study.definition,
        name=alternative.spec.name,
        status="active",
        closed_reason=None,
        expected=await _expected(alternative.spec.name, actions, study, snapshot),
        version=1,
        adopted_at=now,
        adopted_by=by,
        updated_at=now,
        actions=actions,
    )
    await plans.insert_plan(unit.connection, plan)
    await plans.insert_entry(
        unit.connection, plan.id, plan.org, Entry(1, now, by, None, {"status": [None, "active"]}, None)
    )
    unit.publish(events.plan_changed(plan))
    return plan.id


async def change_action(
    unit: Transaction, plan: Plan, number: int, change: ActionChange, by: str, now: datetime, today: date
) -> None:
    """Move an action of an active plan on; what is expected of the plan is computed anew.

    Raises `NotFound`, `Conflict` for a closed plan, `Refused` naming the rule that the change breaks.
    """
    _check_active(plan)
    before = next((action for action in plan.actions if action.number == number), None)
    if before is None:
        raise NotFound("action", number)
    after = changed(before, change, today)
    changes = difference(before, after)
    if not changes and change.note is None:
        return
    actions = [after if action.number == number else action for action in plan.actions]
    expected = plan.expected
    if "due_on" in changes or after.status is Status.DROPPED:
        snapshot, _ = await studies.read_snapshot(unit.connection, plan.study_id, plan.snapshot)
        try:
            expected = await _expected(plan.name, actions, plan, snapshot)
        except Refused as refused:
            # It is told as what the caller wrote, not as a place in the alternative that the plan is run as.
            field = "status" if after.status is Status.DROPPED else "due_on"
            raise Refused(field, refused.code, refused.detail) from refused
    await plans.update_action(unit.connection, plan.id, after)
    entry = Entry(plan.version + 1, now, by, number, changes, change.note)
    await _keep(unit, replace(plan, actions=actions, expected=expected), entry)


async def close(unit: Transaction, plan: Plan, reason: str, by: str, now: datetime) -> None:
    """Close a plan: it is followed no more, and the study may adopt another. Raises `Conflict` when it is closed already."""
    _check_active(plan)
    entry = Entry(plan.version + 1, now, by, None, {"status": ["active", "closed"]}, reason)
    await _keep(unit, replace(plan, status="closed", closed_reason=reason), entry)


async def follow(connection: Connection, plan: Plan, today: date) -> Followed:
    """The plan held against the footprints heard, up to the last month that is over."""
    months = calendar_months(plan.definition.start, plan.definition.years, today)
    snapshot, _ = await studies.read_snapshot(connection, plan.study_id, plan.snapshot)
    carried = {asset.ref: asset.carries for asset in snapshot.assets}
    members: dict[int, list[UUID]] = {}
    everything: set[UUID] = set()
    for action in plan.actions:
        refs = {UUID(ref) for ref in (*action.assets, *(action.replaced_by or ()))}
        refs |= {UUID(machine) for ref in action.assets for machine in carried[ref]}
        members[action.number] = sorted(refs)
        everything |= refs
    members[WHOLE] = sorted(everything)
    own = sorted({UUID(ref) for action in plan.actions for ref in (*action.assets, *(action.replaced_by or ()))})
    footprints = await realised.read_footprints(connection, plan.org, members, months)
    known = await realised.read_known(connection, plan.org, own, months)
    each = {
        action.number: progress_of(
            plan.expected[action.number], months, footprints[action.number], reasons_of([action], months, known)
        )
        for action in plan.actions
    }
    whole = progress_of(plan.expected[WHOLE], months, footprints[WHOLE], reasons_of(plan.actions, months, known))
    assets = {ref for action in plan.actions for ref in action.assets}
    gone = {
        month: sum(1 for ref in assets if (day := known[ref].gone_on) is not None and day < following(month))
        for month in months
    }
    silent = {
        month: sum(1 for ref in assets if month not in known[ref].months and known[ref].gone_on is None)
        for month in months
    }
    return Followed(months, whole, each, gone, silent)


async def committee(connection: Connection, plan: Plan, month: date, today: date) -> Committee:
    """The committee's page of a month."""
    followed = await follow(connection, plan, today)
    settled: dict[int, dict[Status, date]] = {}
    for entry in await plans.read_history(connection, plan.id):
        if entry.action is not None and "status" in entry.changes:
            settled.setdefault(entry.action, {})[Status(entry.changes["status"][1])] = entry.at.date()
    shown = next((each for each in followed.whole.months if each.month == f"{month:%Y-%m}"), None)
    analysis = Analysis(
        reference_kg=shown.reference_kg if shown else None,
        footprint_kg=shown.footprint_kg if shown else None,
        retired=followed.retired.get(month, 0),
        silent=followed.silent.get(month, 0),
    )
    return committee_of(month, plan.actions, settled, followed.whole, followed.each, analysis)


async def find_plan(connection: Connection, plan_id: UUID, *, lock: bool = False) -> Plan:
    """The plan. Raises `NotFound`."""
    plan = await plans.find_plan(connection, plan_id, lock=lock)
    if plan is None:
        raise NotFound("plan", plan_id)
    return plan


async def _keep(unit: Transaction, plan: Plan, entry: Entry) -> None:
    await plans.update_plan(unit.connection, plan.id, plan.status, plan.closed_reason, plan.expected, entry.at)
    await plans.insert_entry(unit.connection, plan.id, plan.org, entry)
    unit.publish(events.plan_changed(replace(plan, version=entry.version, updated_at=entry.at)))


async def _expected(
    name: str, actions: Sequence[PlannedAction], of: Study | Plan, snapshot: Snapshot
) -> Mapping[int, Expected]:
    return await asyncio.to_thread(expected_of, name, actions, of.definition, snapshot, offers_by_id())


def _check_active(plan: Plan) -> None:
    if plan.status != "active":
        raise Conflict(f"the plan is {plan.status}: {plan.closed_reason}", code="plan-closed")
