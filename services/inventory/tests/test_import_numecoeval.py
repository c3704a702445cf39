"""NumEcoEval and G4IT inventories: the public cases with their expected rejects, and the spellings of the field."""

import csv
from pathlib import Path
from typing import Any

import pytest

from services.inventory.tests.sending import Clock, Inventory, document, send, server
from services.inventory.tests.workbooks import DATA, imported, listed, rejects, submit, workbook, worker

TABLES = {
    "datacenter": "DATACENTER_nominal.csv",
    "physical_equipment": "EQUIPEMENT_PHYSIQUE_nominal.csv",
    "virtual_equipment": "EQUIPEMENT_VIRTUEL_nominal.csv",
    "application": "APPLICATION_nominal.csv",
}
PHYSICAL = "nomEquipementPhysique;modele;quantite;nomCourtDatacenter;dateAchat;dateRetrait;type;statut;paysDUtilisation;nbCoeur"


def case(name: str) -> list[tuple[str, bytes]]:
    return [(file, (DATA / "g4it" / name / file).read_bytes()) for file in TABLES.values()]


def counts(job: dict[str, Any]) -> tuple[int, int, int]:
    return job["accepted"], job["unchanged"], job["rejected"]


async def applications(inventory: Inventory) -> dict[str, list[str]]:
    items = (await inventory.client.get("/v1/applications")).json()["items"]
    names = {asset["id"]: name for name, asset in (await listed(inventory)).items()}
    return {item["code"]: sorted(names[machine["asset_id"]] for machine in item["machines"]) for item in items}


async def test_the_nominal_case_is_loaded_whole(inventory: Inventory) -> None:
    job = await imported(inventory, *case("nominal"))
    assert (job["status"], job["format"], job["rejected"]) == ("done", "numecoeval", 0)
    assert job["created"] == 13, "two data centres, the site of a country, two servers, four machines, four claims"
    assets = await listed(inventory)
    first, second = assets["physical-eq-1"], assets["physical-eq-2"]
    assert (first["kind"], first["site"], first["quantity"], first["status"]) == (
        "server",
        "country-fr",
        1,
        "in_service",
    )
    cpu = first["configuration"]["cpu"]
    assert (cpu["units"], cpu["cores"]) == (1, 4)
    assert first["declared"]["annual_kwh"] == 1.2
    assert first["acquired"]["on"] == "2020-07-08"
    assert (second["site"], second["quantity"], second["status"]) == ("default", 2, "retired")
    timeline = (await inventory.client.get(f"/v1/assets/{second['id']}/timeline")).json()["timeline"]
    assert [(segment["from"], segment["status"]) for segment in timeline] == [
        ("2020-07-07T22:00:00Z", "in_service"),
        ("2022-12-31T23:00:00Z", "retired"),
    ]
    machine = assets["virtual-eq-1-1"]
    assert (machine["host"]["external_id"], machine["allocation"]["vcpu"]) == ("physical-eq-1", 4)
    assert machine["tags"] == {"entity": "Entity 1", "cluster": "Cluster 1", "equipment_type": "calcul"}
    sites = (await inventory.client.get("/v1/sites", params={"org": "acme"})).json()["items"]
    found = {site["code"]: (site["name"], site["country"], [one["value"] for one in site["pue"]]) for site in sites}
    assert found["default"] == ("Long name", "FR", [1.75])
    assert found["default2"] == ("Long name2", "DE", [1.25])
    assert found["country-fr"] == ("France", "FR", [])
    assert await applications(inventory) == {
        "application-1": ["virtual-eq-1-1", "virtual-eq-1-2"],
        "application-2": ["virtual-eq-2-1", "virtual-eq-2-2"],
    }


@pytest.mark.parametrize("name", ["nominal", "reject"])
async def test_a_case_again_on_a_later_day_changes_nothing(inventory: Inventory, clock: Clock, name: str) -> None:
    first = await imported(inventory, *case(name))
    await inventory.take_outbox()
    clock.advance(days=3)
    again = await imported(inventory, *case(name))
    assert counts(again) == (0, first["accepted"], first["rejected"])
    assert await inventory.outbox() == []


async def test_the_refused_lines_are_those_of_g4it_and_what_depends_on_them(inventory: Inventory) -> None:
    known = [
        {**server("MyMagicalPE"), "source": "numecoeval"},
        {"org": "acme", "source": "numecoeval", "external_id": "MyMagicalVE", "kind": "virtual_machine"},
    ]
    assert {row["status"] for row in await send(inventory.client, *known)} == {"created"}
    job = await imported(inventory, *case("reject"))
    found = await rejects(inventory, job)
    refused = {(row["file"].partition("#")[0], int(row["line"])) for row in found}
    expected = set()
    for table, file in TABLES.items():
        path = DATA / "g4it" / "reject_expected" / f"rejected_{table}_20240101_000000.csv"
        lines = list(csv.reader(path.read_text(encoding="utf-8").splitlines(), delimiter=";"))
        expected |= {(file, int(line[-2])) for line in lines[1:]}
    depends_on_a_refused_machine = {("APPLICATION_nominal.csv", 4)}
    assert refused == expected | depends_on_a_refused_machine, "G4IT itself takes that one"
    assert len(refused) == job["rejected"] == 16
    assert job["accepted"] == 8, "a data centre, the site of a country, a server, three machines, two claims"
    reasons: dict[tuple[str, int], set[tuple[str, str]]] = {
        (row["file"].partition("#")[2], int(row["line"])): set() for row in found
    }
    for row in found:
        reasons[row["file"].partition("#")[2], int(row["line"])].add((row["code"], row["field"]))
    twice = ("duplicate", "nomEquipementPhysique")
    assert reasons["datacenter", 3] == {("unknown_country", "localisation")}
    assert reasons["physical", 3] == {("acquired_after_retired", "dateAchat")}
    assert reasons["physical", 4] == reasons["physical", 5] == {("acquired_after_retired", "dateAchat"), twice}
    assert reasons["virtual", 4] == reasons["virtual", 5] == {("missing", "nomEquipementPhysique")}
    assert reasons["virtual", 6] == {("unknown_host", "nomEquipementPhysique")}
    assert reasons["virtual", 7] == {("refused_parent", "nomEquipementPhysique")}
    assert reasons["virtual", 9] == reasons["virtual", 10] == {("duplicate", "nomEquipementVirtuel")}
    assert reasons["application", 4] == {("refused_parent", "nomEquipementVirtuel")}
    assert reasons["application", 5] == {("missing", "typeEnvironnement")}
    assert reasons["application", 6] == reasons["application", 7] == {("duplicate", "nomApplication")}
    assert reasons["application", 8] == {("refused_parent", "nomEquipementVirtuel")}
    assert reasons["application", 9] == {("unknown_machine", "nomEquipementVirtuel")}


async def test_what_depends_on_a_refused_row_is_refused_though_an_earlier_import_brought_it(
    inventory: Inventory,
) -> None:
    good = f"{PHYSICAL}\nhost-1;;1;;2020-01-01;;Server;In use;France;4\n"
    virtual = "nomEquipementVirtuel;nomEquipementPhysique;vCPU\nvm-1;host-1;2\n"
    await imported(inventory, ("p.csv", good.encode()), ("v.csv", virtual.encode()))
    twice = f"{good}host-1;;1;;2020-01-01;;Server;In use;France;8\n"
    job = await imported(inventory, ("p.csv", twice.encode()), ("v.csv", virtual.encode()))
    assert [(row["code"], row["line"]) for row in await rejects(inventory, job)] == [
        ("duplicate", "2"),
        ("duplicate", "3"),
        ("refused_parent", "2"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_each_encoding_and_date_spelling_is_read(inventory: Inventory, encoding: str) -> None:
    rows = ["2020-07-08", "20200708", "08/07/2020", "08-07-2020"]
    text = (
        PHYSICAL
        + ";\n"
        + "".join(f"équipement-{number};;1;;{day};;Serveur;En service;Allemagne;;\n" for number, day in enumerate(rows))
    )
    job = await imported(inventory, ("physique.csv", text.encode(encoding)))
    assert (job["accepted"], job["rejected"]) == (5, 0)
    found = await listed(inventory)
    assert {asset["acquired"]["on"] for asset in found.values()} == {"2020-07-08"}
    assert set(found) == {f"équipement-{number}" for number in range(4)}


async def test_both_spellings_of_the_yearly_consumption_are_read(inventory: Inventory) -> None:
    for number, heading in enumerate(["consoElecAn", "consoElecAnnuelle"]):
        text = f"nomEquipementPhysique;type;{heading}\npc-{number};Laptop;35,5\n"
        assert (await imported(inventory, ("p.csv", text.encode())))["accepted"] == 1
    assert {asset["declared"]["annual_kwh"] for asset in (await listed(inventory)).values()} == {35.5}


async def test_a_machine_at_a_provider_needs_no_host_and_takes_its_size_from_the_instance_type(
    inventory: Inventory,
) -> None:
    text = (
        "nomEquipementVirtuel;nomEquipementPhysique;vCPU;typeInfrastructure;location;provider;typeInstance\n"
        "cloud-1;;;CLOUD_SERVICES;eu-west-3;AWS;m5.xlarge\n"
        "cloud-2;;;CLOUD_SERVICES;eu-west-3;AWS;m999.huge\n"
    )
    job = await imported(inventory, ("v.csv", text.encode()))
    assert (await listed(inventory))["cloud-1"]["allocation"] == {
        "vcpu": 4,
        "ram_gib": 16.0,
        "disk_gib": None,
        "cloud": {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"},
    }
    assert [(row["code"], row["field"]) for row in await rejects(inventory, job)] == [("unknown_instance_type", "vCPU")]


async def test_a_new_pue_holds_from_the_day_of_the_file(inventory: Inventory, clock: Clock) -> None:
    heading = "nomCourtDatacenter;nomLongDatacenter;pue;localisation;nomEntite;\n"
    await imported(inventory, ("dc.csv", f"{heading}DC Nord;Nord;1.6;France;E;\n".encode()))
    clock.advance(days=10)
    await inventory.take_outbox()
    job = await imported(inventory, ("dc.csv", f"{heading}DC Nord;Nord;1.4;France;E;\n".encode()))
    assert (job["updated"], job["rejected"]) == (1, 0)
    [event] = await inventory.outbox()
    assert document(event)["code"] == "DC-Nord"
    assert document(event)["pue"] == [
        {"from": None, "to": "2026-12-03", "value": 1.6},
        {"from": "2026-12-03", "to": None, "value": 1.4},
    ]


async def test_the_tables_may_be_sheets_of_one_workbook(inventory: Inventory) -> None:
    sheets: dict[str, list[list[Any]]] = {}
    for name, (_, content) in zip(TABLES, case("nominal"), strict=True):
        rows = csv.reader(content.decode().splitlines(), delimiter=";")
        sheets[name] = [[cell or None for cell in row] for row in rows]
    job = await imported(inventory, ("g4it.xlsx", workbook(sheets)))
    assert (job["format"], job["created"], job["rejected"]) == ("numecoeval", 13, 0)


async def test_a_dry_run_of_the_set_foresees_what_its_own_rows_depend_on(inventory: Inventory) -> None:
    rehearsal = await imported(inventory, *case("nominal"), query={"dry_run": "true"})
    real = await imported(inventory, *case("nominal"))
    names = ("created", "updated", "unchanged", "rejected", "dropped", "stages")
    assert {name: rehearsal[name] for name in names} == {name: real[name] for name in names}


async def test_an_import_of_nobody_fails_and_asks_whose_it_is(inventory: Inventory) -> None:
    job = await submit(inventory.client, *case("nominal"))
    assert await worker(inventory).work_once()
    ended = (await inventory.client.get(f"/v1/imports/{job['id']}")).json()
    assert (ended["status"], ended["failure"]["field"], ended["failure"]["code"]) == ("failed", "org", "missing")


def test_the_copies_say_where_they_come_from() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    folders = {path.relative_to(DATA).parts[0] for path in Path(DATA).rglob("*.csv")}
    assert {"g4it", "focus"} <= folders
    assert all(f"`{folder}/" in readme for folder in folders)
