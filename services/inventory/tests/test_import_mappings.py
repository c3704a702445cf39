"""Mappings of columns: remembered by name, chosen or recognised; GLPI's export as a preset."""

from typing import Any

from services.inventory.tests.sending import Clock, Inventory
from services.inventory.tests.workbooks import imported, listed, rejects, submit, workbook

SERVICENOW: dict[str, Any] = {
    "org": "acme",
    "name": "servicenow",
    "columns": [
        {"column": "external_id", "headings": ["Asset tag"], "required": True},
        {"column": "name", "headings": ["Name"]},
        {"column": "kind", "headings": ["Class"], "values": {"Linux Server": "server"}},
        {"column": "status", "headings": ["Install status"], "required": True, "values": {"Installed": "in_service"}},
        {"column": "ram_gib", "headings": ["RAM (MB)"], "factor": 0.0009765625},
        {"column": "price_eur", "headings": ["Cost"]},
        {"column": "acquired_on", "headings": ["Purchased"]},
        {"column": "tags.team", "headings": ["Managed by"]},
    ],
    "constants": {"source": "snow", "ram_units": "1"},
    "date_formats": ["DD/MM/YYYY"],
    "nulls": ["(empty)"],
}
CMDB = (
    "Asset tag;Name;Class;Install status;RAM (MB);Cost;Purchased;Managed by;Comment\n"
    "A-1;esx-1;Linux Server;Installed;262144;9 800,50 €;15/03/2021;Team A;hello\n"
    "A-2;esx-2;linux server;INSTALLED;(empty);;;;\n"
    "A-3;pc-3;Laptop;Installed;;;2021-03-15;;\n"
    "A-4;x-4;Spaceship;Installed;;;;;\n"
    "A-5;twice;Laptop;Installed;;;;;\n"
    "A-5;twice;Laptop;Installed;;;;;\n"
)
GLPI_FR = (
    "\ufeffNom;Entité;Statut;Fabricant;Numéro de série;Type;Modèle;Système d'exploitation - Nom;Lieu;"
    "Dernière modification;Composants - Processeur;Date d'achat;Date de mise en service;Valeur\n"
    "srv-01;Acme;En production;Dell;SN-88F2;Serveur;PowerEdge R740;Debian;Paris > Salle 1;2026-11-20 10:11;"
    "Xeon Gold 6248R;2021-03-15;2021-04-01 00:00:00;9800.00\n"
    "pc-02;Acme;En stock;HP;SN-2;Portable;EliteBook 840;;Paris;;;15-06-2023;;1100\n"
    "old-03;Acme;Réformé;HP;SN-3;Ordinateur de bureau;ProDesk;;;;;2012-01-01;2012-02-01;\n"
    "odd-04;Acme;En production;HP;SN-4;Grille-pain;T;;;;;;;\n"
)
GLPI_EN = '"Name";"Status";"Location";"Type";"ID"\n"srv-9";"In use";"Room 9";"Rack server";"412"\n'


async def remember(inventory: Inventory, mapping: dict[str, Any]) -> dict[str, Any]:
    answer = await inventory.client.post("/v1/import-mappings", json=mapping)
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def test_a_table_is_read_by_the_mapping_that_its_headings_tell(inventory: Inventory) -> None:
    await remember(inventory, SERVICENOW)
    job = await imported(inventory, ("cmdb.csv", CMDB.encode()))
    assert (job["status"], job["format"], job["mapping"]) == ("done", "mapped", "servicenow")
    assert (job["created"], job["rejected"]) == (2, 4)
    assert [warning["code"] for warning in job["warnings"]] == ["ignored_columns"]
    assert job["warnings"][0]["detail"].endswith("Comment")
    found = await listed(inventory)
    first = found["A-1"]
    assert (first["source"], first["kind"], first["name"], first["status"]) == ("snow", "server", "esx-1", "in_service")
    assert first["acquired"]["on"] == "2021-03-15"
    assert first["acquired"]["price_eur"] == "9800.50"
    assert first["configuration"]["ram"][0] == {"units": 1, "gib": 256.0, "density_gb_cm2": None}
    assert first["tags"] == {"team": "Team A"}
    reasons = {(row["line"], row["code"], row["field"]) for row in await rejects(inventory, job)}
    assert reasons == {
        ("4", "not_a_date", "Purchased"),
        ("5", "unknown_kind", "Class"),
        ("6", "duplicate", "Asset tag"),
        ("7", "duplicate", "Asset tag"),
    }


async def test_the_same_table_again_changes_nothing(inventory: Inventory, clock: Clock) -> None:
    await remember(inventory, SERVICENOW)
    first = await imported(inventory, ("cmdb.csv", CMDB.encode()))
    await inventory.take_outbox()
    clock.advance(days=1)
    again = await imported(inventory, ("cmdb.csv", CMDB.encode()))
    assert (again["accepted"], again["unchanged"], again["rejected"]) == (0, first["accepted"], first["rejected"])
    assert await inventory.outbox() == []


async def test_a_mapping_is_chosen_by_name_where_several_fit(inventory: Inventory) -> None:
    await remember(inventory, SERVICENOW)
    await remember(inventory, {**SERVICENOW, "name": "other", "constants": {"source": "other", "ram_units": "1"}})
    vague = await imported(inventory, ("cmdb.csv", CMDB.encode()))
    assert (vague["status"], vague["failure"]["code"]) == ("failed", "ambiguous_mapping")
    named = await imported(inventory, ("cmdb.csv", CMDB.encode()), mapping="other")
    assert (named["status"], named["mapping"]) == ("done", "other")
    assert {asset["source"] for asset in (await listed(inventory)).values()} == {"other"}


async def test_a_mapping_that_the_table_does_not_fit_fails_with_the_headings_it_needs(inventory: Inventory) -> None:
    await remember(inventory, SERVICENOW)
    job = await imported(inventory, ("x.csv", b"Nom;Truc\na;b\n"), mapping="servicenow")
    assert (job["status"], job["failure"]["code"]) == ("failed", "missing_column")
    assert "Asset tag" in job["failure"]["detail"]


async def test_an_unknown_mapping_is_refused_at_once(inventory: Inventory) -> None:
    answer = await inventory.client.post(
        "/v1/imports", files=[("file", ("a.csv", b"a"))], data={"org": "acme", "mapping": "nope"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_mapping")


async def test_the_french_export_of_glpi_is_read_by_the_preset(inventory: Inventory, clock: Clock) -> None:
    job = await imported(inventory, ("glpi.csv", GLPI_FR.encode()), site="nanterre-1")
    assert (job["format"], job["mapping"], job["created"], job["rejected"]) == ("mapped", "glpi", 3, 1)
    [reject] = await rejects(inventory, job)
    assert (reject["code"], reject["field"], reject["line"]) == ("unknown_kind", "Type", "5")
    found = await listed(inventory)
    server = found["srv-01"]
    assert (server["source"], server["kind"], server["site"], server["status"]) == (
        "glpi",
        "server",
        "nanterre-1",
        "in_service",
    )
    assert (server["effective_from"], server["acquired"]["on"]) == ("2021-03-31T22:00:00Z", "2021-03-15")
    assert server["model"] == {"maker": "Dell", "name": "PowerEdge R740"}
    assert server["serial_number"] == "SN-88F2"
    laptop = found["pc-02"]
    assert (laptop["kind"], laptop["status"], laptop["acquired"]["on"]) == ("laptop", "off", "2023-06-15")
    old = found["old-03"]
    timeline = (await inventory.client.get(f"/v1/assets/{old['id']}/timeline")).json()["timeline"]
    assert [(piece["from"], piece["status"]) for piece in timeline] == [
        ("2012-01-31T23:00:00Z", "in_service"),
        ("2026-11-22T23:00:00Z", "retired"),
    ], "it was there since it was commissioned, and is known to have left from the day of the export"
    await inventory.take_outbox()
    clock.advance(days=5)
    again = await imported(inventory, ("glpi.csv", GLPI_FR.encode()), site="nanterre-1")
    assert (again["accepted"], again["unchanged"]) == (0, 3)
    assert await inventory.outbox() == []


async def test_the_english_export_goes_by_the_id_and_a_workbook_does_as_well(inventory: Inventory) -> None:
    job = await imported(inventory, ("glpi.csv", GLPI_EN.encode()), query={"format": "glpi"})
    assert (job["mapping"], job["created"]) == ("glpi", 1)
    rows = [line.replace('"', "").split(";") for line in GLPI_EN.splitlines()]
    again = await imported(inventory, ("glpi.xlsx", workbook({"Computers": rows})))
    assert (again["mapping"], again["unchanged"]) == ("glpi", 1)
    assert set(await listed(inventory)) == {"412"}


async def test_lists_that_number_their_things_alike_are_told_apart_by_the_source_of_the_sender(
    inventory: Inventory,
) -> None:
    await imported(inventory, ("computers.csv", GLPI_EN.encode()))
    monitors = ("monitors.csv", b"Name;Status;ID\nm-1;In use;412\n")
    job = await imported(inventory, monitors, kind="monitor", source="glpi-monitors")
    assert (job["created"], job["rejected"]) == (1, 0)
    items = (await inventory.client.get("/v1/assets")).json()["items"]
    assert {(one["source"], one["external_id"]) for one in items} == {("glpi", "412"), ("glpi-monitors", "412")}


async def test_rows_that_do_not_say_what_they_are_take_it_from_the_sender(inventory: Inventory) -> None:
    monitors = "Name;Status;ID\nm-1;In use;7\n"
    job = await imported(inventory, ("monitors.csv", monitors.encode()), kind="monitor")
    assert (job["created"], (await listed(inventory))["7"]["kind"]) == (1, "monitor")


async def test_an_import_adds_tags_and_leaves_those_that_people_set(inventory: Inventory) -> None:
    await imported(inventory, ("glpi.csv", GLPI_EN.encode()))
    asset = (await listed(inventory))["412"]
    tags = {**asset["tags"], "team": "a"}
    path = f"/v1/assets/{asset['id']}"
    answer = await inventory.client.patch(path, json={"tags": tags}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    again = await imported(inventory, ("glpi.csv", GLPI_EN.encode()))
    assert again["unchanged"] == 1
    assert (await listed(inventory))["412"]["tags"] == {"location": "Room 9", "team": "a"}


async def test_mappings_are_created_replaced_and_forgotten(inventory: Inventory) -> None:
    client = inventory.client
    view = await remember(inventory, SERVICENOW)
    assert (await client.post("/v1/import-mappings", json=SERVICENOW)).status_code == 200
    other = {**SERVICENOW, "nulls": []}
    assert (await client.post("/v1/import-mappings", json=other)).status_code == 409
    path = f"/v1/import-mappings/{view['id']}"
    assert (await client.put(path, json=other)).status_code == 428
    replaced = await client.put(path, json=other, headers={"If-Match": '"1"'})
    assert (replaced.status_code, replaced.json()["version"], replaced.json()["nulls"]) == (200, 2, [])
    assert (await client.put(path, json=SERVICENOW, headers={"If-Match": '"1"'})).status_code == 412
    page = (await client.get("/v1/import-mappings", params={"org": "acme"})).json()["items"]
    assert [item["id"] for item in page] == [view["id"]]
    presets = (await client.get("/v1/import-mappings/presets")).json()
    assert [preset["name"] for preset in presets] == ["glpi"]
    assert (await client.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_mapping_that_could_not_work_is_refused_with_the_reason(inventory: Inventory) -> None:
    def change(**said: Any) -> dict[str, Any]:
        return {**SERVICENOW, **said}

    columns = SERVICENOW["columns"]
    broken = {
        "unknown_column": change(columns=[*columns, {"column": "colour", "headings": ["Colour"]}]),
        "duplicate_column": change(constants={"name": "all the same"}),
        "missing_column": change(columns=columns[1:]),
        "ambiguous_dates": change(date_formats=["DD/MM/YYYY", "MM/DD/YYYY"]),
        "unknown_organisation": change(org="nobody"),
    }
    for code, mapping in broken.items():
        answer = await inventory.client.post("/v1/import-mappings", json=mapping)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_mappings_of_one_organisation_are_nothing_to_another(inventory: Inventory) -> None:
    view = await remember(inventory, SERVICENOW)
    async with inventory.client_for(["globex"]) as other:
        assert (await other.get("/v1/import-mappings")).json()["items"] == []
        path = f"/v1/import-mappings/{view['id']}"
        assert (await other.get(path)).status_code == 404
        assert (await other.put(path, json=SERVICENOW, headers={"If-Match": '"1"'})).status_code == 404
        assert (await other.delete(path, headers={"If-Match": '"1"'})).status_code == 404
        assert (await other.post("/v1/import-mappings", json=SERVICENOW)).status_code == 403
        job = await submit(other, ("cmdb.csv", CMDB.encode()))
        assert job["org"] == "globex"
