"""An application, and the machines that it runs on: since when, until when, with which weight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import Field, Strict

from inventory.domain.configuration import Part
from inventory.domain.defects import Defect
from inventory.domain.intervals import Dated, ordered, overlaps, spliced, value_at
from inventory.domain.quantities import Code, Label, Moment, OrganisationId

MACHINES_LIMIT = 2000
"""Dated memberships of one application: what an event may hold."""

Weight = Annotated[float, Strict(), Field(gt=0, le=1e6, allow_inf_nan=False)]
"""Relative to the other applications on the same machine at that time; above 0."""

Users = Annotated[int, Strict(), Field(ge=1, le=100_000_000)]
"""People who use the application."""


class MachineReference(Part):
    """A machine as its sender names it, in the application's own organisation unless `org` says another."""

    source: Label
    external_id: Label
    org: OrganisationId | None = None


class MachineClaim(MachineReference):
    """That the application runs on a machine over `[from, to)` with a weight.

    `from` absent: since the machine is known when it is not among the application's yet, else from the moment of the call.
    """

    start: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None
    weight: Weight = 1.0


class ApplicationChange(Part):
    """What may be said of an application; `machines` as a whole."""

    name: Label | None = None
    users: Users | None = None
    machines: Annotated[tuple[MachineClaim, ...], Field(max_length=MACHINES_LIMIT)] = ()


class ApplicationRecord(ApplicationChange):
    """One application as it is sent. Without a name it is called by its code."""

    org: OrganisationId
    code: Code


class Membership(NamedTuple):
    """The application runs on `asset_id` over `[start, end)`, None being open, with `weight`."""

    asset_id: UUID
    start: datetime
    end: datetime | None
    weight: float


@dataclass(frozen=True, slots=True)
class Application:
    """An application at one version; `machines` are sorted by machine and date and never overlap for one machine."""

    id: UUID
    org: str
    code: str
    name: str
    users: int | None
    machines: tuple[Membership, ...]
    version: int
    recorded_at: datetime
    deleted: bool = False

    def same_as(self, other: "Application") -> bool:
        """Whether both say the same, whatever their versions."""
        return replace(self, version=other.version, recorded_at=other.recorded_at) == other


@dataclass(frozen=True, slots=True)
class KnownMachine:
    """A machine that a claim names: its id and since when it is known."""

    id: UUID
    known_since: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with its machine found and its days made instants of the organisation's zone; `start` None was not said."""

    machine: KnownMachine
    start: datetime | None
    end: datetime | None
    weight: float


def claimed(known: Sequence[Membership], claims: Iterable[Claim], now: datetime) -> tuple[Membership, ...]:
    """The memberships after the claims, each replacing what was known of its machine over its interval only."""
    after = tuple(known)
    for claim in claims:
        own = _of(after, claim.machine.id)
        if claim.start is None and claim.end is None and value_at(own, now) == claim.weight:
            continue
        start = claim.start or (now if own else claim.machine.known_since)
        others = tuple(one for one in after if one.asset_id != claim.machine.id)
        after = _sorted((*others, *_memberships(claim.machine.id, spliced(own, start, claim.end, claim.weight))))
    return after


def stated(known: Sequence[Membership], claims: Sequence[Claim]) -> tuple[Membership, ...]:
    """The memberships that the claims are, instead of all that was known; a start that is not said stays as it was known."""
    began = {one.asset_id: one.start for one in reversed(known)}
    return _sorted(
        Membership(
            claim.machine.id,
            claim.start or began.get(claim.machine.id, claim.machine.known_since),
            claim.end,
            claim.weight,
        )
        for claim in claims
    )


def broken_rules(machines: Sequence[Membership]) -> list[Defect]:
    """What is wrong with memberships: an end before its start, two weights on one machine at one time, too many."""
    defects = []
    for one in machines:
        if one.end is not None and one.end <= one.start:
            defects.append(Defect("machines", "not_after_start", f"to must be after from, {one.start.isoformat()}"))
    for asset_id in sorted({one.asset_id for one in machines}):
        if not defects and overlaps(ordered(_of(machines, asset_id))):
            rule = f"machine {asset_id} has two weights at one time; give each its from and to"
            defects.append(Defect("machines", "overlap", rule))
    if len(machines) > MACHINES_LIMIT:
        defects.append(Defect("machines", "too_many", f"an application has at most {MACHINES_LIMIT} dated machines"))
    return defects


def moved(machines: Sequence[Membership], old: UUID, new: UUID) -> tuple[Membership, ...]:
    """The memberships with `new` in the place of `old`; where both were, `new` keeps its own weight."""
    after: tuple[Dated[datetime, float], ...] = _of(machines, old)
    for piece in _of(machines, new):
        after = spliced(after, piece.start, piece.end, piece.value)
    others = (one for one in machines if one.asset_id not in (old, new))
    return _sorted((*others, *_memberships(new, after)))


def _of(machines: Iterable[Membership], asset_id: UUID) -> tuple[Dated[datetime, float], ...]:
    return tuple(Dated(one.start, one.end, one.weight) for one in machines if one.asset_id == asset_id)


def _memberships(asset_id: UUID, pieces: Iterable[Dated[datetime, float]]) -> Iterable[Membership]:
    return (Membership(asset_id, piece.start, piece.end, piece.value) for piece in pieces if piece.start is not None)


def _sorted(machines: Iterable[Membership]) -> tuple[Membership, ...]:
    return tuple(sorted(machines, key=lambda one: (one.asset_id, one.start)))
