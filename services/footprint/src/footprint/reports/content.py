"""What a yearly report says: figures in exact billionths, and what they rest on. The formats only write it down."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from footprint.domain.dashboard import MonthEnergy
from footprint.domain.scopes import USE
from footprint.domain.sums import BILLION


class Line(NamedTuple):
    """An amount of the roll-up: billionths of the unit of its criterion, in a month, on a reporting line; `restates`: the closed month that
    it corrects; `figures`: how many asset-months it sums. With its 95 % interval and class, None where nothing positive is there (a
    correction of a closed month has none), and billionths of the kWh behind it, None where it is not of electricity."""

    month: int
    restates: int | None
    site: str | None
    kind: str
    stage: str
    criterion: str
    basis: str
    share: str
    scope: int
    ghg_category: str
    beges_item: str
    billionths: int
    figures: int
    low: float | None
    high: float | None
    quality: int | None
    kwh: int | None


@dataclass(frozen=True, slots=True)
class FactorUsed:
    """A factor version that results name."""

    id: str
    version: int
    name: Mapping[str, str]
    value: float | None
    unit: str
    source: str
    link: str | None
    licence: str | None
    year: int | None
    asset_months: int
    assumption: bool


@dataclass(frozen=True, slots=True)
class SiteStated:
    """A site and what its figures rest on."""

    code: str
    region: str
    operator: str
    rule: str
    pue: tuple[tuple[float, str | None, str | None], ...]
    guarantee_share: float


@dataclass(frozen=True, slots=True)
class Closing:
    """A closed month."""

    month: int
    at: datetime
    by: str
    method_version: str


@dataclass(frozen=True, slots=True)
class Restated:
    """What a month of the year counts of an earlier, closed one: billionths of a kg on each basis, never added to one another."""

    counted_in: int
    month: int
    stage: str
    reason: str
    location: int
    market: int


@dataclass(frozen=True, slots=True)
class Report:
    """A year of an organisation, with its `name` as a reader knows it.

    `energy` is the electricity of each month at the meters of the sites, where any is known.
    `last_elapsed` is the last month that has elapsed, None while none has; later ones are projected.
    """

    org: str
    name: str
    year: int
    made_at: datetime
    time_zone: str
    convention: str
    role: str
    last_elapsed: int | None
    lines: Sequence[Line]
    energy: Mapping[int, MonthEnergy]
    dashboard: Mapping[str, Any] | None
    closings: Sequence[Closing]
    restated: Sequence[Restated]
    sites: Sequence[SiteStated]
    evidence: Sequence[Mapping[str, Any]]
    warnings: Sequence[tuple[str, int]]
    factors: Sequence[FactorUsed]
    methods: Sequence[Mapping[str, Any]]

    def climate(self, basis: str = "location") -> list[Line]:
        """The lines of climate change on one basis; the other one is never among them."""
        return [each for each in self.lines if each.criterion == "gwp" and each.basis in ("both", basis)]

    def electricity(self, basis: str) -> list[Line]:
        """The lines of climate change of the electricity: of itself in one view, or (`both`) of its upstream and losses, in either view."""
        return [each for each in self.lines if each.criterion == "gwp" and each.stage == USE and each.basis == basis]

    @property
    def known(self) -> set[int]:
        """The months of which there is any figure of climate change, location-based: what the others emit is not 0, but not known."""
        return {each.month for each in self.climate()}

    @property
    def total(self) -> int:
        """Billionths of a kg of the whole year, location-based, with its projection."""
        return total(self.climate())

    @property
    def season(self) -> int | None:
        """Billionths of a kg by which the seasons of the year before move the projection, None where there is no such year."""
        seasonal = self.dashboard["year"]["seasonal"] if self.dashboard else None
        return None if seasonal is None else int(seasonal["adjustment_kg"] * BILLION)

    @property
    def estimate(self) -> int:
        """Billionths of a kg of the whole year, location-based, with its projection in its seasons."""
        return self.total + (self.season or 0)

    @property
    def restated_ahead(self) -> int:
        """Billionths of a kg by which the months that have not elapsed correct closed ones, location-based: no part of a projection."""
        return total(each for each in self.climate() if each.restates is not None and not self.elapsed(each.month))

    def kwh(self, month: int) -> int | None:
        """Billionths of the kWh behind the location-based figures of a month; None where there is none of electricity."""
        return self.energy[month].kwh if month in self.energy else None

    @property
    def kwh_of_year(self) -> int | None:
        """The same of the whole year."""
        known = [each.kwh for each in self.energy.values() if each.kwh is not None]
        return sum(known) if known else None

    @property
    def kwh_without_factor(self) -> int:
        """Billionths of the kWh of the year that have no electricity factor, and stand in no sum."""
        return sum(each.without_factor for each in self.energy.values())

    def elapsed(self, month: int) -> bool:
        """Whether a month has elapsed."""
        return self.last_elapsed is not None and month <= self.last_elapsed


def total(lines: Iterable[Line]) -> int:
    """The sum of lines."""
    return sum(each.billionths for each in lines)


def grouped(lines: Iterable[Line], key: Callable[[Line], Any]) -> dict[Any, int]:
    """Sums by a key, in the order in which the keys come."""
    sums: dict[Any, int] = {}
    for each in lines:
        name = key(each)
        sums[name] = sums.get(name, 0) + each.billionths
    return sums
