"""Contracts, their price versions, and what must be right before there can be one."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from billing.main import SERVICE
from common.organisations import EVERY
from common.testing.plugin import MakeService

from services.billing.tests.heard import CONTRACT, CUSTOMER, agreed

BERLIN = {
    "name": "Acme GmbH",
    "territory": "DE",
    "vat_id": "DE136695976",
    "electronic_address": "rechnung@acme.example",
    "address": {"lines": ["Unter den Linden 1"], "postcode": "10117", "city": "Berlin"},
    "language": "en",
}


async def test_a_contract_without_prices_has_the_catalogue_s_from_its_start(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    contract = await agreed(billing)
    [version] = (await billing.client.get(f"/v1/contracts/{contract['id']}")).json()["price_versions"]
    assert version["number"] == 1
    assert version["terms"]["valid_from"] == "2026-01-01"
    assert {name: price["price"] for name, price in version["terms"]["prices"].items()} == {
        "vcpu": "7.90",
        "ram_gib": "1.50",
    }


async def test_price_versions_are_added_and_never_changed(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    contract = await agreed(billing)
    path = f"/v1/contracts/{contract['id']}/prices"
    terms = {"valid_from": "2026-06-01", "prices": {"vcpu": {"model": "unit", "price": "7.10"}}, "minimum": "500.00"}
    assert (await billing.client.post(path, json=terms)).json() == {"number": 2}
    async with billing.database.pool.acquire() as connection:
        await connection.execute("SELECT set_config('app.orgs', '*', false)")
        for statement in ("UPDATE price_versions SET valid_from = '2020-01-01'", "DELETE FROM price_versions"):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)


async def test_a_price_before_the_contract_is_refused(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    contract = await agreed(billing)
    terms = {"valid_from": "2025-12-31", "prices": {}}
    answer = await billing.client.post(f"/v1/contracts/{contract['id']}/prices", json=terms)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "valid_from")


async def test_two_contracts_of_an_organisation_do_not_overlap(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    await agreed(billing, ends_on="2026-07-01")
    overlapping = await billing.client.post(
        "/v1/contracts", json=CONTRACT | {"reference": "CL-2", "starts_on": "2026-06-30"}
    )
    assert (overlapping.status_code, overlapping.json()["type"]) == (409, "/problems/contract-overlap")
    await agreed(billing, reference="CL-2", starts_on="2026-07-01")


async def test_a_company_of_another_member_state_needs_its_vat_id(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    await agreed(billing, customer=BERLIN)
    without = {name: value for name, value in BERLIN.items() if name != "vat_id"}
    answer = await billing.client.post("/v1/contracts", json=CONTRACT | {"org": "globex", "customer": without})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "customer.vat_id")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"siren": None}, "customer.siren"),
        ({"siren": "732829321", "siret": None, "vat_id": None, "electronic_address": "732829321"}, "customer.siren"),
        ({"siret": "73282932000075"}, "customer.siret"),
        ({"siret": "40483304800022"}, "customer.siret"),
        ({"vat_id": "FR83404833048"}, "customer.vat_id"),
        ({"vat_id": "FR45732829320"}, "customer.vat_id"),
        ({"electronic_address": "404833048"}, "customer.electronic_address"),
    ],
)
async def test_identifiers_that_are_not_right_are_named(
    make_service: MakeService, changes: dict[str, Any], field: str
) -> None:
    billing = await make_service(SERVICE)
    answer = await billing.client.post("/v1/contracts", json=CONTRACT | {"customer": CUSTOMER | changes})
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_change_names_the_version_that_it_changes(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    path = f"/v1/contracts/{(await agreed(billing))['id']}"
    assert (await billing.client.patch(path, json={"due_days": 45})).status_code == 428
    changed = await billing.client.patch(path, json={"due_days": 45}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["due_days"], changed.headers["etag"]) == (200, 45, '"2"')
    assert (await billing.client.patch(path, json={"due_days": 60}, headers={"If-Match": '"1"'})).status_code == 412


async def test_contracts_of_others_are_not_there(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    contract = await agreed(billing)
    async with billing.client_for(["globex"]) as stranger:
        assert (await stranger.get(f"/v1/contracts/{contract['id']}")).status_code == 404
        assert (await stranger.get("/v1/contracts")).json()["items"] == []
        assert (await stranger.post("/v1/contracts", json=CONTRACT)).status_code == 403
        terms = {"valid_from": "2026-06-01", "prices": {}}
        assert (await stranger.post(f"/v1/contracts/{contract['id']}/prices", json=terms)).status_code == 404


async def test_a_contract_that_nobody_knows_is_not_found(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    assert (await billing.client.get(f"/v1/contracts/{uuid4()}")).status_code == 404


async def test_an_end_before_the_start_is_refused(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    answer = await billing.client.post("/v1/contracts", json=CONTRACT | {"ends_on": "2025-01-01"})
    assert answer.status_code == 422


async def test_the_role_of_the_service_cannot_switch_the_triggers_off(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    async with billing.database.transaction(EVERY) as unit:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await unit.connection.execute("ALTER TABLE price_versions DISABLE TRIGGER append_only")
