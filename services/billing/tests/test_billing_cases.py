"""Every case of `data/billing.json`, to the cent."""

import json
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from billing.domain.amounts import VCPU, total
from billing.domain.demand import Profile
from billing.domain.prices import Charge, Graduated, PriceModel, Tier, Volume, Window
from billing.domain.rating import Minimum, minimum_due
from billing.domain.vat import groups_of, treatment_of, vat_of
from billing.main import SERVICE
from common.testing.plugin import MakeService

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "data/billing.json").read_bytes())["cases"]}
USAGE = ("C01", "C03", "C07", "C12")
MONTH = Window(720 * 3600, 720 * 3600)


def request_of(case: dict[str, Any]) -> dict[str, Any]:
    return {"period": case["period"], "prices": case["prices"], "events": case["events"], "vat": {"territory": "FR"}}


def matches(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    lines = expected.get("lines", [])
    for line, wanted in zip(answer["lines"], lines, strict=True):
        assert {name: line[name] for name in wanted} == wanted
    for name in ("period_hours", "net", "vat", "gross"):
        if name in expected:
            assert answer[name] == expected[name]


async def previewed(make_service: MakeService, request: dict[str, Any]) -> dict[str, Any]:
    billing = await make_service(SERVICE)
    answer = await billing.client.post("/v1/previews", json=request)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


@pytest.mark.parametrize("name", USAGE)
async def test_a_case_of_usage_is_met_to_the_cent(make_service: MakeService, name: str) -> None:
    case = CASES[name]
    matches(await previewed(make_service, request_of(case)), case["expected"])


async def test_c07_the_first_half_past_two_of_the_fold_is_an_hour_earlier(make_service: MakeService) -> None:
    case = CASES["C07"]
    replaced = case["variant"]["replace_event"]
    events = [event | (replaced if event["id"] == replaced["id"] else {}) for event in case["events"]]
    matches(await previewed(make_service, request_of(case) | {"events": events}), case["variant"]["expected"])


async def test_c12_a_pooled_baseline_has_no_overage(make_service: MakeService) -> None:
    case = CASES["C12"]
    prices = {"vcpu": case["prices"]["vcpu"] | {"mode": case["variant"]["mode"]}}
    matches(await previewed(make_service, request_of(case) | {"prices": prices}), case["variant"]["expected"])


def test_c13_the_true_up_fills_the_minimum_of_the_days_under_contract() -> None:
    case = CASES["C13"]
    start, end, contract = (
        int(datetime.fromisoformat(text).timestamp())
        for text in ("2026-09-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00", case["inputs"]["contract_start"])
    )
    expected = case["expected"]
    due = minimum_due(start, end, [Minimum(Decimal(case["inputs"]["minimum"]), contract)])
    assert str(due) == expected["minimum_prorated"]
    assert str(due - Decimal(expected["usage_net"])) == expected["true_up"]
    vat = vat_of(due, treatment_of("FR"))
    assert (str(vat), str(due + vat)) == (expected["vat"], expected["gross"])


async def test_c13_the_same_true_up_stands_on_a_bill(make_service: MakeService) -> None:
    case = CASES["C13"]
    request = {
        "period": case["period"],
        "prices": {"vcpu": {"model": "unit", "price": "210.40"}},
        "minimum": {"amount": case["inputs"]["minimum"], "from": case["inputs"]["contract_start"]},
        "events": [{"id": "1", "time": "2026-09-01T00:00:00+02:00", "resource": "a", "type": "started", "vcpu": 1}],
    }
    answer = await previewed(make_service, request)
    assert [line["amount"] for line in answer["lines"]] == ["210.40", case["expected"]["true_up"]]
    matches(answer, {**case["expected"], "lines": [{"meter": "vcpu"}, {"meter": "minimum", "label": "true_up"}]})


def _charges(model: PriceModel) -> list[Charge]:
    hours = int(CASES["C14"]["inputs"]["unit_hours"])
    return model.charges(Profile(((3600, hours),)), VCPU, MONTH)


def test_c14_graduated_tiers_are_priced_each_on_its_own() -> None:
    case, expected = CASES["C14"], CASES["C14"]["expected"]
    tiers = tuple(
        Tier(None if bound is None else Decimal(bound), Decimal(price)) for bound, price in case["inputs"]["tiers"]
    )
    graduated = _charges(Graduated(tiers))
    assert [(c.label, Fraction(c.units), str(c.amount)) for c in graduated] == [
        (line["tier"], Fraction(line["units"]), line["amount"]) for line in expected["lines"]
    ]
    [volume] = _charges(Volume(tiers))
    for charges, prefix in ((graduated, ""), ([volume], "volume_")):
        net = total([charge.amount for charge in charges])
        vat = vat_of(net, treatment_of("FR"))
        assert (str(net), str(vat), str(net + vat)) == tuple(expected[f"{prefix}{n}"] for n in ("net", "vat", "gross"))


async def test_c16_the_bill_before_and_after_the_late_stop(make_service: MakeService) -> None:
    case, expected = CASES["C16"], CASES["C16"]["expected"]
    original = await previewed(make_service, request_of(case) | {"known_at": expected["finalised_at"]})
    matches(original, expected["original"])
    matches(await previewed(make_service, request_of(case)), expected["rerated"])


def test_c19_vat_follows_the_territory_and_is_rounded_once_a_rate() -> None:
    expected = CASES["C19"]["expected"]
    for key, territory in (("martinique_8_5", "MQ"), ("eu_b2b_AE", "DE")):
        net = Decimal(expected[key]["net"])
        vat = vat_of(net, treatment_of(territory))
        assert (str(vat), str(net + vat)) == (expected[key]["vat"], expected[key]["gross"])
    three = expected["three_lines_0_33"]
    [group] = groups_of([(Decimal("0.33"), treatment_of("FR"))] * 3)
    assert (str(group.net), str(group.vat), str(group.net + group.vat)) == (three["net"], three["vat"], three["gross"])
    assert str(group.vat) != three["wrong_per_line_vat"]
