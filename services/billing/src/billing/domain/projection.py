"""Where a running period is heading: two views, both shown.

`state_based`: what runs now stays on until the end. `linear`: the mean so far goes on. Both rate the whole period with its terms, so a
baseline is a floor, tiers are crossed and a minimum is topped up where the period would end that way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.domain.amounts import METER_INDEX
from billing.domain.demand import Demand, Extrapolated, Profile, profile
from billing.domain.events import Interval, cut
from billing.domain.rating import Minimum, Rating, TermsWindow, demand_of, rate, rate_intervals


@dataclass(frozen=True, slots=True)
class Projection:
    """Net of the whole period; `linear_net` is None before anything has elapsed."""

    state_based_net: Decimal
    linear_net: Decimal | None


def month_to_date(
    start: int, end: int, now: int, windows: Sequence[TermsWindow], intervals: Sequence[Interval]
) -> Rating:
    """What would be billed if everything stopped now, without the true-up, which only the end of the period decides."""
    return rate_intervals(start, end, windows, cut(intervals, start, _within(now, start, end)))


def project(
    start: int,
    end: int,
    now: int,
    windows: Sequence[TermsWindow],
    intervals: Sequence[Interval],
    minimums: Sequence[Minimum] = (),
) -> Projection:
    """Both views at `now`; events later than `now` are not looked at."""
    now = _within(now, start, end)
    state = rate_intervals(start, end, windows, carried_on(intervals, now), minimums)
    begun = max(start, min((window.start for window in windows), default=start))
    if now <= begun:
        return Projection(state.net, None)
    seen = cut(intervals, begun, now)
    demands = [_extrapolated(seen, window, begun, now) for window in windows]
    return Projection(state.net, rate(start, end, windows, demands, minimums).net)


def carried_on(intervals: Sequence[Interval], now: int) -> list[Interval]:
    """The intervals known at `now`, those that run then being open."""
    return [
        Interval(interval.resource, interval.start, _end_known_at(interval, now), interval.amounts)
        for interval in intervals
        if interval.start <= now
    ]


def _end_known_at(interval: Interval, now: int) -> int | None:
    return interval.end if interval.end is not None and interval.end <= now else None


def _extrapolated(seen: Sequence[Interval], window: TermsWindow, begun: int, now: int) -> Mapping[str, Demand]:
    remaining_s = max(0, window.end - max(window.start, now))
    inside = demand_of(seen, window)
    elapsed: dict[str, Profile] = {name: profile(seen, METER_INDEX[name]) for name in inside}
    return {name: Extrapolated(inside[name], elapsed[name], now - begun, remaining_s) for name in inside}


def _within(instant: int, start: int, end: int) -> int:
    return max(start, min(instant, end))
