"""Who carries a host: the rule of its site, applications, and what uncertainty is shared."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from footprint.domain.catalogue import Catalogue
from footprint.domain.claims import apportion, pieces_of, shares_within
from footprint.domain.engine import World, compute
from footprint.domain.explanation import explain
from footprint.domain.inventory import (
    Allocated,
    AllocationRule,
    Asset,
    Claim,
    Cloud,
    Organisation,
    Placement,
    Segment,
    SharedBy,
    Site,
    Status,
)
from footprint.domain.measurements import EnergyPiece, Measured, MeasuredDay, Meter, read_measured
from footprint.domain.notices import Notice
from footprint.domain.results import AssetMonth
from footprint.domain.rollup import Rolled, ln_gsd2_of_rolled, rolled
from hypothesis import given, settings
from hypothesis import strategies as st

from .factors import RECORDS, record
from .makers import PARIS, SITE, at, machine, server, world
from .test_explanation import check

JANUARY = 2026 * 12
WITH_SUPPORT = Catalogue([*RECORDS, record("maintenance.it_hardware", 0.216)])


def measured(*kwh: float, start: int = 1) -> Measured:
    """Whole days of January 2026."""
    days = [
        MeasuredDay(PARIS, date(2026, 1, start + index), Meter(each, ((0, 86_400),))) for index, each in enumerate(kwh)
    ]
    return read_measured(days)


def farm(
    shared_by: SharedBy, rule: AllocationRule, sizes: Sequence[tuple[float, float, float]]
) -> tuple[Site, Asset, list[Asset], list[Placement]]:
    """A host of 16 vCPUs, 64 GiB of memory and 1000 of storage, with machines of these sizes."""
    site = replace(SITE, shared_by=shared_by, rule=rule)
    segment = Segment(at(2026), None, Status.IN_SERVICE, site.id, vcpu=16.0, ram_gib=64.0, disk_gib=1000.0)
    host = server(100, segments=(segment,))
    guests, stays = [], []
    for number, (vcpu, ram, disk) in enumerate(sizes):
        guest, stay = machine(200 + number, host, vcpu, at(2026))
        guests.append(guest)
        stays.append(replace(stay, ram_gib=ram, disk_gib=disk))
    return site, host, guests, stays


def kwh_of(results: Sequence[AssetMonth], asset: Asset, month: int = JANUARY) -> float:
    """The energy of an asset in a month."""
    found = next(each.kwh for each in results if each.asset == asset and each.month == month)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("shared_by", "share"), [(SharedBy.VCPU, 4 / 16), (SharedBy.RAM, 32 / 64), (SharedBy.STORAGE, 100 / 1000)]
)
def test_a_machine_carries_its_part_of_what_the_rule_of_the_site_names(shared_by: SharedBy, share: float) -> None:
    site, host, guests, stays = farm(shared_by, AllocationRule.CAPACITY, [(4.0, 32.0, 100.0)])
    results = list(compute([host, *guests], world(*stays, sites=(site,))).results())
    whole = 0.4 * 744 * 1.5
    assert kwh_of(results, guests[0]) == pytest.approx(whole * share, rel=1e-12)
    assert kwh_of(results, host) == pytest.approx(whole * (1 - share), rel=1e-12)


def test_where_what_the_rule_names_is_unknown_of_one_machine_vcpus_are_taken_and_said() -> None:
    site, host, guests, stays = farm(SharedBy.RAM, AllocationRule.SOLD, [(4.0, 32.0, 1.0), (12.0, 8.0, 1.0)])
    stays[1] = replace(stays[1], ram_gib=None)
    results = list(compute([host, *guests], world(*stays, sites=(site,))).results())
    assert kwh_of(results, guests[0]) == pytest.approx(0.4 * 744 * 1.5 / 4, rel=1e-12)
    assert results[0].notices & Notice.SHARED_BY_VCPU


def test_measured_machines_share_their_host_by_energy_and_the_rest_of_its_own_is_idle() -> None:
    site, host, guests, stays = farm(SharedBy.MEASURED, AllocationRule.CAPACITY, [(4.0, 8.0, 1.0), (4.0, 8.0, 1.0)])
    seen = replace(
        world(*stays, sites=(site,)),
        measured={guests[0].id: measured(1.2, 2.4), guests[1].id: measured(3.6, 2.4)},
    )
    results = list(compute([host, *guests], seen).results())
    by_vcpu = 0.4 * 24 * 29 * 4 / 16
    assert kwh_of(results, guests[0]) == pytest.approx((1.2 + 2.4 + by_vcpu) * 1.5, rel=1e-12)
    assert kwh_of(results, guests[1]) == pytest.approx((3.6 + 2.4 + by_vcpu) * 1.5, rel=1e-12)
    assert next(each for each in results if each.asset == guests[0]).notices & Notice.SHARED_BY_VCPU
    for asset in (host, *guests):
        assert check(asset, replace(seen, hosts={host.id: host})) > 20


SOLD_THEN_MEASURED = (
    Allocated(AllocationRule.SOLD, SharedBy.RAM, None, date(2026, 2, 1)),
    Allocated(AllocationRule.CAPACITY, SharedBy.MEASURED, date(2026, 2, 1), date(2026, 3, 1)),
)


def test_a_rule_holds_from_its_day_to_its_day_and_each_month_is_as_if_it_always_had() -> None:
    site, host, guests, stays = farm(SharedBy.VCPU, AllocationRule.CAPACITY, [(4.0, 32.0, 1.0), (8.0, 8.0, 1.0)])
    readings = {
        guest.id: read_measured(
            [MeasuredDay(PARIS, date(2026, month, 3), Meter(kwh, ((0, 86_400),))) for month in (1, 2, 3)]
        )
        for guest, kwh in zip(guests, (1.2, 2.4), strict=True)
    }

    def months(of: Site) -> dict[tuple[Asset, int], AssetMonth]:
        seen = replace(world(*stays, sites=(of,)), measured=readings)
        return {(each.asset, each.month): each for each in compute([host, *guests], seen).results()}

    by_day = months(replace(site, allocations=SOLD_THEN_MEASURED))
    for month, (rule, shared_by) in enumerate(
        (
            (AllocationRule.SOLD, SharedBy.RAM),
            (AllocationRule.CAPACITY, SharedBy.MEASURED),
            (AllocationRule.CAPACITY, SharedBy.VCPU),
        ),
        JANUARY,
    ):
        always = months(replace(site, rule=rule, shared_by=shared_by))
        for asset in (host, *guests):
            assert by_day[asset, month] == always[asset, month]
    used = by_day[guests[0], JANUARY + 1].notices, by_day[guests[0], JANUARY + 2].notices
    assert [bool(each & Notice.MEASURED_ON_HOST) for each in used] == [False, True]


def test_a_rule_that_changes_within_a_month_is_explained_with_both() -> None:
    site, host, guests, stays = farm(SharedBy.VCPU, AllocationRule.CAPACITY, [(4.0, 32.0, 1.0)])
    sold_from = Allocated(AllocationRule.SOLD, SharedBy.VCPU, date(2026, 1, 11))
    seen = world(*stays, sites=(replace(site, allocations=(sold_from,)),), hosts=(host,))
    whole = 0.4 * 24 * 1.5
    assert kwh_of(list(compute(guests, seen).results()), guests[0]) == pytest.approx(whole * (10 / 4 + 21), rel=1e-12)
    assert check(guests[0], seen) > 20
    explanation = explain(guests[0], JANUARY, seen)
    assert explanation is not None
    [known] = explanation.evidence
    assert [each["allocation_rule"] for each in known["sites"]] == ["capacity", "sold"]


rules = st.tuples(st.sampled_from(list(SharedBy)), st.sampled_from(list(AllocationRule)))
sizes = st.lists(st.tuples(st.floats(0.0, 9.0), st.floats(0.1, 40.0), st.floats(0.1, 400.0)), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(rules, sizes, st.lists(st.lists(st.floats(0.0, 5.0), max_size=3), max_size=4))
def test_machines_and_the_idle_line_add_up_to_the_host_by_every_rule(
    rule: tuple[SharedBy, AllocationRule], given_sizes: list[tuple[float, float, float]], energies: list[list[float]]
) -> None:
    site, host, guests, stays = farm(*rule, given_sizes)
    readings = {
        guest.id: measured(*kwh, start=1 + index)
        for index, (guest, kwh) in enumerate(zip(guests, energies, strict=False))
    }
    seen = replace(world(*stays, sites=(site,)), measured=readings)
    alone = {
        (each.month, figure.line): figure.value
        for each in compute([host], world(sites=(site,))).results()
        for figure in each.figures
    }
    shared: dict[tuple[int, str, str, str], list[float]] = defaultdict(list)
    whole: dict[tuple[int, str, str, str], list[float]] = defaultdict(list)
    for each in compute([host, *guests], seen).results():
        for figure in each.figures:
            shared[each.month, figure.stage, figure.criterion, figure.basis].append(figure.value)
    for (month, line), value in alone.items():
        whole[month, *line[:3]].append(value)
    assert shared.keys() == whole.keys()
    for key, values in whole.items():
        assert math.isclose(math.fsum(shared[key]), math.fsum(values), rel_tol=1e-9, abs_tol=1e-12)


ERP, CRM = UUID(int=901), UUID(int=902)


def claimed_in(result: AssetMonth, application: UUID) -> int:
    """Billionths of climate change, location-based, that an application uses."""
    return sum(
        each.billionths
        for each in result.claimed
        if each.application == application and each.figure.criterion == "gwp" and each.figure.basis != "market"
    )


def figures_in(result: AssetMonth) -> int:
    """Billionths of the same figures in whole."""
    return sum(round(each.value * 1e9) for each in result.figures if each.criterion == "gwp" and each.basis != "market")


def claimed_world(*claims: Claim) -> tuple[list[Asset], World]:
    """A host, a machine of 5 of its 16 vCPUs, and claims on the machine."""
    site, host, guests, stays = farm(SharedBy.VCPU, AllocationRule.CAPACITY, [(5.0, 8.0, 1.0)])
    return [host, *guests], replace(world(*stays, sites=(site,)), claims={guests[0].id: claims})


def test_applications_share_a_machine_by_their_weights_to_the_last_billionth() -> None:
    assets, seen = claimed_world(Claim(ERP, at(2026), None, 2.0), Claim(CRM, at(2026), None, 1.0))
    for result in list(compute(assets, seen).results())[12:]:
        whole = figures_in(result)
        assert claimed_in(result, ERP) + claimed_in(result, CRM) == whole
        assert claimed_in(result, ERP) == pytest.approx(whole * 2 / 3, abs=3)
    assert not any(result.claimed for result in list(compute(assets, seen).results())[:12])


def test_weights_hold_from_their_day_and_what_is_unclaimed_stays_with_the_machine() -> None:
    assets, seen = claimed_world(Claim(ERP, at(2026, 1, 11), at(2026, 1, 21), 1.0))
    january = list(compute(assets, seen).results())[12]
    assert claimed_in(january, ERP) == pytest.approx(figures_in(january) * 10 / 31, abs=3)


def test_claims_do_not_move_a_figure_by_a_bit() -> None:
    assets, seen = claimed_world(Claim(ERP, at(2026, 1, 11), at(2026, 3, 21) + 17, 1.0))
    with_claims = [replace(each, claimed=[]) for each in compute(assets, seen).results()]
    assert with_claims == list(compute(assets, replace(seen, claims={})).results())


@given(st.integers(0, 10**13), st.lists(st.floats(0.01, 100.0), min_size=1, max_size=6))
def test_shares_in_whole_numbers_add_up_to_what_is_shared(amount: int, weights: list[float]) -> None:
    shares = {UUID(int=index): weight / math.fsum(weights) for index, weight in enumerate(weights)}
    found = apportion(amount, shares)
    assert abs(sum(found.values()) - amount) <= amount * 1e-15 * len(weights)
    for application, share in shares.items():
        assert abs(found[application] - amount * share) <= 1 + amount * 1e-15


def test_pieces_share_time_out_by_the_weights_that_hold() -> None:
    pieces = pieces_of([Claim(ERP, 0, None, 1.0), Claim(CRM, 50, 100, 3.0)], 0, 200)
    assert shares_within(pieces, 0, 200) == {ERP: pytest.approx(0.8125), CRM: pytest.approx(0.1875)}
    assert shares_within(pieces, 60, 80) == {ERP: pytest.approx(0.25), CRM: pytest.approx(0.75)}


def test_a_factor_shared_by_300_assets_is_one_variable_and_not_300() -> None:
    assets = [server(number, annual_kwh=None, average_w=100.0) for number in range(1, 301)]
    figures = [
        figure for each in compute(assets, world()).results() if each.month == JANUARY for figure in each.figures
    ]
    use = [each for each in figures if (each.stage, each.basis) == ("use", "location")]
    assert {each.factor for each in use} == {"electricity-fr-2024-production"}
    one = use[0]
    together = ln_gsd2_of_rolled([rolled(JANUARY, each) for each in use])
    assert together == pytest.approx(math.hypot(one.factor_ln_gsd2, one.source_ln_gsd2 / math.sqrt(300)), rel=1e-9)
    assert together > 0.99 * one.factor_ln_gsd2


def test_defaults_of_a_kind_are_shared_and_what_is_said_of_an_asset_is_its_own() -> None:
    kind = [server(number, annual_kwh=None) for number in (1, 2)]
    by_kind = {
        figure.source for each in compute(kind, world()).results() for figure in each.figures if figure.stage == "use"
    }
    declared = {figure.source for each in compute([server()], world()).results() for figure in each.figures}
    assert by_kind <= {"", "energy-server"}
    assert declared == {""}


def test_months_of_one_activity_are_correlated_and_assets_are_not() -> None:
    rows = [Rolled(month, "", "", 100.0, 0.0, 0.0, 100.0**2 * 0.1**2) for month in (1, 2)]
    assert ln_gsd2_of_rolled(rows) == pytest.approx(0.1)
    same_month = [Rolled(1, "", "", 100.0, 0.0, 0.0, 100.0**2 * 0.1**2) for _ in range(2)]
    assert ln_gsd2_of_rolled(same_month) == pytest.approx(0.1 / math.sqrt(2))
    assert ln_gsd2_of_rolled([]) == 0.0


def test_an_organisation_with_factors_of_its_own_is_computed_with_them_and_no_other_is() -> None:
    mine, theirs = server(1), server(2, org="globex")
    seen = world(organisations=(Organisation("globex"),))
    public = seen.catalogue.coefficient("embodied.server")
    assert public is not None
    catalogue = seen.catalogue.with_own([replace(public, id="acme/own", value=500.0, own=True)])
    results = list(compute([mine, theirs], replace(seen, own_catalogues={"acme": catalogue})).results())
    made = {each.asset.org: each.figures[0].value for each in results if each.month == JANUARY}
    assert made["acme"] / made["globex"] == pytest.approx(500 / 1215)
    assert ("acme/own", 1) in next(each.references for each in results if each.asset == mine)


@pytest.mark.parametrize("place", [None, SITE.id])
def test_a_machine_on_a_host_has_its_own_support_contract_beside_its_share(place: UUID | None) -> None:
    host = server(capacity=16.0, quantity=1.0)
    guest, stay = machine(200, host, 4.0, at(2026), at(2026, 3, 11))
    guest = replace(guest, segments=(replace(guest.segments[0], site=place), *guest.segments[1:]))
    paid = replace(guest, support_eur_per_year=365.0)
    seen = world(stay, hosts=(host,), catalogue=WITH_SUPPORT)
    bare, results = list(compute([guest], seen).results()), list(compute([paid], seen).results())
    support = [each for result in results for each in result.figures if each.stage == "maintenance_and_sale"]
    assert [each.value for each in support] == [pytest.approx(0.216 * days) for days in (31, 28, 10)]
    assert {(each.scope, each.ghg_category, each.beges_item, each.site) for each in support} == {
        (3, "3.1", "4.5", SITE.id)
    }
    for without, result in zip(bare, results, strict=True):
        assert [each for each in result.figures if each.stage != "maintenance_and_sale"] == without.figures
        assert (result.notices, result.kwh, result.embodied_evidence) == (
            without.notices, without.kwh, without.embodied_evidence
        )  # fmt: skip
    assert check(paid, seen) == 3 * 3


def test_support_of_a_machine_counts_once_whatever_it_runs_on() -> None:
    host = server(capacity=16.0, support_eur_per_year=730.0)
    guest, stay = machine(200, host, 4.0, at(2026, 1, 11), at(2026, 1, 21))
    alone = Segment(at(2026), at(2026, 1, 11), Status.IN_SERVICE, SITE.id)
    cloud = Segment(at(2026, 1, 21), None, Status.IN_SERVICE, SITE.id, vcpu=4.0, cloud=Cloud("aws", None, "eu-west-3"))
    guest = replace(guest, segments=(alone, guest.segments[0], cloud), support_eur_per_year=365.0)
    result = next(compute([guest], world(stay, hosts=(host,), catalogue=WITH_SUPPORT)).results())
    support = [each.value for each in result.figures if each.stage == "maintenance_and_sale"]
    assert sum(support) == pytest.approx(0.216 * (31 + 2 * 10 / 4))


def test_what_a_machine_on_a_host_declares_of_itself_is_said_not_to_count() -> None:
    host = server(capacity=16.0)
    guest, stay = machine(200, host, 4.0, at(2026))
    silent = next(compute([guest], world(stay, hosts=(host,))).results())
    assert not silent.notices & Notice.DECLARED_ON_HOST
    for declared in (replace(guest, annual_kwh=500.0), replace(guest, average_w=0.0), replace(guest, embodied_kg=10.0)):
        result = next(compute([declared], world(stay, hosts=(host,))).results())
        assert result.figures == silent.figures
        assert result.notices == silent.notices | Notice.DECLARED_ON_HOST


def test_energy_measured_of_a_machine_whose_host_is_shared_otherwise_is_said_not_to_count() -> None:
    host = server(capacity=16.0)
    guest, stay = machine(200, host, 4.0, at(2026))
    measured = Measured((EnergyPiece(at(2026, 3, 30), at(2026, 4, 2), 50.0, 3 * 86_400, False),))
    seen = world(stay, hosts=(host,))
    silent = {each.month: each for each in compute([guest], seen).results()}
    told = {each.month: each for each in compute([guest], replace(seen, measured={guest.id: measured})).results()}
    said = [month % 12 + 1 for month, each in told.items() if each.notices & Notice.MEASURED_ON_HOST]
    assert said == [3, 4]
    assert [each.figures for each in told.values()] == [each.figures for each in silent.values()]
    by_energy = replace(SITE, shared_by=SharedBy.MEASURED)
    counted = replace(world(stay, hosts=(host,), sites=(by_energy,)), measured={guest.id: measured})
    assert not any(each.notices & Notice.MEASURED_ON_HOST for each in compute([guest], counted).results())


def test_a_machine_with_nothing_but_a_contract_is_said_to_lack_its_host() -> None:
    host = server()
    guest, _ = machine(200, host, 4.0, at(2026))
    paid = replace(guest, support_eur_per_year=365.0)
    result = next(compute([paid], world(catalogue=WITH_SUPPORT)).results())
    assert {each.stage for each in result.figures} == {"maintenance_and_sale"}
    assert result.notices & Notice.HOST_UNKNOWN


@pytest.mark.parametrize("rule", list(AllocationRule))
@pytest.mark.parametrize("by", [SharedBy.VCPU, SharedBy.RAM])
def test_a_machine_whose_vcpus_are_not_stated_takes_nothing_of_its_host_from_others(
    rule: AllocationRule, by: SharedBy
) -> None:
    place = replace(SITE, rule=rule, shared_by=by)
    host = server(capacity=8.0)
    named, stay = machine(200, host, 4.0, at(2026, 2))
    bare, there = machine(201, host, math.nan, at(2026, 3))
    stay, there = replace(stay, ram_gib=8.0), replace(there, ram_gib=8.0)
    bare = replace(bare, segments=tuple(replace(each, vcpu=None) for each in bare.segments))
    alone = [each.every_figure for each in compute([host, named], world(stay, sites=(place,))).results()]
    beside = list(compute([host, named, bare], world(stay, there, sites=(place,))).results())
    assert [each.every_figure for each in beside if each.asset.id != bare.id] == alone
    assert any(alone)
    assert not [figure for each in beside if each.asset.id == bare.id for figure in each.every_figure]
