"""What must hold of any bill: the same facts told otherwise cost the same, and a reader who counts seconds agrees."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.api.preview_schemas import UsageEventIn
from billing.domain.amounts import METERS
from billing.domain.events import Kind, UsageEvent, intervals_of
from billing.domain.prices import Baseline, Graduated, Package, PriceModel, Tier, Unit, Volume
from billing.domain.projection import month_to_date, project
from billing.domain.rating import Discount, Minimum, Rating, Terms, TermsWindow, rate_intervals
from hypothesis import given, settings
from hypothesis import strategies as st

LENGTH = 7200
"""Two hours: short enough to count each second."""

KINDS: tuple[Kind, ...] = ("started", "resized", "stopped")

prices = st.decimals("0", "100", places=2)
amounts = st.tuples(st.integers(0, 64), st.integers(0, 300_000), st.integers(0, 10_000_000))
tiers = st.tuples(prices, prices, prices).map(
    lambda p: (Tier(Decimal("1.5"), p[0]), Tier(Decimal(20), p[1]), Tier(None, p[2]))
)
models = st.one_of(
    st.builds(Unit, prices),
    st.builds(Graduated, tiers),
    st.builds(Volume, tiers),
    st.builds(Package, st.sampled_from([Decimal(1), Decimal("2.5"), Decimal(10)]), prices),
    st.builds(Baseline, st.integers(0, 20).map(Decimal), prices, prices, st.sampled_from(["instantaneous", "pooled"])),
)


@st.composite
def histories(draw: st.DrawFn) -> list[UsageEvent]:
    """Events of up to three resources, in any order of kinds, some before the period and some after it."""
    found = []
    for resource in range(draw(st.integers(0, 3))):
        instants = draw(st.lists(st.integers(-600, LENGTH + 600), max_size=5, unique=True))
        for number, second in enumerate(sorted(instants)):
            kind = draw(st.sampled_from(KINDS))
            held = (None, None, None) if kind == "stopped" else draw(amounts)
            found.append(UsageEvent(f"{resource}/{number}", f"vm-{resource}", kind, second * 1_000_000, held))
    return found


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    chosen = draw(st.dictionaries(st.sampled_from([m.name for m in METERS]), models, min_size=1))
    discounts = draw(st.lists(st.builds(Discount, st.just("loyalty"), st.integers(1, 100).map(Decimal)), max_size=1))
    return Terms(chosen, draw(st.sampled_from(["calendar", "h730"])), tuple(discounts))


def bill(history: list[UsageEvent], agreed: Terms) -> Rating:
    intervals, _ = intervals_of(history)
    return rate_intervals(0, LENGTH, [TermsWindow(0, LENGTH, agreed)], intervals)


@given(histories(), terms(), st.randoms(use_true_random=False))
def test_permuted_and_repeated_events_make_the_same_bill(
    history: list[UsageEvent], agreed: Terms, chance: random.Random
) -> None:
    shuffled = history + history[: len(history) // 2]
    chance.shuffle(shuffled)
    assert bill(shuffled, agreed).hash == bill(history, agreed).hash


ZONES = [ZoneInfo(name) for name in ("Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC")]
FOLD = datetime(2026, 10, 25, tzinfo=UTC)
"""The night in which Paris has half past two twice."""


@given(histories(), terms(), st.randoms(use_true_random=False))
def test_instants_told_in_other_time_zones_make_the_same_bill(
    history: list[UsageEvent], agreed: Terms, chance: random.Random
) -> None:
    def told(event: UsageEvent, zone: ZoneInfo) -> UsageEvent:
        at = (FOLD + timedelta(microseconds=event.at_us)).astimezone(zone)
        stated = {"id": event.id, "time": at.isoformat(), "resource": event.resource, "type": event.kind}
        heard = UsageEventIn.model_validate(stated).to_domain()
        return replace(heard, amounts=event.amounts)

    start = int(FOLD.timestamp())
    bills = []
    for zones in ([ZONES[-1]], ZONES):
        intervals, _ = intervals_of([told(event, chance.choice(zones)) for event in history])
        bills.append(rate_intervals(start, start + LENGTH, [TermsWindow(start, start + LENGTH, agreed)], intervals))
    assert bills[0].hash == bills[1].hash


@given(histories(), terms(), st.integers(-600, LENGTH + 600))
def test_an_event_that_restates_what_is_held_changes_nothing(history: list[UsageEvent], agreed: Terms, at: int) -> None:
    intervals, _ = intervals_of(history)
    restated = [
        UsageEvent(f"again/{n}", i.resource, "resized", at * 1_000_000, i.amounts)
        for n, i in enumerate(intervals)
        if i.start < at and (i.end is None or at < i.end)
    ]
    assert bill(history + restated, agreed).hash == bill(history, agreed).hash


@given(histories(), terms(), st.integers(1, LENGTH - 1))
def test_the_same_price_stated_anew_in_between_leaves_the_quantities(
    history: list[UsageEvent], agreed: Terms, at: int
) -> None:
    only_units = Terms({name: Unit(Decimal("7.90")) for name in agreed.prices}, agreed.basis)
    intervals, _ = intervals_of(history)
    whole = rate_intervals(0, LENGTH, [TermsWindow(0, LENGTH, only_units)], intervals)
    windows = [TermsWindow(0, at, only_units, 1), TermsWindow(at, LENGTH, only_units, 2)]
    split = rate_intervals(0, LENGTH, windows, intervals)
    for name in only_units.prices:
        parts = [line.charge.quantity for line in split.lines if line.meter == name and line.charge]
        [total] = [line.charge.quantity for line in whole.lines if line.meter == name and line.charge]
        assert abs(sum(parts, Decimal(0)) - total) <= Decimal("0.0001")


@given(histories(), terms())
def test_a_reader_recomputes_each_line_from_what_is_printed(history: list[UsageEvent], agreed: Terms) -> None:
    rating = bill(history, agreed)
    for line in rating.lines:
        if line.charge is not None:
            exact = line.charge.quantity * line.charge.price / line.charge.base_hours
            assert line.amount == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        elif line.kind == "discount":
            assert line.base is not None
            assert line.percent is not None
            assert -line.amount == (line.base * line.percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert rating.net == sum((line.amount for line in rating.lines), Decimal(0))


def _held(history: list[UsageEvent], second: int) -> list[tuple[int, ...]]:
    """What each resource holds during `second`, by looking at every event that has happened: the slow, obvious way."""
    held: dict[str, tuple[int, ...]] = {}
    for event in sorted(history, key=lambda e: e.at_us):
        if event.at_us <= second * 1_000_000:
            if event.kind == "stopped":
                held.pop(event.resource, None)
            else:
                held[event.resource] = tuple(amount or 0 for amount in event.amounts)
    return list(held.values())


def _four(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


@settings(max_examples=25, deadline=None)
@given(histories(), prices, st.integers(0, 20), prices)
def test_counting_second_by_second_gives_the_same_bill(
    history: list[UsageEvent], price: Decimal, baseline: int, overage: Decimal
) -> None:
    seconds = [_held(history, second) for second in range(LENGTH)]
    vcpu = [sum(amount[0] for amount in held) for held in seconds]
    ram = sum(sum(amount[1] for amount in held) for held in seconds)
    agreed: dict[str, PriceModel] = {
        "vcpu": Baseline(Decimal(baseline), price, overage, "instantaneous"),
        "ram_gib": Unit(price),
    }
    expected = [
        _cents(Decimal(baseline) * price),
        _cents(_four(Decimal(sum(max(0, held - baseline) for held in vcpu)) / 3600) * overage / 2),
        _cents(_four(Decimal(ram) / 1024 / 3600) * price / 2),
    ]
    assert [line.amount for line in bill(history, Terms(agreed)).lines] == expected


@given(histories(), terms(), st.integers(0, LENGTH))
def test_at_the_end_of_the_period_the_projections_are_the_bill(
    history: list[UsageEvent], agreed: Terms, begins: int
) -> None:
    minimums = [Minimum(Decimal(500), begins)]
    intervals, _ = intervals_of(history)
    windows = [TermsWindow(0, LENGTH, agreed)]
    final = rate_intervals(0, LENGTH, windows, intervals, minimums)
    projection = project(0, LENGTH, LENGTH, windows, intervals, minimums)
    assert projection.state_based_net == projection.linear_net == final.net
    assert month_to_date(0, LENGTH, LENGTH, windows, intervals) == rate_intervals(0, LENGTH, windows, intervals)


@given(st.integers(1, 64), st.integers(1, LENGTH - 1), prices)
def test_a_steady_month_is_projected_at_exactly_its_price(vcpu: int, now: int, price: Decimal) -> None:
    intervals, _ = intervals_of([UsageEvent("1", "vm", "started", 0, (vcpu, None, None))])
    projection = project(0, LENGTH, now, [TermsWindow(0, LENGTH, Terms({"vcpu": Unit(price)}))], intervals)
    assert projection.state_based_net == projection.linear_net == vcpu * price


@given(histories())
def test_intervals_of_a_resource_never_overlap(history: list[UsageEvent]) -> None:
    intervals, _ = intervals_of(history)
    for before, after in pairwise(intervals):
        if before.resource == after.resource:
            assert before.end is not None
            assert before.end <= after.start
