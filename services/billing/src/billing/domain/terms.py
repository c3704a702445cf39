"""Dated price versions: which terms hold when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.domain.prices import Unit
from billing.domain.rating import Minimum, Terms, TermsWindow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LIST_PRICES = {"vcpu": Unit(Decimal("7.90")), "ram_gib": Unit(Decimal("1.50"))}
"""The catalogue's "Exemple de tarification" of Cloud Like: euros a month for one vCPU and for one GiB of RAM."""


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """Version `number` of a contract's terms, from the local day `valid_from` on; `minimum` euros a month, or None."""

    number: int
    valid_from: date
    terms: Terms
    minimum: Decimal | None = None

    def minimums(self, start: int, end: int) -> list[Minimum]:
        """Its minimum over `[start, end)`, epoch seconds, where it has one."""
        return [] if self.minimum is None else [Minimum(self.minimum, start, end)]


def in_force(versions: Sequence[PriceVersion], day: date) -> PriceVersion | None:
    """The version that holds on `day`: the latest valid one, and of those that begin on the same day the one recorded last."""
    return max(
        (version for version in versions if version.valid_from <= day),
        key=lambda version: (version.valid_from, version.number),
        default=None,
    )


def windows_of(
    versions: Sequence[PriceVersion], zone: ZoneInfo, start: date, end: date
) -> tuple[list[TermsWindow], list[Minimum]]:
    """The windows into which `versions` cut the local days `[start, end)`, with the minimum of each; days before the first have none."""
    days = sorted({start, *(version.valid_from for version in versions if start < version.valid_from < end)})
    windows: list[TermsWindow] = []
    minimums: list[Minimum] = []
    for first, following in zip(days, [*days[1:], end], strict=True):
        version = in_force(versions, first)
        if version is not None and first < following:
            begin, finish = epoch(local_midnight(first, zone)), epoch(local_midnight(following, zone))
            windows.append(TermsWindow(begin, finish, version.terms, version.number))
            minimums += version.minimums(begin, finish)
    return windows, minimums


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` begins in `zone`."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def following_month(month: date) -> date:
    """The first day of the month after the one that begins on `month`."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def epoch(instant: datetime) -> int:
    """Whole seconds since 1970, the fraction dropped."""
    since = instant.astimezone(UTC) - EPOCH
    return since.days * 86_400 + since.seconds


def instant_of(seconds: int) -> datetime:
    """The instant of epoch seconds, UTC."""
    return datetime.fromtimestamp(seconds, UTC)
