"""Answers by columns are those of `estimate`, byte for byte; what cannot be written so is left to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from common import json
from footprint.api.estimates import translated
from footprint.domain.catalogue import Catalogue
from footprint.domain.errors import ItemError
from footprint.domain.estimate_texts import TextShelf, answers
from footprint.domain.estimates import Period, estimate
from footprint.trace_words import Language
from footprint.wording import speech
from hypothesis import given, settings
from hypothesis import strategies as st

from .factors import grid, record
from .makers import CLOUDS, ITEM

PERIOD = Period.between(date(2024, 1, 1), date(2024, 9, 13))
SHELVES = (TextShelf(), TextShelf())
LANGUAGES: tuple[Language, ...] = ("fr", "en")
PARTS = {"direct": 0.0211, "upstream": 0.0153, "losses": 0.0041}
SPLIT = CLOUDS.with_own(grid("FR", value, 2024, perimeter) for perimeter, value in PARTS.items())
"""The same with direct emissions, upstream and losses of France apart."""


def written(items: Sequence[Any], language: Language = "en", catalogue: Catalogue = CLOUDS) -> list[bytes | None]:
    """The answers by columns, each in one piece."""
    lexicon = SHELVES[catalogue is SPLIT].lexicon(catalogue, PERIOD, ["gwp"], speech(language))
    assert lexicon is not None
    return [None if pieces is None else b"".join(pieces) for pieces in answers(lexicon, items)]


def alone(item: Any, language: Language, catalogue: Catalogue = CLOUDS) -> bytes:
    """The answer of `estimate`."""
    found = estimate(item, PERIOD, ["gwp"], catalogue)
    return json.dumps(found if language == "en" else translated(found))


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
        "disks": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from(["ssd", "hdd"])}, optional={"gib": st.just(960.0)}), max_size=2
        ),
        "psu": st.just({"units": 2}),
        "case": st.sampled_from(["rack", "blade"]),
    },
)  # fmt: skip
energies = st.fixed_dictionaries(
    {}, optional={"annual_kwh": amounts, "average_w": amounts, "utilisation": st.floats(0, 1)}
)
lives = st.fixed_dictionaries({}, optional={"from": days, "to": days, "years": st.sampled_from([3.0, 4.5])})
allocations = st.fixed_dictionaries({}, optional={"vcpu": st.sampled_from([1, 4.5, 16]), "ram_gib": st.just(16)})
of_kinds = st.fixed_dictionaries(
    {"kind": st.sampled_from(["server", "laptop", "virtual_machine", "other"])},
    optional={
        "ref": st.text(max_size=5),
        "quantity": st.floats(0.001, 1e4) | st.just(1.0),
        "country": st.sampled_from(["FR", "PL", "RE", "XX", "DE"]),
        "region": st.sampled_from(["FR", "PL", "nowhere"]),
        "life": lives,
        "embodied": st.fixed_dictionaries(
            {"gwp": st.dictionaries(st.sampled_from(["manufacturing", "transport"]), amounts, max_size=2)}
        ),
        "configuration": configurations,
        "energy": energies,
        "duty": st.floats(0, 1),
        "pue": st.floats(1, 3),
        "electricity": st.fixed_dictionaries({}, optional={"gwp": st.floats(0, 2), "water": amounts}),
        "model": st.just({"maker": 'D"ell', "name": "R740"}),
    },
)
machines = st.fixed_dictionaries(
    {"kind": st.just("virtual_machine")},
    optional={
        "ref": st.text(max_size=5),
        "quantity": st.floats(0.001, 1e4),
        "country": st.sampled_from(["FR", "PL", "XX"]),
        "region": st.sampled_from(["FR", "nowhere"]),
        "life": lives,
        "energy": energies,
        "pue": st.floats(1, 3),
        "allocation": allocations,
        "host": st.fixed_dictionaries(
            {"configuration": configurations, "energy": energies},
            optional={"vcpu": st.sampled_from([8, 64.0]), "life": lives},
        ),
        "cloud": st.fixed_dictionaries(
            {"provider": st.sampled_from(["aws", "AWS", "other"])},
            optional={
                "instance_type": st.sampled_from(["m5.xlarge", "zz.99"]),
                "region": st.sampled_from(["eu-west-3", "mars-1"]),
            },
        ),
    },
)
items = of_kinds | machines


@settings(max_examples=400, deadline=None)
@given(st.lists(items, min_size=1, max_size=6), st.sampled_from([CLOUDS, SPLIT]))
def test_answers_by_columns_are_those_of_one_item_at_a_time(sent: list[dict[str, Any]], catalogue: Catalogue) -> None:
    read = [ITEM.validate_json(json.dumps(each)) for each in sent]
    for few_or_many, language in product((read, read * 16), LANGUAGES):
        for item, text in zip(few_or_many, written(few_or_many, language, catalogue), strict=True):
            if text is not None:
                assert text == alone(item, language, catalogue)


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "server", "country": "FR", "energy": {"average_w": 300}},
        {"kind": "server", "country": "FR", "energy": {"annual_kwh": 3504}, "life": {"from": "2020-07-08", "to": "2024-11-20"}},
        {"kind": "laptop", "country": "PL", "energy": {"annual_kwh": 50}, "quantity": 300, "electricity": {"gwp": 0.05}},
        {"kind": "server", "country": "FR", "configuration": {"cpu": {"units": 2, "die_mm2": 400, "tdp_w": 150}},
         "energy": {"utilisation": [{"share_of_time": 0.25, "utilisation": 0.9}, {"share_of_time": 0.75, "utilisation": 0.1}]}},
        {"kind": "server", "embodied": {"gwp": {"manufacturing": 900}}, "energy": {"average_w": 300}, "electricity": {"gwp": 0.05}},
        {"kind": "virtual_machine", "allocation": {"vcpu": 3}, "quantity": 7, "country": "FR", "pue": 1.4,
         "host": {"configuration": {"cpu": {"units": 2, "cores": 24, "die_mm2": 400}}, "energy": {"annual_kwh": 2400}}},
        {"kind": "virtual_machine", "cloud": {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"}, "quantity": 7},
        {"kind": "virtual_machine", "cloud": {"provider": "aws"}, "allocation": {"vcpu": 3}, "region": "PL", "pue": 1.1,
         "energy": {"average_w": 12.5}, "life": {"years": 3.5}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("catalogue", [CLOUDS, SPLIT])
def test_the_usual_forms_are_written_by_columns(item: dict[str, Any], catalogue: Catalogue) -> None:
    read = ITEM.validate_json(json.dumps(item))
    for language in LANGUAGES:
        assert written([read], language, catalogue) == [alone(read, language, catalogue)]


def test_a_call_over_two_years_or_criteria_is_answered_one_by_one() -> None:
    assert (
        TextShelf().lexicon(CLOUDS, Period.between(date(2023, 1, 1), date(2024, 9, 1)), ["gwp"], speech("fr")) is None
    )
    assert TextShelf().lexicon(CLOUDS, PERIOD, ["gwp", "pe"], speech("fr")) is None


@pytest.mark.parametrize("configuration", [{"cpu": {"units": 2, "die_mm2": 400.0}}, {"ram": [{"gib": 32.0}]}])
def test_a_utilisation_without_the_power_of_the_cpus_is_refused_and_nothing_stands_in(
    configuration: dict[str, Any],
) -> None:
    item = ITEM.validate_json(
        json.dumps({"kind": "server", "country": "FR", "configuration": configuration, "energy": {"utilisation": 0.4}})
    )
    assert written([item]) == [None]
    with pytest.raises(ItemError) as error:
        estimate(item, PERIOD, ["gwp"], CLOUDS)
    assert (error.value.field, error.value.code) == ("configuration.cpu.tdp_w", "missing")


def test_a_given_making_is_left_alone_where_the_catalogue_has_other_stages_to_put_beside_it() -> None:
    catalogue = CLOUDS.with_own([replace(record("embodied.server", 30.0), id="transport", stage="transport")])
    lexicon = TextShelf().lexicon(catalogue, PERIOD, ["gwp"], speech("fr"))
    assert lexicon is not None
    given = {"embodied": {"gwp": {"manufacturing": 900.0}}, "country": "FR", "energy": {"average_w": 300}}
    sent = [ITEM.validate_json(json.dumps({"kind": kind} | given)) for kind in ("server", "laptop")]
    assert [each is None for each in answers(lexicon, sent)] == [True, False]
