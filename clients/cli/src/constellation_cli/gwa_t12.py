"""Reads the machine traces of the Grid Workloads Archive, GWA-T-12 (Bitbrains): five-minute usage of virtual machines.

Each oddity of the files is met by a rule:

- **Instants** are seconds since 1970 whatever the heading says; above 10^11 they are milliseconds, as it says.
- **A row** is a mean over the step of 300 s from its instant; where the clock drifts and the next row comes within 310 s, it lasts until
  that one, and it never lasts beyond the next.
- **Holes**: what no row covers is not measured. It is never 0.
- **0 cores** are a machine that is off: its timeline says so, and nothing is measured of it. What it has been given stays what it was.
- **Repeats** of an instant are dropped and counted. Where they differ, the row with most cores counts (a machine that was seen running
  ran), of those the last, and the others are counted as conflicts.
- **Above 100 %** of the processor is kept as it is, up to 200 %; above that a row is no measurement, and is counted.
- **Memory or cores** that change are a resize from that instant on; memory is in KB of 1024 bytes, to the KB.
- **Rows that cannot be read** (missing cells, no numbers, negative) are left out and counted.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

STEP_S: Final = 300
DRIFT_S: Final = 10
MILLISECONDS_ABOVE: Final = 10**11
MOST_PERCENT: Final = 200.0
KB_PER_GIB: Final = 1024 * 1024
DAY_S: Final = 86_400

HEADINGS: Final = {
    "instant": "Timestamp [ms]",
    "cores": "CPU cores",
    "percent": "CPU usage [%]",
    "memory_kb": "Memory capacity provisioned [KB]",
}


class NotATrace(ValueError):
    """A file that is not of this format."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says that matters here."""

    instant: int
    cores: int
    percent: float
    memory_kb: float


@dataclass(slots=True)
class Trace:
    """A machine's trace: its rows in order, one an instant, and what was met on the way."""

    machine: str
    rows: list[Row]
    read: int
    duplicates: int = 0
    conflicts: int = 0
    unreadable: int = 0
    implausible: int = 0
    ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Work out until when each row lasts."""
        nexts = [row.instant for row in self.rows[1:]]
        self.ends = [
            following if following - row.instant <= STEP_S + DRIFT_S else row.instant + STEP_S
            for row, following in zip(self.rows, nexts, strict=False)
        ]
        if self.rows:
            self.ends.append(self.rows[-1].instant + STEP_S)

    def spans(self) -> Iterator[tuple[Row, int]]:
        """Each row with the instant until which it lasts."""
        return zip(self.rows, self.ends, strict=True)


def read_trace(path: Path) -> Trace:
    """Read a file, gzipped or not; the machine is its number. Raises NotATrace, OSError."""
    machine = path.name.removesuffix(".gz").removesuffix(".csv")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return _trace(machine, csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";"))
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
        raise NotATrace(f"{path} is no text of GWA-T-12: {error}") from error


def _trace(machine: str, lines: Iterator[list[str]]) -> Trace:
    heading = [cell.strip() for cell in next(lines, [])]
    missing = [name for name in HEADINGS.values() if name not in heading]
    if missing:
        raise NotATrace(f"{machine}: not a trace of GWA-T-12, its heading lacks {', '.join(missing)}")
    columns = {field_: heading.index(name) for field_, name in HEADINGS.items()}
    by_instant: dict[int, list[Row]] = {}
    read = unreadable = 0
    for cells in lines:
        read += 1
        row = _row(cells, columns)
        if row is None:
            unreadable += 1
        else:
            by_instant.setdefault(row.instant, []).append(row)
    chosen = [
        max(enumerate(same), key=lambda each: (each[1].cores, each[0]))[1] for _, same in sorted(by_instant.items())
    ]
    return Trace(
        machine,
        chosen,
        read,
        duplicates=sum(len(same) - len(set(same)) for same in by_instant.values()),
        conflicts=sum(len(set(same)) - 1 for same in by_instant.values()),
        unreadable=unreadable,
        implausible=sum(row.percent > MOST_PERCENT for row in chosen),
    )


def _row(cells: Sequence[str], columns: Mapping[str, int]) -> Row | None:
    try:
        instant, cores, percent, memory = (float(cells[columns[name]]) for name in HEADINGS)
        instant = instant / 1000 if instant > MILLISECONDS_ABOVE else instant
        row = Row(int(instant), int(cores), percent, memory)
    except (ValueError, IndexError, OverflowError):
        return None
    return row if min(row.cores, row.percent, row.memory_kb) >= 0 and row.percent < float("inf") else None


def asset_rows(trace: Trace, org: str, source: str, site: str | None = None) -> list[dict[str, Any]]:
    """The machine's timeline as rows of `POST /assets/batch`: on and off, cores and memory, each from its instant on."""
    known: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    name = {"source": source, "external_id": trace.machine, "org": org, "kind": "virtual_machine"}
    first = {"name": f"{source} {trace.machine}", "tags": {"trace": "GWA-T-12"}, **({"site": site} if site else {})}
    for row in trace.rows:
        said = _state(row)
        changed = {key: value for key, value in said.items() if known.get(key) != value}
        if changed:
            rows.append({**name, **({} if rows else first), **changed, "effective_from": moment(row.instant)})
            known.update(changed)
    return rows


def _state(row: Row) -> dict[str, Any]:
    if row.cores == 0:
        return {"status": "off"}
    allocation: dict[str, Any] = {"vcpu": row.cores}
    if row.memory_kb > 0:
        allocation["ram_gib"] = row.memory_kb / KB_PER_GIB
    return {"status": "in_service", "allocation": allocation}


def measurement_rows(trace: Trace, org: str, source: str) -> list[dict[str, Any]]:
    """The processor's utilisation while the machine is on, as rows of `POST /measurements/batch`."""
    asset = {"source": source, "external_id": trace.machine, "org": org}
    return [
        {
            "asset": asset,
            "metric": "cpu_utilisation",
            "level": "it",
            "from": moment(row.instant),
            "to": moment(end),
            "value": row.percent / 100,
        }
        for row, end in trace.spans()
        if row.cores > 0 and row.percent <= MOST_PERCENT
    ]


@dataclass(frozen=True, slots=True)
class Summary:
    """A trace in figures. Coverage: the measured share of the time, first row to last, in which the machine was not known to be off."""

    machine: str
    rows: int
    first: str | None
    last: str | None
    coverage: float | None
    days_off: float
    duplicates: int
    conflicts: int
    resizes: int
    over_100_percent: int
    longest_hole_s: int
    left_out: int


def summarise(trace: Trace) -> Summary:
    """The figures of a trace."""
    off = measured = 0
    edges = [row.instant for row in trace.rows] + trace.ends[-1:]
    for row, end, following in zip(trace.rows, trace.ends, edges[1:], strict=True):
        if row.cores == 0:
            off += following - row.instant
        elif row.percent <= MOST_PERCENT:
            measured += end - row.instant
    observed = edges[-1] - edges[0] if trace.rows else 0
    sizes = [(row.cores, row.memory_kb) for row in trace.rows if row.cores > 0]
    holes = [following - end for end, following in zip(trace.ends, edges[1:], strict=True)]
    return Summary(
        machine=trace.machine,
        rows=trace.read,
        first=moment(edges[0]) if trace.rows else None,
        last=moment(edges[-1]) if trace.rows else None,
        coverage=measured / (observed - off) if observed > off else None,
        days_off=off / DAY_S,
        duplicates=trace.duplicates,
        conflicts=trace.conflicts,
        resizes=sum(earlier != later for earlier, later in pairwise(sizes)),
        over_100_percent=sum(row.percent > 100 for row in trace.rows),
        longest_hole_s=max(holes, default=0),
        left_out=trace.unreadable + trace.implausible,
    )


def moment(second: int) -> str:
    """An instant as the API takes it."""
    return datetime.fromtimestamp(second, UTC).isoformat()
