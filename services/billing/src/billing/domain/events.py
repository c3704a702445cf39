"""From usage events to intervals: which quantities a resource held, from when until when.

Events carry absolute quantities, so the state after an instant is that of the last event at or before it: their order of arrival does not
matter, and one that comes twice changes nothing. Every input is kept at full precision for ordering; intervals are in whole seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Kind = Literal["started", "resized", "stopped"]

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One event: `at_us` microseconds since 1970, `amounts` in steps in the order of `METERS`, None where it says nothing of a meter."""

    id: str
    resource: str
    kind: Kind
    at_us: int
    amounts: tuple[int | None, ...] = (None, None, None)


@dataclass(frozen=True, slots=True)
class Interval:
    """`resource` holds `amounts` (steps, in the order of `METERS`) over `[start, end)`, epoch seconds; `end` None: until further notice."""

    resource: str
    start: int
    end: int | None
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the events that does not fit together; `code` is stable. The bill is made nevertheless, and says so."""

    code: Literal["started_while_running", "resized_while_stopped", "stopped_while_stopped"]
    resource: str
    event: str


class ConflictingEvent(ValueError):
    """Two events with one id that say different things."""

    def __init__(self, event_id: str) -> None:
        super().__init__(f"event {event_id!r} came twice with different content")
        self.event_id = event_id


def intervals_of(events: Iterable[UsageEvent]) -> tuple[list[Interval], list[Finding]]:
    """The intervals of every resource, by resource and start, and what was odd. Raises `ConflictingEvent`.

    A `resized` that says nothing of a meter leaves it as it was; a `started` begins at nothing. Where a stop and a start share an instant,
    the order is the one in which both have an effect: stop first for a resource that runs, start first for one that does not.
    """
    intervals: list[Interval] = []
    findings: list[Finding] = []
    ordered = sorted(_distinct(events), key=lambda event: (event.resource, event.at_us, event.kind, event.id))
    for _, history in groupby(ordered, key=lambda event: event.resource):
        _replay(list(history), intervals, findings)
    return intervals, findings


def cut(intervals: Iterable[Interval], start: int, end: int) -> list[Interval]:
    """The parts of `intervals` that lie in `[start, end)`, all of them closed."""
    parts = []
    for interval in intervals:
        low = max(interval.start, start)
        high = end if interval.end is None else min(interval.end, end)
        if low < high:
            parts.append(Interval(interval.resource, low, high, interval.amounts))
    return parts


def _distinct(events: Iterable[UsageEvent]) -> Iterable[UsageEvent]:
    known: dict[str, UsageEvent] = {}
    for event in events:
        if known.setdefault(event.id, event) != event:
            raise ConflictingEvent(event.id)
    return known.values()


def _replay(history: Sequence[UsageEvent], intervals: list[Interval], findings: list[Finding]) -> None:
    held: tuple[int, ...] | None = None
    since = 0
    for at_us, together in groupby(history, key=lambda event: event.at_us):
        second = at_us // MICROSECONDS
        for event in _sequence(list(together), running=held is not None):
            if held is not None and since < second:
                intervals.append(Interval(event.resource, since, second, held))
            since = second
            finding, held = _apply(event, held)
            if finding is not None:
                findings.append(finding)
    if held is not None:
        intervals.append(Interval(history[0].resource, since, None, held))


def _sequence(together: list[UsageEvent], *, running: bool) -> list[UsageEvent]:
    """The events of one instant in the order in which they take effect."""
    stops = [event for event in together if event.kind == "stopped"]
    starts = [event for event in together if event.kind == "started"]
    resizes = [event for event in together if event.kind == "resized"]
    return [*stops, *starts, *resizes] if running else [*starts, *resizes, *stops]


def _apply(event: UsageEvent, held: tuple[int, ...] | None) -> tuple[Finding | None, tuple[int, ...] | None]:
    before = held or (0,) * len(event.amounts)
    match event.kind:
        case "stopped":
            odd = None if held is not None else Finding("stopped_while_stopped", event.resource, event.id)
            return odd, None
        case "started":
            odd = None if held is None else Finding("started_while_running", event.resource, event.id)
            return odd, tuple(amount or 0 for amount in event.amounts)
        case "resized":
            odd = None if held is not None else Finding("resized_while_stopped", event.resource, event.id)
            pairs = zip(event.amounts, before, strict=True)
            return odd, tuple(old if new is None else new for new, old in pairs)
