"""Workbooks and files made for a test, and how they are imported."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from httpx import AsyncClient
from inventory.imports.tabs import WorkbookLimits
from inventory.service.import_worker import ImportWorker

from services.inventory.tests.sending import Inventory

LIMITS = WorkbookLimits(2**30, 2**30)
DATA = Path(__file__).parent / "data"
V_INFO = ["VM", "Powerstate", "Template", "SRM Placeholder", "CPUs", "Memory", "Provisioned MiB", "Host", "VM UUID"]
V_HOST = ["Host", "# CPU", "Cores per CPU", "# Cores", "CPU Model", "# Memory", "Vendor", "Model"]

Rows = Sequence[Sequence[Any]]


def workbook(sheets: Mapping[str, Rows]) -> bytes:
    """An xlsx file with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def formatted_to_the_last_row(content: bytes) -> bytes:
    """The workbook, its first sheet given formatted but empty rows down to 1,048,576, as Excel saves them."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                empty = "".join(f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(1000, 1_048_577))
                data = data.replace(b"</sheetData>", empty.encode() + b"</sheetData>")
            archive.writestr(entry, data)
    return target.getvalue()


def table(headings: Sequence[str], *rows: Mapping[str, Any], delimiter: str = ",") -> bytes:
    """A CSV file; cells that a row does not name are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, headings, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def host(name: str = "esx-1", **more: Any) -> list[Any]:
    """A row of vHost."""
    cells = {"# CPU": 2, "Cores per CPU": 16, "# Cores": 32, "CPU Model": "Gold 5218", "# Memory": 262144, **more}
    return [name, *(cells.get(heading) for heading in V_HOST[1:])]


def guest(name: str = "vm-1", **more: Any) -> list[Any]:
    """A row of vInfo, on the host of `host`."""
    cells = {"Powerstate": "poweredOn", "CPUs": 2, "Memory": 4096, "Provisioned MiB": 102400, "Host": "esx-1", **more}
    return [name, *(cells.get(heading) for heading in V_INFO[1:])]


async def submit(
    client: AsyncClient, *files: tuple[str, bytes], query: Mapping[str, str] | None = None, **form: str
) -> dict[str, Any]:
    """Submit an import; the job as answered."""
    answer = await client.post("/v1/imports", files=[("file", file) for file in files], params=query, data=form)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


async def imported(
    inventory: Inventory, *files: tuple[str, bytes], query: Mapping[str, str] | None = None, **form: str
) -> dict[str, Any]:
    """Submit an import of acme, have it worked off, and return the job as it ended."""
    job = await submit(inventory.client, *files, query=query, **({"org": "acme"} | form))
    assert await worker(inventory).work_once()
    ended: dict[str, Any] = (await inventory.client.get(f"/v1/imports/{job['id']}")).json()
    return ended


async def rejects(inventory: Inventory, job: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rejects file of an import, read."""
    answer = await inventory.client.get(f"/v1/imports/{job['id']}/rejects.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))


async def listed(inventory: Inventory, **query: str) -> dict[str, dict[str, Any]]:
    """The assets, by external id."""
    answer = await inventory.client.get("/v1/assets", params={"limit": "1000", **query})
    return {item["external_id"]: item for item in answer.json()["items"]}


def worker(inventory: Inventory) -> ImportWorker:
    """A worker of the service, under the clock of the test."""
    [task] = [part for part in inventory.parts.workers if part.name == "imports"]
    owner = getattr(task.run, "__self__", None)
    assert isinstance(owner, ImportWorker)
    return owner
