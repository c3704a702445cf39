"""A longer life re-spreads what is left; months that are closed keep what they were closed with."""

import math
from dataclasses import replace
from datetime import date

import pytest
from footprint.domain.catalogue import Catalogue
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset, ClosedLife, Convention, Organisation, Status
from hypothesis import given
from hypothesis import strategies as st

from .factors import RECORDS, record
from .makers import at, server, world
from .test_explanation import check

START = at(2024)


def making(asset: Asset, seen: World) -> dict[int, float]:
    """Manufacturing by month."""
    return {
        each.month: sum(
            figure.value for figure in each.figures if (figure.stage, figure.criterion) == ("manufacturing", "gwp")
        )
        for each in compute([asset], seen).results()
    }


def extended(years: float) -> Asset:
    """A server of 1,000 kg since January 2024, with a life of so many years."""
    return server(start=START, acquired_on=date(2024, 1, 1), embodied_kg=1000.0, planned_life_years=years)


def test_an_extended_life_carries_on_what_closed_months_left() -> None:
    short, long = extended(3.0), extended(7.0)
    closed = ClosedLife(at(2026), START, 3 * 365.0)
    before, seen = making(short, world()), replace(world(), closed_lives={long.id: (closed,)})
    after = making(long, seen)
    for month in range(2024 * 12, 2026 * 12):
        assert after[month] == before[month], "a closed month never changes"
    left = 1000.0 * (1 - 731 / 1095)
    assert after[2026 * 12] == pytest.approx(left * 31 / (7 * 365 - 731), rel=1e-12)
    assert check(long, seen) > 30


def test_a_life_extended_after_its_end_leaves_nothing_to_carry() -> None:
    long = extended(7.0)
    seen = replace(world(), closed_lives={long.id: (ClosedLife(at(2026), START, 365.0),)})
    assert {value for month, value in making(long, seen).items() if month >= 2026 * 12} == {0.0}


@given(st.floats(0.6, 3.0), st.floats(0.6, 3.0), st.integers(1, 34))
def test_the_sum_over_the_life_is_the_total_whenever_it_was_changed(first: float, second: float, months: int) -> None:
    until = at(2024 + months // 12, months % 12 + 1)
    asset = extended(second)
    total = math.fsum(
        making(asset, replace(world(), closed_lives={asset.id: (ClosedLife(until, START, first * 365.0),)})).values()
    )
    assert total == pytest.approx(1000.0, rel=1e-6)


def test_each_extension_leaves_the_months_closed_before_it_alone() -> None:
    first, second = ClosedLife(at(2025), START, 3 * 365.0), ClosedLife(at(2026), START, 5 * 365.0)
    once, twice = extended(5.0), extended(8.0)
    before = making(once, replace(world(), closed_lives={once.id: (first,)}))
    assert making(once, replace(world(), closed_lives={once.id: (first, second)})) == before
    seen = replace(world(), closed_lives={twice.id: (first, second)})
    after = making(twice, seen)
    assert all(after[month] == before[month] for month in range(2024 * 12, 2026 * 12))
    assert 0 < after[2026 * 12] < before[2026 * 12]
    assert check(twice, seen) > 30


def test_another_start_or_total_is_a_correction_and_not_an_extension() -> None:
    asset = extended(5.0)
    other = ClosedLife(at(2026), START - 86_400, 3 * 365.0)
    assert making(asset, replace(world(), closed_lives={asset.id: (other,)})) == making(asset, world())


def used_laptop(years: float) -> Asset:
    """A laptop of 181 kg, two years old when it came in January 2026, with a life of so many years."""
    return server(
        kind="laptop", start=at(2026), acquired_on=date(2026, 1, 1), condition="refurbished", age_years=2.0,
        embodied_kg=181.0, planned_life_years=years,
    )  # fmt: skip


def test_a_longer_life_of_refurbished_kit_makes_it_no_heavier() -> None:
    short, long = used_laptop(4.0), used_laptop(6.0)
    before = making(short, world())
    assert before[2026 * 12] == pytest.approx(181 * 2 / 4 * 31 / 730, rel=1e-12)
    closed = ClosedLife(at(2026, 7), at(2026), 730.0, first_life_days=1460.0, use_days=1460.0)
    seen = replace(world(), closed_lives={long.id: (closed,)})
    after = making(long, seen)
    assert all(after[month] == before[month] for month in range(2026 * 12, 2026 * 12 + 6)), "no closed month changes"
    charged = 181 - 1 / 24  # days, one of 23 hours
    left = 90.5 * (1 - charged / 730)
    assert after[2026 * 12 + 6] == pytest.approx(left * 31 / (4 * 365 - charged), rel=1e-12)
    assert check(long, seen) > 11
    came_later = replace(world(), closed_lives={long.id: (replace(closed, start=at(2025)),)})
    assert making(long, came_later) == making(long, world()), "another beginning is a correction"


def test_what_a_shared_life_carries_is_settled_when_it_is_closed_first() -> None:
    shared = (Organisation("acme", refurbished=Convention.SHARED_LIFE),)
    short, long = used_laptop(4.0), used_laptop(6.0)
    before = making(short, world(organisations=shared))
    assert before[2026 * 12] == pytest.approx(181 * 4 / 6 * 31 / 1460, rel=1e-12)
    closed = ClosedLife(at(2026, 7), at(2026), 1460.0, first_life_days=1460.0, use_days=1460.0)
    seen = replace(world(organisations=shared), closed_lives={long.id: (closed,)})
    after = making(long, seen)
    assert all(after[month] == before[month] for month in range(2026 * 12, 2026 * 12 + 6))
    charged = 181 - 1 / 24
    left = 181 * 4 / 6 * (1 - charged / 1460)
    assert after[2026 * 12 + 6] == pytest.approx(left * 31 / (6 * 365 - charged), rel=1e-12)


def test_what_is_retired_for_some_months_and_comes_back_is_charged_nothing_in_between() -> None:
    (first,) = used_laptop(4.0).segments
    away = (
        replace(first, end=at(2026, 3)),
        replace(first, start=at(2026, 3), end=at(2026, 6), status=Status.RETIRED),
        replace(first, start=at(2026, 6)),
    )
    new = replace(used_laptop(4.0), condition="new", segments=away, support_eur_per_year=365.0)
    seen = world(catalogue=Catalogue([*RECORDS, record("maintenance.it_hardware", 0.4)]))
    months = {each.month % 12 + 1: each for each in compute([new], seen).results()}

    def of(stage: str) -> dict[int, float]:
        return {
            month: sum(one.value for one in each.figures if (one.stage, one.criterion) == (stage, "gwp"))
            for month, each in months.items()
        }

    made, kept = of("manufacturing"), of("maintenance_and_sale")
    assert [made[month] for month in (3, 4, 5)] == [kept[month] for month in (3, 4, 5)] == [0.0, 0.0, 0.0]
    assert made[1] == pytest.approx(181 * 31 / 1460, rel=1e-12)
    assert made[6] == pytest.approx(181 * 30 / 1460, rel=1e-12), "the life runs on by the calendar"
    assert kept[6] == pytest.approx(30 * 0.4, rel=1e-12)
    assert check(new, seen) > 20
