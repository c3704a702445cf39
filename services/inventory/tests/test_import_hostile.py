"""Files that are broken, or made to break: each ends with a clear failure or clear rejects, never in an internal error."""

import io
import zipfile
from typing import Any

import pytest

from services.inventory.tests.sending import Inventory, MakeInventory
from services.inventory.tests.workbooks import V_INFO, guest, imported, listed, rejects, workbook

OWN = "kind,source,external_id,name\n"
SHEET = "xl/worksheets/sheet1.xml"


def replaced(content: bytes, entry: str, data: bytes) -> bytes:
    """A workbook with another content of one of its entries."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in source.infolist():
            archive.writestr(one, data if one.filename == entry else source.read(one))
    return target.getvalue()


def sheet(content: bytes) -> bytes:
    return zipfile.ZipFile(io.BytesIO(content)).read(SHEET)


SMALL = workbook({"vInfo": [V_INFO, guest()]})
OWN_BOOK = workbook({"Assets": [["kind", "source", "external_id", "name"], ["server", "a", "b", "c"]]})


async def failure(inventory: Inventory, name: str, content: bytes, **query: str) -> str:
    job = await imported(inventory, (name, content), query=query or None)
    assert job["status"] == "failed", job
    assert job["failure"]["code"] != "internal_error", job
    assert await listed(inventory) == {}
    code: str = job["failure"]["code"]
    return code


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
async def test_utf_16_is_refused_as_what_it_is(inventory: Inventory, encoding: str) -> None:
    content = f"{OWN}server,a,b,c\n".encode(encoding)
    for format_ in ("auto", "constellation", "rvtools", "numecoeval", "focus", "purchases", "glpi"):
        assert await failure(inventory, "a.csv", content, format=format_) == "wrong_encoding"


@pytest.mark.parametrize(
    ("format_", "code"),
    [
        ("rvtools", "not_rvtools"),
        ("numecoeval", "not_numecoeval"),
        ("focus", "not_focus"),
        ("aws_cur", "not_aws_cur"),
        ("purchases", "not_purchases"),
        ("glpi", "missing_column"),
        ("mapped", "unknown_mapping"),
    ],
)
async def test_a_named_format_refuses_a_file_that_is_not_of_it(inventory: Inventory, format_: str, code: str) -> None:
    own = b"kind,source,external_id,quantity,cpu_model\nserver,a,b,1,Xeon\n"
    assert await failure(inventory, "own.csv", own, format=format_) == code


async def test_a_zip_bomb_is_not_unpacked(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(workbook_limit_bytes=4 * 1024 * 1024)
    assert await failure(inventory, "a.xlsx", replaced(SMALL, "docProps/app.xml", b" " * 50_000_000)) == "too_large"


async def test_an_archive_that_lies_about_its_size_is_refused(inventory: Inventory) -> None:
    bomb = bytearray(replaced(SMALL, "docProps/app.xml", b" " * 3_000_000))
    honest = (3_000_000).to_bytes(4, "little")
    while (position := bomb.find(honest)) >= 0:
        bomb[position : position + 4] = (10).to_bytes(4, "little")
    assert await failure(inventory, "a.xlsx", bytes(bomb)) == "unreadable"


async def test_a_cell_in_the_last_corner_costs_a_process_and_not_the_service(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(workbook_memory_bytes=512 * 1024 * 1024)
    corner = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    content = replaced(SMALL, SHEET, sheet(SMALL).replace(b"</sheetData>", corner))
    assert await failure(inventory, "a.xlsx", content) == "too_large"


async def test_a_text_repeated_without_end_does_not_fill_the_disk(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(workbook_limit_bytes=3 * 1024 * 1024)
    rows = [["kind", "source", "external_id", "name"], *(["server", "a", "b", "x" * 30_000] for _ in range(300))]
    content = workbook({"Assets": rows})
    assert await failure(inventory, "a.xlsx", content) == "too_large"


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE a [<!ENTITY x "x"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;"><!ENTITY z "&y;&y;&y;&y;&y;&y;&y;&y;">]>',
    ],
    ids=["external", "billion laughs"],
)
async def test_entities_of_a_document_are_not_expanded(inventory: Inventory, doctype: bytes) -> None:
    cell = b'<row r="3"><c r="A3" t="inlineStr"><is><t>server</t></is></c>'
    cell += b'<c r="B3" t="inlineStr"><is><t>a</t></is></c><c r="C3" t="inlineStr"><is><t>d</t></is></c>'
    cell += b'<c r="D3" t="inlineStr"><is><t>&x;&z;</t></is></c></row></sheetData>'
    document = sheet(OWN_BOOK).replace(b"</sheetData>", cell)
    content = replaced(OWN_BOOK, SHEET, doctype + document)
    job = await imported(inventory, ("a.xlsx", content))
    assert job["failure"] is None or job["failure"]["code"] == "unreadable"
    names = {asset["name"] for asset in (await listed(inventory)).values()}
    assert not any("root" in str(name) or "xxxx" in str(name) for name in names)


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 and nothing more", b"PK\x03\x04" + bytes(range(256)) * 20, b"\xd0\xcf\x11\xe0" + bytes(2000), b""],
    ids=["cut off", "noise", "old or protected workbook", "empty"],
)
@pytest.mark.parametrize("format_", ["auto", "constellation", "rvtools", "numecoeval", "focus", "glpi"])
async def test_what_is_no_file_of_rows_fails_with_a_reason(inventory: Inventory, content: bytes, format_: str) -> None:
    job = await imported(inventory, ("a.bin", content), query={"format": format_})
    assert job["status"] == "failed"
    assert job["failure"]["code"] not in ("internal_error", "")


async def test_formulas_are_values_here_and_no_formulas_in_the_rejects(inventory: Inventory) -> None:
    text = f'{OWN}server,a,=1+1,=HYPERLINK("http://x")\n=cmd|calc,a,c,d\n'
    job = await imported(inventory, ("own.csv", text.encode()))
    assert (job["created"], job["rejected"]) == (1, 1)
    assert (await listed(inventory))["=1+1"]["name"] == '=HYPERLINK("http://x")'
    [reject] = await rejects(inventory, job)
    assert reject["original"] == "'=cmd|calc,a,c,d"
    book = workbook({"Assets": [["kind", "source", "external_id", "name"], ["server", "a", "=1+1", "n"]]})
    assert (await imported(inventory, ("a.xlsx", book)))["status"] == "done"


async def test_huge_cells_are_refused_one_by_one(inventory: Inventory) -> None:
    text = f"{OWN}server,a,{'x' * 100_000},d\nserver,a,b,{'y' * 300}\nserver,a,c,fine\n"
    job = await imported(inventory, ("own.csv", text.encode()))
    assert (job["created"], job["rejected"]) == (1, 2)
    found = await rejects(inventory, job)
    assert {row["code"] for row in found} == {"too_long"}
    assert max(len(row["original"]) for row in found) <= 20_001


async def test_a_cell_that_is_never_closed_fails_the_file(inventory: Inventory) -> None:
    content = f'{OWN}server,a,b,"{"x" * 200_000}'.encode()
    assert await failure(inventory, "own.csv", content) == "malformed"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("constellation", "kind,source,external_id,name,name\nserver,a,b,c,d\n"),
        ("numecoeval", "nomEquipementPhysique;type;type\na;Server;Server\n"),
        ("focus", "BilledCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ResourceId,resource id\n1,2,3,4,5,6\n"),
        ("glpi", "Name;Status;ID;name\na;In use;1;b\n"),
    ],
)
async def test_a_heading_that_stands_twice_fails_the_file(inventory: Inventory, name: str, text: str) -> None:
    assert await failure(inventory, "a.csv", text.encode(), format=name) == "duplicate_column"


async def test_a_header_line_in_the_middle_is_refused_alone(inventory: Inventory) -> None:
    files: dict[str, Any] = {
        "constellation": f"{OWN}server,a,b,c\n{OWN}server,a,c,d\n",
        "glpi": "Name;Status;ID;Type\na;In use;1;Server\nName;Status;ID;Type\nb;In use;2;Server\n",
    }
    for name, text in files.items():
        job = await imported(inventory, (f"{name}.csv", text.encode()), query={"format": name})
        assert (job["created"], job["rejected"]) == (2, 1)
        assert [row["code"] for row in await rejects(inventory, job)] == ["repeated_header"]
