"""The page of a monthly CarbonOps committee: what was decided, done and saved, and what comes next."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.plan import PlannedAction, Status
from scenarios.domain.progress import Progress, following, summed

AHEAD = timedelta(days=92)
"""How far the page looks: three months."""


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class CommitteeAction(_Shown):
    """An action on the page."""

    number: int
    label: str
    assets: int
    status: Status
    owner: str | None
    due_on: date
    done_on: date | None
    overdue: bool = Field(description="decided, and its day is past")


class Saved(_Shown):
    """What an action was to avoid and did, in the month and from the plan's start to its end; negative where more was emitted than in the
    reference."""

    number: int | None = Field(description="null: the plan as a whole, each asset counted once")
    label: str | None
    month_expected_kg: float
    month_realised_kg: float | None
    so_far_expected_kg: float = Field(description="in the months of which the realised is known")
    so_far_realised_kg: float | None
    reason: str | None = Field(description="why the month's realised is not known")


class Analysis(_Shown):
    """How the plan's assets stand: what they emitted in the month, beside what they would have, and what inventory tells anew."""

    reference_kg: float | None
    footprint_kg: float | None
    retired: int = Field(description="assets of the plan that are no more at the month's end")
    silent: int = Field(description="assets of the plan whose footprint of the month is not known")


class Committee(_Shown):
    """The cycle of the catalogue: analyse, propose, implement, result."""

    month: str
    analyse: Analysis
    propose: list[CommitteeAction] = Field(description="waiting for a decision")
    decided: list[CommitteeAction] = Field(description="decided in the month")
    dropped: list[CommitteeAction] = Field(description="dropped in the month")
    implement: list[CommitteeAction] = Field(description="done in the month")
    result: list[Saved]
    next: list[CommitteeAction] = Field(
        description="decided, and due within three months of the month's end, or overdue"
    )


def committee_of(
    month: date,
    actions: Sequence[PlannedAction],
    settled_in: Mapping[int, Mapping[Status, date]],
    whole: Progress,
    each: Mapping[int, Progress],
    analysis: Analysis,
) -> Committee:
    """The page of `month`. `settled_in` says by action on which day it came to a status."""
    end = following(month) - timedelta(days=1)

    def within(status: Status) -> list[CommitteeAction]:
        return [
            _shown(action, end)
            for action in actions
            if (day := settled_in.get(action.number, {}).get(status)) is not None and month <= day <= end
        ]

    return Committee(
        month=f"{month:%Y-%m}",
        analyse=analysis,
        propose=[_shown(action, end) for action in actions if action.status is Status.PROPOSED],
        decided=within(Status.DECIDED),
        dropped=within(Status.DROPPED),
        implement=[
            _shown(action, end) for action in actions if action.done_on is not None and month <= action.done_on <= end
        ],
        result=[
            _saved(None, None, month, whole),
            *(
                _saved(action.number, action.label, month, each[action.number])
                for action in actions
                if action.status is not Status.DROPPED
            ),
        ],
        next=sorted(
            (
                _shown(action, end)
                for action in actions
                if action.status is Status.DECIDED and action.due_on <= end + AHEAD
            ),
            key=lambda shown: (shown.due_on, shown.number),
        ),
    )


def _shown(action: PlannedAction, today: date) -> CommitteeAction:
    return CommitteeAction(
        number=action.number,
        label=action.label,
        assets=len(action.assets),
        status=action.status,
        owner=action.owner,
        due_on=action.due_on,
        done_on=action.done_on,
        overdue=action.status is Status.DECIDED and action.due_on <= today,
    )


def _saved(number: int | None, label: str | None, month: date, progress: Progress) -> Saved:
    name = f"{month:%Y-%m}"
    this = next((shown for shown in progress.months if shown.month == name), None)
    so_far = summed([shown for shown in progress.months if shown.month <= name])
    return Saved(
        number=number,
        label=label,
        month_expected_kg=this.expected_avoided_kg if this else 0.0,
        month_realised_kg=this.realised_avoided_kg if this else None,
        so_far_expected_kg=so_far.expected_in_known_months_kg,
        so_far_realised_kg=so_far.realised_avoided_kg,
        reason="the month is not within the study, or not over" if this is None else this.reason,
    )
