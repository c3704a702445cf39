"""The data files of the catalogue: each value is sourced, in a known unit, in a known place, and answers alone."""

import csv
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from factors.catalogue import reader
from factors.domain.records import FactorKey

STATED = list(csv.DictReader((Path(__file__).parent / "cases" / "stated_values.csv").read_text("utf-8").splitlines()))
"""Every value that the platform's method states, copied to the digit: id, value, unit, and where it stands."""


def value_of(factor_id: str) -> float:
    return next(entry.content.value for entry in reader.entries() if entry.id == factor_id)


def test_every_value_keeps_the_rules_of_publication() -> None:
    broken = {entry.id: found for entry in reader.entries() if (found := reader.rules().violations(entry.content))}
    assert broken == {}


def test_every_value_has_a_source_with_a_reference_and_a_licence_and_every_name_is_bilingual() -> None:
    for entry in reader.entries():
        source = entry.content.source
        assert source.name, entry.id
        assert source.link, entry.id
        assert source.licence, entry.id
        assert source.year >= 1990, entry.id
        assert entry.content.name.fr, entry.id
        assert entry.content.name.en, entry.id


def test_ids_are_unique() -> None:
    ids = [entry.id for entry in reader.entries()]
    assert len(ids) == len(set(ids))


def test_no_two_values_answer_the_same_question_on_the_same_date() -> None:
    by_key: dict[FactorKey, list[tuple[date, date, str]]] = defaultdict(list)
    for entry in reader.entries():
        content = entry.content
        by_key[content.key].append((content.valid_from or date.min, content.valid_to or date.max, entry.id))
    for validities in by_key.values():
        validities.sort()
        for (_, end, earlier), (start, _, later) in pairwise(validities):
            assert end <= start, (earlier, later)


@pytest.mark.parametrize("stated", STATED, ids=lambda stated: stated["id"])
def test_the_catalogue_holds_what_the_method_states_to_the_digit(stated: dict[str, str]) -> None:
    [content] = [entry.content for entry in reader.entries() if entry.id == stated["id"]]
    assert (content.value, content.unit) == (float(stated["value"]), stated["unit"])


def test_a_server_s_life_is_within_what_the_method_states() -> None:
    assert 4 <= value_of("life-server") <= 6


@pytest.mark.parametrize(("factor_id", "value"), [("fuel-diesel-2017-arrete", 3.17), ("refrigerant-r-134a-ar5", 1300)])
def test_value_is_what_its_source_states(factor_id: str, value: float) -> None:
    assert value_of(factor_id) == value


@pytest.mark.parametrize(("gwp_set", "value"), [("ar4", 2087.5), ("ar5", 1923.5), ("ar6", 2255.5)])
def test_a_blend_weighs_the_mean_of_its_gases(gwp_set: str, value: float) -> None:
    assert value_of(f"refrigerant-r-410a-{gwp_set}") == value


def test_every_activity_that_an_inventory_may_name_has_a_factor() -> None:
    known = {entry.content.activity for entry in reader.entries()}
    assert known >= {
        "maintenance.it_hardware", "transport.car", "transport.car_electric", "transport.van", "transport.motorbike",
        "travel.high_speed_train", "spare_part.it_hardware", "freight.van", "freight.rigid_19t", "freight.articulated_40t",
        "refrigerant.r-410a", "refrigerant.r-134a", "refrigerant.r-32", "training.course",
    }  # fmt: skip


def test_residual_mixes_are_tied_to_a_place_and_a_year_and_to_no_perimeter() -> None:
    mixes = [entry.content for entry in reader.entries() if entry.content.activity == "electricity.residual_mix"]
    assert {(mix.region, mix.published_year) for mix in mixes} == {
        ("BE", 2023),
        ("FR", 2023),
        ("IT", 2023),
        ("IT", 2024),
    }
    assert all(mix.perimeter is None and mix.valid_to and mix.value > 0 for mix in mixes)


def test_primary_energy_of_a_kilowatt_hour_is_at_least_the_kilowatt_hour() -> None:
    primary = [
        entry
        for entry in reader.entries()
        if entry.content.activity == "electricity" and entry.content.criterion == "pe"
    ]
    assert len(primary) > 100
    assert [entry.id for entry in primary if not 3.6 <= entry.content.value <= 40] == []


def test_values_left_out_are_absent_and_say_why() -> None:
    assert {(left.region, left.year) for left in reader.left_out()} == {("CF", 2020), ("CF", 2022)}
    assert all(left.reason and left.source in reader.sources() for left in reader.left_out())
    assert not [entry.id for entry in reader.entries() if entry.content.region == "CF"]


def test_each_fuel_is_the_sum_of_its_upstream_and_its_combustion() -> None:
    totals = [entry for entry in reader.entries() if entry.id.startswith("fuel-") and entry.content.perimeter is None]
    assert len(totals) == 8
    for total in totals:
        parts = value_of(f"{total.id}-upstream") + value_of(f"{total.id}-direct")
        assert parts == pytest.approx(total.content.value, abs=0.005), total.id
