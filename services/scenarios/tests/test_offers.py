"""The catalogue of offers: complete, consistent, bilingual, and served as it stands in its file."""

import pytest
from common.testing.plugin import MakeService
from scenarios.catalogue import shipped_offers
from scenarios.domain.offers import EffectClass, Offer, read_catalogue
from scenarios.main import SERVICE

OFFERS = shipped_offers()


def _offer(offer_id: str) -> Offer:
    [offer] = [offer for offer in OFFERS if offer.id == offer_id]
    return offer


def test_the_twelve_offers_of_the_catalogue_are_there() -> None:
    assert len(OFFERS) == 12
    assert {offer.effect_class for offer in OFFERS} == set(EffectClass)


def test_every_sentence_is_in_both_languages() -> None:
    for offer in OFFERS:
        benefits = [text for text in (offer.capex, offer.opex) if text is not None]
        for text in [offer.name, offer.effect, *benefits, *offer.notes, *(budget.label for budget in offer.budgets)]:
            assert text.fr.strip(), offer.id
            assert text.en.strip(), offer.id


def test_every_offer_but_awareness_says_what_it_does_to_investments_and_running_costs() -> None:
    silent = {offer.id for offer in OFFERS if offer.capex is None or offer.opex is None}
    assert silent == {"awareness-and-training"}


def test_every_range_is_in_order_and_holds_what_is_expected() -> None:
    for offer in OFFERS:
        for saving in offer.savings:
            assert saving.low <= saving.high, offer.id
            if saving.expected is not None:
                assert saving.low <= saving.expected <= saving.high, offer.id
        for budget in offer.budgets:
            assert budget.high_eur is None or budget.low_eur <= budget.high_eur, offer.id


def test_awareness_and_planning_claim_no_saving_of_their_own() -> None:
    for offer in OFFERS:
        if offer.effect_class in {EffectClass.AWARENESS, EffectClass.PILLAR_A}:
            assert offer.savings == [], offer.id


def test_cloud_like_costs_what_the_slide_says() -> None:
    prices = {budget.label.en: str(budget.low_eur) for budget in _offer("cloud-like").budgets}
    assert prices == {"infrastructure study": "3000.00", "1 vCPU": "7.90", "1 GB of RAM": "1.50"}


def test_an_offer_named_twice_is_refused() -> None:
    entry = """
    [[offers]]
    id = "twice"
    name = { fr = "a", en = "a" }
    effect = { fr = "a", en = "a" }
    levers = ["renew"]
    effect_class = "eema"
    source = "a test"
    """
    assert len(read_catalogue(entry)) == 1
    with pytest.raises(ValueError, match="twice"):
        read_catalogue(entry + entry)


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValueError, match="nome"):
        read_catalogue('[[offers]]\nid = "a"\nnome = { fr = "a", en = "a" }\n')


async def test_the_api_serves_the_catalogue_in_its_order(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    answer = await scenarios.client.get("/v1/offers")
    assert answer.status_code == 200
    assert [item["id"] for item in answer.json()["items"]] == [offer.id for offer in OFFERS]


async def test_money_is_a_string_and_an_open_price_has_no_upper_end(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    offer = (await scenarios.client.get("/v1/offers/cloud-like")).json()
    assert offer["budgets"][1]["low_eur"] == "7.90"
    assert offer["budgets"][1]["high_eur"] is None


async def test_an_unknown_offer_is_not_found(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    answer = await scenarios.client.get("/v1/offers/perpetual-motion")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


async def test_a_token_without_the_scope_is_refused(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    async with scenarios.client_for(["acme"], ["inventory:read"]) as client:
        assert (await client.get("/v1/offers")).status_code == 403
