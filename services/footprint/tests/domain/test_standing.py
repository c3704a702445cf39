"""What is in an asset at the end of a month, whole, and what of it is not charged yet: where studies start from."""

import math
from dataclasses import replace

import pytest
from footprint.domain.configuration import Configuration
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset, ClosedLife, Convention, Organisation, Segment, Status
from footprint.domain.months import month_start
from footprint.domain.results import AssetMonth
from hypothesis import given, settings
from hypothesis import strategies as st

from .makers import PARIS, SITE, at, machine, server, world
from .test_upgrades import DISK, LIFE, MODULE, START, configurations, made, of, results, whole

DECEMBER = 2026 * 12 + 11


def by_month(asset: Asset, seen: World | None = None) -> dict[int, AssetMonth]:
    """Every month to the end of 2032."""
    return {each.month: each for each in results(asset, seen)}


def construction(result: AssetMonth) -> float:
    """What a month is charged with, of the criterion of climate change."""
    return math.fsum(each.value for each in result.figures if each.criterion == "gwp" and each.stage == "manufacturing")


def test_an_upgraded_server_weighs_all_that_is_in_it_and_has_left_what_its_lines_still_charge() -> None:
    now = by_month(of((START, made(4)), (at(2026, 10), made(24))))
    september, december = now[DECEMBER - 3], now[DECEMBER]
    assert september.embodied_kg == pytest.approx(whole(4), rel=1e-12)
    assert september.embodied_left_kg == pytest.approx(whole(4) * (1 - (273 - 1 / 24) / LIFE), rel=1e-12)
    assert december.embodied_kg == pytest.approx(whole(24), rel=1e-12)
    rest = (LIFE - 365) / (LIFE - (273 - 1 / 24))
    assert december.embodied_left_kg == pytest.approx(whole(4) * (1 - 365 / LIFE) + 20 * MODULE * rest, rel=1e-12)


def test_what_was_taken_out_is_not_in_it_any_more() -> None:
    now = by_month(
        of(
            (
                START,
                made(24, 2),
            ),
            (at(2026, 10), made(4, 1)),
        )
    )[DECEMBER]
    assert now.embodied_kg == pytest.approx(whole(4, 1), rel=1e-12)
    assert now.embodied_left_kg == pytest.approx(whole(4, 1) * (1 - 365 / LIFE), rel=1e-12)
    swapped = by_month(of((START, made(4, 2)), (at(2026, 4), made(4, 3)), (at(2026, 10), made(4, 2))))[DECEMBER]
    assert swapped.embodied_kg == pytest.approx(whole(4, 1) + DISK, rel=1e-12)


def test_it_is_of_the_whole_quantity_and_0_once_it_has_left() -> None:
    fleet = of((START, made(4)), quantity=3.0)
    assert by_month(fleet)[DECEMBER].embodied_kg == pytest.approx(3 * whole(4), rel=1e-12)
    leaves = at(2027, 2, 11)
    gone = replace(
        fleet,
        segments=(replace(fleet.segments[0], end=leaves), Segment(leaves, None, Status.RETIRED, SITE.id)),
    )
    now = by_month(gone)
    assert now[DECEMBER].embodied_kg == pytest.approx(3 * whole(4), rel=1e-12)
    assert (now[DECEMBER + 2].embodied_kg, now[DECEMBER + 2].embodied_left_kg) == (0.0, 0.0)


def test_past_its_life_nothing_is_left_and_without_evidence_nothing_is_known() -> None:
    now = by_month(of((START, made(4)), planned_life_years=1.0))
    assert now[DECEMBER + 1].embodied_kg == pytest.approx(whole(4), rel=1e-12)
    assert now[DECEMBER + 1].embodied_left_kg == 0.0
    unknown = by_month(replace(server(), kind="printer"))[DECEMBER]
    assert (unknown.embodied_kg, unknown.embodied_left_kg) == (None, None)


@pytest.mark.parametrize("convention", list(Convention))
def test_refurbished_kit_weighs_what_a_new_one_does_and_has_left_what_it_carries(convention: Convention) -> None:
    seen = world(organisations=(Organisation("acme", refurbished=convention),))
    states = (START, made(4)), (at(2026, 4), made(3, 1))
    now = by_month(of(*states, condition="refurbished", age_years=2.0), seen)
    assert now[DECEMBER].embodied_kg == pytest.approx(whole(3, 1), rel=1e-12)
    after = math.fsum(construction(each) for month, each in now.items() if month > DECEMBER)
    assert now[DECEMBER].embodied_left_kg == pytest.approx(after, rel=1e-12, abs=1e-12)


def test_machines_and_the_idle_part_of_their_host_hold_it_whole() -> None:
    host = replace(of((START, made(4)), (at(2026, 10), made(24))), org="acme")
    (one, stay), (other, foreign) = machine(200, host, 8.0, at(2026, 2)), machine(201, host, 6.0, at(2026, 3), org="b")
    seen = replace(world(stay, foreign), hosts={host.id: host})
    alone = by_month(host)[DECEMBER]
    of_each = [
        next(each for each in compute([asset], seen).results() if each.month == DECEMBER)
        for asset in (host, one, other)
    ]
    sold = alone.embodied_kg or 0.0
    assert of_each[1].embodied_kg == pytest.approx(sold * 8 / 32, rel=1e-12)
    assert of_each[2].embodied_kg == pytest.approx(sold * 6 / 32, rel=1e-12)
    assert of_each[0].embodied_kg == pytest.approx(sold * 24 / 32, rel=1e-12), "idle, and what another's machine uses"
    left = math.fsum(each.embodied_left_kg or 0.0 for each in of_each[:2])
    assert left == pytest.approx(alone.embodied_left_kg, rel=1e-12)
    together = {each.asset.id: each for each in compute([one, host], seen).results() if each.month == DECEMBER}
    assert together[host.id] == of_each[0]
    assert together[one.id] == of_each[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 70), configurations), max_size=4), st.booleans(), st.integers(0, 80))
def test_what_is_left_is_what_the_months_after_are_charged_with(
    changes: list[tuple[int, Configuration]], closed: bool, after: int
) -> None:
    dated = [(at(2026 + month // 12, month % 12 + 1), each) for month, each in sorted(dict(changes).items())]
    states = [(START, made(4, 1)), *dated]
    asset = of(*states)
    lives = (ClosedLife(at(2028), START, 4 * 365.0),) if closed else ()
    seen = replace(world(), closed_lives={asset.id: lives})
    now = by_month(asset, seen)
    month = 2026 * 12 + after
    if closed and month < 2028 * 12:
        return
    until = month_start(PARIS, month + 1)
    if dated and dated[-1][0] >= until:
        known, now = now[month], by_month(of(*(each for each in states if each[0] < until)), seen)
        assert replace(known, asset=now[month].asset) == now[month], "what comes later is not known yet"
    charged = math.fsum(construction(each) for later, each in now.items() if later > month)
    assert now[month].embodied_left_kg == pytest.approx(charged, rel=1e-9, abs=1e-9)
