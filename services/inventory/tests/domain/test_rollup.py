"""From samples to days: what counts where samples overlap, what a counter says, what channels add up to, and that nothing is lost."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventory.domain.coverage import length
from inventory.domain.local_days import midnight
from inventory.domain.rollup import Day, Track, roll_up
from inventory.domain.samples import NUMBERS, Level, Metric, Series

PARIS = ZoneInfo("Europe/Paris")
DAY = date(2026, 3, 10)
START = midnight(DAY, PARIS)
HOUR = 3600.0


def track(
    metric: Metric, *samples: tuple[float, float, float], level: Level = Level.IT, channel: str = "", at: float = 0.0
) -> Track:
    """Samples (from, to, value) in seconds after the day's midnight, recorded one after the other from `at` on."""
    ordered = sorted(samples)
    return Track(
        NUMBERS[Series(metric, level)],
        channel,
        np.array([START + start for start, _, _ in ordered]),
        np.array([START + end for _, end, _ in ordered]),
        np.array([float(value) for _, _, value in ordered]),
        np.array([at + number for number in range(len(ordered))]),
    )


def one_day(*tracks: Track) -> Day:
    [day] = roll_up(tracks, DAY, DAY, PARIS)
    return day


def kwh(day: Day) -> float:
    return sum(energy.kwh for energy in day.energy)


def test_the_shorter_interval_counts_and_the_longer_fills_what_it_leaves() -> None:
    day = one_day(
        track(Metric.AVERAGE_W, (0, 4 * HOUR, 100)),
        track(Metric.ENERGY_KWH, (HOUR, 2 * HOUR, 0.5)),
    )
    assert kwh(day) == pytest.approx(0.3 + 0.5)
    assert day.energy[0].covered == [(0, 14400)]


def test_of_equal_intervals_energy_counts_before_a_counter_before_power() -> None:
    power = track(Metric.AVERAGE_W, (0, HOUR, 100), at=9)
    counter = track(Metric.ENERGY_COUNTER_J, (0, 0, 0), (HOUR, HOUR, 0.2 * 3.6e6), at=8)
    energy = track(Metric.ENERGY_KWH, (0, HOUR, 0.3))
    assert kwh(one_day(power, counter, energy)) == pytest.approx(0.3)
    assert kwh(one_day(power, counter)) == pytest.approx(0.2)


def test_of_equal_ones_of_a_metric_the_one_recorded_last_counts() -> None:
    half = HOUR / 2
    early = track(Metric.AVERAGE_W, (0, HOUR, 100), at=1)
    late = track(Metric.AVERAGE_W, (half, half + HOUR, 200), at=2)
    both = Track(early.series, "", *(np.concatenate([getattr(early, n), getattr(late, n)]) for n in _COLUMNS))
    assert kwh(one_day(both)) == pytest.approx(0.05 + 0.2)


_COLUMNS = ("starts", "ends", "values", "recorded")


def test_levels_are_told_apart_and_never_added() -> None:
    day = one_day(
        track(Metric.AVERAGE_W, (0, HOUR, 100)), track(Metric.AVERAGE_W, (0, HOUR, 150), level=Level.FACILITY)
    )
    assert [energy.level for energy in day.energy] == [Level.IT, Level.FACILITY]
    assert [energy.kwh for energy in day.energy] == pytest.approx([0.1, 0.15])


def test_a_hole_between_readings_beyond_two_hours_is_not_bridged() -> None:
    at_most = track(Metric.ENERGY_COUNTER_J, (0, 0, 0), (2 * HOUR, 2 * HOUR, 3.6e6))
    beyond = track(Metric.ENERGY_COUNTER_J, (0, 0, 0), (2 * HOUR + 1, 2 * HOUR + 1, 3.6e6))
    assert kwh(one_day(at_most)) == pytest.approx(1)
    assert one_day(beyond).energy == ()


def test_a_counter_that_was_changed_for_another_is_no_energy() -> None:
    day = one_day(track(Metric.ENERGY_COUNTER_J, (0, 0, 6e15), (300, 300, 5e15), (600, 600, 5e15 + 3.6e6)))
    assert kwh(day) == pytest.approx(1)
    assert len(day.resets) == 1


def test_channels_add_up_only_where_each_of_the_day_is_there() -> None:
    day = one_day(
        track(Metric.AVERAGE_W, (0, 2 * HOUR, 100), channel="feed-a"),
        track(Metric.AVERAGE_W, (0, HOUR, 50), channel="feed-b"),
    )
    assert kwh(day) == pytest.approx(0.15)
    assert day.energy[0].covered == [(0, 3600)]


def test_of_groups_that_measure_the_same_one_counts_moment_by_moment() -> None:
    day = one_day(
        track(Metric.AVERAGE_W, (0, HOUR, 300), channel="psys/0"),
        track(Metric.AVERAGE_W, (0, 2 * HOUR, 200), channel="package+dram/package-0"),
        track(Metric.AVERAGE_W, (0, 2 * HOUR, 20), channel="package+dram/dram-0"),
    )
    assert kwh(day) == pytest.approx(0.3 + 0.22)
    whole = one_day(track(Metric.AVERAGE_W, (0, HOUR, 400)), track(Metric.AVERAGE_W, (0, HOUR, 300), channel="psys/0"))
    assert kwh(whole) == pytest.approx(0.4)


def test_a_day_has_its_real_length_when_the_clocks_change() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert [roll_up([], day, day, PARIS)[0].seconds for day in (spring, autumn)] == [82_800, 90_000]
    begin = midnight(autumn, PARIS) - START
    [day] = roll_up([track(Metric.AVERAGE_W, (begin, begin + 90_000, 1000))], autumn, autumn, PARIS)
    assert kwh(day) == pytest.approx(25)
    assert day.energy[0].covered == [(0, 90_000)]


def test_more_holes_than_can_be_told_are_told_by_the_hour() -> None:
    samples = [(second, second + 30.0, 100.0) for second in range(0, 6 * 3600, 60)]
    day = one_day(track(Metric.AVERAGE_W, *samples))
    assert day.energy[0].covered == [(hour * 3600, hour * 3600 + 1800) for hour in range(6)]
    assert kwh(day) == pytest.approx(0.3)


def test_seconds_of_bands_add_up_to_what_is_covered() -> None:
    day = one_day(track(Metric.CPU_UTILISATION, (0, 0.0 + 100.4, 0.05), (100.4, 200.8, 0.15), (200.8, 301.2, 1.3)))
    assert day.utilisation is not None
    assert sum(seconds for _, seconds, _ in day.utilisation.bands) == length(day.utilisation.covered) == 301
    assert [lower for lower, _, _ in day.utilisation.bands] == [0.0, 0.1, 0.9]
    assert [mean for _, _, mean in day.utilisation.bands] == pytest.approx([0.05, 0.15, 1.3])


INTERVALS = st.lists(
    st.tuples(st.integers(-40, 100), st.integers(1, 50), st.floats(0, 1000, allow_nan=False)), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(power=INTERVALS, energy=INTERVALS)
def test_days_rolled_up_one_by_one_are_those_rolled_up_together(
    power: list[tuple[int, int, float]], energy: list[tuple[int, int, float]]
) -> None:
    tracks = [
        track(Metric.AVERAGE_W, *((start * HOUR, (start + hours) * HOUR, value) for start, hours, value in power)),
        track(Metric.ENERGY_KWH, *((start * HOUR, (start + hours) * HOUR, value) for start, hours, value in energy)),
    ]
    last = DAY + timedelta(days=4)
    together = roll_up(tracks, DAY, last, PARIS)
    for day in together:
        assert roll_up(tracks, day.day, day.day, PARIS) == [day]


@settings(max_examples=60, deadline=None)
@given(samples=INTERVALS)
def test_coverage_is_the_union_of_the_intervals(samples: list[tuple[int, int, float]]) -> None:
    intervals = [(start * HOUR, (start + hours) * HOUR, value) for start, hours, value in samples]
    day = one_day(track(Metric.AVERAGE_W, *intervals))
    hours = {hour for start, more, _ in samples for hour in range(start, start + more) if 0 <= hour < 24}
    assert sum(length(energy.covered) for energy in day.energy) == 3600 * len(hours)


def test_a_reset_is_told_on_the_day_of_the_reading_that_shows_it() -> None:
    late = datetime.fromtimestamp(START - 60, tz=PARIS)
    tracks = [track(Metric.ENERGY_COUNTER_J, (-60, -60, 500), (60, 60, 120))]
    before, after = roll_up(tracks, DAY - timedelta(days=1), DAY, PARIS)
    assert before.resets == ()
    [reset] = after.resets
    assert (reset.after, reset.at) == (late, late + timedelta(seconds=120))
    assert kwh(before) + kwh(after) == pytest.approx(120 / 3.6e6)
