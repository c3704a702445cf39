"""`measurements` and `activities`: rows of a file pushed, and what was measured."""

from pathlib import Path
from typing import Annotated, Any

import typer

from constellation_cli.assets import Named, Org, find_asset
from constellation_cli.rows import finish, push, read_rows
from constellation_cli.session import session_of, table_of

measurements = typer.Typer(help="What was measured.", no_args_is_help=True)
activities = typer.Typer(help="Maintenance, journeys, parts, leaks.", no_args_is_help=True)

Rows = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .csv, .json or .ndjson file.")]


@measurements.command("push")
def push_measurements(context: typer.Context, file: Rows) -> None:
    """Push measurements: columns asset, or source, external_id, org; metric, level, channel, from, to, value."""
    session = session_of(context)
    rows = read_rows(file, names_asset=True)
    with session.client() as client:
        pushed = push(session, client, "/inventory/v1/measurements/batch", rows, "measurements")
    finish(session, pushed, "Measurements")


@measurements.command("show")
def show_measurements(
    context: typer.Context,
    asset: Named,
    month: Annotated[str | None, typer.Option(help="YYYY-MM, by day; else every month in sum.")] = None,
    org: Org = None,
) -> None:
    """What was measured of an asset, and how much of the time it covers."""
    session = session_of(context)
    with session.client() as client:
        path = f"/inventory/v1/assets/{find_asset(client, asset, org)['id']}/measurements"
        if month is None:
            found: Any = list(client.pages(f"{path}/months", 1000))
            rows, first = [_cells(each, each["month"], each["energy"], each["utilisation"]) for each in found], "month"
        else:
            found = client.get(path, month=month)
            rows = [_cells(day, day["day"], day["energy"], day["utilisation"]) for day in found["days"]]
            first = "day"
    headings = (first, "it kWh", "covered", "facility kWh", "covered", "utilisation", "covered")
    session.show(found, table_of(None, headings, rows))
    if month is not None and found["pending"]:
        session.remark("More has come that is not rolled up yet.")


@activities.command("push")
def push_activities(context: typer.Context, file: Rows) -> None:
    """Push activities: columns org, source, external_id, kind, activity, site, country, on or from and to, quantity, unit, note."""
    session = session_of(context)
    rows = read_rows(file, names_asset=False)
    with session.client() as client:
        pushed = push(session, client, "/inventory/v1/activities/batch", rows, "activities")
    finish(session, pushed, "Activities")


def _cells(period: Any, name: str, energy: Any, busy: Any) -> list[Any]:
    by_level = {each["level"]: each for each in energy}
    cells: list[Any] = [name]
    for level in ("it", "facility"):
        each = by_level.get(level)
        cells += [each["kwh"], f"{each['coverage']:.1%}"] if each else [None, None]
    if not busy:
        return [*cells, None, None]
    seconds = sum(band["seconds"] for band in busy["bands"])
    mean = sum(band["seconds"] * band["mean"] for band in busy["bands"]) / seconds
    return [*cells, f"{mean:.1%}", f"{busy['coverage']:.1%}"]
