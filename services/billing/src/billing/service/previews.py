"""The stateless use case: rate given events by given terms. It stores nothing and reads nothing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.api.preview_schemas import PreviewRequest
from billing.api.price_schemas import bases_of
from billing.domain.amounts import total
from billing.domain.events import Finding, Interval, intervals_of
from billing.domain.prices import PriceModel
from billing.domain.projection import Projection, month_to_date, project
from billing.domain.rating import Minimum, Rating, Terms, TermsWindow, rate_intervals
from billing.domain.vat import Treatment, groups_of, treatment_of


@dataclass(frozen=True, slots=True)
class Preview:
    """A bill that nobody owes."""

    rating: Rating
    treatment: Treatment
    vat: Decimal
    projection: Projection
    findings: tuple[Finding, ...]

    @property
    def gross(self) -> Decimal:
        """Net and VAT."""
        return total([self.rating.net, self.vat])


def preview(request: PreviewRequest) -> Preview:
    """Rate `request`; with `now`, up to now, and with the projection from there to the end of the period."""
    zone = ZoneInfo(request.time_zone)
    start, end = (_epoch(_midnight(day, zone)) for day in request.period)
    prices: dict[str, PriceModel] = {name: price.to_domain() for name, price in request.prices.items()}
    discounts = tuple(discount.to_domain() for discount in request.discounts)
    terms = Terms(prices, request.month_basis, discounts, bases_of(request.prices))
    windows = [TermsWindow(start, end, terms)]
    minimums = _minimums(request, zone, start)
    intervals, findings = _metered(request)
    if request.now is None:
        rating = rate_intervals(start, end, windows, intervals, minimums)
        projection = Projection(rating.net, rating.net)
    else:
        now = _epoch(request.now)
        rating = month_to_date(start, end, now, windows, intervals)
        projection = project(start, end, now, windows, intervals, minimums)
    treatment = treatment_of(request.vat.territory)
    vat = total([group.vat for group in groups_of([(line.amount, treatment) for line in rating.lines])])
    return Preview(rating, treatment, vat, projection, tuple(findings))


def _metered(request: PreviewRequest) -> tuple[list[Interval], list[Finding]]:
    known_at = request.known_at
    return intervals_of(
        event.to_domain()
        for event in request.events
        if known_at is None or event.received_at is None or event.received_at <= known_at
    )


def _minimums(request: PreviewRequest, zone: ZoneInfo, start: int) -> tuple[Minimum, ...]:
    if request.minimum is None:
        return ()
    begins = request.minimum.start
    if begins is None:
        return (Minimum(request.minimum.amount, start),)
    instant = begins if isinstance(begins, datetime) else _midnight(begins, zone)
    return (Minimum(request.minimum.amount, _epoch(instant)),)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _epoch(instant: datetime) -> int:
    since = instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400 + since.seconds
