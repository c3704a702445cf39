"""The data files of the catalogue: each value is sourced, in a known unit, in a known place, and answers alone."""

from collections import defaultdict
from datetime import date
from itertools import pairwise

import pytest
from factors.catalogue import reader
from factors.domain.records import FactorKey
from factors.domain.rules import violations

STATED = {
    "FR": 0.0442, "DE": 0.3421, "GB": 0.2158, "US": 0.3836, "ES": 0.1462, "IT": 0.2878, "BE": 0.1176, "NL": 0.2527,
    "SE": 0.0359, "PL": 0.6150, "IE": 0.2798, "CH": 0.0367, "EU": 0.2130, "world": 0.4729,
}  # fmt: skip
"""Electricity of 2024 as the method states it, kgCO2e/kWh (Ember)."""


def value_of(factor_id: str) -> float:
    return next(entry.content.value for entry in reader.entries() if entry.id == factor_id)


def test_every_value_keeps_the_rules_of_publication() -> None:
    broken = {entry.id: found for entry in reader.entries() if (found := violations(entry.content, reader.regions()))}
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


@pytest.mark.parametrize(("region", "value"), STATED.items())
def test_electricity_of_2024_is_what_the_method_states(region: str, value: float) -> None:
    assert value_of(f"electricity-{region.lower()}-2024-ember") == value


@pytest.mark.parametrize(
    ("factor_id", "value"),
    [
        ("electricity-fr-2021-ademe", 0.0569),
        ("electricity-mu-2023-ember", 0.6330),
        ("electricity-gp-2022-ember", 0.4939),
        ("electricity-mq-2022-ember", 0.5168),
        ("electricity-re-2022-ember", 0.5252),
        ("embodied-server-boavizta", 1215),
        ("component-cpu-die-per-mm2", 0.0197),
        ("life-monitor", 6.6),
        ("gas-hfc-134a-ar6", 1530),
        ("gas-ch4-fossil-ar6", 29.8),
        ("refrigerant-r-410a-ar6", 2255.5),
        ("fuel-diesel-2017-arrete", 3.17),
    ],
)
def test_value_is_what_the_method_states(factor_id: str, value: float) -> None:
    assert value_of(factor_id) == value


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
