"""Whether a month has crossed what somebody wanted to be told of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

Measure = Literal["month_to_date", "state_based", "linear"]
"""Net of the month so far; projected, what runs now staying on; projected, the mean so far going on."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """`amount` euros, net, of `measure`."""

    id: UUID
    name: str
    measure: Measure
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a month stands, in euros, net. A baseline and a minimum are floors of the projections; `linear` is None before anything has
    elapsed."""

    month_to_date: Decimal
    state_based: Decimal
    linear: Decimal | None

    def of(self, measure: Measure) -> Decimal | None:
        """The figure that `measure` names."""
        return {"month_to_date": self.month_to_date, "state_based": self.state_based, "linear": self.linear}[measure]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A threshold that is reached or passed, and by which figure."""

    threshold: Threshold
    value: Decimal


def crossings(thresholds: Iterable[Threshold], standing: Standing) -> Iterator[Crossing]:
    """Those of `thresholds` that the month has reached, in their order."""
    for threshold in thresholds:
        value = standing.of(threshold.measure)
        if value is not None and value >= threshold.amount:
            yield Crossing(threshold, value)
