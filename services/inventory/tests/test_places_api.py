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
    ({"region": "Corse"}, "region", "unknown_region"),
    ({"region": "FR"}, "region", "unknown_region"),
    ({"region": "GP"}, "region", "unknown_region"),
    ({"region": "FR-971"}, "region", "own_country"),
    ({"region": "DE-BY"}, "region", "other_country"),
    ({"colour": "blue"}, "colour", "unknown_field"),
    ({"name": None}, "name", "wrong_type"),
]


async def test_a_bad_site_names_the_field_and_the_rule(inventory: Inventory) -> None:
    for change, field, code in BAD_SITES:
        answer = await inventory.client.post("/v1/sites", json={**LYON, **change})
        assert answer.status_code == 422
        assert (field, code) in [(error["field"], error["code"]) for error in answer.json()["errors"]]
    assert await inventory.outbox() == []


async def test_a_site_has_a_part_of_its_country_and_what_was_written_before_may_stay(inventory: Inventory) -> None:
    created = await inventory.client.post("/v1/sites", json={**LYON, "region": "FR-ARA"})
    assert (created.status_code, created.json()["region"]) == (201, "FR-ARA")
    path = f"/v1/sites/{created.json()['id']}"
    for change, field in (({"region": "GP"}, "region"), ({"country": "DE"}, "region")):
        refused = await inventory.client.patch(path, json=change, headers={"If-Match": '"1"'})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    async with inventory.database.transaction("*") as unit:
        await unit.connection.execute("UPDATE sites SET region = 'Lyonnais' WHERE code = 'lyon-1'")
    renamed = await inventory.client.patch(path, json={"name": "Lyon 1"}, headers={"If-Match": '"1"'})
    assert (renamed.status_code, renamed.json()["region"]) == (200, "Lyonnais")
    mended = await inventory.client.patch(path, json={"region": "FR-20R"}, headers={"If-Match": '"2"'})
    assert (mended.status_code, mended.json()["region"]) == (200, "FR-20R")


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


async def site(inventory: Inventory, **more: Any) -> tuple[str, dict[str, Any]]:
    """A new site: its path and its document."""
    created = await inventory.client.post("/v1/sites", json={**LYON, **more})
    assert created.status_code == 201, created.text
    document_: dict[str, Any] = created.json()
    return f"/v1/sites/{document_['id']}", document_


async def test_operator_and_contract_are_dated_and_the_fields_beside_are_those_of_the_latest(
    inventory: Inventory,
) -> None:
    contracts = [
        {"from": "2026-01-01", "guarantee_of_origin_share": 1.0, "residual_kg_per_kwh": 0.04},
        {"to": "2026-01-01", "guarantee_of_origin_share": 0.0},
    ]
    operators = [{"to": "2025-01-01", "operator": "hosted"}, {"from": "2025-01-01", "operator": "provider"}]
    path, created = await site(inventory, operators=operators, electricity={"contracts": contracts})
    assert created["operator"] == "provider"
    assert created["electricity"]["guarantee_of_origin_share"] == 1.0
    assert created["electricity"]["residual_kg_per_kwh"] == 0.04
    assert [one["from"] for one in created["electricity"]["contracts"]] == [None, "2026-01-01"]
    [event] = await inventory.outbox()
    assert document(event)["operators"] == created["operators"]
    assert document(event)["electricity"] == created["electricity"]
    assert (await inventory.client.get(path)).json() == created


async def test_what_stands_beside_dated_values_and_differs_from_the_latest_is_refused(inventory: Inventory) -> None:
    path, _ = await site(
        inventory, operators=[{"operator": "hosted"}], electricity={"contracts": [{"guarantee_of_origin_share": 0.5}]}
    )
    for change in ({"operator": "own"}, {"electricity": {"guarantee_of_origin_share": 0.9}}):
        answer = await inventory.client.patch(path, json=change, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_the_latest"), change
    undated = {"operators": [], "operator": "own", "electricity": {"contracts": [], "guarantee_of_origin_share": 0.9}}
    changed = (await inventory.client.patch(path, json=undated, headers={"If-Match": "*"})).json()
    assert (changed["operator"], changed["electricity"]["guarantee_of_origin_share"]) == ("own", 0.9)


async def test_a_correction_holds_on_its_days_only_and_what_was_believed_stays_readable(inventory: Inventory) -> None:
    path, _ = await site(inventory, pue=[{"value": 1.6}], operator="hosted")
    three = [
        {"from": "2026-02-01", "to": "2026-03-01", "pue": 1.4},
        {"from": "2026-05-01", "operator": "provider"},
        {"from": "2026-01-01", "to": "2027-01-01", "electricity": {"guarantee_of_origin_share": 0.7}},
    ]
    for version, correction in enumerate(three, 1):
        answer = await inventory.client.post(
            f"{path}/corrections", json=correction, headers={"If-Match": f'"{version}"'}
        )
        assert answer.status_code == 200, answer.text
    found = (await inventory.client.get(path)).json()
    assert [(one["from"], one["to"], one["value"]) for one in found["pue"]] == [
        (None, "2026-02-01", 1.6),
        ("2026-02-01", "2026-03-01", 1.4),
        ("2026-03-01", None, 1.6),
    ]
    assert [(one["from"], one["operator"]) for one in found["operators"]] == [
        (None, "hosted"),
        ("2026-05-01", "provider"),
    ]
    assert [one["guarantee_of_origin_share"] for one in found["electricity"]["contracts"]] == [0.0, 0.7, 0.0]
    versions = (await inventory.client.get(f"{path}/history")).json()["versions"]
    assert [len(one["document"]["pue"]) for one in versions] == [3, 3, 3, 1]


async def test_the_rule_of_a_site_changes_from_a_day_on_and_stays_as_it_was_before(inventory: Inventory) -> None:
    path, created = await site(inventory, allocation_rule="sold", allocation_by="ram")
    assert created["allocations"] == []
    of_days = {"allocation_rule": "capacity", "allocation_by": "vcpu"}
    correction = {"from": "2026-04-01", "allocation": of_days}
    answer = await inventory.client.post(f"{path}/corrections", json=correction, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    dated = [
        {"from": None, "to": "2026-04-01", "allocation_rule": "sold", "allocation_by": "ram"},
        {"from": "2026-04-01", "to": None, **of_days},
    ]
    found = (await inventory.client.get(path)).json()
    assert (found["allocations"], found["allocation_rule"], found["allocation_by"]) == (dated, "capacity", "vcpu")
    assert document((await inventory.outbox())[-1])["allocations"] == dated
    refused = await inventory.client.patch(path, json={"allocation_rule": "sold"}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_the_latest")
    undated = {"allocations": [], "allocation_rule": "sold"}
    changed = (await inventory.client.patch(path, json=undated, headers={"If-Match": "*"})).json()
    assert (changed["allocations"], changed["allocation_rule"], changed["allocation_by"]) == ([], "sold", "vcpu")
    again = {"from": "2026-05-01", "allocation": {"allocation_rule": "sold", "allocation_by": "ram"}}
    answer = await inventory.client.post(f"{path}/corrections", json=again, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    emptied = (await inventory.client.patch(path, json={"allocations": []}, headers={"If-Match": "*"})).json()
    assert (emptied["allocations"], emptied["allocation_rule"], emptied["allocation_by"]) == ([], "sold", "ram")
    for body in ({"allocation": {"allocation_rule": "capacity"}}, {"allocation": of_days, "pue": 1.2}):
        answer = await inventory.client.post(f"{path}/corrections", json=body, headers={"If-Match": "*"})
        assert answer.status_code == 422, body


async def test_a_correction_says_one_thing_and_needs_the_version_it_was_made_for(inventory: Inventory) -> None:
    path, _ = await site(inventory)
    for body in ({}, {"pue": 1.2, "operator": "own"}, {"from": "2026-02-01", "to": "2026-01-01", "pue": 1.2}):
        answer = await inventory.client.post(f"{path}/corrections", json=body, headers={"If-Match": "*"})
        assert answer.status_code == 422, body
    assert (await inventory.client.post(f"{path}/corrections", json={"pue": 1.2})).status_code == 428
    stale = await inventory.client.post(f"{path}/corrections", json={"pue": 1.2}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412


async def test_a_time_zone_that_is_another_on_each_machine_is_refused(inventory: Inventory) -> None:
    for zone in ("localtime", "Factory"):
        body = {"id": "initech", "name": "Initech", "role": "customer", "time_zone": zone}
        answer = await inventory.client.post("/v1/organizations", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_time_zone")
