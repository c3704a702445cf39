"""An alternative adopted as the plan: its actions, and how each may move from a proposal to something done. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scenarios.domain.applying import Applier, Catalogue, OfferUse
from scenarios.domain.deferring import carried_over
from scenarios.domain.description import ActionSpec, AssetValues, Refused, SwitchOff, Written
from scenarios.domain.due import refs_of
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.study import StudyDefinition

DAYS = 365
MONTHS = 12


class Status(StrEnum):
    """Where an action stands: proposed → decided → done, or dropped before it is done."""

    PROPOSED = "proposed"
    DECIDED = "decided"
    DONE = "done"
    DROPPED = "dropped"


NEXT: Mapping[Status, frozenset[Status]] = {
    Status.PROPOSED: frozenset({Status.DECIDED, Status.DROPPED}),
    Status.DECIDED: frozenset({Status.DONE, Status.DROPPED}),
    Status.DONE: frozenset(),
    Status.DROPPED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """An action of a plan: a use of an offer, or an action of the alternative's own, on the assets that it was on when adopted.

    `replaced_by` are the assets that came in the place of those that left: None until somebody has said so, empty when nothing did.
    """

    number: int
    written: OfferUse | ActionSpec
    assets: Sequence[str]
    status: Status
    owner: str | None
    due_on: date
    done_on: date | None = None
    replaced_by: Sequence[str] | None = None

    @property
    def label(self) -> str:
        """The offer's id, or the lever."""
        return self.written.offer if isinstance(self.written, OfferUse) else self.written.lever

    @property
    def leaves_nothing(self) -> bool:
        """Whether its assets leave with nothing in their place."""
        return isinstance(self.written, SwitchOff) and self.written.leaves


class ActionChange(Written):
    """What is to change of an action; what is not given stays."""

    status: Status | None = None
    owner: Annotated[str, Field(min_length=1, max_length=200, examples=["ops@acme.example"])] | None = None
    due_on: date | None = Field(default=None, description="of an action that is not done yet")
    done_on: date | None = Field(default=None, description="when it took effect; with status done")
    replaced_by: Annotated[list[UUID], Field(max_length=10_000)] | None = Field(
        default=None, description="ids of the assets that came in the place of those that left; empty: none did"
    )
    note: Annotated[str, Field(min_length=1, max_length=4000)] | None = Field(
        default=None, description="why; needed to drop an action"
    )


def adopted(
    alternative: AlternativeSpec, definition: StudyDefinition, assets: Mapping[str, AssetValues], catalogue: Catalogue
) -> list[PlannedAction]:
    """The actions of an alternative as proposals, each due when it stands in the alternative. Raises `Refused`."""
    applier = Applier(
        catalogue, list(assets.values()), definition.confirmed, definition.reference.actions, definition.years
    )
    refs = applier.take(alternative.offers, "offers").refs if alternative.offers else []
    entries: list[tuple[OfferUse | ActionSpec, list[str]]] = list(zip(alternative.offers, refs, strict=True))
    entries += [(action, [ref for ref in refs_of(action, assets) if ref in assets]) for action in alternative.actions]
    return [
        PlannedAction(
            number, written, on, Status.PROPOSED, None, day_of(definition.start, written.year * MONTHS + written.month)
        )
        for number, (written, on) in enumerate(entries, start=1)
    ]


def changed(action: PlannedAction, change: ActionChange, today: date) -> PlannedAction:
    """The action with the change. Raises `Refused` naming the field and the rule that it breaks."""
    given = change.model_fields_set
    status = change.status or action.status
    if status is not action.status and status not in NEXT[action.status]:
        allowed = ", ".join(sorted(NEXT[action.status])) or "nothing else"
        raise Refused("status", "transition", f"an action that is {action.status} can become {allowed}, not {status}")
    if action.status in (Status.DONE, Status.DROPPED):
        fixed = sorted(given & {"owner", "due_on", "done_on"})
        if fixed:
            raise Refused(fixed[0], "settled", f"an action that is {action.status} keeps its {fixed[0]}")
    owner = change.owner or action.owner
    if status is Status.DECIDED and owner is None:
        raise Refused("owner", "required", "an action is decided with an owner: say who")
    if status is Status.DROPPED and action.status is not Status.DROPPED and change.note is None:
        raise Refused("note", "required", "say in a note why the action is dropped")
    return replace(
        action,
        status=status,
        owner=owner,
        due_on=change.due_on or action.due_on,
        done_on=_done_on(action, change, status, today),
        replaced_by=action.replaced_by if change.replaced_by is None else [str(each) for each in change.replaced_by],
    )


def _done_on(action: PlannedAction, change: ActionChange, status: Status, today: date) -> date | None:
    if status is not Status.DONE:
        if change.done_on is not None:
            raise Refused("done_on", "not_done", f"an action that is {status} has no day on which it was done")
        return None
    done_on = change.done_on or action.done_on or today
    if done_on > today:
        raise Refused("done_on", "in_the_future", f"{done_on} is after today, {today}: what is done has happened")
    return done_on


def difference(before: PlannedAction, after: PlannedAction) -> dict[str, list[Any]]:
    """By field that changed, what it was and what it is."""
    return {
        name: [getattr(before, name), getattr(after, name)]
        for name in ("status", "owner", "due_on", "done_on", "replaced_by")
        if getattr(before, name) != getattr(after, name)
    }


def month_of(start: date, day: date) -> int:
    """The month of the study that `day` falls in: twelfths of years of 365 days from `start`; negative before it."""
    return (day - start).days * MONTHS // DAYS


def day_of(start: date, month: int) -> date:
    """The first day of a month of the study."""
    return start + timedelta(days=-(-month * DAYS // MONTHS))


def as_alternative(
    name: str, actions: Sequence[PlannedAction], definition: StudyDefinition, assets: Mapping[str, AssetValues]
) -> AlternativeSpec:
    """What the plan is now: without what was dropped, each action when it is due.

    The day on which it was really done is for the footprints to tell of, and moves nothing that is expected. An alternative of offers is
    the reference with the offers in it, and stays so when all are dropped; in one of plain actions, the assets that only dropped ones
    were on are treated as the reference treats them. Raises `Refused` for a moment beyond the horizon.
    """
    offers: list[OfferUse] = []
    own: list[ActionSpec] = []
    for action in actions:
        if action.status is Status.DROPPED:
            continue
        month = max(0, month_of(definition.start, action.due_on))
        if month >= definition.years * MONTHS:
            end = day_of(definition.start, definition.years * MONTHS)
            raise Refused("due_on", "after_horizon", f"{action.due_on} is not before the end of the study, {end}")
        placed = {"year": month // MONTHS, "month": month % MONTHS, "on": list(action.assets)}
        if isinstance(action.written, OfferUse):
            offers.append(action.written.model_copy(update=placed))
        else:
            own.append(action.written.model_copy(update=placed))
    if offers:
        return AlternativeSpec(name=name, offers=offers, actions=own)
    touched = {ref for action in actions if action.status is not Status.DROPPED for ref in action.assets}
    given_up = {ref for action in actions for ref in action.assets} - touched
    by_offers = not touched or any(isinstance(action.written, OfferUse) for action in actions)
    kept = [
        action.model_copy(update={"on": on})
        for action in carried_over(definition.reference.actions, assets, {}, definition.years)
        if (on := [ref for ref in refs_of(action, assets) if by_offers or ref in given_up])
    ]
    return AlternativeSpec(name=name, actions=[*kept, *own])
