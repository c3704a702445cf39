"""Two accounts of the same month, day by day: what a contract is billed by, and what the other source says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from billing.domain.events import Interval
from billing.domain.usage_days import by_day

NOTHING = (0, 0, 0)
MOST_NAMES = 5

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


def differences(billed: Iterable[Interval], other: Iterable[Interval], zone: ZoneInfo) -> list[Difference]:
    """The days on which two sets of closed intervals do not hold the same, by resource and day; a resource that only one knows included."""
    ours, theirs = _sums(billed, zone), _sums(other, zone)
    found = []
    for resource, day in sorted(ours.keys() | theirs.keys()):
        pair = ours.get((resource, day), NOTHING), theirs.get((resource, day), NOTHING)
        if pair[0] != pair[1]:
            found.append(Difference(resource, day, *pair))
    return found


def mismatches(found: Iterable[Difference], other: Source) -> Iterator[Found]:
    """One finding for each day and kind of difference, by day; the sentence names the first resources."""
    groups: dict[tuple[date, FindingCode], list[str]] = {}
    for difference in found:
        groups.setdefault((difference.day, difference.finding), []).append(difference.resource)
    for (day, finding), resources in sorted(groups.items()):
        yield Found(finding, f"{day}: {_sentence(finding, resources, other)}", day)


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


def _sentence(finding: FindingCode, resources: Sequence[str], other: Source) -> str:
    names = ", ".join(resources[:MOST_NAMES])
    more = f" and {len(resources) - MOST_NAMES} more" if len(resources) > MOST_NAMES else ""
    count = f"{len(resources)} resource{'s' if len(resources) > 1 else ''}"
    told = {
        "billed_only": f"{count} billed, but not in {WORDS[other]}",
        "other_only": f"{count} in {WORDS[other]}, but not billed",
        "quantities_differ": f"{count} billed in other quantities than in {WORDS[other]}",
    }
    return f"{told[finding]}: {names}{more}"


def _sums(intervals: Iterable[Interval], zone: ZoneInfo) -> Mapping[tuple[str, date], tuple[int, ...]]:
    days = by_day(intervals, zone)
    return {(resource, usage.day): usage.step_seconds for resource, rows in days.items() for usage in rows}
