"""What holds on a date: the values of a site, on half-open local days, as Unix seconds see them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Protocol, TypeVar

from footprint.domain.inventory import Contract, Operator, Site
from footprint.domain.months import local_midnight


class Dated(Protocol):
    """Something that holds on half-open local days; None is unbounded."""

    @property
    def start(self) -> date | None:
        """Its first day."""

    @property
    def end(self) -> date | None:
        """The day after its last one."""


D = TypeVar("D", bound=Dated)


def midnight(zone: str, day: date) -> int:
    """The Unix second at which a local day begins."""
    return local_midnight(zone, day.year, day.month, day.day)


def holding(zone: str, dated: Sequence[D], instant: int) -> D | None:
    """The first of `dated` that holds at a Unix second."""
    for each in dated:
        begun = each.start is None or midnight(zone, each.start) <= instant
        if begun and (each.end is None or instant < midnight(zone, each.end)):
            return each
    return None


def cut(zone: str, dated: Iterable[Dated], start: int, end: int) -> Iterator[tuple[int, int]]:
    """A time cut where any of `dated` begins or ends."""
    days = {day for each in dated for day in (each.start, each.end) if day is not None}
    edges = {edge for day in days if start < (edge := midnight(zone, day)) < end}
    yield from pairwise(sorted({start, end} | edges))


def operator_at(site: Site | None, zone: str, instant: int) -> Operator:
    """Who runs a site at a Unix second; outside any site the organisation itself."""
    if site is None:
        return Operator.OWN
    operated = holding(zone, site.operators, instant)
    return site.operator if operated is None else operated.operator


def sharing_at(site: Site, zone: str, instant: int) -> Site:
    """The site with the rule by which it shares its hosts out at a Unix second."""
    held = holding(zone, site.allocations, instant)
    return site if held is None else replace(site, rule=held.rule, shared_by=held.shared_by)


def contract_at(site: Site, zone: str, instant: int) -> Contract:
    """The electricity contract of a site at a Unix second."""
    stated = Contract(site.guarantee_share, site.residual_kg_per_kwh)
    return holding(zone, site.contracts, instant) or stated
