"""Which months an asset has, and how it stands in each."""

from collections.abc import Iterator, Sequence

from footprint.domain.allocation import Subject
from footprint.domain.inventory import Segment
from footprint.domain.ledger import Ledger
from footprint.domain.months import month_at, month_start


def months_of(ledger: Ledger, subject: Subject, first_month: int, horizon: int) -> Iterator[tuple[int, str, Segment]]:
    """Each month of the timeline, and of what else is spread over time, with the status, and the segment, that holds at its end."""
    zone = subject.organisation.time_zone
    segments = subject.asset.segments
    last = segments[-1]
    stop = horizon if last.end is None else min(horizon, last.end)
    if last.status == "retired":
        stop = min(stop, next(each.start for each in _trailing_retired(segments)))
    spans = [(segments[0].start, stop)] if segments[0].start < stop else []
    if subject.ledger_index is not None:
        extras = ledger.profiles[subject.ledger_index].extras
        spans.extend((each.start, min(each.end, horizon)) for each in extras if each.anywhere and each.start < horizon)
    months = {
        month
        for start, end in spans
        for month in range(max(first_month, month_at(zone, start)), month_at(zone, end - 1) + 1)
    }
    at = 0
    for month in sorted(months):
        end = min(month_start(zone, month + 1), stop) - 1
        while at + 1 < len(segments) and segments[at + 1].start <= end:
            at += 1
        over = stop < month_start(zone, month + 1) and stop < horizon
        yield month, "retired" if over else segments[at].status.value, segments[at]


def _trailing_retired(segments: Sequence[Segment]) -> Iterator[Segment]:
    """The first segment of the final run of retired ones."""
    first = len(segments) - 1
    while first > 0 and segments[first - 1].status == "retired":
        first -= 1
    yield segments[first]
