"""Closed months: what is known of them now against what they were closed with, split by reason.

A restatement moves lines in whole billionths. The part of the factors is exact: the month is computed once more with the factor versions
that the earlier figures name, everything else being as it is now; from there to the figures of today is `factor`, what lies before is
the reason of what was heard. So the parts add up to the difference, and closed figures and differences to what is known now. What
applications use of the lines moves likewise, as a whole: with the lines, or for itself where the shares of a closed month are corrected.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from footprint.domain.catalogue import FactorRef
from footprint.domain.results import METHOD_VERSION, AssetMonth, Claimed, Figure
from footprint.domain.sums import billionths

REASONS: Final = ("inventory", "measurement", "factor", "method")
"""Why a closed month reads otherwise now."""

Key = tuple[UUID, int]
"""An asset and a month."""


class Line(NamedTuple):
    """What a figure is about: its place in reports and roll-ups."""

    site: UUID | None
    stage: str
    criterion: str
    basis: str
    share: str
    scope: int
    ghg_category: str
    beges_item: str


class Moved(NamedTuple):
    """By how many billionths of its unit, and of a kWh behind it, a line moved, and why."""

    line: Line
    reason: str
    billionths: int
    kwh: int


Used = dict[tuple[UUID, Line], tuple[int, int]]
"""What each application uses of each line: billionths of its unit, and of a kWh behind it."""


class MovedClaim(NamedTuple):
    """By how many billionths of its unit, and of a kWh behind it, what an application uses of a line moved."""

    application: UUID
    line: Line
    billionths: int
    kwh: int


@dataclass(frozen=True, slots=True)
class State:
    """What was known of an asset in a month: its figures and what they rest on."""

    figures: Sequence[Figure] = ()
    references: Sequence[FactorRef] = ()
    method_version: str = METHOD_VERSION


@dataclass(frozen=True, slots=True)
class Latest:
    """The last restatement of an asset in a closed month."""

    digest: bytes
    removed: bool
    org: str
    kind: str
    claims_digest: bytes | None


@dataclass(frozen=True, slots=True)
class Closed:
    """Which months are closed, by organisation the last one (all before it are too), and the last restatements of some assets."""

    through: Mapping[str, int] = field(default_factory=dict)
    latest: Mapping[Key, Latest] = field(default_factory=dict)

    def holds(self, org: str, month: int) -> bool:
        """Whether that month of the organisation is closed."""
        return month <= self.through.get(org, -1)


NOTHING_CLOSED: Final = Closed()


@dataclass(frozen=True, slots=True)
class Found:
    """What a computation says now of an asset in a closed month, where that is not what was known."""

    result: AssetMonth
    digest: bytes
    removed: bool
    claims_digest: bytes | None

    @property
    def key(self) -> Key:
        """The asset and the month."""
        return self.result.asset.id, self.result.month


def moved(before: State, pinned: Iterable[Figure], now: Iterable[Figure], causes: Collection[str]) -> list[Moved]:
    """The lines that moved. `pinned` are the figures of today with the factor versions of `before`; `causes` is what was heard since."""
    heard = reason_heard(before, causes)
    sums: dict[tuple[Line, str], list[int]] = {}
    for figures, reason, sign in (
        (before.figures, heard, -1),
        (pinned := list(pinned), heard, 1),
        (pinned, "factor", -1),
        (now, "factor", 1),
    ):
        for figure in figures:
            amounts = sums.setdefault((line_of(figure), reason), [0, 0])
            amounts[0] += sign * billionths(figure.value)
            amounts[1] += sign * figure.kwh
    return [Moved(line, reason, *amounts) for (line, reason), amounts in sums.items() if any(amounts)]


def moved_claims(before: Used, now: Iterable[Claimed]) -> list[MovedClaim]:
    """What applications use otherwise now than was known before: `before` and it add up to what is known now."""
    sums = {key: [-billionths, -kwh] for key, (billionths, kwh) in before.items()}
    for each in now:
        amounts = sums.setdefault((each.application, line_of(each.figure)), [0, 0])
        amounts[0] += each.billionths
        amounts[1] += each.kwh
    moved = [MovedClaim(*key, *amounts) for key, amounts in sums.items() if any(amounts)]
    return sorted(moved, key=lambda each: (each.application, *map(str, each.line)))


def reason_heard(before: State, causes: Collection[str]) -> str:
    """What moved a month beside new versions of its factors: the inventory where anything of it was heard, else measurements, else another
    method, else a factor for what had none."""
    if "inventory" in causes:
        return "inventory"
    if "measurement" in causes:
        return "measurement"
    if before.method_version != METHOD_VERSION:
        return "method"
    return "factor" if "factor" in causes else "inventory"


def line_of(figure: Figure) -> Line:
    """What a figure is about."""
    return Line(
        figure.site,
        figure.stage,
        figure.criterion,
        figure.basis,
        figure.share,
        figure.scope,
        figure.ghg_category,
        figure.beges_item,
    )


def with_pinned_factors(
    found: Sequence[Found],
    before: Mapping[Key, State],
    recompute: Callable[[frozenset[FactorRef], Collection[UUID], int], Iterable[AssetMonth]],
) -> dict[Key, Sequence[Figure]]:
    """The figures of today with the factor versions of before.

    `recompute(references, assets, month)` computes the months of these assets from that one on with these versions; it is asked once for
    each distinct set, about the assets that it is of, and not at all where the versions are the same.
    """
    groups: dict[frozenset[FactorRef], list[Found]] = {}
    figures: dict[Key, Sequence[Figure]] = {}
    for each in found:
        named = frozenset(before[each.key].references)
        if each.removed or not named or named == frozenset(each.result.references):
            figures[each.key] = each.result.every_figure
        else:
            groups.setdefault(named, []).append(each)
    for named, group in groups.items():
        wanted = {each.key: each for each in group}
        assets = {each.result.asset.id for each in group}
        for result in recompute(named, assets, min(each.result.month for each in group)):
            if (result.asset.id, result.month) in wanted:
                figures[result.asset.id, result.month] = result.every_figure
    return figures
