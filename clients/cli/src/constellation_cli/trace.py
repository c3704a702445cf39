"""`trace`: machine traces of public archives, loaded as timelines and measurements through the public API."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import typer

from constellation_cli.client import Client
from constellation_cli.failures import Exit, Failure
from constellation_cli.gwa_t12 import NotATrace, Summary, Trace, asset_rows, measurement_rows, read_trace, summarise
from constellation_cli.rows import Pushed, counted, push
from constellation_cli.session import Session, session_of, table_of

app = typer.Typer(help="Machine traces of public archives.", no_args_is_help=True)

HEADINGS = {
    "machine": "machine",
    "rows": "rows",
    "coverage": "coverage",
    "days_off": "days off",
    "duplicates": "duplicates",
    "conflicts": "conflicts",
    "resizes": "resizes",
    "over_100_percent": ">100 %",
    "longest_hole_s": "hole h",
    "left_out": "left out",
}


@app.command("gwa-t-12")
def gwa_t_12(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(exists=True, help="Files <machine>.csv or <machine>.csv.gz, or folders of them.")
    ],
    org: Annotated[str, typer.Option(help="The organisation that the machines are of.")],
    source: Annotated[str, typer.Option(help="What to call whoever knows the machines.")] = "gwa-t-12",
    site: Annotated[str | None, typer.Option(help="The code of the site where they are.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and show, send nothing.")] = False,
) -> None:
    """Load traces of GWA-T-12 (Bitbrains): cores, memory, on and off as timelines, five-minute utilisation as measurements.

    Loading the same files again changes nothing. A hole in a trace is missing coverage, never 0.
    """
    session = session_of(context)
    traces = [_read(path) for path in _traces(files)]
    pushed: dict[str, Pushed] = {}
    if not dry_run:
        with session.client() as client:
            pushed = _push(session, client, traces, org, source, site)
    summaries = [summarise(trace) for trace in traces]
    answer = {
        "machines": [asdict(each) for each in summaries],
        **{what: each.document() for what, each in pushed.items()},
    }
    said = [f"{what}: {counted(each.counts)}." for what, each in pushed.items()]
    session.show(answer, table_of(None, tuple(HEADINGS.values()), (_cells(each) for each in summaries)), *said)
    errors = [error for each in pushed.values() for error in each.errors]
    for error in errors[:5]:
        session.remark(f"row {error['row']}: {error['field']}: {error['detail']}")
    if errors:
        raise typer.Exit(Exit.REFUSED_ROWS)


def _push(
    session: Session, client: Client, traces: Sequence[Trace], org: str, source: str, site: str | None
) -> dict[str, Pushed]:
    timelines = [row for trace in traces for row in asset_rows(trace, org, source, site)]
    assets = push(session, client, "/inventory/v1/assets/batch", timelines, "timelines")
    samples = [row for trace in traces for row in measurement_rows(trace, org, source)]
    return {
        "timelines": assets,
        "measurements": push(session, client, "/inventory/v1/measurements/batch", samples, "measurements"),
    }


def _traces(paths: Sequence[Path]) -> list[Path]:
    found = [file for path in paths for file in (sorted(path.glob("*.csv*")) if path.is_dir() else [path])]
    if not found:
        raise Failure("No trace is in these folders: files are called <machine>.csv or <machine>.csv.gz.")
    return found


def _read(path: Path) -> Trace:
    try:
        return read_trace(path)
    except (NotATrace, OSError) as error:
        raise Failure(f"{error}.") from error


def _cells(summary: Summary) -> list[object]:
    values = {each.name: getattr(summary, each.name) for each in fields(summary)}
    values["coverage"] = None if summary.coverage is None else f"{summary.coverage:.1%}"
    values["longest_hole_s"] = f"{summary.longest_hole_s / 3600:.1f}"
    values["days_off"] = f"{summary.days_off:.2f}"
    return [values[name] for name in HEADINGS]
