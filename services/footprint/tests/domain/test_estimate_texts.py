"""Answers by columns are those of `estimate`, byte for byte; what cannot be written so is left to it."""

from datetime import date
from typing import Any

import pytest
from common import json
from footprint.api.estimate_schemas import ITEM
from footprint.domain.catalogue import Catalogue
from footprint.domain.errors import ItemError
from footprint.domain.estimate_texts import TextShelf
from footprint.domain.estimates import Period, estimate
from hypothesis import given, settings
from hypothesis import strategies as st

from .factors import CATALOGUE, RECORDS, grid

PARTS = {"direct": 0.0211, "upstream": 0.0153, "losses": 0.0041}
PERIOD = Period.between(date(2024, 1, 1), date(2024, 9, 13))
SHELF = TextShelf()
SHELVES = [
    (SHELF, CATALOGUE),
    (TextShelf(), Catalogue([*RECORDS, *(grid("FR", value, 2024, each) for each, value in PARTS.items())])),
]

amounts = st.floats(0, 1e6) | st.integers(0, 5000).map(float)
days = st.dates(date(2015, 1, 1), date(2030, 1, 1)).map(date.isoformat)
modules = st.fixed_dictionaries({"gib": st.sampled_from([16.0, 32.0])}, optional={"units": st.integers(1, 16)})
configurations = st.fixed_dictionaries(
    {},
    optional={
        "cpu": st.fixed_dictionaries(
            {}, optional={"units": st.integers(1, 2), "die_mm2": st.sampled_from([300.0, 400.5]), "tdp_w": st.floats(50, 300)}
        ),
        "ram": st.lists(modules, min_size=1, max_size=2),
        "psu": st.just({"units": 2}),
        "case": st.sampled_from(["rack", "blade"]),
    },
)  # fmt: skip
items = st.fixed_dictionaries(
    {"kind": st.sampled_from(["server", "laptop", "virtual_machine", "other"])},
    optional={
        "ref": st.text(max_size=5),
        "quantity": st.floats(0.001, 1e4) | st.just(1.0),
        "country": st.sampled_from(["FR", "PL", "RE", "XX", "DE"]),
        "region": st.sampled_from(["FR", "PL", "nowhere"]),
        "life": st.fixed_dictionaries({}, optional={"from": days, "to": days, "years": st.sampled_from([3.0, 4.5])}),
        "embodied": st.fixed_dictionaries(
            {"gwp": st.dictionaries(st.sampled_from(["manufacturing", "transport"]), amounts, max_size=2)}
        ),
        "configuration": configurations,
        "energy": st.fixed_dictionaries(
            {}, optional={"annual_kwh": amounts, "average_w": amounts, "utilisation": st.floats(0, 1)}
        ),
        "duty": st.floats(0, 1),
        "pue": st.floats(1, 3),
        "electricity": st.fixed_dictionaries({}, optional={"gwp": st.floats(0, 2), "water": amounts}),
        "model": st.just({"maker": 'D"ell', "name": "R740"}),
    },
)


@settings(max_examples=400, deadline=None)
@given(st.lists(items, min_size=1, max_size=6), st.sampled_from(SHELVES))
def test_answers_by_columns_are_those_of_one_item_at_a_time(
    sent: list[dict[str, Any]], shelf: tuple[TextShelf, Catalogue]
) -> None:
    read = [ITEM.validate_json(json.dumps(each)) for each in sent]
    texts = shelf[0].texts(shelf[1], PERIOD, ["gwp"])
    assert texts is not None
    for few_or_many in (read, read * 16):
        for item, text in zip(few_or_many, texts.answers(few_or_many), strict=True):
            if text is not None:
                assert text == json.dumps(estimate(item, PERIOD, ["gwp"], shelf[1]))


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "server", "country": "FR", "energy": {"average_w": 300}},
        {"kind": "server", "country": "FR", "energy": {"annual_kwh": 3504}, "life": {"from": "2020-07-08", "to": "2024-11-20"}},
        {"kind": "laptop", "country": "PL", "energy": {"annual_kwh": 50}, "quantity": 300, "electricity": {"gwp": 0.05}},
        {"kind": "server", "country": "FR", "configuration": {"cpu": {"units": 2, "die_mm2": 400, "tdp_w": 150}},
         "energy": {"utilisation": [{"share_of_time": 0.25, "utilisation": 0.9}, {"share_of_time": 0.75, "utilisation": 0.1}]}},
        {"kind": "server", "embodied": {"gwp": {"manufacturing": 900}}, "energy": {"average_w": 300}, "electricity": {"gwp": 0.05}},
    ],
)  # fmt: skip
@pytest.mark.parametrize(("shelf", "catalogue"), SHELVES)
def test_the_usual_forms_are_written_by_columns(item: dict[str, Any], shelf: TextShelf, catalogue: Catalogue) -> None:
    texts = shelf.texts(catalogue, PERIOD, ["gwp"])
    assert texts is not None
    read = ITEM.validate_json(json.dumps(item))
    (text,) = texts.answers([read])
    assert text == json.dumps(estimate(read, PERIOD, ["gwp"], catalogue))


def test_a_call_over_two_years_or_criteria_is_answered_one_by_one() -> None:
    assert SHELF.texts(CATALOGUE, Period.between(date(2023, 1, 1), date(2024, 9, 1)), ["gwp"]) is None
    assert SHELF.texts(CATALOGUE, PERIOD, ["gwp", "pe"]) is None


@pytest.mark.parametrize("configuration", [{"cpu": {"units": 2, "die_mm2": 400.0}}, {"ram": [{"gib": 32.0}]}])
def test_a_utilisation_without_the_power_of_the_cpus_is_refused_and_nothing_stands_in(
    configuration: dict[str, Any],
) -> None:
    item = ITEM.validate_json(
        json.dumps({"kind": "server", "country": "FR", "configuration": configuration, "energy": {"utilisation": 0.4}})
    )
    texts = SHELF.texts(CATALOGUE, PERIOD, ["gwp"])
    assert texts is not None
    assert texts.answers([item]) == [None]
    with pytest.raises(ItemError) as error:
        estimate(item, PERIOD, ["gwp"], CATALOGUE)
    assert (error.value.field, error.value.code) == ("configuration.cpu.tdp_w", "missing")
