"""Machines at a public cloud, and what else an asset may be: leased, transported, refurbished."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from footprint.domain.catalogue import Catalogue
from footprint.domain.cloud import cloud_region
from footprint.domain.engine import compute
from footprint.domain.estimates import Period, estimate
from footprint.domain.inventory import Asset, Cloud, Convention, Operator, Organisation, Pue, Segment, Status
from footprint.domain.notices import Notice
from footprint.domain.results import AssetMonth

from .factors import RECORDS, grid, record
from .makers import SITE, at, server, world
from .test_explanation import check

AWS = {
    "min_w_per_vcpu": 0.74,
    "max_w_per_vcpu": 3.5,
    "pue": 1.135,
    "host_vcpu": 96.0,
}
CATALOGUE = Catalogue(
    [
        *RECORDS,
        *(record(f"cloud.aws.{name}", value, "parameter") for name, value in AWS.items()),
        record("cloud.w_per_gib", 0.392, "parameter"),
        replace(record("embodied.server", 30.0), id="transport", stage="transport"),
        replace(record("embodied.server", 12.0), id="end-of-life", stage="end_of_life"),
        replace(record("embodied.server", 17_000.0, "pe"), id="pe", stage="manufacturing"),
        replace(grid("FR", 11.289, 2024), id="electricity-fr-pe", criterion="pe"),
        record("refurbishing.server", 40.0),
    ]
)


def instance(region: str = "eu-west-3", provider: str = "aws") -> Asset:
    """A machine of 8 vCPUs and 32 GiB since January 2026."""
    cloud = Cloud(provider, "m5.2xlarge", region)
    segment = Segment(at(2026), None, Status.IN_SERVICE, None, None, 8.0, ram_gib=32.0, cloud=cloud)
    return server(300, segments=(segment,), kind="virtual_machine", annual_kwh=None, planned_life_years=None)


def january(asset: Asset, **fields: Any) -> AssetMonth:
    """The result of January 2026."""
    return next(compute([asset], world(catalogue=CATALOGUE, **fields)).results())


def test_a_cloud_machine_takes_its_share_of_a_reference_host_and_is_bought_as_a_service() -> None:
    result = january(instance())
    watts = 8 * (0.74 + 0.5 * (3.5 - 0.74)) + 32 * 0.392
    assert result.kwh == pytest.approx(watts * 744 / 1000 * 1.135, rel=1e-12)
    values = {(each.stage, each.basis): each for each in result.figures if each.criterion == "gwp"}
    assert values["manufacturing", "both"].value == pytest.approx(1215 * 8 / 96 * 31 / 1825, rel=1e-12)
    assert values["use", "location"].value == pytest.approx(watts * 744 / 1000 * 1.135 * 0.0442, rel=1e-12)
    assert {(each.scope, each.ghg_category, each.beges_item) for each in values.values()} == {(3, "3.1", "4.5")}
    assert result.notices & Notice.CLOUD_LOAD_ASSUMED
    assert not result.notices & Notice.NO_EMBODIED_EVIDENCE
    assert check(instance(), world(catalogue=CATALOGUE)) > 20


def test_making_carriage_and_disposal_of_a_cloud_machine_are_those_of_an_estimate_in_each_criterion() -> None:
    item = {
        "kind": "virtual_machine",
        "allocation": {"vcpu": 8.0, "ram_gib": 32.0},
        "cloud": {"provider": "aws", "instance_type": "m5.2xlarge", "region": "eu-west-3"},
    }
    period = Period.between(date(2026, 1, 1), date(2026, 2, 1))
    estimated = estimate(item, period, ("gwp", "pe"), CATALOGUE)["stages"]
    result = january(instance())
    figures = {(each.stage, each.criterion): each.value for each in result.figures if each.basis == "both"}
    expected = {
        (stage, criterion): pytest.approx(figure["value"], rel=1e-12)
        for stage, of_criteria in estimated.items()
        for criterion, figure in of_criteria.items()
        if stage != "use"
    }
    assert len(expected) == 4
    assert figures == expected


def test_a_provider_or_region_that_is_not_known_is_said_and_nothing_is_guessed() -> None:
    assert cloud_region(Cloud("gcp", None, "europe-west9")) == "FR"
    unknown = january(instance(provider="nimbus"))
    assert unknown.figures == []
    assert unknown.notices & Notice.NO_CLOUD_FACTOR
    nowhere = january(instance(region="mars-1"))
    assert {each.stage for each in nowhere.figures} == {"manufacturing", "transport", "end_of_life"}
    assert nowhere.notices & Notice.CLOUD_REGION_UNKNOWN


def test_transport_and_disposal_and_other_criteria_stand_beside_where_there_are_factors() -> None:
    result = january(server(annual_kwh=3504.0))
    values = {(each.stage, each.criterion): each for each in result.figures if each.basis != "market"}
    assert values["transport", "gwp"].value == pytest.approx(30 * 31 / 1825)
    assert values["end_of_life", "gwp"].value == pytest.approx(12 * 31 / 1825)
    assert (values["end_of_life", "gwp"].scope, values["end_of_life", "gwp"].ghg_category) == (3, "3.5")
    assert values["manufacturing", "pe"].value == pytest.approx(17_000 * 31 / 1825)
    assert values["use", "pe"].value == pytest.approx(0.4 * 744 * 1.5 * 11.289)
    assert check(server(annual_kwh=3504.0), world(catalogue=CATALOGUE)) > 60


def test_leased_kit_is_an_upstream_leased_asset() -> None:
    lines = {each.stage: (each.ghg_category, each.beges_item) for each in january(server(condition="leased")).figures}
    assert lines["manufacturing"] == ("3.8", "4.4")
    assert lines["use"] == ("2", "2.1")


@pytest.mark.parametrize("convention", list(Convention))
def test_refurbishing_is_counted_once_in_the_month_of_acquisition_under_every_convention(
    convention: Convention,
) -> None:
    used = server(condition="refurbished", age_years=3.0, acquired_on=date(2026, 1, 15), start=at(2026, 1, 15))
    fields: dict[str, Any] = {"catalogue": CATALOGUE, "organisations": (Organisation("acme", refurbished=convention),)}
    months = list(compute([used], world(**fields)).results())
    made = [
        sum(each.value for each in one.figures if (each.stage, each.criterion) == ("manufacturing", "gwp"))
        for one in months
    ]
    a_day = {
        Convention.REMAINING: 1215 * 0.4 / 730,
        Convention.CUT_OFF: 0.0,
        Convention.SHARED_LIFE: 1215 / (3 + 5) / 365,
    }
    assert made[0] == pytest.approx(40.0 + a_day[convention] * 17)
    assert made[1] == pytest.approx(a_day[convention] * 28)
    assert not months[0].notices & (Notice.REFURBISHED | Notice.AGE_MISSING)
    assert check(used, world(**fields)) > 20


@pytest.mark.parametrize("convention", list(Convention))
def test_refurbished_kit_of_unknown_age_weighs_as_new_and_that_is_said_where_an_age_is_needed(
    convention: Convention,
) -> None:
    used = server(condition="refurbished", acquired_on=date(2026, 1, 1))
    fields: dict[str, Any] = {"catalogue": CATALOGUE, "organisations": (Organisation("acme", refurbished=convention),)}
    _, february, *_ = compute([used], world(**fields)).results()
    made = [each.value for each in february.figures if (each.stage, each.criterion) == ("manufacturing", "gwp")]
    if convention is Convention.CUT_OFF:
        assert made == [0.0]
        assert not february.notices & Notice.AGE_MISSING
    else:
        assert made == [pytest.approx(1215 * 28 / 1825)]
        assert february.notices & Notice.AGE_MISSING
    assert check(used, world(**fields)) > 20


def test_a_shared_life_is_charged_in_service_however_old_the_thing_was_when_it_came() -> None:
    old = server(condition="refurbished", age_years=6.0, acquired_on=date(2026, 1, 1))
    fields: dict[str, Any] = {"organisations": (Organisation("acme", refurbished=Convention.SHARED_LIFE),)}
    made = [each.value for each in january(old, **fields).figures if each.stage == "manufacturing"]
    assert made[0] == pytest.approx(40.0 + 1215 * 5 / (6 + 5) * 31 / 1825)


def test_transport_and_end_of_life_are_said_to_be_absent_where_no_factor_and_no_activity_tells_them() -> None:
    said = Notice.NO_TRANSPORT | Notice.NO_END_OF_LIFE
    plain = next(compute([server()], world()).results())
    assert plain.notices & said == said
    assert not january(server()).notices & said
    assert not january(instance()).notices & said


def test_an_instance_in_the_inventory_has_the_size_of_its_type_where_none_is_stated() -> None:
    whole = instance()
    bare = replace(whole, segments=(replace(whole.segments[0], vcpu=None, ram_gib=None),))
    assert january(bare).figures == january(whole).figures
    cloud = Cloud("aws", "zz.99", "eu-west-3")
    odd = replace(whole, segments=(replace(whole.segments[0], vcpu=None, cloud=cloud),))
    assert january(odd).figures == []
    assert january(odd).notices & Notice.CLOUD_INSTANCE_UNKNOWN
    larger = replace(whole, segments=(replace(whole.segments[0], vcpu=9.0),))
    assert january(larger).notices & Notice.CLOUD_INSTANCE_UNKNOWN
    assert not january(whole).notices & Notice.CLOUD_INSTANCE_UNKNOWN


def test_a_machine_of_no_host_and_no_cloud_is_said_to_lack_it() -> None:
    whole = instance()
    alone = replace(whole, segments=(replace(whole.segments[0], cloud=None),))
    assert january(alone).figures == []
    assert january(alone).notices & Notice.HOST_UNKNOWN


def test_so_many_machines_at_a_public_cloud_are_made_and_draw_as_many_times_what_one_does() -> None:
    one, three = january(instance()), january(replace(instance(), quantity=3.0))
    assert [each.value for each in three.figures] == [pytest.approx(3 * each.value, rel=1e-12) for each in one.figures]
    assert three.kwh == pytest.approx(3 * (one.kwh or 0.0), rel=1e-12)
    assert check(replace(instance(), quantity=3.0), world(catalogue=CATALOGUE)) > 20


def test_a_provider_is_the_same_however_it_is_spelled() -> None:
    loud = january(instance(provider="AWS", region="EU-West-3"))
    assert loud.figures == january(instance()).figures
    assert not loud.notices & Notice.DEFAULT_PUE


@pytest.mark.parametrize("pue", [(), (Pue(1.9),)])
def test_a_machine_at_a_public_cloud_has_the_provider_s_pue_and_country_whatever_site_it_is_counted_with(
    pue: tuple[Pue, ...],
) -> None:
    room = replace(SITE, region="PL", pue=pue, guarantee_share=1.0, operator=Operator.HOSTED)
    bare, whole = instance(), january(instance())
    counted = replace(bare, segments=(replace(bare.segments[0], site=room.id),))
    result = january(counted, sites=(room,))
    assert result.figures == [each._replace(site=room.id) for each in whole.figures]
    assert result.notices == whole.notices
    assert check(counted, world(catalogue=CATALOGUE, sites=(room,))) > 20


def test_a_site_says_where_a_machine_at_a_public_cloud_is_only_if_its_region_is_not_stated() -> None:
    room = replace(SITE, pue=())
    bare = replace(instance().segments[0], site=room.id)
    unstated = replace(instance(), segments=(replace(bare, cloud=Cloud("aws", "m5.2xlarge")),))
    assert january(unstated, sites=(room,)).kwh == january(instance()).kwh
    assert "use" in {each.stage for each in january(unstated, sites=(room,)).figures}
    unknown = january(
        replace(unstated, segments=(replace(bare, cloud=Cloud("aws", "m5.2xlarge", "mars-1")),)), sites=(room,)
    )
    assert "use" not in {each.stage for each in unknown.figures}
    assert unknown.notices & Notice.CLOUD_REGION_UNKNOWN
