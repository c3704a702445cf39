"""Whatever becomes known of a life after its months were closed, closed figures and restatements add up to the whole of its making."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from footprint.domain.catalogue import Catalogue
from footprint.domain.configuration import Configuration, Cpu, Module, PowerSupply
from footprint.domain.engine import World, compute
from footprint.domain.explanation import explain
from footprint.domain.inventory import Asset, ClosedLife, Convention, Organisation, Segment, Status
from footprint.domain.months import local_midnight, month_at, month_start
from footprint.domain.notices import Notice
from footprint.domain.results import AssetMonth
from footprint.trace_words import trace_text
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.formulas import value_of

from .factors import RECORDS
from .makers import PARIS, SITE, at, server, world
from .test_explanation import check

BEGAN = date(2021, 1, 1)
YEARS = st.floats(0.5, 5.5)
DAYS = st.one_of(st.none(), st.integers(2, 2100))
"""The day of leaving, counted from the beginning; None while it stays."""
MONTHS = st.integers(1, 66)


def instant(days: int) -> int:
    """The local midnight so many days after the beginning."""
    day = BEGAN + timedelta(days)
    return local_midnight(PARIS, day.year, day.month, day.day)


def known(
    years: float, days: int | None, states: Sequence[tuple[int, Configuration | None]] = ((0, None),), **fields: Any
) -> Asset:
    """A server that came in January 2021, by what is known of its life: the planned years, and the day on which it left."""
    left = None if days is None else instant(days)
    starts = [(instant(begin), each) for begin, each in states]
    starts = [each for each in starts if left is None or each[0] < left]
    ends = [*(begin for begin, _ in starts[1:]), left]
    segments = [
        Segment(begin, end, Status.IN_SERVICE, SITE.id, configuration=each)
        for (begin, each), end in zip(starts, ends, strict=True)
    ]
    if left is not None:
        segments.append(Segment(left, None, Status.RETIRED, SITE.id))
    given: dict[str, Any] = {"acquired_on": BEGAN, "quantity": 3.0, "planned_life_years": years} | fields
    return server(segments=tuple(segments), **given)


def made(month: AssetMonth) -> float:
    """What making it weighs in a month, of climate change."""
    return math.fsum(one.value for one in month.figures if (one.stage, one.criterion) == ("manufacturing", "gwp"))


@dataclass
class Books:
    """Months as they were closed, and with which lives: as the store keeps them."""

    world: World
    closed: dict[int, AssetMonth] = field(default_factory=dict)
    through: int = 0

    def seen(self, asset: Asset) -> World:
        """The world with the lives of closed months."""
        runs: list[ClosedLife] = []
        for month, each in sorted(self.closed.items()):
            if each.life_start is None or each.spread_days is None:
                continue
            until = month_start(PARIS, month + 1)
            run = ClosedLife(until, each.life_start, each.spread_days, each.first_life_days, each.use_days)
            if runs and (runs[-1].start, runs[-1].days) == (run.start, run.days):
                runs[-1] = replace(runs[-1], until=until)
            else:
                runs.append(run)
        return replace(self.world, closed_lives={asset.id: tuple(runs)})

    def now(self, asset: Asset) -> dict[int, AssetMonth]:
        """Every month as it is known now: of closed ones what was closed and what is restated, together."""
        return {each.month: each for each in compute([asset], self.seen(asset)).results()}

    def close(self, asset: Asset, through: int) -> None:
        """Close the months up to that one."""
        for month, each in self.now(asset).items():
            if self.through < month <= through:
                self.closed[month] = each
        self.through = max(self.through, through)


def check_history(books: Books, history: Sequence[tuple[Asset, int]], last: Asset) -> None:
    """Months are closed, each time by what is known then; the sum stays the whole, and closed months before a leaving stay as they are."""
    whole: float | None = None
    for asset, months in [*history, (last, None)]:
        now = books.now(asset)
        total = math.fsum(map(made, now.values()))
        whole = total if whole is None else whole
        assert total == pytest.approx(whole, rel=1e-6)
        left = asset.segments[-1].start if asset.segments[-1].status is Status.RETIRED else None
        until = 2027 * 12 if left is None else month_at(PARIS, left - 1)
        for month, each in books.closed.items():
            if month < until and month in now:
                assert made(now[month]) == made(each), "what was closed before a leaving stays as it is"
        if months is not None:
            books.close(asset, 2021 * 12 + months - 1)


@settings(max_examples=150, deadline=None)
@given(YEARS, st.lists(st.tuples(MONTHS, YEARS, DAYS), min_size=1, max_size=3), st.sampled_from(("new", "refurbished")))
def test_the_sum_over_the_life_is_the_whole_whatever_becomes_known_after_closings(
    years: float, steps: list[tuple[int, float, int | None]], condition: str
) -> None:
    fields: dict[str, Any] = {"embodied_kg": 1000.0, "condition": condition, "age_years": None}
    states = [known(years, None, **fields), *(known(each, days, **fields) for _, each, days in steps)]
    closings = sorted(months for months, _, _ in steps)
    history = list(zip(states[:-1], closings, strict=True))
    first = math.fsum(made(each) for each in compute([states[0]], world()).results())
    assert first == pytest.approx(3 * 1000.0, rel=1e-9)
    check_history(Books(world()), history, states[-1])


@settings(max_examples=60, deadline=None)
@given(YEARS, MONTHS, YEARS, DAYS, st.floats(0.0, 3.0), st.sampled_from(tuple(Convention)))
def test_a_second_use_carries_the_same_whatever_becomes_known_after_a_closing(
    years: float, months: int, later: float, days: int | None, age: float, convention: Convention
) -> None:
    fields: dict[str, Any] = {"embodied_kg": 1000.0, "condition": "refurbished", "age_years": age}
    books = Books(world(organisations=(Organisation("acme", refurbished=convention),)))
    check_history(books, [(known(years, None, **fields), months)], known(later, days, **fields))


SMALL = Configuration(Cpu(2, 16, 694.0), (Module(4, 32.0),), (), PowerSupply(2, 3.0))
LARGE = replace(SMALL, ram=(Module(12, 32.0),))


@settings(max_examples=60, deadline=None)
@given(YEARS, st.integers(1, 1900), st.integers(1, 200), MONTHS, YEARS, DAYS)
def test_upgrades_and_removals_add_up_too(
    years: float, came: int, stayed: int, months: int, later: float, days: int | None
) -> None:
    states: list[tuple[int, Configuration | None]] = [(0, SMALL), (came, LARGE), (came + stayed, SMALL)]
    assume(days is None or days > came + stayed)
    plain = math.fsum(made(each) for each in compute([known(years, None, states)], world()).results())
    books = Books(world())
    check_history(books, [(known(years, None, states), months)], known(later, days, states))
    assert plain == pytest.approx(3 * (_unit_kg(SMALL) + 8 * (32 / 1.2444 * 2.20 + 5.22)), rel=1e-6)


def _unit_kg(configuration: Configuration) -> float:
    asset = known(1.0, None, [(0, configuration)], quantity=1.0)
    return math.fsum(made(each) for each in compute([asset], world()).results())


def test_a_leaving_known_after_its_months_were_closed_leaves_nothing_of_the_making_out() -> None:
    """The case of the review: 1,313.28 kg over four years from 2022, closed to 2025-12; it had left in July 2024."""
    start = at(2022)
    fields: dict[str, Any] = {
        "acquired_on": date(2022, 1, 1),
        "embodied_kg": 1313.28,
        "planned_life_years": 4.0,
        "start": start,
    }
    books = Books(world())
    books.close(server(**fields), 2025 * 12 + 11)
    gone = server(**fields, end=at(2024, 7))
    now = books.now(gone)
    assert math.fsum(map(made, now.values())) == pytest.approx(1313.28, rel=1e-12)
    may, june = 2024 * 12 + 4, 2024 * 12 + 5
    assert all(made(now[month]) == made(books.closed[month]) for month in books.closed if month <= may)
    charged = math.fsum(made(each) for month, each in books.closed.items() if month <= may)
    assert made(now[june]) == pytest.approx(1313.28 - charged, rel=1e-12)
    assert max(now) == june
    assert check(gone, books.seen(gone)) > 30
    before, told = (explain(gone, month, books.seen(gone)) for month in (may, june))
    assert before is not None
    assert told is not None
    assert not any("left" in line for line in before.evidence[0]["embodied"])
    share, kg = (line for line in told.evidence[0]["embodied"] if "left" in line)
    assert share.startswith("share left of a life of 1460.0 d closed through 2024-05-31: ")
    assert kg.startswith("left to spread over 30.0 d: ")
    left = [line.partition(": ")[2].split(" = ") for line in (share, kg)]
    assert [value_of(formula) for formula, _ in left] == [float(value.removesuffix(" kg")) for _, value in left]
    (line,) = (each["lines"][0] for each in told.figures if each["stage"] == "manufacturing")
    assert line["formula"] == f"1.0 × {left[1][1]} × 30.0 d ÷ 30.0 d"
    assert trace_text(share, "fr").startswith(
        "part restante d’une durée de 1460.0 d close jusqu’au 2024-05-31 : 1.0 − "
    )
    assert trace_text(kg, "fr").startswith("reste à amortir sur 30.0 d : 1313.28 kg × ")


def test_a_life_that_turns_out_to_have_ended_before_the_first_open_month_is_carried_by_that_month() -> None:
    books = Books(world())
    books.close(known(5.0, None, embodied_kg=1000.0), 2023 * 12 + 11)
    short = known(2.0, None, embodied_kg=1000.0)
    now = books.now(short)
    assert all(made(now[month]) == made(each) for month, each in books.closed.items())
    assert made(now[2024 * 12]) == pytest.approx(3000.0 * (1 - 3 / 5), rel=1e-12)
    assert made(now[2024 * 12 + 1]) == 0.0
    assert check(short, books.seen(short)) > 30
    books.close(short, 2024 * 12)
    assert {month: made(each) for month, each in books.now(short).items()} == {m: made(e) for m, e in now.items()}


def test_an_asset_that_was_away_carries_what_is_left_when_it_was_there_last() -> None:
    books = Books(world())
    stays = known(5.0, None, embodied_kg=1000.0)
    books.close(stays, 2024 * 12 + 11)
    (one,) = stays.segments
    gone = replace(
        stays,
        segments=(
            replace(one, end=at(2023, 3)),
            replace(one, start=at(2023, 3), end=at(2023, 6, 11), status=Status.RETIRED),
            replace(one, start=at(2023, 6, 11), end=at(2023, 6, 21)),
            replace(one, start=at(2023, 6, 21), status=Status.RETIRED),
        ),
    )
    now = books.now(gone)
    elsewhere = 3000.0 * (at(2023, 6, 11) - at(2023, 3)) / 86_400 / 1825
    assert math.fsum(map(made, now.values())) == pytest.approx(3000.0 - elsewhere, rel=1e-9)
    assert check(gone, books.seen(gone)) > 20


def test_a_making_that_is_not_known_any_more_is_absent_whatever_life_months_were_closed_with() -> None:
    books = Books(world())
    asset = known(5.0, None, embodied_kg=None)
    books.close(asset, 2023 * 12 + 11)
    books.world = world(catalogue=Catalogue([each for each in RECORDS if each.activity != "embodied.server"]))
    now = books.now(asset)
    assert not any(each.stage == "manufacturing" for month in now.values() for each in month.figures)
    assert all(each.notices & Notice.NO_EMBODIED_EVIDENCE for each in now.values())
    assert check(asset, books.seen(asset)) > 30
