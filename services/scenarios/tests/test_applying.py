"""Offers put to use: what each does to assets, and why one is refused."""

from typing import Any

import pytest
from common.testing.harness import RunningService
from scenarios.catalogue import offers_by_id, shipped_offers
from scenarios.domain.applying import Applier, OfferUse
from scenarios.domain.description import AssetValues, Refused
from scenarios.domain.estimate import EstimateRequest, estimate
from scenarios.domain.offers import EffectClass, Offer, read_catalogue
from scenarios.domain.outcome import Alternative

from services.scenarios.tests.conftest import study

CATALOGUE = offers_by_id()
EVERY_PREREQUISITE = sorted(
    {each.id for offer in shipped_offers() for each in offer.prerequisites if each.min_age_years is None}
)


def _asset(ref: str, kind: str, **fields: Any) -> dict[str, Any]:
    values = {"annual_kwh": 2000, "embodied_kg": 1200, "life_years": 5, "age_years": 5, "pue": 1.58}
    return {"ref": ref, "kind": kind, "opex_eur_per_year": "700.00", "price_eur": "9000.00"} | values | fields


ASSETS = [
    _asset("host", "server", vcpu=40, ram_gib=256),
    _asset("young", "server", age_years=1),
    _asset("vm", "virtual_machine", annual_kwh=200, embodied_kg=100),
    _asset("pc", "laptop", annual_kwh=30, embodied_kg=181, life_years=4, pue=1),
]


RENEWAL = {
    "actions": [
        {"lever": "renew", "on": ["host"], "with": {"annual_kwh_ratio": 0.7, "price_ratio": 1}, "once_eur": "100.00"},
        {"lever": "renew", "on": ["pc"], "year": 1, "with": {"annual_kwh_ratio": 0.9}},
    ]
}


def _take(*uses: dict[str, Any], confirmed: list[str] = EVERY_PREREQUISITE, **changes: Any) -> Alternative:
    document = {
        "start": "2027-01-01",
        "years": 5,
        "electricity": {"gwp": 0.0569},
        "assets": ASSETS,
        "reference": RENEWAL,
        "alternatives": [{"name": "it", "offers": list(uses)}],
        "confirmed": confirmed,
    }
    return estimate(EstimateRequest.model_validate(document | changes), CATALOGUE).alternatives[0]


def _refusal(*uses: dict[str, Any], confirmed: list[str] = EVERY_PREREQUISITE) -> Refused:
    with pytest.raises(Refused) as refused:
        _take(*uses, confirmed=confirmed)
    return refused.value


@pytest.mark.parametrize("offer", shipped_offers(), ids=lambda offer: offer.id)
def test_every_offer_can_be_taken_as_it_stands(offer: Offer) -> None:
    taken = _take({"offer": offer.id})
    if offer.effect_class in (EffectClass.AWARENESS, EffectClass.PILLAR_A):
        assert taken.avoided.total_kg == 0
        assert taken.cost_eur > 0
    else:
        assert taken.avoided.total_kg != 0


@pytest.mark.parametrize("offer", shipped_offers(), ids=lambda offer: offer.id)
def test_every_parameter_is_used_and_every_name_used_is_a_parameter(offer: Offer) -> None:
    def names(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {name for member in value.values() for name in names(member)}
        return {value[1:]} if isinstance(value, str) and value.startswith("$") else set()

    used = {name for template in offer.actions for name in names(template.action)}
    used |= {template.when for template in offer.actions if template.when is not None}
    assert used == set(offer.parameters)


@pytest.mark.parametrize("offer", shipped_offers(), ids=lambda offer: offer.id)
def test_every_offer_works_at_both_ends_of_each_range(offer: Offer) -> None:
    for name, parameter in offer.parameters.items():
        for value in (parameter.low, parameter.high):
            _take({"offer": offer.id, "parameters": {name: value}})


def test_an_offer_takes_only_the_assets_it_is_for() -> None:
    applier = Applier(CATALOGUE, [AssetValues.model_validate(asset) for asset in ASSETS], EVERY_PREREQUISITE, [], 5)
    assert applier.eligible(CATALOGUE["long-life-support"]) == ["host"]
    assert applier.eligible(CATALOGUE["cloud-like"]) == ["host", "young"]
    assert applier.eligible(CATALOGUE["refurbished-hardware"]) == ["host", "young", "pc"]


def test_a_prerequisite_that_the_study_does_not_confirm_is_told_by_name() -> None:
    refused = _refusal({"offer": "flexcarbon-for-virtualisation"}, confirmed=[])
    assert refused.code == "prerequisite"
    assert "perpetual on-premises Citrix licences" in refused.detail
    assert "'perpetual_licences'" in refused.detail


def test_kit_too_young_for_long_life_support_is_refused_by_name() -> None:
    refused = _refusal({"offer": "long-life-support", "on": ["young"]})
    assert "too young: young" in refused.detail
    renewed = {"actions": [{"lever": "renew", "on": ["young"], "year": 4}]}
    assert _take({"offer": "long-life-support", "on": ["young"], "year": 2}, reference=renewed)


def test_kit_that_the_reference_has_just_renewed_is_too_young_for_long_life_support() -> None:
    renewed = {"actions": [{"lever": "renew", "on": ["host"], "year": year} for year in (1, 4)]}
    with pytest.raises(Refused, match="too young: host"):
        _take({"offer": "long-life-support", "on": ["host"], "year": 3}, reference=renewed)
    assert _take({"offer": "long-life-support", "on": ["host"], "year": 4}, reference=renewed)


def test_an_action_can_be_on_all_that_carry_a_tag() -> None:
    tagged = [asset | {"tags": {"role": "hypervisor"}} if asset["ref"] == "host" else asset for asset in ASSETS]
    off = {"name": "off", "actions": [{"lever": "switch_off", "on": {"tags": {"role": "hypervisor"}}, "leaves": True}]}
    reference: dict[str, Any] = {"actions": []}
    taken = _take(assets=tagged, alternatives=[off], reference=reference)
    listed = {**off, "actions": [{"lever": "switch_off", "on": ["host"], "leaves": True}]}
    assert taken == _take(assets=tagged, alternatives=[listed], reference=reference)


def test_an_asset_of_another_kind_is_refused() -> None:
    refused = _refusal({"offer": "cloud-like", "on": ["pc"]})
    assert (refused.field, refused.code) == ("alternatives.0.offers.0.on.0", "not_for_kind")


def test_offers_that_exclude_each_other_are_refused_on_the_same_assets_only() -> None:
    both = [{"offer": "long-life-support", "on": ["host"]}, {"offer": "cloud-like", "on": ["host"]}]
    refused = _refusal(*both)
    assert refused.code == "excluded"
    assert "exclude each other on the same assets: host" in refused.detail
    assert _take(both[0], {"offer": "cloud-like", "on": ["young"]})


def test_a_parameter_out_of_its_range_is_refused_with_the_range_and_its_source() -> None:
    refused = _refusal({"offer": "long-life-support", "parameters": {"extra_years": 9}})
    assert refused.code == "out_of_range"
    assert "from 1.0 to 5.0 (catalogue:" in refused.detail
    assert _refusal({"offer": "long-life-support", "parameters": {"magic": 1}}).code == "unknown_parameter"
    assert _refusal({"offer": "perpetual-motion"}).code == "unknown_offer"


def test_an_offer_that_replaces_nothing_is_not_credited_with_the_purchases_of_the_reference() -> None:
    strategy = _take({"offer": "low-carbon-strategy"})
    assert [str(year.capex_eur) for year in strategy.years] == ["9000.00", "0.00", "0.00", "0.00", "0.00"]
    assert strategy.avoided.total_kg == 0


def test_a_longer_life_puts_the_purchase_off_and_does_not_spare_it() -> None:
    longer = _take({"offer": "long-life-support", "on": ["host"]})
    assert [str(year.capex_eur) for year in longer.years] == ["0.00", "0.00", "0.00", "9000.00", "0.00"]
    assert [year.total_kg != 0 for year in longer.avoided.years] == [True, True, True, False, False]
    beyond = _take({"offer": "long-life-support", "on": ["host"], "parameters": {"extra_years": 5}})
    assert beyond.cost_eur < longer.cost_eur


def test_refurbished_kit_stands_in_for_the_next_purchase_only() -> None:
    twice = {
        "actions": [
            {"lever": "renew", "on": ["host"], "year": year, "with": {"price_eur": "9000.00"}} for year in (0, 4)
        ]
    }
    bought = _take(
        {"offer": "refurbished-hardware", "on": ["host"], "parameters": {"price_ratio": 0.5}}, reference=twice
    )
    assert [str(year.capex_eur) for year in bought.years] == ["4500.00", "0.00", "0.00", "0.00", "9000.00"]


def test_cloud_like_costs_the_load_by_the_month_as_the_slide_says() -> None:
    moved = _take({"offer": "cloud-like", "on": ["host"]}, assets=[ASSETS[0]], reference={})
    yearly = (40 * 7.9 + 256 * 1.5) * 12
    assert float(moved.years[1].opex_eur) == pytest.approx(yearly)
    assert float(moved.years[0].opex_eur) == pytest.approx(yearly + 3000)


def test_refurbished_kit_is_bought_below_the_price_of_new() -> None:
    bought = _take({"offer": "refurbished-hardware", "on": ["host"], "parameters": {"price_ratio": 0.5}})
    assert str(bought.years[0].capex_eur) == "4500.00"


def test_the_master_plan_goes_as_far_as_its_stage() -> None:
    stages = [
        _take({"offer": "low-carbon-master-plan", "parameters": {"stage": stage}}).avoided.total_kg
        for stage in (1, 2, 3)
    ]
    assert len(set(stages)) == 3


def test_a_new_offer_needs_a_file_and_nothing_else() -> None:
    [offer] = read_catalogue("""
    [[offers]]
    id = "lights-out"
    name = { fr = "Extinction", en = "Lights out" }
    effect = { fr = "Tout s'éteint.", en = "All goes dark." }
    levers = ["switch_off"]
    effect_class = "eer"
    source = "a test"
    [[offers.actions]]
    action = { lever = "switch_off" }
    """)
    assets = [AssetValues.model_validate(asset) for asset in ASSETS]
    [action] = Applier({offer.id: offer}, assets, [], [], 5).apply([OfferUse(offer="lights-out")], "offers")
    assert action.lever == "switch_off"


async def test_a_study_tells_which_offers_it_can_take_and_why_not(scenarios: RunningService[Any]) -> None:
    created = (await scenarios.client.post("/v1/studies", json=study(confirmed=["eligible_use"]))).json()
    items = (await scenarios.client.get(f"/v1/studies/{created['id']}/offers")).json()["items"]
    by_offer = {item["offer"]: item for item in items}
    assert by_offer["cloud-like"] == {"offer": "cloud-like", "assets": 2, "reason": None}
    assert by_offer["long-life-support"]["assets"] == 0
    assert "software_supported" in by_offer["long-life-support"]["reason"]


async def test_an_alternative_may_take_offers_and_keeps_them(scenarios: RunningService[Any]) -> None:
    created = (await scenarios.client.post("/v1/studies", json=study())).json()
    path = f"/v1/studies/{created['id']}/scenarios"
    use = {"offer": "long-life-support", "parameters": {"extra_years": 2}}
    refused = await scenarios.client.post(path, json={"name": "longer", "offers": [use]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "offers.0"
    confirmed = study(confirmed=["software_supported", "spare_parts"])
    await scenarios.client.put(f"/v1/studies/{created['id']}", json=confirmed, headers={"If-Match": '"1"'})
    added = await scenarios.client.post(path, json={"name": "longer", "offers": [use]})
    assert added.status_code == 201, added.text
    assert added.json()["offers"][0]["parameters"] == {"extra_years": 2}
