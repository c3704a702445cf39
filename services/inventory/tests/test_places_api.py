"""Organisations and sites over HTTP."""

from typing import Any

from services.inventory.tests.sending import Inventory, document

LYON = {"org": "acme", "code": "lyon-1", "name": "Lyon", "kind": "server_room", "country": "FR"}


async def test_an_organisation_sent_twice_is_created_once_and_another_content_conflicts(inventory: Inventory) -> None:
    organisation = {"id": "initech", "name": "Initech", "role": "customer", "time_zone": "America/Martinique"}
    first = await inventory.client.post("/v1/organizations", json=organisation)
    again = await inventory.client.post("/v1/organizations", json=organisation)
    other = await inventory.client.post("/v1/organizations", json={**organisation, "name": "Other"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == again.json()
    assert first.json()["refurbished_convention"] == "remaining"
    events = await inventory.outbox()
    assert [(event.topic, event.key, event.type) for event in events] == [
        ("inventory.organizations", "initech", "inventory.organization.changed.v1")
    ]
    assert events[0].data == {**organisation, "refurbished_convention": "remaining", "version": 1, "deleted": False}


async def test_a_changed_site_has_the_next_version_and_its_event_and_the_same_change_again_has_neither(
    inventory: Inventory,
) -> None:
    created = await inventory.client.post("/v1/sites", json=LYON)
    assert created.headers["etag"] == '"1"'
    path = f"/v1/sites/{created.json()['id']}"
    change = {"pue": [{"from": "2026-01-01", "value": 1.4}], "operator": "provider"}
    changed = await inventory.client.patch(path, json=change, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["pue"] == [{"from": "2026-01-01", "to": None, "value": 1.4}]
    again = await inventory.client.patch(path, json=change, headers={"If-Match": '"2"'})
    assert again.json()["version"] == 2
    events = await inventory.outbox()
    assert [(event.topic, document(event)["version"], document(event)["code"]) for event in events] == [
        ("inventory.sites", 1, "lyon-1"),
        ("inventory.sites", 2, "lyon-1"),
    ]
    assert (await inventory.client.get(path)).json() == changed.json()


async def test_a_change_made_for_another_version_or_for_none_is_refused(inventory: Inventory) -> None:
    created = await inventory.client.post("/v1/sites", json=LYON)
    path = f"/v1/sites/{created.json()['id']}"
    assert (await inventory.client.patch(path, json={"name": "x"})).status_code == 428
    assert (await inventory.client.patch(path, json={"name": "x"}, headers={"If-Match": '"7"'})).status_code == 412
    organisation = "/v1/organizations/acme"
    assert (await inventory.client.patch(organisation, json={"name": "x"})).status_code == 428
    changed = await inventory.client.patch(organisation, json={"name": "x"}, headers={"If-Match": '"1"'})
    assert changed.json()["version"] == 2


BAD_SITES: list[tuple[dict[str, Any], str, str]] = [
    ({"country": "ZZ"}, "country", "unknown_country"),
    ({"kind": "shed"}, "kind", "unknown_kind"),
    ({"pue": [{"value": 0.5}]}, "pue.0.value", "too_small"),
    ({"org": "nobody"}, "org", "unknown_organisation"),
    ({"colour": "blue"}, "colour", "unknown_field"),
    ({"name": None}, "name", "wrong_type"),
]


async def test_a_bad_site_names_the_field_and_the_rule(inventory: Inventory) -> None:
    for change, field, code in BAD_SITES:
        answer = await inventory.client.post("/v1/sites", json={**LYON, **change})
        assert answer.status_code == 422
        assert (field, code) in [(error["field"], error["code"]) for error in answer.json()["errors"]]
    assert await inventory.outbox() == []


async def test_what_a_site_is_called_and_whose_it_is_do_not_change(inventory: Inventory) -> None:
    created = await inventory.client.post("/v1/sites", json=LYON)
    path = f"/v1/sites/{created.json()['id']}"
    answer = await inventory.client.patch(path, json={"code": "lyon-2", "org": "globex"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("org", "fixed"),
        ("code", "fixed"),
    ]


async def test_pages_of_sites_neither_repeat_nor_skip(inventory: Inventory) -> None:
    for number in range(5):
        await inventory.client.post("/v1/sites", json={**LYON, "code": f"lyon-{number}"})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await inventory.client.get("/v1/sites", params={"org": "acme", "limit": 2, **cursor})).json()
        seen.extend(site["code"] for site in page["items"])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [*(f"lyon-{number}" for number in range(5)), "nanterre-1"]


async def test_the_same_idempotency_key_creates_once(inventory: Inventory) -> None:
    headers = {"Idempotency-Key": "site-1"}
    first = await inventory.client.post("/v1/sites", json=LYON, headers=headers)
    again = await inventory.client.post("/v1/sites", json=LYON, headers=headers)
    other = await inventory.client.post("/v1/sites", json={**LYON, "code": "x"}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert len(await inventory.outbox()) == 1
