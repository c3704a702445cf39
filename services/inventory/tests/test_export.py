"""What is taken away as a table can be brought back, and changes nothing."""

import csv
import io
from typing import Any

import openpyxl
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.guarding import guarded, unguarded

from services.inventory.tests.sending import Inventory, MakeInventory, machine, send, server
from services.inventory.tests.workbooks import imported

PLAIN = {
    "cpu": {"units": 2, "cores": 24, "die_mm2": 400.5, "tdp_w": 150, "model": "Xeon Gold 6248R"},
    "ram": [{"units": 12, "gib": 32}],
    "disks": [{"units": 2, "type": "ssd", "gib": 960}],
    "psu": {"units": 2, "kg": 2.5},
    "case": "rack",
}
CROWDED = {
    **PLAIN,
    "ram": [{"units": 12, "gib": 32}, {"units": 4, "gib": 64, "density_gb_cm2": 1.2444}],
    "gpus": [{"units": 2, "model": "A100, 80 GB", "tdp_w": 300}],
    "ports": 4,
}
ROWS: list[dict[str, Any]] = [
    server(
        "srv-1",
        name='=HYPERLINK("x"); "quoted", é',
        site="nanterre-1",
        configuration=PLAIN,
        model={"maker": "Dell", "name": "PowerEdge R740"},
        acquired={"on": "2021-03-15", "condition": "refurbished", "price_eur": "9800.00", "age_years": 2.5},
        planned_life_years=6,
        declared={"annual_kwh": 2400.25, "embodied_kg": 1300},
        support={"kind": "third_party", "eur_per_year": "650.00"},
        owner="infra",
        serial_number="SN-88F2",
        tags={"env": "prod", "note": "a;b=c"},
        effective_from="2026-01-01",
    ),
    server("srv-2", configuration=CROWDED, tags={"env": "test"}, effective_from="2026-01-01T12:34:56.789012+01:00"),
    server("srv-2", status="off", effective_from="2026-05-01"),
    machine("vm-1", "srv-1", allocation={"vcpu": 4, "ram_gib": 16.5}, plan="cloud-like", effective_from="2026-01-01"),
    machine("vm-1", allocation={"vcpu": 8, "ram_gib": 16.5}, effective_from="2026-03-01"),
    {
        **machine("vm-2", allocation={"vcpu": 4, "cloud": {"provider": "aws", "instance_type": "m5.xlarge"}}),
        "uuid": "4209c7a4-6f2e-6a44-8c51-92f4f0b8b7aa",
    },
    {**server("lot-1", quantity=40), "kind": "laptop"},
]


async def export(inventory: Inventory, **query: Any) -> bytes:
    answer = await inventory.client.get("/v1/assets/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


async def test_an_exported_table_imported_again_changes_nothing(inventory: Inventory) -> None:
    assert all(result["status"] == "created" for result in await send(inventory.client, *ROWS))
    await inventory.take_outbox()
    for history, rows in (("false", 5), ("true", 7)):
        content = await export(inventory, history=history)
        job = await imported(inventory, ("assets.csv", content))
        assert (job["status"], job["unchanged"], job["accepted"], job["rejected"]) == ("done", rows, 0, 0), job
    assert await inventory.outbox() == []


async def test_an_exported_table_rebuilds_the_assets_elsewhere(
    inventory: Inventory, make_inventory: MakeInventory
) -> None:
    await send(inventory.client, *ROWS)
    elsewhere = await make_inventory()
    job = await imported(elsewhere, ("assets.csv", await export(inventory, history="true")))
    assert (job["accepted"], job["rejected"]) == (7, 0)
    told = {"id", "site_id", "host_id", "version", "recorded_at"}

    async def documents(one: Inventory) -> list[dict[str, Any]]:
        items = (await one.client.get("/v1/assets")).json()["items"]
        return [{name: value for name, value in item.items() if name not in told} for item in items]

    assert await documents(elsewhere) == await documents(inventory)


async def test_parts_that_do_not_fit_into_cells_are_written_as_one_document(inventory: Inventory) -> None:
    await send(inventory.client, *ROWS)
    by_name = {line["external_id"]: line for line in lines(await export(inventory))}
    assert (by_name["srv-1"]["cpu_units"], by_name["srv-1"]["configuration"]) == ("2", "")
    assert by_name["srv-2"]["cpu_units"] == ""
    assert '"gpus"' in by_name["srv-2"]["configuration"]
    assert (by_name["vm-1"]["vcpu"], by_name["vm-1"]["host_external_id"]) == ("8", "srv-1")


async def test_an_export_holds_what_its_filter_finds_and_more_than_one_page(inventory: Inventory) -> None:
    await send(inventory.client, *(server(f"srv-{number:04}") for number in range(2100)), *ROWS[3:4])
    assert len(lines(await export(inventory, kind="server"))) == 2100
    assert [line["external_id"] for line in lines(await export(inventory, q="0007"))] == ["srv-0007"]
    assert lines(await export(inventory, org="globex")) == []


async def test_a_workbook_holds_the_same_rows_and_no_formula(inventory: Inventory) -> None:
    await send(inventory.client, *ROWS)
    book = openpyxl.load_workbook(io.BytesIO(await export(inventory, format="xlsx")))
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    plain = lines(await export(inventory))
    assert list(header) == list(plain[0])
    assert [["" if value is None else str(value) for value in row] for row in rows] == [
        [unguarded(cell) for cell in one.values()] for one in plain
    ]
    assert all(cell.data_type != "f" for row in book.worksheets[0].iter_rows() for cell in row)


async def test_a_workbook_imported_again_changes_nothing_however_awkward_its_cells(inventory: Inventory) -> None:
    await send(
        inventory.client,
        *ROWS,
        server("_x0041_b", name="_x000D_", serial_number="0012345678901234567890"),
        server("007", name="1E5", declared={"annual_kwh": 0.1 + 0.2}),
        machine("TRUE", "007", allocation={"vcpu": 2, "ram_gib": 93.1322574615478515}),
    )
    await inventory.take_outbox()
    job = await imported(inventory, ("assets.xlsx", await export(inventory, format="xlsx")))
    assert (job["unchanged"], job["accepted"], job["rejected"]) == (8, 0, 0), job
    assert await inventory.outbox() == []


@given(st.text(st.sampled_from("'=+-@\t\ra1"), max_size=6))
def test_a_guarded_text_is_no_formula_and_comes_back(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(text)) == text


async def test_a_csv_file_holds_no_formula_and_imported_again_changes_nothing(inventory: Inventory) -> None:
    awkward = [server("=1+1", name="'=1+1", owner="-ops"), server("'@home", name="it's", tags={"=a": "+b"})]
    await send(inventory.client, *awkward, server("far", declared={"annual_kwh": 1e-7}))
    await inventory.take_outbox()
    content = await export(inventory)
    cells = [cell for line in lines(content) for cell in line.values()]
    assert {"'=1+1", "''=1+1", "'-ops", "''@home", "it's"} <= set(cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    job = await imported(inventory, ("assets.csv", content))
    assert (job["unchanged"], job["accepted"], job["rejected"]) == (3, 0, 0), job
    assert await inventory.outbox() == []
