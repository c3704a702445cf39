"""Two accounts of the same month, day by day: what a contract is billed by, and what the other source says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from billing.domain.events import Interval
from billing.domain.usage_days import by_day

NOTHING = (0, 0, 0)
MOST_NAMES, MOST_KEPT = 5, 1000

Source = Literal["inventory", "events"]
FindingCode = Literal["billed_only", "other_only", "quantities_differ", "issued_month_differs", "unbilled_month"]
"""Of a day: only the source that is billed by has it, only the other one has it, or both in other quantities. Of a month: it has been
issued, and what is known now comes to another amount than was billed; or a run had found nothing to bill, and now there is something."""

WORDS: Mapping[Source, str] = {"inventory": "the inventory", "events": "the partner's usage events"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A resource on a local day: step-seconds as billed and as the other source has them, in the order of `METERS`."""

    resource: str
    day: date
    billed: tuple[int, ...]
    other: tuple[int, ...]

    @property
    def finding(self) -> FindingCode:
        """Which of the two knows of it."""
        if not any(self.other):
            return "billed_only"
        return "quantities_differ" if any(self.billed) else "other_only"


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody should know of a month: on `day`, or of all of it; `value` is what it comes to less what has been billed, euros net."""

    finding: FindingCode
    sentence: str
    day: date | None = None
    number: str | None = None
    value: Decimal | None = None

    @property
    def key(self) -> tuple[FindingCode, date | None, Decimal | None]:
        """What makes it the same finding when the month is looked at again."""
        return self.finding, self.day, self.value


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two accounts of a month: on how many resource-days they differ, the first of these, and one finding for each day and kind."""

    differences: int
    first: tuple[Difference, ...]
    found: tuple[Found, ...]


NOT_COMPARED = Comparison(0, (), ())


def compared(billed: Iterable[Interval], other: Iterable[Interval], other_source: Source, zone: ZoneInfo) -> Comparison:
    """Hold closed intervals of two sources against one another; at most `MOST_KEPT` differences are kept one by one."""
    count = 0
    first: list[Difference] = []
    groups: dict[tuple[date, FindingCode], _Group] = {}
    for difference in differences(billed, other, zone):
        count += 1
        if count <= MOST_KEPT:
            first.append(difference)
        group = groups.setdefault((difference.day, difference.finding), _Group())
        group.count += 1
        if group.count <= MOST_NAMES:
            group.names.append(difference.resource)
    found = (
        Found(finding, f"{day}: {_sentence(finding, group, other_source)}", day)
        for (day, finding), group in sorted(groups.items())
    )
    return Comparison(count, tuple(first), tuple(found))


def differences(billed: Iterable[Interval], other: Iterable[Interval], zone: ZoneInfo) -> Iterator[Difference]:
    """The days on which two sets of closed intervals do not hold the same, by resource and day; a resource that only one knows included."""
    ours, theirs = _by_resource(billed), _by_resource(other)
    for resource in sorted(ours.keys() | theirs.keys()):
        pair = ours.get(resource, []), theirs.get(resource, [])
        if pair[0] == pair[1]:
            continue
        mine, others = (_days_of(intervals, zone) for intervals in pair)
        for day in sorted(mine.keys() | others.keys()):
            held = mine.get(day, NOTHING), others.get(day, NOTHING)
            if held[0] != held[1]:
                yield Difference(resource, day, *held)


def outdated(number: str, month: date, owed: Decimal) -> Found:
    """An issued month that now comes to `owed` euros more than has been billed of it, net; less where it is below zero."""
    settled = "an adjustment on the next invoice" if owed > 0 else "a credit note"
    sentence = (
        f"{number}: what is known now of {month:%Y-%m} comes to {owed:+} € net of what has been billed; "
        f"POST /invoices/{number}/credit-notes settles it by {settled}"
    )
    return Found("issued_month_differs", sentence, number=number, value=owed)


def unbilled(month: date, owed: Decimal) -> Found:
    """A month of which a run had found nothing to bill, and that comes to `owed` euros, net, by now."""
    sentence = (
        f"{month:%Y-%m} had nothing to bill when it was run; what is known now comes to {owed} € net; "
        f"POST /invoices/runs?month={month:%Y-%m} issues it"
    )
    return Found("unbilled_month", sentence, value=owed)


@dataclass(slots=True)
class _Group:
    """How many resources differ in one way on one day, and what the first are called."""

    count: int = 0
    names: list[str] = field(default_factory=list)


def _sentence(finding: FindingCode, group: _Group, other: Source) -> str:
    more = f" and {group.count - MOST_NAMES} more" if group.count > MOST_NAMES else ""
    count = f"{group.count} resource{'s' if group.count > 1 else ''}"
    told = {
        "billed_only": f"{count} billed, but not in {WORDS[other]}",
        "other_only": f"{count} in {WORDS[other]}, but not billed",
        "quantities_differ": f"{count} billed in other quantities than in {WORDS[other]}",
    }
    return f"{told[finding]}: {', '.join(group.names)}{more}"


def _by_resource(intervals: Iterable[Interval]) -> dict[str, list[Interval]]:
    found: dict[str, list[Interval]] = {}
    for interval in intervals:
        found.setdefault(interval.resource, []).append(interval)
    return found


def _days_of(intervals: Iterable[Interval], zone: ZoneInfo) -> dict[date, tuple[int, ...]]:
    """Of one resource, the step-seconds of each day on which it held anything."""
    return {usage.day: usage.step_seconds for days in by_day(intervals, zone).values() for usage in days}
