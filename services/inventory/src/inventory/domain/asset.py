"""An asset as a whole, and how what is told of it changes it."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from inventory.domain.description import Description
from inventory.domain.record import AssetKey
from inventory.domain.timeline import Change, Timeline, begin, record, retire
from inventory.domain.vocabulary import Kind

SEGMENTS_LIMIT = 1000
"""Segments per timeline: a change a day for almost three years."""


@dataclass(frozen=True, slots=True)
class Fact:
    """New values of dated attributes from `start` until `until`, or until the next known change.

    `final` is said of a retirement that nothing known for later survives.
    """

    change: Change
    start: datetime
    until: datetime | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset at one version: `recorded_at` is when that version became known here.

    `key` is the name under which it first came, `also_known_as` are its further names (source, external id);
    `merged_into` is the asset that a deleted one proved to be.
    """

    id: UUID
    key: AssetKey
    kind: Kind
    description: Description
    timeline: Timeline
    version: int
    recorded_at: datetime
    deleted: bool = False
    also_known_as: tuple[tuple[str, str], ...] = ()
    merged_into: UUID | None = None

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Every (source, external id) under which it is known, the first one first."""
        return ((self.key.source, self.key.external_id), *self.also_known_as)


def tell(timeline: Timeline | None, fact: Fact) -> Timeline:
    """The timeline after one more fact; None is that of an asset that is not known yet.

    Raises ValueError as the operations of `inventory.domain.timeline` do.
    """
    if timeline is None:
        return begin(fact.start, fact.change)
    if not fact.final:
        return record(timeline, fact.change, fact.start, fact.until)
    return record(retire(timeline, fact.start), fact.change, fact.start)


def revised(known: Asset, description: Description, timeline: Timeline, recorded_at: datetime) -> Asset:
    """The next version of an asset, or the very same object when nothing about it is new."""
    if description == known.description and timeline == known.timeline:
        return known
    return replace(
        known, description=description, timeline=timeline, version=known.version + 1, recorded_at=recorded_at
    )
