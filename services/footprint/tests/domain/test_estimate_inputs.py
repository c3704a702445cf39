"""Estimates use what is stated, or say that they do not; what is not stated is no reason to drop what is."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from common import json
from footprint.domain.estimates import Period, estimate

from .factors import record
from .makers import CLOUDS, ITEM

YEAR_2026 = Period.between(date(2026, 1, 1), date(2027, 1, 1))
SERVER: dict[str, Any] = {"kind": "server", "country": "FR", "energy": {"average_w": 100}}
PARTS: dict[str, Any] = {
    "cpu": {"units": 2, "die_mm2": 400, "tdp_w": 150}, "ram": [{"units": 12, "gib": 32}], "psu": {"units": 2},
}  # fmt: skip
SSD: dict[str, Any] = {"units": 4, "type": "ssd"}
MACHINE: dict[str, Any] = {
    "kind": "virtual_machine", "allocation": {"vcpu": 4}, "cloud": {"provider": "aws", "region": "eu-west-3"},
}  # fmt: skip


def answer(item: dict[str, Any], period: Period = YEAR_2026) -> dict[str, Any]:
    """The answer for an item as a caller sends it."""
    return estimate(ITEM.validate_json(json.dumps(item)), period, ("gwp",), CLOUDS)


def codes(found: dict[str, Any]) -> set[str]:
    """The codes of its warnings."""
    return {each["code"] for each in found["warnings"]}


def value(found: dict[str, Any], stage: str) -> float:
    """A figure of an answer."""
    figure: float = found["stages"][stage]["gwp"]["value"]
    return figure


def test_years_before_an_item_came_and_after_it_left_need_no_electricity_factor() -> None:
    item = SERVER | {"life": {"from": "2024-01-01", "to": "2026-01-01"}}
    long = answer(item, Period.between(date(2000, 1, 1), date(2036, 1, 1)))
    own = answer(item, Period.between(date(2024, 1, 1), date(2026, 1, 1)))
    assert (long["stages"]["use"], long["evidence"], long["energy_kwh"]) == (
        own["stages"]["use"], own["evidence"], own["energy_kwh"]
    )  # fmt: skip
    assert codes(long) == codes(own)


def test_an_item_that_never_serves_in_the_period_uses_nothing() -> None:
    item = SERVER | {"life": {"from": "2024-01-01", "to": "2025-01-01"}}
    found = answer(item, Period.between(date(2025, 1, 1), date(2027, 1, 1)))
    assert (value(found, "use"), found["energy_kwh"]) == (0.0, 0.0)


def test_a_year_of_service_without_a_factor_takes_the_use_away_and_is_named() -> None:
    item = SERVER | {"life": {"from": "2015-07-01"}}
    found = answer(item, Period.between(date(2010, 1, 1), date(2026, 1, 1)))
    assert "use" not in found["stages"]
    assert [each["year"] for each in found["warnings"] if each["code"] == "no_electricity_factor"] == [2015]
    assert all("year" not in each for each in answer(SERVER)["warnings"])


@pytest.mark.parametrize(
    ("disks", "unstated"), [([SSD], True), ([SSD | {"gib": 960}, SSD], True), ([SSD | {"gib": 960}], False)]
)
def test_an_ssd_without_its_size_is_said_not_to_count(disks: list[dict[str, Any]], unstated: bool) -> None:
    found = answer(SERVER | {"configuration": PARTS | {"disks": disks}})
    assert ("unstated_parts" in codes(found)) is unstated
    assert ("not stated, so not counted: size of an SSD" in found["trace"]) is unstated


def test_a_disk_that_is_none_of_ssd_needs_no_size() -> None:
    found = answer(SERVER | {"configuration": PARTS | {"disks": [{"units": 4, "type": "hdd"}]}})
    assert "unstated_parts" not in codes(found)


def test_a_stage_that_is_given_leaves_the_others_as_the_catalogue_has_them() -> None:
    plain = answer(SERVER)
    given = answer(SERVER | {"embodied": {"gwp": {"transport": 50}}})
    assert value(given, "manufacturing") == value(plain, "manufacturing") == pytest.approx(1215 / 5)
    assert value(given, "transport") == pytest.approx(50 / 5)
    assert given["total"]["gwp"]["value"] == pytest.approx(plain["total"]["gwp"]["value"] + 10)
    assert codes(given) == codes(plain) - {"no_transport"}
    assert given["evidence"]["embodied"] == "kind"
    making = answer(SERVER | {"embodied": {"gwp": {"manufacturing": 900}}})
    assert (making["evidence"]["embodied"], value(making, "manufacturing")) == ("given", 900 / 5)


def test_a_making_that_is_given_stands_beside_the_other_stages_of_the_catalogue() -> None:
    catalogue = CLOUDS.with_own([replace(record("embodied.server", 30.0), id="transport", stage="transport")])
    item = ITEM.validate_json(json.dumps(SERVER | {"embodied": {"gwp": {"manufacturing": 900}}}))
    found = estimate(item, YEAR_2026, ("gwp",), catalogue)
    assert (value(found, "manufacturing"), value(found, "transport")) == (900 / 5, 30 / 5)


def test_making_that_neither_is_given_nor_has_a_factor_is_said_to_be_absent() -> None:
    found = answer({"kind": "other", "life": {"years": 4}, "embodied": {"gwp": {"transport": 50}}})
    assert "manufacturing" not in found["stages"]
    assert "no_embodied_evidence" in codes(found)
    assert found["evidence"]["embodied"] == "given"


@pytest.mark.parametrize("declared", [{"average_w": 100}, {"annual_kwh": 876}])
def test_a_utilisation_beside_a_declared_energy_is_said_to_be_left_out(declared: dict[str, float]) -> None:
    item = {"kind": "server", "country": "FR", "configuration": PARTS}
    alone, both = (answer(item | {"energy": declared | more}) for more in ({}, {"utilisation": 0.5}))
    assert both["stages"] == alone["stages"]
    assert codes(both) == codes(alone) | {"utilisation_left_out"}
    everything = answer(item | {"energy": {"average_w": 100, "annual_kwh": 876, "utilisation": 0.5}})
    assert codes(everything) == codes(alone) | {"utilisation_left_out", "declared_twice"}
    at_cloud = answer(MACHINE | {"energy": declared | {"utilisation": 0.5}})
    assert "utilisation_left_out" in codes(at_cloud)


@pytest.mark.parametrize(("kind", "cpu"), [("laptop", {"die_mm2": 100, "tdp_w": 15}), ("server", {"cores": 24})])
def test_a_configuration_that_tells_no_making_is_said_not_to_be_used(kind: str, cpu: dict[str, Any]) -> None:
    item = SERVER | {"kind": kind}
    plain, stated = answer(item), answer(item | {"configuration": {"cpu": cpu}})
    assert stated["stages"] == plain["stages"]
    assert codes(stated) == codes(plain) | {"configuration_not_used"}
    given = {"embodied": {"gwp": {"manufacturing": 100}}}
    assert "configuration_not_used" not in codes(answer(item | given | {"configuration": {"cpu": cpu}}))


@pytest.mark.parametrize("place", [{"country": "PL"}, {"region": "PL"}])
def test_a_place_that_is_not_where_the_cloud_region_lies_is_taken_and_said(place: dict[str, str]) -> None:
    found = answer(MACHINE | place)
    assert "cloud_region_left_out" in codes(found)
    assert value(found, "use") == pytest.approx((found["energy_kwh"] or 0.0) * 0.6150)
    assert "cloud_region_left_out" not in codes(answer(MACHINE | {"country": "FR"}))
    assert "cloud_region_left_out" not in codes(answer(MACHINE))
