"""Traces of GWA-T-12: each oddity of the files met by its rule, and what the platform then knows."""

from pathlib import Path
from typing import Any

import pytest
from common.testing.waiting import eventually
from constellation_cli.gwa_t12 import HEADINGS, NotATrace, Trace, asset_rows, measurement_rows, read_trace, summarise

from clients.cli.tests.conftest import Call

DATA = Path(__file__).parent / "data"
HEADING = ";\t".join(HEADINGS.values())
START = 1_372_629_600


@pytest.fixture
def traced(tmp_path: Path) -> "Traced":
    return Traced(tmp_path)


class Traced:
    """Makes traces of rows (instant, cores, percent, memory in KB)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *rows: tuple[float, int, float, float], heading: str = HEADING) -> Trace:
        lines = [heading, *(";\t".join(str(cell) for cell in row) for row in rows)]
        path = self._folder / "7.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_trace(path)


def covered(trace: Trace) -> list[tuple[int, int]]:
    """What is measured, in seconds after the start."""
    return [(row.instant - START, end - START) for row, end in trace.spans() if row.cores > 0]


def test_instants_are_seconds_whatever_the_heading_says_and_milliseconds_where_they_are(traced: Traced) -> None:
    assert covered(traced((START, 1, 5, 1))) == [(0, 300)]
    assert covered(traced((START * 1000, 1, 5, 1))) == [(0, 300)]


def test_a_drifting_step_leaves_no_hole_and_a_row_never_reaches_into_the_next(traced: Traced) -> None:
    trace = traced((START, 1, 5, 1), (START + 301, 1, 5, 1), (START + 600, 1, 5, 1), (START + 1000, 1, 5, 1))
    assert covered(trace) == [(0, 301), (301, 600), (600, 900), (1000, 1300)]


def test_a_hole_is_missing_coverage_and_no_zero(traced: Traced) -> None:
    trace = traced((START, 1, 5, 1), (START + 110_000, 1, 5, 1))
    assert covered(trace) == [(0, 300), (110_000, 110_300)]
    assert summarise(trace).longest_hole_s == 109_700
    assert summarise(trace).coverage == pytest.approx(600 / 110_300)


def test_no_cores_is_off_in_the_timeline_and_nothing_is_measured(traced: Traced) -> None:
    trace = traced((START, 2, 5, 1048576), (START + 300, 0, 0, 0), (START + 600, 2, 7, 1048576))
    timeline = asset_rows(trace, "acme", "trace")
    assert [(row.get("status"), row.get("allocation")) for row in timeline] == [
        ("in_service", {"vcpu": 2, "ram_gib": 1.0}),
        ("off", None),
        ("in_service", None),
    ]
    assert [row["value"] for row in measurement_rows(trace, "acme", "trace")] == [0.05, 0.07]
    assert (summarise(trace).days_off, summarise(trace).resizes, summarise(trace).coverage) == (300 / 86400, 0, 1.0)


def test_repeats_are_dropped_and_of_different_ones_the_one_with_most_cores_counts(traced: Traced) -> None:
    trace = traced((START, 0, 0, 0), (START, 0, 0, 0), (START, 1, 5, 1), (START, 1, 6, 1))
    assert [(row.cores, row.percent) for row in trace.rows] == [(1, 6)]
    assert (trace.read, trace.duplicates, trace.conflicts) == (4, 1, 2)


def test_more_than_all_of_the_processor_is_kept_up_to_twice(traced: Traced) -> None:
    trace = traced((START, 1, 105.9, 1), (START + 300, 1, 201, 1))
    assert [row["value"] for row in measurement_rows(trace, "acme", "trace")] == [105.9 / 100]
    assert (summarise(trace).over_100_percent, trace.implausible) == (2, 1)


def test_memory_that_changes_is_a_resize_from_that_instant(traced: Traced) -> None:
    trace = traced((START, 1, 5, 2097152), (START + 300, 1, 5, 2097152), (START + 600, 1, 5, 1572864))
    assert [row["allocation"]["ram_gib"] for row in asset_rows(trace, "acme", "trace")] == [2, 1.5]
    assert asset_rows(trace, "acme", "trace")[1]["effective_from"] == "2013-06-30T22:10:00+00:00"
    assert summarise(trace).resizes == 1


def test_rows_that_cannot_be_read_are_left_out_and_counted_and_other_files_refused(traced: Traced) -> None:
    trace = traced((START, 1, 5, 1), (START + 300, -1, 5, 1), (START + 600, 1, float("nan"), 1))
    assert (len(trace.rows), trace.unreadable) == (1, 2)
    with pytest.raises(NotATrace, match="CPU cores"):
        traced((START, 1, 5, 1), heading="a;b;c;d")
    assert summarise(traced()).rows == 0


def test_the_files_of_the_archive_are_as_their_index_says() -> None:
    found = {name: summarise(read_trace(DATA / name)) for name in ("123.csv.gz", "139.csv", "203.csv.gz", "407.csv.gz")}
    assert [each.rows for each in found.values()] == [1434, 340, 372, 856]
    assert [each.duplicates + each.conflicts for each in found.values()] == [500, 0, 0, 0]
    assert [each.over_100_percent for each in found.values()] == [0, 0, 0, 13]
    assert [round(each.longest_hole_s / 3600) for each in found.values()] == [0, 31, 0, 1]
    assert [each.days_off > 0 for each in found.values()] == [True, True, True, False]
    assert [each.left_out for each in found.values()] == [0, 0, 0, 0]


async def test_the_trace_becomes_timelines_and_measurements_with_its_hole_as_missing_coverage(call: Call) -> None:
    first = await call("--json", "trace", "gwa-t-12", DATA, "--org", "acme", "--site", "nanterre-1")
    assert first.code == 0, first.err
    told = first.document()
    assert [machine["machine"] for machine in told["machines"]] == ["123", "139", "203", "407"]
    assert (told["timelines"]["created"] > 4, told["measurements"]["errors"]) == (True, [])
    again = (await call("--json", "trace", "gwa-t-12", DATA, "--org", "acme", "--site", "nanterre-1")).document()
    assert set(again["timelines"]) == {"unchanged", "errors"}
    assert again["measurements"] == {"duplicate": told["measurements"]["created"], "errors": []}
    [month] = await eventually(lambda: _months(call, "139"))
    machine = told["machines"][1]
    assert month["month"] == "2013-07"
    measured = month["utilisation"]["covered_seconds"]
    observed_s = 1374105353 + 300 - 1373890528
    assert measured == pytest.approx(machine["coverage"] * (observed_s - machine["days_off"] * 86400), abs=2)
    days = (await call("--json", "measurements", "show", "139", "--month", "2013-07")).document()["days"]
    assert [day["day"] for day in days] == ["2013-07-16", "2013-07-17", "2013-07-18"]
    on, hole_begins, hole_ends = 10 * 3600 + 20 * 60 + 36, 14 * 3600 + 15 * 60 + 37, 21 * 3600 + 40 * 60 + 50
    assert [day["utilisation"]["covered"] for day in days[:2]] == [[[on, hole_begins]], [[hole_ends, 86400]]]
    [boosted] = await eventually(lambda: _months(call, "407"))
    assert boosted["utilisation"]["bands"][-1]["from"] == 0.9
    table = await call("trace", "gwa-t-12", DATA, "--org", "acme", "--dry-run")
    assert "139" in table.out


async def _months(call: Call, machine: str) -> list[dict[str, Any]]:
    """The months of a machine once nothing more waits to be rolled up."""
    found: list[dict[str, Any]] = (await call("--json", "measurements", "show", machine)).document()
    shown = await call("--json", "measurements", "show", machine, "--month", "2013-07")
    return found if found and not shown.document()["pending"] else []
