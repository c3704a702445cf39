"""What was paid for known assets, and when: a second file beside an inventory that does not know it."""

from typing import Any

from services.inventory.tests.sending import Clock, Inventory, document, send, server
from services.inventory.tests.workbooks import V_HOST, host, imported, listed, rejects, workbook

LIST = (
    "Numéro de série;Nom;Date d'achat;Prix\n"
    "SN-1;;15/03/2021;9 800,00 €\n"
    ";ESX-2;20200708;7500\n"
    ";esx-9;2020-01-01;\n"
    ";twin;2020-01-01;\n"
    ";;2020-01-01;\n"
    "SN-1;;2022-01-01;\n"
    ";esx-3;not a day;\n"
    ";esx-3;2020-01-01;cheap\n"
)


async def known(inventory: Inventory) -> None:
    headings = [*V_HOST, "Serial number"]
    rows = [
        headings,
        [*host("esx-1.acme.example"), "SN-1"],
        [*host("esx-2.acme.example"), "SN-2"],
        [*host("esx-3"), None],
    ]
    assert (await imported(inventory, ("a.xlsx", workbook({"vHost": rows}))))["created"] == 3
    twins = [server("t-1", name="twin"), server("t-2", name="Twin")]
    assert {row["status"] for row in await send(inventory.client, *twins)} == {"created"}
    await inventory.take_outbox()


async def test_dates_and_prices_find_their_assets_by_serial_or_name(inventory: Inventory, clock: Clock) -> None:
    await known(inventory)
    good = "\n".join(LIST.splitlines()[:3])
    job = await imported(inventory, ("purchases.csv", good.encode()))
    assert (job["format"], job["updated"], job["rejected"]) == ("purchases", 2, 0)
    found = await listed(inventory)
    first, second = found["esx-1.acme.example"]["acquired"], found["esx-2.acme.example"]["acquired"]
    assert (first["on"], first["price_eur"]) == ("2021-03-15", "9800.00")
    assert (second["on"], second["price_eur"]) == ("2020-07-08", "7500.00")
    assert {document(event)["version"] for event in await inventory.take_outbox()} == {2}
    clock.advance(days=1)
    again = await imported(inventory, ("purchases.csv", good.encode()))
    assert (again["accepted"], again["unchanged"]) == (0, 2)
    assert await inventory.outbox() == []


async def test_a_serial_number_is_found_however_an_invoice_writes_it(inventory: Inventory) -> None:
    rows = [server("a", serial_number="CZ 204-0099"), server("b", tags={"serial": "sn88f2"}), server("sgh-041xx")]
    await send(inventory.client, *rows)
    file = b"serial,acquired_on\ncz2040099,2020-01-01\nSN-88F2,2021-01-01\nSGH041XX,2022-01-01\n"
    job = await imported(inventory, ("p.csv", file))
    assert (job["updated"], job["rejected"]) == (3, 0)
    bought = {name: asset["acquired"]["on"] for name, asset in (await listed(inventory)).items()}
    assert bought == {"a": "2020-01-01", "b": "2021-01-01", "sgh-041xx": "2022-01-01"}


async def test_rows_of_no_asset_or_of_several_are_refused_with_the_reason(inventory: Inventory) -> None:
    await known(inventory)
    job = await imported(inventory, ("purchases.csv", LIST.encode()))
    assert (job["updated"], job["rejected"]) == (1, 7)
    reasons = {(int(row["line"]), row["code"]) for row in await rejects(inventory, job)}
    assert reasons == {
        (2, "duplicate"),
        (4, "unknown_asset"),
        (5, "ambiguous_asset"),
        (6, "missing"),
        (7, "duplicate"),
        (8, "not_a_date"),
        (8, "duplicate"),
        (9, "wrong_type"),
        (9, "duplicate"),
    }


async def test_what_the_list_does_not_say_of_a_purchase_stays(inventory: Inventory) -> None:
    row = server("srv-1", name="a", acquired={"on": "2019-01-01", "condition": "refurbished", "age_years": 3.0})
    await send(inventory.client, row)
    job = await imported(inventory, ("p.csv", b"name,price_eur,planned_life_years\na,100.00,7\n"))
    assert (job["format"], job["updated"]) == ("purchases", 1)
    asset = (await listed(inventory))["srv-1"]
    assert asset["acquired"] == {
        "on": "2019-01-01",
        "condition": "refurbished",
        "price_eur": "100.00",
        "age_years": 3.0,
    }
    assert asset["planned_life_years"] == 7


async def test_the_source_tells_assets_of_one_name_apart(inventory: Inventory) -> None:
    await send(inventory.client, server("a", name="twin"), {**server("a", name="twin"), "source": "other"})
    job = await imported(inventory, ("p.csv", b"name,acquired_on\ntwin,2020-01-01\n"), source="other")
    assert (job["updated"], job["rejected"]) == (1, 0)


async def test_a_list_may_be_a_workbook_and_may_be_rehearsed(inventory: Inventory) -> None:
    await known(inventory)
    sheets: dict[str, list[list[Any]]] = {
        "Achats": [["Serial number", "Purchase date", "Price"], ["SN-1", "2021-03-15", 9800.5]]
    }
    job = await imported(inventory, ("p.xlsx", workbook(sheets)), query={"dry_run": "true"})
    assert (job["updated"], await inventory.outbox()) == (1, [])
    [difference] = (await inventory.client.get(f"/v1/imports/{job['id']}/diff?result=updated")).json()["items"]
    changes = {change["field"]: (change["before"], change["after"]) for change in difference["changes"]}
    assert changes == {"acquired.on": (None, "2021-03-15"), "acquired.price_eur": (None, "9800.50")}
