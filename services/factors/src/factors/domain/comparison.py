"""What changed between two sets of factors."""

from collections.abc import Iterable
from dataclasses import dataclass

from factors.domain.records import Change, FactorVersion, differences


@dataclass(frozen=True, slots=True)
class Revised:
    """A factor that both sets hold in different versions.

    `relative_change` is (after - before) / before of the value, what any result in proportion to it would change by; None when the
    value was 0 or the unit is another.
    """

    before: FactorVersion
    after: FactorVersion
    changes: list[Change]
    relative_change: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a second set has more, has no more, and has otherwise, each in the order of ids."""

    added: list[FactorVersion]
    removed: list[FactorVersion]
    revised: list[Revised]


def compare(before: Iterable[FactorVersion], after: Iterable[FactorVersion]) -> Comparison:
    """Compare two sets of versions, at most one per factor in each."""
    old = {version.id: version for version in before}
    new = {version.id: version for version in after}
    return Comparison(
        added=[new[factor_id] for factor_id in sorted(new.keys() - old.keys())],
        removed=[old[factor_id] for factor_id in sorted(old.keys() - new.keys())],
        revised=[
            _revised(old[factor_id], new[factor_id])
            for factor_id in sorted(old.keys() & new.keys())
            if old[factor_id].version != new[factor_id].version
        ],
    )


def _revised(before: FactorVersion, after: FactorVersion) -> Revised:
    comparable = before.content.unit == after.content.unit and before.content.value != 0
    change = (after.content.value - before.content.value) / before.content.value if comparable else None
    return Revised(before, after, differences(before.content, after.content), change)
