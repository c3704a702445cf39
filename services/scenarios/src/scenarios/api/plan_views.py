"""How plans are shown."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from scenarios.domain.applying import OfferUse
from scenarios.domain.description import ActionSpec
from scenarios.domain.expecting import WHOLE, Expected
from scenarios.domain.plan import PlannedAction, Status
from scenarios.domain.progress import Progress
from scenarios.service.plans import Followed
from scenarios.store.plans import Plan


class ActionView(BaseModel):
    """An action of a plan. What is expected is over the whole study, on its assets, under all actions of the plan on them."""

    number: int
    label: str = Field(description="the offer's id, or the lever")
    offer: OfferUse | None
    action: ActionSpec | None
    assets: list[str]
    status: Status
    owner: str | None
    due_on: date
    done_on: date | None
    replaced_by: list[str] | None
    expected_eer_kg: float
    expected_eema_kg: float
    expected_avoided_kg: float


class PlanView(BaseModel):
    """An alternative adopted as the plan; what is expected counts each asset once."""

    id: UUID
    org: str
    study_id: UUID
    study_version: int
    snapshot: int
    name: str = Field(description="of the alternative")
    start: date
    years: int
    status: str = Field(description="active or closed")
    closed_reason: str | None
    version: int
    adopted_at: datetime
    adopted_by: str
    updated_at: datetime
    expected_eer_kg: float
    expected_eema_kg: float
    expected_avoided_kg: float
    actions: list[ActionView]


class EntryView(BaseModel):
    """What was done to a plan."""

    version: int
    at: datetime
    by: str
    action: int | None = Field(description="its number; null for the plan as a whole")
    changes: dict[str, Any] = Field(description="by field, before and after")
    note: str | None


class History(BaseModel):
    """Everything that was done to a plan, oldest first."""

    items: list[EntryView]


class ActionProgress(Progress):
    """An action held against footprints."""

    number: int
    label: str
    status: Status


class ProgressView(BaseModel):
    """A plan held against footprints, up to the last month that is over. Actions on the same assets each show what these assets did under
    all of them; `plan` counts each asset once."""

    plan: Progress
    actions: list[ActionProgress]


def show_plan(plan: Plan) -> PlanView:
    """The view of a plan."""
    return PlanView(
        id=plan.id,
        org=plan.org,
        study_id=plan.study_id,
        study_version=plan.study_version,
        snapshot=plan.snapshot,
        name=plan.name,
        start=plan.definition.start,
        years=plan.definition.years,
        status=plan.status,
        closed_reason=plan.closed_reason,
        version=plan.version,
        adopted_at=plan.adopted_at,
        adopted_by=plan.adopted_by,
        updated_at=plan.updated_at,
        **_sums(plan.expected[WHOLE]),
        actions=[show_action(action, plan.expected[action.number]) for action in plan.actions],
    )


def show_action(action: PlannedAction, expected: Expected) -> ActionView:
    """The view of an action."""
    written = action.written
    return ActionView(
        number=action.number,
        label=action.label,
        offer=written if isinstance(written, OfferUse) else None,
        action=None if isinstance(written, OfferUse) else written,
        assets=list(action.assets),
        status=action.status,
        owner=action.owner,
        due_on=action.due_on,
        done_on=action.done_on,
        replaced_by=None if action.replaced_by is None else list(action.replaced_by),
        **_sums(expected),
    )


def show_progress(plan: Plan, followed: Followed) -> ProgressView:
    """The view of a plan's progress."""
    return ProgressView(
        plan=followed.whole,
        actions=[
            ActionProgress(
                number=action.number,
                label=action.label,
                status=action.status,
                **followed.each[action.number].model_dump(),
            )
            for action in plan.actions
        ],
    )


def _sums(expected: Expected) -> dict[str, float]:
    eer, eema = sum(expected.eer_kg), sum(expected.eema_kg)
    return {"expected_eer_kg": eer, "expected_eema_kg": eema, "expected_avoided_kg": eer + eema}
