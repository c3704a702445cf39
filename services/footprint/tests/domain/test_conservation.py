"""Nothing is lost and nothing is counted twice: property tests over random farms."""

import math
from collections import defaultdict
from dataclasses import replace
from datetime import date
from itertools import pairwise
from uuid import UUID

from footprint.domain.catalogue import Catalogue
from footprint.domain.engine import compute
from footprint.domain.inventory import AllocationRule, Asset, Organisation, Placement, Pue, Segment, Site, Status
from footprint.domain.results import AssetMonth
from hypothesis import given, settings
from hypothesis import strategies as st

from .factors import CATALOGUE, LOSSES_ALONE, SPLIT
from .makers import SITE, at, machine, server, world

YEAR = (at(2026), at(2027))
instants = st.integers(*YEAR)


@st.composite
def farms(draw: st.DrawFn) -> tuple[Site, list[Asset], list[Asset], list[Placement]]:
    """A site, hosts with changing states, and machines that come, move and go, some of them another organisation's."""
    rule = draw(st.sampled_from(AllocationRule))
    turn = draw(st.sampled_from(["2026-03-29", "2026-07-15"]))
    pue = (Pue(1.4, None, date.fromisoformat(turn)), Pue(1.7, date.fromisoformat(turn), None))
    site = replace(SITE, rule=rule, pue=pue, guarantee_share=draw(st.sampled_from([0.0, 0.5, 1.0])))
    hosts = []
    for number in range(draw(st.integers(1, 3))):
        edges = sorted({YEAR[0], *draw(st.lists(instants, max_size=3))})
        segments = [
            Segment(
                start,
                end,
                draw(st.sampled_from([Status.IN_SERVICE, Status.OFF, Status.STANDBY])),
                site.id,
                vcpu=draw(capacities),
            )
            for start, end in zip(edges, [*edges[1:], None], strict=True)
        ]
        hosts.append(
            server(
                100 + number,
                segments=tuple(segments),
                quantity=float(draw(st.integers(1, 3))),
                annual_kwh=draw(st.floats(0, 1e5)),
            )
        )
    machines, placements = [], []
    for number in range(draw(st.integers(0, 6))):
        edges = sorted(draw(st.sets(instants, min_size=2, max_size=4)))
        org = draw(st.sampled_from(["acme", "globex"]))
        quantity = float(draw(st.integers(1, 3)))
        segments = []
        for start, end in pairwise(edges):
            host, vcpu = draw(st.sampled_from(hosts)), draw(st.sampled_from([0.0, 1.0, 2.0, 7.0]))
            segments.append(Segment(start, end, Status.IN_SERVICE, None, host.id, vcpu))
            placements.append(Placement(UUID(int=1000 + number), org, host.id, start, end, quantity * vcpu))
        segments.append(Segment(edges[-1], None, Status.RETIRED))
        machines.append(Asset(UUID(int=1000 + number), org, "virtual_machine", tuple(segments), quantity))
    return site, hosts, machines, placements


EAST = (Organisation("globex", time_zone="Indian/Reunion"),)
"""An organisation whose months, and whose year, end three hours before those of its hosts."""

capacities = st.sampled_from([None, 4.0, 16.0])


def by_month(results: list[AssetMonth]) -> dict[tuple[int, str, str], float]:
    """Sums per month, stage and basis, without what hosts resold: that is counted with those who bought it."""
    sums: dict[tuple[int, str, str], float] = defaultdict(float)
    for result in results:
        for figure in result.figures:
            if figure.share != "sold":
                sums[result.month, figure.stage, figure.basis] += figure.value
        sums[result.month, "kwh", ""] += result.kwh or 0.0
    return sums


def sold_kwh(results: list[AssetMonth]) -> bool:
    """Whether a host resold anything."""
    return any(figure.share == "sold" for result in results for figure in result.figures)


@settings(max_examples=150, deadline=None)
@given(farms(), st.sampled_from([CATALOGUE, SPLIT, LOSSES_ALONE]))
def test_machines_and_idle_lines_are_the_hosts_in_each_month_and_stage(
    farm: tuple[Site, list[Asset], list[Asset], list[Placement]], catalogue: Catalogue
) -> None:
    site, hosts, machines, placements = farm
    shared = list(compute([*hosts, *machines], world(*placements, sites=(site,), catalogue=catalogue)).results())
    alone = list(compute(hosts, world(sites=(site,), catalogue=catalogue)).results())
    beside = {(figure.stage, figure.basis) for result in shared for figure in result.figures} & {("use", "both")}
    assert bool(beside) is (catalogue is not CATALOGUE)
    expected, got = by_month(alone), by_month(shared)
    for key in expected.keys() | got.keys():
        if key[1] == "kwh" and sold_kwh(shared):
            continue
        assert math.isclose(expected.get(key, 0.0), got.get(key, 0.0), rel_tol=1e-9, abs_tol=1e-9), key


@settings(max_examples=100, deadline=None)
@given(farms())
def test_an_asset_computed_alone_has_the_bits_of_the_same_asset_among_others(
    farm: tuple[Site, list[Asset], list[Asset], list[Placement]],
) -> None:
    site, hosts, machines, placements = farm
    together = list(compute([*hosts, *machines], world(*placements, sites=(site,), organisations=EAST)).results())
    for asset in [*hosts, *machines]:
        on = {segment.host for segment in asset.segments if segment.host} | {asset.id}
        seen = [each for each in placements if each.host in on]
        needed = tuple(each for each in hosts if each.id in on and each.id != asset.id)
        alone = list(
            compute([asset], world(*reversed(seen), sites=(site,), hosts=needed, organisations=EAST)).results()
        )
        assert alone == [result for result in together if result.asset.id == asset.id]


@given(st.integers(1, 12), st.floats(0.1, 12), st.floats(0, 1e6), st.integers(0, 364))
@settings(max_examples=100, deadline=None)
def test_the_months_of_a_life_add_up_to_what_making_weighed(month: int, years: float, unit_kg: float, day: int) -> None:
    start = at(2013, month) + day * 86400
    asset = server(1, start, planned_life_years=years, embodied_kg=unit_kg)
    results = list(compute([asset], world()).results())
    total = math.fsum(
        figure.value for result in results for figure in result.figures if figure.stage == "manufacturing"
    )
    assert math.isclose(total, unit_kg, rel_tol=1e-9, abs_tol=1e-9)


@given(st.integers(at(2020, 6), at(2026, 11)))
@settings(max_examples=50, deadline=None)
def test_a_retired_asset_has_weighed_all_of_its_making_whatever_was_planned(end: int) -> None:
    results = list(compute([server(1, at(2020), end)], world()).results())
    total = math.fsum(
        figure.value for result in results for figure in result.figures if figure.stage == "manufacturing"
    )
    assert math.isclose(total, 1215.0, rel_tol=1e-9)


def test_the_unsold_share_stays_with_the_host_as_an_idle_line_under_the_capacity_rule() -> None:
    host = server(capacity=16.0)
    guest, stay = machine(200, host, 4.0, at(2026))
    results = list(compute([host, guest], world(stay)).results())
    january = {result.asset.kind: result for result in results if result.month == 2026 * 12}
    idle = january["server"].figures[0]
    assert idle.share == "idle"
    assert idle.value == 3 * january["virtual_machine"].figures[0].value


def test_the_sold_rule_passes_the_idle_share_on() -> None:
    host = server(capacity=16.0)
    guest, stay = machine(200, host, 4.0, at(2026))
    site = replace(SITE, rule=AllocationRule.SOLD)
    results = list(compute([host, guest], world(stay, sites=(site,))).results())
    assert {figure.value for result in results if result.asset == host for figure in result.figures} == {0.0}


def test_what_another_organisation_uses_stays_in_the_hosts_inventory_as_sold_and_is_a_purchase_in_theirs() -> None:
    host = server(capacity=16.0)
    guest, stay = machine(200, host, 4.0, at(2026), org="globex")
    results = [each for each in compute([host, guest], world(stay)).results() if each.month == 2026 * 12]
    of_host = {(figure.stage, figure.share): figure for figure in results[0].figures}
    assert of_host["use", "sold"].value == results[1].figures[1].value
    assert of_host["use", "sold"].scope == 2
    assert {(figure.scope, figure.ghg_category, figure.beges_item) for figure in results[1].figures} == {
        (3, "3.1", "4.5")
    }


def test_each_organisation_has_its_own_months() -> None:
    host = server(capacity=4.0)
    guest, stay = machine(200, host, 4.0, at(2026), org="globex")
    seen = world(stay, hosts=(host,), organisations=(Organisation("globex", time_zone="Indian/Reunion"),))
    first = next(compute([guest], seen).results())
    whole = next(compute([host], world()).results())
    assert whole.kwh is not None
    assert first.kwh is not None
    assert first.month == whole.month == 2026 * 12
    assert math.isclose(first.kwh, whole.kwh * (744 - 3) / 744, rel_tol=1e-12)
