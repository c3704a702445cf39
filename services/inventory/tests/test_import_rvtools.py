"""RVTools exports: the real ones with exact counts, and every spelling and mistake that is met in the field."""

from pathlib import Path
from typing import Any

import pytest
from inventory.imports.formats import Candidates, choose_format
from inventory.imports.reading import Defaults, FileFailure, Reading, SourceFile, SourceRow

from services.inventory.tests.sending import Clock, Inventory, document
from services.inventory.tests.workbooks import (
    DATA,
    LIMITS,
    V_HOST,
    V_INFO,
    formatted_to_the_last_row,
    guest,
    host,
    imported,
    listed,
    rejects,
    table,
    workbook,
)

SMALL = ("rvtools-small-complete.xlsx", (DATA / "rvtools-small-complete.xlsx").read_bytes())
LARGE = ("rvtools-4x-anonymised.xlsx", (DATA / "rvtools-4x-anonymised.xlsx").read_bytes())


def read(folder: Path, content: bytes, *, name: str = "a.xlsx", format_name: str = "auto") -> list[Reading]:
    """What reading a file gives, without a database."""
    path = folder / name
    path.write_bytes(content)
    files = [SourceFile(0, name, path)]
    return list(choose_format(format_name, files, Candidates({}, [], LIMITS)).read(files, Defaults(org="acme")))


def counts(job: dict[str, Any]) -> tuple[int, int, int]:
    return job["accepted"], job["unchanged"], job["rejected"]


async def test_the_small_workbook_brings_two_hosts_and_three_machines_on_them(inventory: Inventory) -> None:
    job = await imported(inventory, SMALL, site="nanterre-1")
    assert (job["status"], job["format"], counts(job)) == ("done", "rvtools", (5, 0, 0))
    assert [warning["code"] for warning in job["warnings"]] == ["assumed_one_cpu"]
    assert job["stages"] == [{"name": "read", "done": 5, "total": 5}, {"name": "apply", "done": 5, "total": 5}]
    assets = await listed(inventory)
    assert set(assets) == {
        "sample-host-01",
        "sample-host-02",
        "sample-web-01",
        "sample-db-01",
        "sample-archive-01",
    }
    machine = assets["sample-db-01"]
    assert machine["source"] == "rvtools"
    assert machine["host"]["external_id"] == "sample-host-02"
    assert machine["allocation"] == {"vcpu": 4, "ram_gib": 16.0, "disk_gib": 320.0, "cloud": None}
    assert (machine["status"], assets["sample-archive-01"]["status"]) == ("in_service", "off")
    assert (assets["sample-host-01"]["site"], machine["site"]) == ("nanterre-1", None)
    assert assets["sample-host-01"]["configuration"]["cpu"]["cores"] == 16
    assert machine["effective_from"] == "2026-11-22T23:00:00Z"
    assert len(await inventory.outbox()) == 5


async def test_the_large_workbook_brings_its_seven_hosts_and_names_why_each_machine_is_refused(
    inventory: Inventory,
) -> None:
    job = await imported(inventory, LARGE, site="nanterre-1")
    assert (job["status"], counts(job)) == ("done", (7, 0, 9))
    found = await rejects(inventory, job)
    unknown = [reject for reject in found if reject["code"] == "unknown_host"]
    assert [(reject["file"], reject["line"], reject["field"]) for reject in unknown] == [
        ("rvtools-4x-anonymised.xlsx#vInfo", str(line), "Host") for line in range(2, 10)
    ]
    assert "10.185.26.9" in unknown[0]["message"]
    assert unknown[0]["original"].startswith("vm-1;poweredOff;False;False;green")
    rest = [(reject["line"], reject["code"], reject["field"]) for reject in found if reject not in unknown]
    assert rest == [("10", "missing", "CPUs"), ("10", "missing", "Memory"), ("10", "missing", "Host")]
    hosts = await listed(inventory)
    assert len(hosts) == 7
    server = hosts["10.17.135.71"]
    assert (server["kind"], server["status"], server["site"]) == ("server", "in_service", "nanterre-1")
    assert server["model"] == {"maker": "HPE", "name": "ProLiant DL380 Gen10"}
    assert server["configuration"]["cpu"]["units"] == 2
    assert server["configuration"]["cpu"]["cores"] == 16
    assert server["configuration"]["ram"][0]["gib"] == 261797 / 1024


async def test_the_large_workbook_gives_its_machines_without_hosts_on_request(inventory: Inventory) -> None:
    job = await imported(inventory, LARGE, site="nanterre-1", query={"missing_hosts": "none"})
    assert (counts(job), job["hostless"]) == ((15, 0, 1), 8)


@pytest.mark.parametrize("file", [SMALL, LARGE], ids=["small", "large"])
async def test_the_same_workbook_again_on_a_later_day_changes_nothing(
    inventory: Inventory, clock: Clock, file: tuple[str, bytes]
) -> None:
    first = await imported(inventory, file, site="nanterre-1")
    await inventory.take_outbox()
    clock.advance(days=2)
    again = await imported(inventory, file, site="nanterre-1")
    assert counts(again) == (0, first["accepted"], first["rejected"])
    assert await inventory.outbox() == []
    assert {asset["version"] for asset in (await listed(inventory)).values()} == {1}


async def test_a_later_export_tells_what_changed_since(inventory: Inventory, clock: Clock) -> None:
    await imported(
        inventory, ("a.xlsx", workbook({"vInfo": [V_INFO, guest(), guest("vm-2")], "vHost": [V_HOST, host()]}))
    )
    await inventory.take_outbox()
    clock.advance(days=7)
    job = await imported(
        inventory,
        ("b.xlsx", workbook({"vInfo": [V_INFO, guest(CPUs=4), guest("vm-2")], "vHost": [V_HOST, host()]})),
    )
    assert counts(job) == (1, 2, 0)
    [event] = await inventory.outbox()
    segments = document(event)["timeline"]
    assert [(segment["from"], segment["allocation"]["vcpu"]) for segment in segments] == [
        ("2026-11-22T23:00:00+00:00", 2),
        ("2026-11-29T23:00:00+00:00", 4),
    ]


async def test_templates_and_placeholders_are_dropped_and_counted(inventory: Inventory) -> None:
    rows = [
        V_INFO,
        guest("template", Template="True"),
        guest("real", Template="False"),
        guest("placeholder", **{"SRM Placeholder": True}),
    ]
    job = await imported(inventory, ("a.xlsx", workbook({"vInfo": rows, "vHost": [V_HOST, host()]})))
    assert (counts(job), job["dropped"]) == ((2, 0, 0), {"template": 1, "placeholder": 1})


async def test_power_states_become_statuses(inventory: Inventory) -> None:
    rows = [V_INFO, guest("on"), guest("off", Powerstate="poweredOff"), guest("sleeping", Powerstate="suspended")]
    await imported(inventory, ("a.xlsx", workbook({"vInfo": rows, "vHost": [V_HOST, host()]})))
    assets = await listed(inventory, kind="virtual_machine")
    assert {name: asset["status"] for name, asset in assets.items()} == {
        "on": "in_service",
        "off": "off",
        "sleeping": "standby",
    }


@pytest.mark.parametrize(
    ("memory", "cell", "disk", "size", "ram_gib", "disk_gib"),
    [
        ("Memory", 2048, "Provisioned MB", 1024, 2.0, 1.0),
        ("Memory MiB", 2048, "Provisioned MiB", 1024, 2.0, 1.0),
        ("Memory (GB)", 2, "Provisioned GB", 1, 2.0, 1.0),
        ("Memory [GiB]", 2.5, "Total disk capacity MiB", 1536, 2.5, 1.5),
        ("vInfoMemory", "2048", "vInfoProvisioned", "1024", 2.0, 1.0),
        ("vInfoMemory", 2048, "vInfoTotalDiskCapacityMiB", 1024, 2.0, 1.0),
        ("memory mb", 2048, "PROVISIONED TB", 1, 2.0, 1024.0),
    ],
)
def test_units_are_read_from_the_heading(
    tmp_path: Path, memory: str, cell: Any, disk: str, size: Any, ram_gib: float, disk_gib: float
) -> None:
    rows = [["VM", "Powerstate", "CPUs", memory, disk, "Host"], ["vm-1", "poweredOn", 2, cell, size, "esx-1"]]
    [row] = [reading for reading in read(tmp_path, workbook({"vInfo": rows})) if isinstance(reading, SourceRow)]
    assert row.content["allocation"] == {"vcpu": 2, "ram_gib": ram_gib, "disk_gib": disk_gib}


async def test_one_tab_csv_files_with_the_tabs_name_in_each_heading_are_read_together(inventory: Inventory) -> None:
    machines = table(
        ["vInfoVMName", "vInfoPowerstate", "vInfoCPUs", "vInfoMemory", "vInfoHost", "vInfoUUID", "vInfoVISDKServer"],
        {
            "vInfoVMName": "vm-1",
            "vInfoPowerstate": "poweredOn",
            "vInfoCPUs": "2",
            "vInfoMemory": "4096",
            "vInfoHost": "esx-1",
            "vInfoUUID": "42-uuid",
            "vInfoVISDKServer": "vcenter.acme.example",
        },
        delimiter=";",
    )
    hosts = table(
        ["vHostName", "vHostNumCpu", "vHostNumCpuCores", "vHostMemorySize", "vHostCpuModel"],
        {"vHostName": "esx-1", "vHostNumCpu": "2", "vHostNumCpuCores": "48", "vHostMemorySize": "524288"},
        delimiter=";",
    )
    job = await imported(inventory, ("RVTools_tabvInfo.csv", machines), ("RVTools_tabvHost.csv", hosts))
    assert (job["format"], counts(job)) == ("rvtools", (2, 0, 0))
    assets = await listed(inventory)
    assert assets["42-uuid"]["name"] == "vm-1"
    assert {asset["source"] for asset in assets.values()} == {"vcenter.acme.example"}
    assert assets["esx-1"]["configuration"]["cpu"]["cores"] == 24
    assert assets["esx-1"]["configuration"]["ram"][0]["gib"] == 512.0


BAD_ROWS: list[tuple[dict[str, Any], str, str]] = [
    ({"CPUs": "two"}, "wrong_type", "CPUs"),
    ({"CPUs": 1.5}, "wrong_type", "CPUs"),
    ({"CPUs": 0}, "too_small", "CPUs"),
    ({"CPUs": -2}, "too_small", "CPUs"),
    ({"CPUs": None}, "missing", "CPUs"),
    ({"Memory": "4 GB"}, "wrong_type", "Memory"),
    ({"Memory": "4,096"}, "wrong_type", "Memory"),
    ({"Memory": -4096}, "negative", "Memory"),
    ({"Memory": 274877906944}, "implausible", "Memory"),
    ({"Memory": True}, "wrong_type", "Memory"),
    ({"Powerstate": "running"}, "unknown_powerstate", "Powerstate"),
    ({"Powerstate": None}, "missing", "Powerstate"),
    ({"Host": None}, "missing", "Host"),
    ({"Host": "esx-9"}, "unknown_host", "Host"),
    ({"Provisioned MiB": "much"}, "wrong_type", "Provisioned MiB"),
]


async def test_bad_rows_come_back_with_line_field_code_and_message_and_the_others_are_in(inventory: Inventory) -> None:
    bad = [guest(f"bad-{number}", **change) for number, (change, _, _) in enumerate(BAD_ROWS)]
    rows = [V_INFO, guest("good-1"), [None] * len(V_INFO), *bad, guest("good-2")]
    job = await imported(inventory, ("a.xlsx", workbook({"vInfo": rows, "vHost": [V_HOST, host()]})))
    assert counts(job) == (3, 0, len(bad))
    found = await rejects(inventory, job)
    assert [(reject["line"], reject["code"], reject["field"]) for reject in found] == [
        (str(number + 4), code, field) for number, (_, code, field) in enumerate(BAD_ROWS)
    ]
    assert {reject["file"] for reject in found} == {"a.xlsx#vInfo"}
    assert all(reject["message"] for reject in found)
    assert [reject["original"].split(";")[0] for reject in found] == [row[0] for row in bad]


async def test_a_row_without_a_name_is_refused(inventory: Inventory) -> None:
    rows = [V_INFO, guest(""), guest("good")]
    job = await imported(inventory, ("a.xlsx", workbook({"vInfo": rows, "vHost": [V_HOST, host()]})))
    [reject] = await rejects(inventory, job)
    assert (reject["line"], reject["code"], reject["field"]) == ("2", "missing", "VM")


async def test_of_two_machines_of_one_name_the_first_is_in_and_the_second_comes_back(inventory: Inventory) -> None:
    rows = [V_INFO, guest("twin", CPUs=2), guest("twin", CPUs=8)]
    job = await imported(inventory, ("a.xlsx", workbook({"vInfo": rows, "vHost": [V_HOST, host()]})))
    assert counts(job) == (2, 0, 1)
    [reject] = await rejects(inventory, job)
    assert (reject["line"], reject["code"], reject["field"]) == ("3", "duplicate", "VM")
    assert (await listed(inventory))["twin"]["allocation"]["vcpu"] == 2


async def test_two_machines_of_one_name_with_ids_of_their_own_are_two(inventory: Inventory) -> None:
    rows = [V_INFO, guest("twin", **{"VM UUID": "u-1"}), guest("twin", **{"VM UUID": "u-2"})]
    job = await imported(inventory, ("a.xlsx", workbook({"vInfo": rows, "vHost": [V_HOST, host()]})))
    assert counts(job) == (3, 0, 0)
    assert set(await listed(inventory, kind="virtual_machine")) == {"u-1", "u-2"}


async def test_without_a_host_tab_machines_on_known_hosts_are_in_and_the_sender_is_told(inventory: Inventory) -> None:
    await imported(inventory, ("hosts.xlsx", workbook({"vHost": [V_HOST, host()]})), source="vc")
    rows = [V_INFO, guest("vm-1"), guest("vm-2", Host="esx-9")]
    job = await imported(inventory, ("machines.xlsx", workbook({"vInfo": rows})), source="vc")
    assert counts(job) == (1, 0, 1)
    assert [(warning["code"], warning["tab"]) for warning in job["warnings"]] == [("missing_sheet", "vHost")]


async def test_without_a_machine_tab_the_hosts_are_in_and_the_sender_is_told(inventory: Inventory) -> None:
    job = await imported(inventory, ("a.xlsx", workbook({"vHost": [V_HOST, host()], "vDisk": [["VM"], ["x"]]})))
    assert counts(job) == (1, 0, 0)
    assert [(warning["code"], warning["tab"]) for warning in job["warnings"]] == [
        ("missing_sheet", "vInfo"),
        ("no_site", "vHost"),
    ]


async def test_a_column_that_stands_twice_is_told_and_the_first_counts(inventory: Inventory) -> None:
    rows = [[*V_INFO, "CPUs"], [*guest("vm-1"), 64]]
    job = await imported(inventory, ("a.xlsx", workbook({"vInfo": rows, "vHost": [V_HOST, host()]})), site="nanterre-1")
    assert [warning["code"] for warning in job["warnings"]] == ["duplicate_column"]
    assert (await listed(inventory))["vm-1"]["allocation"]["vcpu"] == 2


def test_a_workbook_formatted_down_to_the_last_row_of_excel_has_the_rows_that_it_has(tmp_path: Path) -> None:
    content = formatted_to_the_last_row(workbook({"vInfo": [V_INFO, guest()], "vHost": [V_HOST, host()]}))
    rows = [reading for reading in read(tmp_path, content) if isinstance(reading, SourceRow)]
    assert [(row.place.tab, row.place.line) for row in rows] == [("vHost", 2), ("vInfo", 2)]


def without(headings: list[str], name: str) -> list[str]:
    return [heading for heading in headings if heading != name]


@pytest.mark.parametrize(
    ("file", "query", "code", "field"),
    [
        (("a.xlsx", workbook({"vDisk": [["VM"]]})), {}, "unknown_format", ""),
        (("a.xlsx", workbook({"vDisk": [["VM"]]})), {"format_name": "rvtools"}, "missing_sheet", ""),
        (("a.xlsx", workbook({"vInfo": []})), {}, "missing_sheet", ""),
        (("a.xlsx", workbook({"vInfo": [without(V_INFO, "Host")]})), {}, "missing_column", "Host"),
        (("a.xlsx", workbook({"vInfo": [without(V_INFO, "Memory")]})), {}, "missing_column", "Memory"),
        (("a.xlsx", workbook({"vHost": [["Name of host"]]})), {}, "missing_column", "Host"),
        (("a.xlsx", b"PK\x03\x04 and then nothing"), {}, "unreadable", ""),
        (("a.xlsx", b"\x89PNG\r\n\x1a\n\xff\xfe"), {}, "unknown_format", ""),
        (("a.csv", b"a,b\n1,2\n"), {}, "unknown_format", ""),
        (("a.csv", b""), {}, "unknown_format", ""),
    ],
    ids=[
        "other tabs",
        "other tabs, named",
        "empty tab",
        "no host column",
        "no memory column",
        "no host name",
        "broken zip",
        "an image",
        "another csv",
        "empty file",
    ],
)
def test_a_file_that_is_none_fails_as_a_whole_and_says_why(
    tmp_path: Path, file: tuple[str, bytes], query: dict[str, str], code: str, field: str
) -> None:
    with pytest.raises(FileFailure) as failure:
        read(tmp_path, file[1], name=file[0], **query)
    assert (failure.value.file, failure.value.code, failure.value.field) == (file[0], code, field)
    assert failure.value.detail
