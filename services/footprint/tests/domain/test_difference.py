"""What is not computed again is what could not have changed."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from footprint.domain.configuration import Configuration, Cpu, Disk, Module, PowerSupply
from footprint.domain.difference import EVER, changed_since
from footprint.domain.engine import compute
from footprint.domain.inventory import Activity, Asset, Cloud, Organisation, Placement, Segment, Status
from footprint.domain.months import month_at
from hypothesis import given, settings
from hypothesis import strategies as st

from .makers import PARIS, SITE, at, machine, server, world

EAST = Organisation("globex", time_zone="Indian/Reunion")
THERE = replace(SITE, id=UUID(int=2), code="warsaw", region="PL")
USED = tuple(
    Activity(
        UUID(int=number), "acme", "other", "electricity", start, start + timedelta(days=40), 9.0, "kWh", server().id
    )
    for number, start in enumerate([date(2025, 2, 3), date(2025, 8, 20), date(2026, 2, 25)])
)
MORE, LESS = (Configuration(Cpu(2, 8, die_mm2=400.0), (Module(units, 32.0),)) for units in (8, 2))
MEMORY = Configuration(ram=(Module(4, 32.0, 1.5),), case="blade")
CARDS = replace(MORE, disks=(Disk(2, "ssd", 960.0),), psu=PowerSupply(2), gpus=2)
instants = st.integers(at(2025, 6), at(2026, 12))


@st.composite
def timelines(draw: st.DrawFn) -> tuple[Segment, ...]:
    """A few states of a server, from June 2025 on."""
    edges = sorted(
        {
            at(2025, 6),
            *draw(st.lists(st.sampled_from([at(2025, 9), at(2026, 2) + 999, at(2026, 3), at(2026, 7)]), max_size=3)),
        }
    )
    states = st.sampled_from([Status.IN_SERVICE, Status.OFF, Status.RETIRED])
    places = st.sampled_from([SITE.id, THERE.id, None])
    configurations = st.sampled_from(
        [None, Configuration(Cpu(1, 8)), Configuration(Cpu(2, 8, die_mm2=400.0)), MORE, LESS, MEMORY, CARDS]
    )
    return tuple(
        Segment(start, end, draw(states), draw(places), configuration=draw(configurations))
        for start, end in zip(edges, [*edges[1:], None], strict=True)
    )


@settings(max_examples=150, deadline=None)
@given(timelines(), timelines(), st.booleans())
def test_months_before_a_difference_are_the_same_bits(
    one: tuple[Segment, ...], other: tuple[Segment, ...], declared: bool
) -> None:
    before = server(segments=one)
    after = replace(before, segments=other, annual_kwh=5000.0 if declared else before.annual_kwh)
    since = changed_since(before, after)
    seen = replace(world(sites=(SITE, THERE)), activities={before.id: USED})
    old = {each.month: each for each in compute([before], seen).results()}
    new = {each.month: each for each in compute([after], seen).results()}
    if since is None:
        assert old == {month: replace(each, asset=before) for month, each in new.items()}
        return
    for month in old.keys() | new.keys():
        if since > EVER and month < month_at(PARIS, since):
            assert replace(old[month], asset=before) == replace(new[month], asset=before)


@settings(max_examples=100, deadline=None)
@given(instants, st.lists(st.tuples(instants, instants, st.sampled_from(["acme", "globex"])), max_size=5))
def test_a_computation_since_an_instant_gives_the_bits_of_one_since_ever(
    since: int, stays: list[tuple[int, int, str]]
) -> None:
    host = server(start=at(2025, 6), capacity=8.0)
    guests: list[tuple[Asset, Placement]] = [
        machine(200 + number, host, 2.0, min(start, end), max(start, end) + 1, org)
        for number, (start, end, org) in enumerate(stays)
    ]
    assets = [host, *(asset for asset, _ in guests)]
    seen = world(*(stay for _, stay in guests), organisations=(EAST,))
    whole = [
        each
        for each in compute(assets, seen).results()
        if each.month >= month_at("Indian/Reunion" if each.asset.org == "globex" else PARIS, since)
    ]
    assert list(compute(assets, seen, since).results()) == whole


def test_a_new_name_changes_nothing_and_a_new_quantity_everything() -> None:
    assert changed_since(server(), server()) is None
    assert changed_since(server(), server(quantity=2.0)) == EVER
    assert changed_since(server(), server(end=at(2026, 5))) == EVER


def test_the_cloud_where_a_machine_came_first_is_told_of_all_that_was_done_before() -> None:
    paris, frankfurt = (Cloud("aws", "m5.xlarge", region) for region in ("eu-west-3", "eu-central-1"))
    came, moved = at(2026, 3), at(2026, 5)
    whole = [Segment(came, None, Status.IN_SERVICE, None, None, 4.0, cloud=cloud) for cloud in (paris, frankfurt)]
    one, other = (server(kind="virtual_machine", segments=(each,)) for each in whole)
    assert changed_since(one, other) == EVER
    later = server(kind="virtual_machine", segments=(replace(whole[0], end=moved), replace(whole[1], start=moved)))
    assert changed_since(one, later) == moved


def test_the_host_with_which_a_machine_came_is_told_of_all_that_was_done_before() -> None:
    """Its own timeline alone: what is done of it is done where its host stands."""
    hosts = UUID(int=7), UUID(int=8)
    one, other = (
        server(kind="virtual_machine", segments=(Segment(at(2026, 3), None, Status.IN_SERVICE, None, each, 4.0),))
        for each in hosts
    )
    assert changed_since(one, other) == EVER


def test_a_state_that_ends_earlier_differs_from_its_new_end_on() -> None:
    host = UUID(int=7)
    before = replace(server(), segments=(Segment(at(2026), None, Status.IN_SERVICE, None, host, 4.0),))
    turn = at(2026, 8)
    after = replace(
        before,
        segments=(
            Segment(at(2026), turn, Status.IN_SERVICE, None, host, 4.0),
            Segment(turn, None, Status.IN_SERVICE, None, host, 8.0),
        ),
    )
    assert changed_since(before, after) == turn
    assert changed_since(after, before) == turn
