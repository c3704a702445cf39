"""The platform's own CSV, and what every import has in common."""

from pathlib import Path
from typing import Any

import pytest
from inventory.imports.constellation import Constellation
from inventory.imports.reading import Defaults, FileFailure, SourceFile

from services.inventory.tests.sending import Clock, Inventory, MakeInventory, document
from services.inventory.tests.workbooks import LIMITS, imported, listed, rejects, submit, table, worker

IDENTITY = [
    "kind",
    "source",
    "external_id",
    "org",
    "name",
    "quantity",
    "status",
    "effective_from",
    "site",
    "host_source",
    "host_external_id",
]
MODEL = ["maker", "model", "acquired_on", "condition", "price_eur", "planned_life_years"]
PARTS = [
    "cpu_units",
    "cpu_cores",
    "cpu_tdp_w",
    "cpu_die_mm2",
    "cpu_model",
    "ram_units",
    "ram_gib",
    "disk_units",
    "disk_type",
    "disk_gib",
    "psu_units",
    "psu_kg",
    "case",
]
REST = [
    "vcpu",
    "allocated_ram_gib",
    "allocated_disk_gib",
    "plan",
    "annual_kwh",
    "average_w",
    "support_kind",
    "support_eur_per_year",
    "tags",
]
HEADINGS = [*IDENTITY, *MODEL, *PARTS, *REST]
SERVER = {"kind": "server", "source": "cmdb", "external_id": "srv-1"}
MACHINE = {
    "kind": "virtual_machine",
    "source": "vc",
    "external_id": "vm-1",
    "host_source": "cmdb",
    "host_external_id": "srv-1",
    "vcpu": "4",
}


def own(*rows: dict[str, Any], headings: list[str] = HEADINGS, delimiter: str = ",") -> tuple[str, bytes]:
    return ("own.csv", table(headings, *rows, delimiter=delimiter))


async def test_every_column_finds_its_place(inventory: Inventory) -> None:
    row = {
        **SERVER,
        "org": "acme",
        "name": "esx-1",
        "quantity": "2",
        "status": "standby",
        "effective_from": "2026-03-01",
        "site": "nanterre-1",
        "maker": "Dell",
        "model": "PowerEdge R740",
        "acquired_on": "2021-03-15",
        "condition": "refurbished",
        "price_eur": "9800.00",
        "planned_life_years": "6.5",
        "cpu_units": "2",
        "cpu_cores": "24",
        "cpu_tdp_w": "150",
        "cpu_die_mm2": "400.5",
        "cpu_model": "Xeon Gold 6248R",
        "ram_units": "12",
        "ram_gib": "32",
        "disk_units": "2",
        "disk_type": "ssd",
        "disk_gib": "960",
        "psu_units": "2",
        "psu_kg": "2.5",
        "case": "rack",
        "annual_kwh": "2400",
        "support_kind": "third_party",
        "support_eur_per_year": "650.00",
        "tags": "role=hypervisor; owner = it",
    }
    machine = {**MACHINE, "allocated_ram_gib": "16", "allocated_disk_gib": "100", "plan": "cloud-like"}
    job = await imported(inventory, own(machine, row))
    assert (job["status"], job["format"], job["accepted"]) == ("done", "constellation", 2)
    assets = await listed(inventory)
    server = assets["srv-1"]
    assert (server["name"], server["quantity"], server["status"], server["site"]) == (
        "esx-1",
        2,
        "standby",
        "nanterre-1",
    )
    assert server["effective_from"] == "2026-02-28T23:00:00Z"
    assert server["acquired"] == {
        "on": "2021-03-15",
        "condition": "refurbished",
        "price_eur": "9800.00",
        "age_years": None,
    }
    assert server["configuration"]["cpu"] == {
        "units": 2,
        "cores": 24,
        "tdp_w": 150.0,
        "die_mm2": 400.5,
        "model": "Xeon Gold 6248R",
    }
    assert server["configuration"]["ram"][0]["units"] == 12
    assert server["configuration"]["disks"][0]["type"] == "ssd"
    assert server["configuration"]["psu"] == {"units": 2, "kg": 2.5}
    assert server["configuration"]["case"] == "rack"
    assert server["planned_life_years"] == 6.5
    assert server["declared"]["annual_kwh"] == 2400
    assert server["support"] == {"kind": "third_party", "eur_per_year": "650.00"}
    assert server["tags"] == {"role": "hypervisor", "owner": "it"}
    assert assets["vm-1"]["allocation"] == {"vcpu": 4, "ram_gib": 16.0, "disk_gib": 100.0, "cloud": None}
    assert assets["vm-1"]["plan"] == "cloud-like"
    assert assets["vm-1"]["host"]["external_id"] == "srv-1"


async def test_several_rows_of_one_asset_are_its_history_and_the_same_file_again_changes_nothing(
    inventory: Inventory, clock: Clock
) -> None:
    file = own(
        {**MACHINE, "effective_from": "2026-06-01", "vcpu": "8"},
        {**MACHINE, "effective_from": "2026-01-01", "status": "in_service"},
        {**MACHINE, "effective_from": "2026-09-01", "vcpu": "", "status": "off"},
        SERVER,
    )
    first = await imported(inventory, file)
    assert (first["accepted"], first["created"]) == (4, 4)
    event = next(event for event in await inventory.take_outbox() if document(event)["external_id"] == "vm-1")
    assert [(segment["status"], segment["allocation"]["vcpu"]) for segment in document(event)["timeline"]] == [
        ("in_service", 4),
        ("in_service", 8),
        ("off", 8),
    ]
    clock.advance(days=30)
    again = await imported(inventory, file)
    assert (again["accepted"], again["unchanged"], again["rejected"]) == (0, 4, 0)
    assert await inventory.outbox() == []


async def test_defaults_of_the_import_hold_for_rows_that_do_not_say(inventory: Inventory) -> None:
    file = own(SERVER, MACHINE, {**SERVER, "external_id": "srv-2", "effective_from": "2026-05-01"})
    await imported(inventory, file, site="nanterre-1", effective_from="2026-01-01")
    assets = await listed(inventory)
    assert {name: asset["site"] for name, asset in assets.items()} == {
        "srv-1": "nanterre-1",
        "srv-2": "nanterre-1",
        "vm-1": None,
    }
    assert assets["srv-1"]["effective_from"] == "2025-12-31T23:00:00Z"
    assert assets["srv-2"]["effective_from"] == "2026-04-30T22:00:00Z"


async def test_a_semicolon_file_with_a_byte_order_mark_is_read_as_excel_saves_it(inventory: Inventory) -> None:
    name, content = own({**SERVER, "name": "Orléans"}, delimiter=";")
    job = await imported(inventory, (name, b"\xef\xbb\xbf" + content))
    assert (job["status"], job["accepted"]) == ("done", 1)
    assert (await listed(inventory))["srv-1"]["name"] == "Orléans"


BAD_ROWS: list[tuple[dict[str, str], str, str]] = [
    ({"kind": "toaster"}, "unknown_kind", "kind"),
    ({"kind": ""}, "missing", "kind"),
    ({"source": ""}, "missing", "source"),
    ({"quantity": "0"}, "too_small", "quantity"),
    ({"quantity": "two"}, "wrong_type", "quantity"),
    ({"status": "running"}, "unknown_status", "status"),
    ({"effective_from": "01/03/2026"}, "not_a_date", "effective_from"),
    ({"effective_from": "1989-12-31"}, "before_1990", "effective_from"),
    ({"effective_from": "2026-03-01T00:00:00"}, "no_offset", "effective_from"),
    ({"site": "elsewhere"}, "unknown_site", "site"),
    ({"org": "nobody"}, "unknown_organisation", "org"),
    ({"condition": "stolen"}, "unknown_condition", "condition"),
    ({"price_eur": "-1.00"}, "negative", "price_eur"),
    ({"price_eur": "9 800"}, "wrong_type", "price_eur"),
    ({"planned_life_years": "0"}, "not_positive", "planned_life_years"),
    ({"planned_life_years": "nan"}, "not_finite", "planned_life_years"),
    ({"cpu_cores": "24"}, "missing", "cpu_units"),
    ({"cpu_units": "2", "cpu_tdp_w": "150 W"}, "wrong_type", "cpu_tdp_w"),
    ({"ram_units": "2", "ram_gib": "-1"}, "negative", "ram_gib"),
    ({"disk_units": "2", "disk_type": "tape"}, "unknown_disk_type", "disk_type"),
    ({"annual_kwh": "1", "average_w": "1"}, "either_or", "average_w"),
    ({"vcpu": "2"}, "only_for_virtual_machines", "vcpu"),
    ({"host_external_id": "srv-9"}, "only_for_virtual_machines", "host_external_id"),
    ({"host_source": "cmdb"}, "missing", "host_external_id"),
    ({"tags": "no equals sign"}, "wrong_type", "tags"),
    ({"name": "a\x00b"}, "malformed", ""),
]


async def test_bad_rows_come_back_with_line_column_code_and_message_and_the_others_are_in(inventory: Inventory) -> None:
    good = [{**SERVER, "external_id": f"good-{number}"} for number in range(len(BAD_ROWS))]
    bad = [{**SERVER, "external_id": f"bad-{number}", **change} for number, (change, _, _) in enumerate(BAD_ROWS)]
    file = own(*(row for pair in zip(good, bad, strict=True) for row in pair))
    job = await imported(inventory, file)
    assert (job["accepted"], job["rejected"]) == (len(good), len(bad))
    found = await rejects(inventory, job)
    assert {reject["file"] for reject in found} == {"own.csv"}
    assert all(reject["message"] for reject in found)
    for number, (_, code, field) in enumerate(BAD_ROWS):
        own_rejects = [reject for reject in found if reject["line"] == str(2 * number + 3)]
        assert (code, field) in [(reject["code"], reject["field"]) for reject in own_rejects]
        assert all(f"bad-{number}" in reject["original"] for reject in own_rejects)
    assert set(await listed(inventory)) == {row["external_id"] for row in good}


async def test_a_row_of_another_width_is_refused_and_lines_are_counted_as_they_stand(inventory: Inventory) -> None:
    content = b'kind,source,external_id,name\nserver,cmdb,a,"two\nlines"\n\nserver,cmdb\nserver,cmdb,c,x\n'
    job = await imported(inventory, ("own.csv", content))
    found = [(reject["line"], reject["code"], reject["original"]) for reject in await rejects(inventory, job)]
    assert found == [
        ("2", "malformed", 'server,cmdb,a,"two\nlines"'),
        ("5", "wrong_number_of_cells", "server,cmdb"),
    ]
    assert job["accepted"] == 1


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (b"kind,source,external_id,colour\n", "unknown_column", "colour"),
        (b"kind,source,external_id,cpu_tdp (W)\n", "unknown_column", "cpu_tdp (w)"),
        (b"kind,source,external_id,name,name\n", "duplicate_column", "name"),
        (b"kind,source,name\n", "missing_column", "external_id"),
        (b"", "empty", ""),
        (b"kind,source,external_id,name\nserver,cmdb,a,\xe9\n", "not_utf8", ""),
        (b'kind,source,external_id,name\nserver,cmdb,a,"never closed\n', "malformed", ""),
    ],
)
def test_a_file_that_is_not_ours_fails_as_a_whole_and_says_why(
    tmp_path: Path, content: bytes, code: str, field: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(content)
    with pytest.raises(FileFailure) as failure:
        list(Constellation(LIMITS).read([SourceFile(0, "own.csv", path)], Defaults(org="acme")))
    assert (failure.value.file, failure.value.field, failure.value.code) == ("own.csv", field, code)


async def test_an_import_of_a_file_that_is_not_ours_fails_and_brings_nothing(inventory: Inventory) -> None:
    content = b"kind,source,external_id,colour\nserver,cmdb,a,blue\n"
    job = await imported(inventory, ("own.csv", content))
    assert job["status"] == "failed"
    assert job["failure"] | {"detail": ""} == {
        "file": "own.csv",
        "field": "colour",
        "code": "unknown_column",
        "detail": "",
    }
    assert await listed(inventory) == {}


async def test_a_form_field_that_an_import_does_not_have_is_refused_and_nothing_is_imported(
    inventory: Inventory,
) -> None:
    """`dry_run` is a query parameter: passed over in the form, the import would be real."""
    answer = await inventory.client.post(
        "/v1/imports",
        data={"org": "acme", "dry_run": "true"},
        files={"file": ("assets.csv", b"kind,source,external_id\n")},
    )
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("dry_run", "unknown_parameter")
    assert "known are effective_from, file, kind, mapping, org, site, source" in error["detail"]
    assert (await inventory.client.get("/v1/imports")).json()["items"] == []


async def test_a_dry_run_counts_and_refuses_but_changes_nothing(inventory: Inventory) -> None:
    file = own(SERVER, MACHINE, {**SERVER, "external_id": "bad", "quantity": "0"})
    job = await imported(inventory, file, query={"dry_run": "true"})
    assert (job["status"], job["created"], job["rejected"]) == ("done", 2, 1)
    assert [reject["code"] for reject in await rejects(inventory, job)] == ["too_small"]
    assert await listed(inventory) == {}
    assert await inventory.outbox() == []
    assert (await imported(inventory, file))["created"] == 2


async def test_hosts_are_found_whatever_the_chunks(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(import_chunk_rows=2)
    chain = [
        {**MACHINE, "external_id": f"a-guest-{number}", "host_source": "vc", "host_external_id": "z-nested"}
        for number in range(5)
    ]
    nested = {**MACHINE, "external_id": "z-nested"}
    job = await imported(inventory, own(*chain, nested, SERVER))
    assert (job["accepted"], job["rejected"]) == (7, 0)


BAD_DEFAULTS = [
    ({"org": "nobody"}, "org"),
    ({"org": "acme", "site": "elsewhere"}, "site"),
    ({"org": "acme", "effective_from": "soon"}, "effective_from"),
    ({"org": "Acme Inc"}, "org"),
    ({"site": "nanterre-1"}, "org"),
]


async def test_bad_defaults_are_refused_at_once(inventory: Inventory) -> None:
    for form, field in BAD_DEFAULTS:
        answer = await inventory.client.post("/v1/imports", files=[("file", own(SERVER))], data=form)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field


async def test_files_beyond_the_limits_are_refused_at_once(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(import_limit_bytes=2000, import_limit_files=2, import_limit_rows=3)
    large = await inventory.client.post("/v1/imports", files=[("file", ("a.csv", b"x" * 2001))], data={"org": "acme"})
    many = await inventory.client.post("/v1/imports", files=[("file", own(SERVER))] * 3, data={"org": "acme"})
    assert (large.status_code, many.status_code) == (413, 413)
    rows = b"kind,source,external_id\n" + b"".join(b"server,cmdb,s%d\n" % number for number in range(4))
    job = await imported(inventory, ("own.csv", rows))
    assert (job["status"], job["failure"]["code"]) == ("failed", "too_many_rows")
    assert await listed(inventory) == {}


async def test_no_file_and_an_unknown_format_are_refused(inventory: Inventory) -> None:
    none = await inventory.client.post("/v1/imports", data={"org": "acme"})
    other = await inventory.client.post("/v1/imports", params={"format": "lotus"}, files=[("file", own(SERVER))])
    assert (none.status_code, none.json()["errors"][0]["field"]) == (422, "file")
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "format")


async def test_the_same_idempotency_key_is_one_import(inventory: Inventory) -> None:
    headers = {"Idempotency-Key": "monday"}

    async def post(*rows: dict[str, Any]) -> Any:
        files = [("file", own(*rows))]
        return await inventory.client.post("/v1/imports", files=files, data={"org": "acme"}, headers=headers)

    first, again, other = await post(SERVER), await post(SERVER), await post(SERVER, MACHINE)
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert first.json()["id"] == again.json()["id"]


async def test_progress_is_followed_to_the_end_and_the_import_is_listed(inventory: Inventory) -> None:
    job = await submit(inventory.client, own(SERVER, MACHINE), org="acme")
    assert job["status"] == "queued"
    async with inventory.running(workers=True):
        answer = await inventory.client.get(f"/v1/imports/{job['id']}/events")
    events = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert events[-1] == "done"
    assert set(events[:-1]) <= {"progress"}
    [listed_job] = (await inventory.client.get("/v1/imports", params={"org": "acme"})).json()["items"]
    assert (listed_job["id"], listed_job["status"]) == (job["id"], "done")


async def test_an_import_touches_only_what_its_senders_token_names(inventory: Inventory) -> None:
    async with inventory.client_for(["globex"]) as globex:
        forbidden = await globex.post("/v1/imports", files=[("file", own(SERVER))], data={"org": "acme"})
        assert forbidden.status_code == 403
        job = await submit(globex, own({**SERVER, "org": "acme"}, {**SERVER, "external_id": "mine"}))
        assert job["org"] == "globex"
        assert await worker(inventory).work_once()
        path = f"/v1/imports/{job['id']}"
        assert (await globex.get(path)).json()["rejected"] == 1
        assert "forbidden_organisation" in (await globex.get(f"{path}/rejects.csv")).text
    assert {name: asset["org"] for name, asset in (await listed(inventory)).items()} == {"mine": "globex"}
    async with inventory.client_for(["acme"]) as acme:
        assert (await acme.get(path)).status_code == 404
        assert (await acme.get(f"{path}/rejects.csv")).status_code == 404
        assert (await acme.get(f"{path}/events")).status_code == 404
        assert (await acme.get("/v1/imports")).json()["items"] == []


async def test_an_import_over_every_organisation_is_only_for_who_may_see_them_all(inventory: Inventory) -> None:
    job = await submit(inventory.client, own({**SERVER, "org": "acme"}, {**SERVER, "org": "globex"}))
    assert job["org"] == "*"
    assert await worker(inventory).work_once()
    assert (await inventory.client.get(f"/v1/imports/{job['id']}")).json()["created"] == 2
    async with inventory.client_for(["acme", "globex"]) as both:
        assert (await both.get(f"/v1/imports/{job['id']}")).status_code == 404
        answer = await both.post("/v1/imports", files=[("file", own(SERVER))])
        assert answer.json()["errors"][0] | {"detail": ""} == {"field": "org", "code": "missing", "detail": ""}
