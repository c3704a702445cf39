"""What becomes known later of a day changes no bit of the months before it, so no order of events leaves other months behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import pytest
from footprint.domain.catalogue import Catalogue
from footprint.domain.difference import EVER, changed_since
from footprint.domain.engine import World, compute
from footprint.domain.inventory import (
    VIRTUAL_MACHINE,
    Activity,
    Asset,
    Cloud,
    Organisation,
    Placement,
    Segment,
    SharedBy,
    Status,
)
from footprint.domain.measurements import EnergyPiece, Measured
from footprint.domain.months import local_midnight, month_at
from footprint.domain.notices import Notice
from footprint.domain.results import AssetMonth
from hypothesis import given, settings
from hypothesis import strategies as st

from .factors import RECORDS, record
from .makers import PARIS, SITE, at, machine, server, world
from .test_activities import factor
from .test_clouds import AWS

METERED = replace(SITE, id=UUID(int=2), code="metered", shared_by=SharedBy.MEASURED)
ZONES = {"acme": PARIS, "globex": "Indian/Reunion"}
EAST = Organisation("globex", time_zone=ZONES["globex"])
CATALOGUE = Catalogue(
    [
        *RECORDS,
        factor("transport.car", 0.193, "kgCO2e/km"),
        factor("disposal.server", 12.0, "kgCO2e/unit"),
        *(record(f"cloud.aws.{name}", value, "parameter") for name, value in AWS.items()),
    ]
)
TURNS = [at(2025, 11) + 777, at(2026, 3), at(2026, 5) + 4321, at(2026, 8)]
DAYS = [date(2025, 12, 3), date(2026, 3, 1), date(2026, 6, 30), date(2026, 9, 9)]
HOSTS = (UUID(int=100), UUID(int=101))
CLOUDS = (None, Cloud("aws", "m5.2xlarge", "eu-west-3"), Cloud("aws", "zz.99", "eu-west-3"), Cloud("nobody"))


@dataclass(frozen=True)
class Known:
    """All that is known at a time."""

    assets: Mapping[UUID, Asset]
    activities: tuple[Activity, ...] = ()

    def months(self) -> dict[tuple[UUID, int], AssetMonth]:
        """The months of all assets, computed from scratch, by asset and month; apart from what is known of the asset itself."""
        found = compute(list(self.assets.values()), self._world()).results()
        return {(each.asset.id, each.month): replace(each, asset=server()) for each in found}

    def _world(self) -> World:
        stays = [
            Placement(each.id, each.org, part.host, part.start, part.end, part.vcpu or 0.0)
            for each in self.assets.values()
            for part in each.segments
            if part.host is not None and part.status is not Status.RETIRED
        ]
        homes: dict[UUID, Sequence[Activity]] = {}
        for each in self.activities:
            assert each.asset is not None
            homes[each.asset] = [*homes.get(each.asset, ()), each]
        seen = world(*stays, sites=(SITE, METERED), organisations=(EAST,), catalogue=CATALOGUE)
        day = 86_400
        pieces = [EnergyPiece(at(2026) + n * day, at(2026) + (n + 1) * day, 1.0 + n % 3, day, False) for n in range(90)]
        machines = [each.id for each in self.assets.values() if each.is_virtual]
        return replace(seen, activities=homes, measured={each: Measured(tuple(pieces)) for each in machines})


def timeline(draw: st.DrawFn, states: st.SearchStrategy[Segment]) -> tuple[Segment, ...]:
    """States one after another from June 2025 on."""
    edges = sorted({at(2025, 6), *draw(st.lists(st.sampled_from(TURNS), max_size=2))})
    return tuple(
        replace(draw(states), start=start, end=end) for start, end in zip(edges, [*edges[1:], None], strict=True)
    )


OF_HOSTS = st.builds(
    Segment, st.just(0), st.none(), st.sampled_from([Status.IN_SERVICE, Status.OFF]), st.sampled_from([SITE.id, METERED.id]),
    vcpu=st.just(8.0),
)  # fmt: skip
OF_MACHINES = st.one_of(
    st.builds(Segment, st.just(0), st.none(), st.just(Status.IN_SERVICE), host=st.sampled_from(HOSTS), vcpu=st.just(2.0)),
    st.builds(
        Segment, st.just(0), st.none(), st.sampled_from(list(Status)), vcpu=st.sampled_from([None, 4.0]), cloud=st.sampled_from(CLOUDS)
    ),
)  # fmt: skip


@st.composite
def assets(draw: st.DrawFn) -> list[Asset]:
    """Two hosts and two machines, one of them of an organisation in another time zone."""
    return [
        *(server(host.int, segments=timeline(draw, OF_HOSTS), annual_kwh=3504.0) for host in HOSTS),
        *(
            Asset(UUID(int=300 + number), org, VIRTUAL_MACHINE, timeline(draw, OF_MACHINES), embodied_kg=embodied)
            for number, (org, embodied) in enumerate([("acme", 50.0), ("globex", None)])
        ),
    ]


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    """Something done for one of them."""
    start = draw(st.sampled_from(DAYS))
    name, unit = draw(st.sampled_from([("disposal.server", "unit"), ("transport.car", "km"), ("unheard.of", "unit")]))
    kind = draw(st.sampled_from(["end_of_life", "intervention"]))
    end = date(2026, 10, 2) if draw(st.booleans()) else date.fromordinal(start.toordinal() + 1)
    on = draw(st.sampled_from([*HOSTS, UUID(int=300), UUID(int=301)]))
    return Activity(UUID(int=draw(st.integers(900, 902))), "acme", kind, name, start, end, 5.0, unit, asset=on)


def check_before(old: Known, new: Known, since: int) -> None:
    """That no month before an instant differs."""
    before, after = old.months(), new.months()
    for asset, month in before.keys() | after.keys():
        if since > EVER and month < month_at(ZONES[new.assets[asset].org], since):
            assert before.get((asset, month)) == after.get((asset, month))


@settings(max_examples=100, deadline=None)
@given(assets(), assets(), st.integers(0, 3), st.lists(activities(), max_size=2))
def test_a_later_state_changes_no_earlier_month(
    some: list[Asset], others: list[Asset], which: int, done: list[Activity]
) -> None:
    old = Known({each.id: each for each in some}, tuple({each.id: each for each in done}.values()))
    changed = others[which]
    since = changed_since(old.assets[changed.id], changed)
    if since is not None:
        check_before(old, replace(old, assets={**old.assets, changed.id: changed}), since)


@settings(max_examples=100, deadline=None)
@given(assets(), st.lists(activities(), max_size=2), activities())
def test_a_later_activity_changes_no_earlier_month(some: list[Asset], done: list[Activity], another: Activity) -> None:
    kept = tuple({each.id: each for each in done if each.id != another.id}.values())
    old = Known({each.id: each for each in some}, kept)
    start = another.start
    since = local_midnight("Pacific/Kiritimati", start.year, start.month, start.day)
    check_before(old, replace(old, activities=(*kept, another)), since)


def test_a_host_that_moves_to_where_energy_tells_machines_apart_keeps_its_months_before() -> None:
    turn = at(2026, 8)
    stays = [Segment(at(2025, 6), None, Status.IN_SERVICE, host=HOSTS[0], vcpu=3.0)]
    home = Segment(at(2025, 6), None, Status.IN_SERVICE, SITE.id, vcpu=8.0)
    host, vm = server(HOSTS[0].int, segments=(home,)), Asset(UUID(int=300), "acme", VIRTUAL_MACHINE, tuple(stays))
    moved = replace(host, segments=(replace(home, end=turn), replace(home, start=turn, site=METERED.id)))
    assert changed_since(host, moved) == turn
    check_before(Known({host.id: host, vm.id: vm}), Known({host.id: moved, vm.id: vm}), turn)


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_a_machine_that_moves_within_a_month_ends_it_where_its_host_stands_whatever_is_computed_along(
    numbers: tuple[int, int],
) -> None:
    there, here = (replace(SITE, id=UUID(int=number), code=str(number)) for number in numbers)
    hosts = [
        server(100 + number, start=at(2026), site=site, capacity=24.0) for number, site in enumerate((there, here))
    ]
    moved = at(2026, 3, 29)
    guest, stay = machine(200, hosts[0], 3.0, at(2026), moved)
    after = Segment(moved, None, Status.IN_SERVICE, None, hosts[1].id, 3.0)
    guest = replace(guest, segments=(guest.segments[0], after))
    onward = replace(stay, host=hosts[1].id, start=moved, end=None)
    other, its = machine(50, hosts[1], 2.0, at(2026, 3, 30))
    sites = (there, here)
    found = {}
    for name, together, order in (
        ("alone", [guest], hosts),
        ("all", [*hosts, guest], hosts[::-1]),
        ("late", [other, guest, hosts[1]], hosts),
    ):
        seen = world(stay, onward, its, hosts=tuple(order), sites=sites)
        found[name] = [each for each in compute(together, seen).results() if each.asset.id == guest.id]
    assert found["alone"] == found["all"] == found["late"]
    assert [each.site for each in found["alone"][:4]] == [there.id, there.id, here.id, here.id]


def test_an_end_of_life_is_said_to_be_absent_in_the_months_that_have_none() -> None:
    done = Activity(
        UUID(int=900), "acme", "end_of_life", "disposal.server", date(2026, 3, 2), date(2026, 3, 3), 1.0, "unit", asset=HOSTS[0]
    )  # fmt: skip
    months = Known({HOSTS[0]: server(HOSTS[0].int)}, (done,)).months()
    lacking = {month % 12 + 1 for (_, month), each in months.items() if each.notices & Notice.NO_END_OF_LIFE}
    assert lacking == set(range(1, 13)) - {3}
