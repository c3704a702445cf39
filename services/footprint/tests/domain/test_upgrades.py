"""A configuration holds from its day: an upgrade adds to what follows, and changes nothing of what was."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from footprint.domain.configuration import Configuration, Cpu, Disk, Module, PowerSupply, read_configuration
from footprint.domain.difference import EVER, changed_since
from footprint.domain.embodied import bottom_up_embodied
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset, ClosedLife, Convention, Organisation, Segment, Status
from footprint.domain.notices import Notice
from footprint.domain.results import AssetMonth
from hypothesis import given, settings
from hypothesis import strategies as st

from .factors import CATALOGUE
from .makers import SITE, at, machine, server, world
from .test_explanation import check

START = at(2026)
LIFE = 1825.0
MODULE = 32 / 1.2444 * 2.20 + 5.22
DISK = 960 / 54.884 * 2.20 + 6.34


def made(modules: int, disks: int = 0, die: float | None = 694.0) -> Configuration:
    """A server with so many memory modules of 32 GB and SSDs of 960 GB."""
    return Configuration(
        Cpu(2, 16, die),
        (Module(modules, 32.0),) if modules else (),
        (Disk(disks, "ssd", 960.0),) if disks else (),
        PowerSupply(2, 3.0),
    )


def of(*states: tuple[int, Configuration | None], **fields: Any) -> Asset:
    """A server of these configurations, each from a Unix second on, with a life of five years from January 2026."""
    ends = [*(start for start, _ in states[1:]), None]
    segments = tuple(
        Segment(start, end, Status.IN_SERVICE, SITE.id, configuration=each)
        for (start, each), end in zip(states, ends, strict=True)
    )
    return server(acquired_on=date(2026, 1, 1), segments=segments, **fields)


def results(asset: Asset, seen: World | None = None) -> list[AssetMonth]:
    """Every month to the end of 2032."""
    picture = replace(seen or world(), now=datetime(2032, 6, 1, tzinfo=UTC))
    return list(compute([asset], picture).results())


def making(asset: Asset, seen: World | None = None) -> dict[tuple[int, int], float]:
    """Manufacturing by year and month."""
    return {
        (each.month // 12, each.month % 12 + 1): sum(
            one.value for one in each.figures if (one.stage, one.criterion) == ("manufacturing", "gwp")
        )
        for each in results(asset, seen)
    }


def whole(modules: int, disks: int = 0) -> float:
    """What one weighs (domain §3, bottom-up)."""
    return 2 * (694 * 0.0197 + 9.14) + modules * MODULE + disks * DISK + 2 * 3.0 * 24.3 + 66.1 + 150 + 6.68


def test_an_upgrade_is_spread_from_its_day_and_changes_no_earlier_month() -> None:
    before, after = of((START, made(4))), of((START, made(4)), (at(2026, 10), made(24)))
    known, now = making(before), making(after)
    assert known[2026, 3] == pytest.approx(whole(4) * 743 / 24 / LIFE, rel=1e-12)
    old, new = results(before), results(after)
    assert [replace(each, asset=after) for each in old[:9]] == new[:9], "the same bits up to September"
    left = LIFE - (273 - 1 / 24)
    assert now[2026, 10] == pytest.approx(known[2026, 10] + 20 * MODULE * 745 / 24 / left, rel=1e-12)
    assert now[2030, 12] == pytest.approx(known[2030, 12] + 20 * MODULE * 30 / left, rel=1e-12)
    assert math.fsum(now.values()) == pytest.approx(whole(24), rel=1e-12)
    assert changed_since(before, after) == at(2026, 10)
    assert check(after, world()) > 12


def test_what_leaves_is_amortised_to_its_day() -> None:
    now = making(of((START, made(24)), (at(2026, 10), made(4))))
    gone = 273 - 1 / 24
    assert now[2026, 9] == pytest.approx(whole(24) * 30 / LIFE, rel=1e-12)
    rest = 20 * MODULE * (1 - gone / LIFE)
    assert now[2026, 10] == pytest.approx(whole(4) * 745 / 24 / LIFE + rest, rel=1e-12)
    assert now[2026, 11] == pytest.approx(whole(4) * 30 / LIFE, rel=1e-12)
    assert math.fsum(now.values()) == pytest.approx(whole(24), rel=1e-12)


def test_what_came_last_leaves_first_and_what_is_not_stated_stays() -> None:
    bare = replace(made(4), disks=(), psu=None)
    asset = of((START, made(4, 2)), (at(2026, 4), made(8, 2)), (at(2026, 7), bare), (at(2026, 9), None))
    now, plain = making(asset), making(of((START, made(4, 2))))
    assert now[2026, 8] == pytest.approx(plain[2026, 8], rel=1e-12), "the four that came in April left in July"
    assert math.fsum(now.values()) == pytest.approx(whole(8, 2), rel=1e-12)
    assert check(asset, world()) > 12


def test_an_empty_list_of_disks_takes_them_out_and_no_list_leaves_them_in() -> None:
    document = {"cpu": {"units": 2, "cores": 16, "die_mm2": 694.0}}
    unknown, none = read_configuration(document), read_configuration(document | {"disks": []})
    held = of((START, made(4, 2)), (at(2026, 10), unknown))
    assert making(held) == making(of((START, made(4, 2))))
    taken = making(of((START, made(4, 2)), (at(2026, 10), none)))
    assert taken[2026, 11] == pytest.approx(whole(4) * 30 / LIFE, rel=1e-12)
    assert math.fsum(taken.values()) == pytest.approx(whole(4, 2), rel=1e-12)
    assert "disks" in (bottom_up_embodied(CATALOGUE, unknown) or pytest.fail("no sum")).trace[-1]
    assert "disks" not in (bottom_up_embodied(CATALOGUE, none) or pytest.fail("no sum")).trace[-1]


def test_an_upgrade_past_the_life_counts_in_its_month() -> None:
    now = making(of((START, made(4)), (at(2031, 3, 11), made(5))))
    assert now[2031, 2] == 0.0
    assert now[2031, 3] == pytest.approx(MODULE, rel=1e-12)
    assert now[2031, 4] == 0.0


def test_a_first_die_area_says_what_it_was_made_of_since_it_came() -> None:
    unknown, later = of((START, made(4, die=None))), of((START, made(4, die=None)), (at(2026, 10), made(4)))
    assert making(unknown)[2026, 3] == pytest.approx(1215 * 743 / 24 / LIFE, rel=1e-12)
    assert making(later)[2026, 3] == pytest.approx(whole(4) * 743 / 24 / LIFE, rel=1e-12)
    assert changed_since(unknown, later) == EVER


def test_a_first_statement_years_after_the_purchase_is_the_making_and_no_upgrade() -> None:
    never = server(acquired_on=date(2023, 1, 1), segments=of((START, None)).segments)
    stated = replace(never, segments=of((START, None), (at(2026, 10), made(4, 2))).segments)
    late = replace(never, segments=of((at(2026, 10), made(4, 2))).segments)
    days = 5 * 365.0
    assert making(never)[2026, 3] == pytest.approx(1215 * 743 / 24 / days, rel=1e-12)
    assert making(stated)[2026, 3] == pytest.approx(whole(4, 2) * 743 / 24 / days, rel=1e-12)
    assert making(late)[2026, 11] == making(stated)[2026, 11] == pytest.approx(whole(4, 2) * 30 / days, rel=1e-12)
    assert changed_since(never, stated) == EVER


def test_memory_stated_before_the_first_die_area_is_what_it_came_with() -> None:
    now = making(of((START, made(4, die=None)), (at(2026, 10), made(24))))
    left = LIFE - (273 - 1 / 24)
    assert now[2026, 1] == pytest.approx(whole(4) * 31 / LIFE, rel=1e-12)
    assert now[2026, 11] == pytest.approx(whole(4) * 30 / LIFE + 20 * MODULE * 30 / left, rel=1e-12)


def test_a_first_statement_of_what_every_server_has_holds_since_it_came_and_one_of_disks_since_its_day() -> None:
    bare = replace(made(4), ram=(), psu=None)
    now = making(of((START, bare), (at(2026, 10), made(4, 2))))
    left = LIFE - (273 - 1 / 24)
    assert now[2026, 3] == pytest.approx(whole(4) * 743 / 24 / LIFE, rel=1e-12)
    assert now[2026, 11] == pytest.approx(whole(4) * 30 / LIFE + 2 * DISK * 30 / left, rel=1e-12)
    assert changed_since(of((START, bare)), of((START, bare), (at(2026, 10), made(4)))) == EVER
    disks = of((START, made(4))), of((START, made(4)), (at(2026, 10), made(4, 2)))
    assert changed_since(*disks) == at(2026, 10)


def test_a_detail_that_is_stated_later_is_no_swap() -> None:
    dense = (Module(4, 32.0, 1.5),)
    plain, told = of((START, made(4))), of((START, made(4)), (at(2026, 10), replace(made(4), ram=dense)))
    assert making(told) == making(plain)
    assert making(of((START, replace(made(4), ram=dense)), (at(2026, 10), made(4)))) == making(
        of((START, replace(made(4), ram=dense)))
    )
    more = making(of((START, made(4)), (at(2026, 10), replace(made(4), ram=(Module(6, 32.0, 1.5),)))))
    added = 2 * (32 / 1.5 * 2.20 + 5.22) * 30 / (LIFE - (273 - 1 / 24))
    assert more[2026, 11] == pytest.approx(making(plain)[2026, 11] + added, rel=1e-12)


def test_an_upgrade_within_a_month_is_charged_by_days() -> None:
    now, plain = making(of((START, made(4)), (at(2026, 6, 21), made(5)))), making(of((START, made(4))))
    left = LIFE - (171 - 1 / 24)
    assert now[2026, 5] == plain[2026, 5]
    assert now[2026, 6] == pytest.approx(plain[2026, 6] + MODULE * 10 / left, rel=1e-12)


def test_what_was_added_to_what_leaves_early_is_charged_until_then() -> None:
    states = [(START, made(4)), (at(2026, 4), made(6))]
    gone = of(*states)
    leaves = at(2027, 4)
    first, last = gone.segments
    gone = replace(gone, segments=(first, replace(last, end=leaves), Segment(leaves, None, Status.RETIRED, SITE.id)))
    now = making(gone)
    assert now[2026, 11] == pytest.approx(whole(4) * 30 / (455 - 1 / 24) + 2 * MODULE * 30 / 365, rel=1e-12)
    assert math.fsum(now.values()) == pytest.approx(whole(6), rel=1e-12)


@pytest.mark.parametrize("convention", list(Convention))
def test_parts_added_to_refurbished_kit_are_new_and_those_it_came_with_leave_with_what_it_carried(
    convention: Convention,
) -> None:
    second = {"condition": "refurbished", "age_years": 2.0, "planned_life_years": 5.0}
    seen = world(organisations=(Organisation("acme", refurbished=convention),))
    states = (START, made(4)), (at(2026, 4), made(6)), (at(2026, 10), made(1))
    share = {Convention.REMAINING: 3 / 5, Convention.CUT_OFF: 0.0, Convention.SHARED_LIFE: 5 / 7}[convention]
    now = making(of(*states, **second), seen)
    assert math.fsum(now.values()) == pytest.approx(whole(4) * share + 2 * MODULE, rel=1e-12)
    assert check(of(*states, **second), seen) > 12


def test_cards_that_are_added_are_said_from_their_month_on() -> None:
    plain, cards = of((START, made(4))), of((START, made(4)), (at(2026, 10), replace(made(4), gpus=2)))
    assert making(plain) == making(cards)
    said = {each.month: bool(each.notices & Notice.GPUS_NOT_COUNTED) for each in results(cards)}
    assert not said[2026 * 12 + 8]
    assert said[2026 * 12 + 9]
    assert said[2027 * 12]


def test_a_longer_life_after_an_upgrade_leaves_closed_months_alone_and_carries_the_rest() -> None:
    states = ((START, made(24)), (at(2026, 4), made(28, 1)), (at(2026, 8), made(3, 1)))
    short, long = of(*states), of(*states, planned_life_years=7.0)
    seen = replace(world(), closed_lives={long.id: (ClosedLife(at(2027), START, LIFE),)})
    before, after = making(short), making(long, seen)
    assert all(after[key] == value for key, value in before.items() if key < (2027, 1))
    assert 0 < after[2027, 1] < before[2027, 1]
    assert math.fsum(after.values()) == pytest.approx(whole(28, 1), rel=1e-12)
    assert check(long, seen) > 12


def test_upgrades_of_a_host_are_shared_out_and_one_that_is_away_is_charged_nothing() -> None:
    host = of((START, replace(made(4), cpu=Cpu(2, 16, 694.0))), (at(2026, 10), made(24)))
    guest, stay = machine(200, host, 8.0, at(2026, 2))
    seen = replace(world(stay), hosts={host.id: host})
    plain = making(host)
    shared = [compute([each], seen).results() for each in (host, guest)]
    december = [
        one.value
        for found in shared
        for each in found
        if each.month == 2026 * 12 + 11
        for one in each.figures
        if (one.stage, one.criterion) == ("manufacturing", "gwp")
    ]
    assert math.fsum(december) == pytest.approx(plain[2026, 12], rel=1e-12)
    assert check(guest, seen) > 10
    (first, last) = host.segments
    away = replace(last, start=at(2026, 11), end=at(2026, 12), status=Status.RETIRED)
    left = replace(host, segments=(first, replace(last, end=at(2026, 11)), away, replace(last, start=at(2026, 12))))
    assert making(left)[2026, 11] == 0.0
    assert making(left)[2026, 12] == plain[2026, 12]


configurations = st.builds(made, st.integers(0, 6), st.integers(0, 3), st.sampled_from([None, 694.0, 500.0]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 70), st.one_of(st.none(), configurations)), max_size=5), st.booleans())
def test_whatever_changes_earlier_months_keep_their_bits_and_the_sum_is_all_that_was_ever_in_it(
    changes: list[tuple[int, Configuration | None]], closed: bool
) -> None:
    states: list[tuple[int, Configuration | None]] = [(START, made(4, 1))]
    for month, each in sorted(dict(changes).items()):
        states.append((at(2026 + month // 12, month % 12 + 1), each))
    asset = of(*states)
    lives = (ClosedLife(at(2028), START, 4 * 365.0),) if closed else ()
    seen = replace(world(), closed_lives={asset.id: lives})
    now = results(asset, seen)
    for length in range(1, len(states)):
        shorter = results(of(*states[:length]), seen)
        turn = 2026 * 12 + [0, *(month for month, _ in sorted(dict(changes).items()))][length]
        before = [replace(each, asset=asset) for each in shorter if each.month < turn]
        assert before == [each for each in now if each.month < turn]
    ever = whole(4, 1)
    held = {"ram": (4, MODULE), "disks": (1, DISK), 694.0: (2, 694 * 0.0197 + 9.14), 500.0: (0, 500 * 0.0197 + 9.14)}
    for _, each in states[1:]:
        for name, count in () if each is None else _stated(each):
            had, kg = held[name]
            ever += max(0, count - had) * kg
            held[name] = (count, kg)
    total = math.fsum(making(asset, seen).values())
    assert total == pytest.approx(ever, rel=1e-9)
    assert all(one.value > -1e-9 for each in now for one in each.figures)


def _stated(each: Configuration) -> list[tuple[Any, int]]:
    found: list[tuple[Any, int]] = [("ram", each.ram[0].units)] if each.ram else []
    found += [("disks", each.disks[0].units)] if each.disks else []
    if each.cpu is not None and each.cpu.die_mm2 is not None:
        found += [(die, 2 if each.cpu.die_mm2 == die else 0) for die in (694.0, 500.0)]
    return found
