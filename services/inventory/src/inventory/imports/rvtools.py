"""VMware inventories exported by RVTools: hosts from `vHost`, virtual machines from `vInfo`; workbooks or one-tab CSV files.

A host is a server named after its `Host`; RVTools does not say how its memory is split into modules, so it is told as one.
A virtual machine is known by its UUID, else its object id, else its name; it is in service, off or on standby as it is
powered. Templates and SRM placeholders are no machines: they are dropped and counted.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from inventory.domain.vocabulary import Kind, Status
from inventory.imports.cells import Cells, Table
from inventory.imports.headings import (
    HOSTS,
    MACHINES,
    REQUIRED,
    is_other_tab,
    read_headings,
    sheet_of,
    shown,
    tab_by_headings,
    tab_of,
)
from inventory.imports.reading import (
    Defaults,
    Dropped,
    FileFailure,
    Notice,
    Reading,
    Reject,
    SourceFile,
    SourceRow,
)
from inventory.imports.tabs import Tab, TabRow, TextTab, WorkbookLimits, is_workbook, workbook_tabs

SOURCE = "rvtools"
"""The source when neither the sender nor the file names a vCenter."""

MEMORY_LIMIT_GIB = 64 * 1024
"""No machine has more memory; a larger figure is in another unit than its heading says."""

_POWER = {"poweredon": Status.IN_SERVICE, "poweredoff": Status.OFF, "suspended": Status.STANDBY}
_FIELDS = {
    MACHINES: {
        "external_id": "VM",
        "name": "VM",
        "status": "Powerstate",
        "host": "Host",
        "host.external_id": "Host",
        "allocation.vcpu": "CPUs",
        "allocation.ram_gib": "Memory",
        "allocation.disk_gib": "Total disk capacity MiB",
    },
    HOSTS: {
        "external_id": "Host",
        "name": "Host",
        "model.maker": "Vendor",
        "model.name": "Model",
        "configuration.cpu.units": "# CPU",
        "configuration.cpu.cores": "Cores per CPU",
        "configuration.cpu.model": "CPU Model",
        "configuration.ram.0.gib": "# Memory",
    },
}


class Rvtools:
    """See the module."""

    name = "rvtools"
    strict = False

    def __init__(self, limits: WorkbookLimits) -> None:
        """`limits` of a workbook."""
        self._limits = limits

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read hosts, then machines, of all files together. Raises FileFailure when neither tab is there."""
        tables = [table for file in files for table in self._tables(file)]
        yield from _notices(files, tables, defaults)
        source = defaults.source or _only_server(tables)
        for table in sorted(tables, key=lambda table: table.kind != HOSTS):
            read = _host if table.kind == HOSTS else _machine
            for row in table.rows():
                yield read(table, row, source, defaults)

    def column(self, tab: str, field: str) -> str:
        """The heading, as RVTools 4 writes it, that a field comes from."""
        return _FIELDS[tab].get(field, field)

    def recognises(self, file: SourceFile) -> bool:
        """Whether the file has a tab of ours."""
        if is_workbook(file):
            return any(sheet_of(tab.name) for tab in workbook_tabs(file, self._limits))
        header = TextTab(file).header()
        return header is not None and tab_by_headings(header.cells) is not None

    def _tables(self, file: SourceFile) -> Iterator[Table]:
        if is_workbook(file):
            for sheet in workbook_tabs(file, self._limits):
                yield from _table(sheet, sheet_of(sheet.name))
            return
        tab = TextTab(file)
        header = tab.header()
        kind = None if header is None else tab_of(file.name) or tab_by_headings(header.cells)
        if kind is None and (header is None or not is_other_tab(file.name, header.cells)):
            rule = "it is no tab of RVTools: neither its name nor its headings are those of vInfo or vHost"
            raise FileFailure(file.name, "", "not_rvtools", rule)
        yield from _table(tab, kind)


def _table(tab: Tab, kind: str | None) -> Iterator[Table]:
    if kind is None:
        return
    header = next(tab.rows(), None)
    if header is None:
        return
    headings = read_headings(kind, header.cells)
    for meaning in REQUIRED[kind]:
        if meaning not in headings.columns:
            heading = shown(kind, meaning)
            raise FileFailure(tab.file.name, heading, "missing_column", f"tab {kind} has no column {heading!r}")
    yield Table(tab, kind, headings)


def _notices(files: Sequence[SourceFile], tables: Sequence[Table], defaults: Defaults) -> Iterator[Notice]:
    if not tables:
        raise FileFailure(files[0].name, "", "missing_sheet", "there is neither a vInfo nor a vHost tab with a header")
    found = {table.kind for table in tables}
    first = files[0].position
    if MACHINES not in found:
        yield Notice(first, MACHINES, "missing_sheet", "no vInfo tab: only the hosts are imported")
    if HOSTS not in found:
        rule = "no vHost tab: machines on hosts that are not known already are imported with missing_hosts=none only"
        yield Notice(first, HOSTS, "missing_sheet", rule)
    elif defaults.site is None:
        rule = "the hosts come without a site: name one in the form field `site`, or set it later"
        yield Notice(first, HOSTS, "no_site", rule)
    for table in tables:
        place = table.tab.file.position
        for heading in table.headings.repeated:
            yield Notice(place, table.kind, "duplicate_column", f"column {heading!r} stands twice; the first counts")
        if table.kind == HOSTS and "cores" in table.headings.columns and "cpus" not in table.headings.columns:
            rule = "there is no column '# CPU': each host is taken to have one processor with all its cores"
            yield Notice(place, HOSTS, "assumed_one_cpu", rule)


def _only_server(tables: Sequence[Table]) -> str | None:
    """The vCenter that the files name, when they name one only."""
    servers = {
        server
        for table in tables
        if "server" in table.headings.columns
        for row in table.rows()
        if (server := Cells(table, row).text("server")) is not None
    }
    return servers.pop() if len(servers) == 1 else None


def _machine(table: Table, row: TabRow, source: str | None, defaults: Defaults) -> Reading:
    cells = Cells(table, row)
    for meaning in ("template", "placeholder"):
        if cells.flag(meaning):
            return Dropped(meaning)
    name = cells.text("name", required=True)
    power = cells.text("power", required=True)
    if power is not None and power.lower() not in _POWER:
        cells.refuse("power", "unknown_powerstate", f"{power!r} is none of poweredOn, poweredOff, suspended")
    vcpu = cells.whole("cpus", required=True)
    ram_gib = cells.gib("memory", required=True, limit=MEMORY_LIMIT_GIB)
    disk_gib = cells.gib("disk")
    host = cells.text("host", required=True)
    own_source = source or cells.text("server") or SOURCE
    uuid = cells.text("uuid")
    if cells.defects or power is None:
        return Reject(table.place(row), row.original, cells.defects)
    content = {
        "kind": Kind.VIRTUAL_MACHINE,
        "source": own_source,
        "external_id": uuid or cells.text("id") or name,
        "name": name,
        **({} if uuid is None else {"uuid": uuid}),
        "status": _POWER[power.lower()],
        "host": {"source": own_source, "external_id": host},
        "allocation": {"vcpu": vcpu, "ram_gib": ram_gib, "disk_gib": disk_gib},
    }
    return SourceRow(table.place(row), defaults.complete(content), row.original)


def _host(table: Table, row: TabRow, source: str | None, defaults: Defaults) -> Reading:
    cells = Cells(table, row)
    name = cells.text("name", required=True)
    configuration: dict[str, Any] = {}
    cpu = _cpu(cells)
    if cpu:
        configuration["cpu"] = cpu
    ram_gib = cells.gib("memory", limit=MEMORY_LIMIT_GIB)
    if ram_gib is not None:
        configuration["ram"] = [{"units": 1, "gib": ram_gib}]
    model = cells.text("model")
    content: dict[str, Any] = {
        "kind": Kind.SERVER,
        "source": source or cells.text("server") or SOURCE,
        "external_id": name,
        "name": name,
        "status": Status.IN_SERVICE,
    }
    if configuration:
        content["configuration"] = configuration
    if model is not None:
        content["model"] = {"maker": cells.text("vendor"), "name": model}
    serial = cells.text("serial") or cells.text("service_tag")
    if serial is not None:
        content["serial_number"] = serial
    if cells.defects:
        return Reject(table.place(row), row.original, cells.defects)
    return SourceRow(table.place(row), defaults.complete(content), row.original)


def _cpu(cells: Cells) -> dict[str, Any]:
    """The processors: cores of one where they are said, else all cores shared out, else one processor with all of them."""
    units, each, cores = cells.whole("cpus"), cells.whole("cores_per_cpu"), cells.whole("cores")
    if units is None and cores is None and each is None:
        return {}
    if units is None:
        units = cores // each if cores and each and cores % each == 0 else 1
    if each is None and cores is not None and units > 0 and cores % units == 0:
        each = cores // units
    return {"units": units, "cores": each, "model": cells.text("cpu_model")}
