"""The headings of RVTools tabs, in the spellings that its versions write, with the units that stand in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MACHINES = "vInfo"
HOSTS = "vHost"

_UNIT = re.compile(r"(?:[\s_(\[]+|(?<=[a-z]))(kib|kb|mib|mb|gib|gb|tib|tb)[)\]]*$", re.IGNORECASE)
_GIB = {"k": 1 / 1024**2, "m": 1 / 1024, "g": 1.0, "t": 1024.0}
"""GiB in one of each unit. RVTools 3 writes MB where RVTools 4 writes MiB; both are 1024-based."""

_UNSAID = _GIB["m"]
"""Sizes without a unit in their heading are MiB (`Memory`, `# Memory`)."""

_SPELLINGS: Mapping[str, Mapping[str, Sequence[str]]] = {
    MACHINES: {
        "name": ("vm", "vmname"),
        "power": ("powerstate",),
        "template": ("template",),
        "placeholder": ("srmplaceholder",),
        "cpus": ("cpus",),
        "memory": ("memory",),
        "disk": ("totaldiskcapacity", "provisioned"),
        "host": ("host",),
        "uuid": ("vmuuid", "uuid"),
        "id": ("vmid", "objectid"),
        "server": ("visdkserver",),
    },
    HOSTS: {
        "name": ("host", "name"),
        "cpu_model": ("cpumodel",),
        "cpus": ("#cpu", "numcpu"),
        "cores_per_cpu": ("corespercpu",),
        "cores": ("#cores", "numcpucores"),
        "memory": ("#memory", "memorysize", "memory"),
        "vendor": ("vendor",),
        "model": ("model",),
        "server": ("visdkserver",),
        "serial": ("serialnumber",),
        "service_tag": ("servicetag",),
    },
}
REQUIRED = {MACHINES: ("name", "power", "cpus", "memory", "host"), HOSTS: ("name",)}
_SHOWN = {
    (MACHINES, "name"): "VM",
    (MACHINES, "power"): "Powerstate",
    (MACHINES, "cpus"): "CPUs",
    (MACHINES, "memory"): "Memory",
    (MACHINES, "host"): "Host",
    (HOSTS, "name"): "Host",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is used: its index, its heading as it stands, and GiB per unit for sizes."""

    index: int
    heading: str
    gib: float


@dataclass(frozen=True, slots=True)
class Headings:
    """The columns of a tab by what they mean; and the headings that stand for a meaning which another one took."""

    columns: Mapping[str, Column]
    repeated: Sequence[str]


def read_headings(tab: str, cells: Sequence[object]) -> Headings:
    """Find the columns of a `vInfo` or `vHost` tab. Of two spellings of one meaning the one listed first counts, then the left one."""
    found: dict[str, tuple[int, Column]] = {}
    repeated: list[str] = []
    for index, cell in enumerate(cells):
        if not isinstance(cell, str):
            continue
        spelling, gib = _canonical(tab, cell)
        for meaning, spellings in _SPELLINGS[tab].items():
            if spelling in spellings:
                rank, column = spellings.index(spelling), Column(index, cell, gib)
                known = found.get(meaning)
                if known is not None and known[0] == rank:
                    repeated.append(cell)
                elif known is None or rank < known[0]:
                    found[meaning] = (rank, column)
    return Headings({meaning: column for meaning, (_, column) in found.items()}, repeated)


def sheet_of(name: str) -> str | None:
    """Which tab a sheet of that name is: `vInfo` or `tabvInfo`, in any case."""
    bare = name.strip().lower().removeprefix("tab")
    return next((tab for tab in (MACHINES, HOSTS) if tab.lower() == bare), None)


def tab_of(name: str) -> str | None:
    """Which tab a file name such as `RVTools_tabvInfo.csv` says, if any of the two."""
    lowered = name.lower()
    return next((tab for tab in (MACHINES, HOSTS) if tab.lower() in lowered), None)


def is_other_tab(name: str, cells: Sequence[object]) -> bool:
    """Whether a file is another tab of RVTools, by its name (`RVTools_tabvDisk.csv`) or the tab's name in its headings."""
    if re.search(r"tabv[a-z]+\.csv\Z", name, re.IGNORECASE):
        return True
    texts = [cell for cell in cells if isinstance(cell, str)]
    found = re.match(r"v[A-Z][A-Za-z]+?(?=[A-Z#])", texts[0]) if texts else None
    return found is not None and all(text.startswith(found.group()) for text in texts)


def tab_by_headings(cells: Sequence[object]) -> str | None:
    """Which tab these headings are of, by the tab's name in them or by the columns that only that tab has."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    for tab in (MACHINES, HOSTS):
        if sum(text.lower().startswith(tab.lower()) for text in texts) >= 2:
            return tab
    if {"name", "power", "cpus"} <= read_headings(MACHINES, texts).columns.keys():
        return MACHINES
    hosts = read_headings(HOSTS, texts).columns
    named = "name" in hosts and hosts["name"].heading.strip().lower().removeprefix(HOSTS.lower()) == "host"
    return HOSTS if named and hosts.keys() & {"cores", "cpu_model", "cpus"} else None


def shown(tab: str, meaning: str) -> str:
    """The heading that RVTools 4 writes for a required meaning."""
    return _SHOWN.get((tab, meaning), meaning)


def _canonical(tab: str, heading: str) -> tuple[str, float]:
    text = heading.strip()
    if text.lower().startswith(tab.lower()) and len(text) > len(tab):
        text = text[len(tab) :]
    unit = _UNIT.search(text)
    gib = _GIB[unit.group(1)[0].lower()] if unit else _UNSAID
    text = text[: unit.start()] if unit else text
    return re.sub(r"[^a-z0-9#%]", "", text.lower()), gib
