"""Virtual machines and several criteria in stateless estimates: what a host weighs is shared out, never invented."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from common import json
from footprint.domain.catalogue import Catalogue
from footprint.domain.errors import ItemError
from footprint.domain.estimate_texts import TextShelf, answers
from footprint.domain.estimates import Period, estimate
from footprint.wording import speech

from .factors import RECORDS, record
from .makers import CLOUDS, ITEM

PERIOD = Period.between(date(2024, 1, 1), date(2025, 1, 1))
HOST: dict[str, Any] = {
    "configuration": {
        "cpu": {"units": 2, "cores": 24, "die_mm2": 400, "tdp_w": 150},
        "ram": [{"units": 12, "gib": 32}],
    },
    "energy": {"average_w": 300},
}

OF_ALL = ["no_transport", "no_end_of_life", "upstream_inside", "no_losses"]
"""What is said of every machine under this catalogue."""


def answer(item: dict[str, Any], *criteria: str) -> dict[str, Any]:
    """The answer for an item as a caller sends it."""
    return estimate(ITEM.validate_json(json.dumps(item)), PERIOD, criteria or ("gwp",), CLOUDS)


def value(found: dict[str, Any], stage: str, criterion: str = "gwp") -> float:
    """A figure of an answer."""
    figure: float = found["stages"][stage][criterion]["value"]
    return figure


@pytest.mark.parametrize(("host", "share"), [(HOST, 8 / 48), (HOST | {"vcpu": 64}, 8 / 64)])
def test_a_machine_weighs_its_share_of_the_host_by_vcpu(host: dict[str, Any], share: float) -> None:
    place = {"country": "FR", "pue": 1.5}
    machine = answer({"kind": "virtual_machine", "allocation": {"vcpu": 8}, "host": host, **place})
    whole = answer({"kind": "server", **HOST, **place})
    for stage in ("manufacturing", "use"):
        assert value(machine, stage) == pytest.approx(share * value(whole, stage), rel=1e-12)
    assert machine["evidence"] == whole["evidence"]
    assert machine["trace"][0].startswith("share of the host: 1.0 × 8.0 vCPU ÷ ")


def test_machines_that_fill_a_host_weigh_what_it_weighs() -> None:
    machines = [
        answer(
            {"kind": "virtual_machine", "country": "FR", "quantity": count, "allocation": {"vcpu": vcpu}, "host": HOST}
        )
        for count, vcpu in ((2, 8), (1, 20), (6, 2))
    ]
    whole = answer({"kind": "server", "country": "FR", **HOST})
    for stage in ("manufacturing", "use"):
        assert sum(value(each, stage) for each in machines) == pytest.approx(value(whole, stage), rel=1e-12)


def test_a_machine_at_a_public_cloud_takes_the_coefficients_and_the_pue_of_its_provider() -> None:
    item = {
        "kind": "virtual_machine",
        "allocation": {"vcpu": 4, "ram_gib": 16},
        "cloud": {"provider": "aws", "region": "eu-west-3"},
    }
    found = answer(item)
    kwh = (4 * (1 + 0.5 * (3 - 1)) + 16 * 0.5) * 366 * 24 / 1000 * 1.2
    assert found["energy_kwh"] == pytest.approx(kwh)
    assert value(found, "use") == pytest.approx(kwh * 0.0442)
    assert value(found, "manufacturing") == pytest.approx(4 / 96 * 1215 * 366 / (5 * 365))
    assert [each["code"] for each in found["warnings"]] == ["cloud_load_assumed", *OF_ALL]
    idle = answer(item | {"energy": {"utilisation": 0.0}, "pue": 1.0, "country": "PL"})
    assert idle["energy_kwh"] == pytest.approx((4 * 1 + 16 * 0.5) * 366 * 24 / 1000)
    assert value(idle, "use") == pytest.approx(idle["energy_kwh"] * 0.6150)
    assert idle["evidence"]["energy"] == "utilisation"
    assert [each["code"] for each in idle["warnings"]] == [*OF_ALL, "cloud_region_left_out"]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"cloud": {"provider": "nobody"}}, "cloud.provider", "unknown"),
        ({"allocation": {}}, "allocation.vcpu", "missing"),
        ({"host": {"vcpu": 48}}, "cloud", "contradictory"),
        ({"kind": "server"}, "allocation", "contradictory"),
        ({"configuration": {}}, "configuration", "contradictory"),
        ({"cloud": {"provider": "aws", "region": "eu-west-3"}, "region": "nowhere"}, "region", "unknown"),
    ],
)
def test_what_contradicts_a_machine_names_the_field(change: dict[str, Any], field: str, code: str) -> None:
    item = {"kind": "virtual_machine", "allocation": {"vcpu": 4}, "cloud": {"provider": "aws"}} | change
    with pytest.raises(ItemError) as error:
        answer(item)
    assert (error.value.field, error.value.code) == (field, code)
    assert error.value.detail


@pytest.mark.parametrize(
    ("item", "field", "code"),
    [
        ({"allocation": {"vcpu": 4}, "host": {"energy": {"average_w": 300}}}, "host.vcpu", "missing"),
        ({"allocation": {"vcpu": 64}, "host": HOST}, "allocation.vcpu", "too_large"),
        ({"allocation": {"vcpu": 4}, "host": HOST, "energy": {"average_w": 3}}, "energy", "contradictory"),
    ],
)
def test_a_share_that_cannot_be_taken_names_the_field(item: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ItemError) as error:
        answer({"kind": "virtual_machine"} | item)
    assert (error.value.field, error.value.code) == (field, code)


def test_every_criterion_with_factors_has_its_stages_and_the_others_are_named() -> None:
    server = answer({"kind": "server", "country": "FR", **HOST}, "gwp", "pe", "adpe")
    assert value(server, "manufacturing", "pe") == pytest.approx(10 * value(server, "manufacturing"))
    assert value(server, "use", "pe") == pytest.approx(server["energy_kwh"] * 11.289)
    assert "adpe" not in server["stages"]["use"]
    absent = [each["detail"] for each in server["warnings"] if each["code"] == "no_factor_of_criterion"]
    assert [each.split(":")[0] for each in absent] == ["manufacturing is absent in adpe", "use is absent in adpe"]
    assert any(line.startswith("use pe: ") and " MJ [" in line for line in server["trace"])
    laptop = answer({"kind": "laptop", "country": "FR", "energy": {"annual_kwh": 20}}, "adpe")
    assert value(laptop, "manufacturing", "adpe") == pytest.approx(0.0086 * 366 / (4 * 365))


def test_disposal_counts_where_the_catalogue_knows_it_in_answers_by_columns_too() -> None:
    disposal = replace(record("embodied.server", 20.0), id="disposal", stage="end_of_life")
    known = Catalogue([*RECORDS, disposal])
    item = ITEM.validate_json(json.dumps({"kind": "server", "country": "FR", "energy": {"average_w": 300}}))
    found = estimate(item, PERIOD, ["gwp"], known)
    assert value(found, "end_of_life") == pytest.approx(20 * 366 / (5 * 365))
    lexicon = TextShelf().lexicon(known, PERIOD, ["gwp"], speech("fr"))
    assert lexicon is not None
    assert answers(lexicon, [item]) == [None]


def test_a_named_instance_type_tells_its_vcpus_and_memory() -> None:
    cloud = {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"}
    named = answer({"kind": "virtual_machine", "cloud": cloud})
    stated = answer({"kind": "virtual_machine", "cloud": cloud, "allocation": {"vcpu": 4, "ram_gib": 16}})
    assert named == stated
    assert named["trace"][0] == "size of m5.xlarge: 4.0 vCPU, 16.0 GiB"
    assert value(named, "manufacturing") == pytest.approx(4 / 96 * 1215 * 366 / (5 * 365))


@pytest.mark.parametrize(
    ("cloud", "allocation", "field", "code"),
    [
        ({"instance_type": "zz.99"}, None, "cloud.instance_type", "unknown"),
        ({"instance_type": "m5.xlarge"}, {"vcpu": 40}, "allocation.vcpu", "contradictory"),
        ({"instance_type": "m5.xlarge"}, {"ram_gib": 64}, "allocation.ram_gib", "contradictory"),
        ({"instance_type": "m5.xlarge", "region": "mars-1"}, None, "cloud.region", "unknown"),
    ],
)
def test_what_a_cloud_instance_contradicts_or_nobody_knows_names_field_and_value(
    cloud: dict[str, Any], allocation: dict[str, Any] | None, field: str, code: str
) -> None:
    item: dict[str, Any] = {"kind": "virtual_machine", "cloud": {"provider": "aws", **cloud}}
    with pytest.raises(ItemError) as error:
        answer(item if allocation is None else item | {"allocation": allocation})
    assert (error.value.field, error.value.code) == (field, code)
    assert error.value.detail.startswith(field)


def test_an_instance_type_that_is_not_listed_counts_by_its_stated_vcpus_with_a_warning() -> None:
    cloud = {"provider": "aws", "instance_type": "zz.99", "region": "eu-west-3"}
    found = answer({"kind": "virtual_machine", "cloud": cloud, "allocation": {"vcpu": 4}})
    assert "cloud_instance_unknown" in {each["code"] for each in found["warnings"]}
    assert value(found, "manufacturing") == pytest.approx(4 / 96 * 1215 * 366 / (5 * 365))


def test_a_machine_of_no_host_and_no_cloud_says_that_this_is_missing() -> None:
    found = answer({"kind": "virtual_machine", "country": "FR", "allocation": {"vcpu": 4}})
    assert found["stages"] == {}
    assert "host_unknown" in {each["code"] for each in found["warnings"]}
