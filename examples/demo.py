"""Loads the example organisation into the running local stack, shows its dashboard, a study and an invoice: `python -m examples.demo`.

Running it again loads nothing twice: organisations and sites are found, and an unchanged file changes no asset.
"""

import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from examples import terminal
from examples.dates import TIME_ZONE
from examples.invoicing import show_invoice
from examples.organisation import ORGANISATION
from examples.platform import Platform, PlatformError, Stack
from examples.scenario import show_scenario
from examples.settling import wait_until_heard_by, wait_until_settled

_ACME = Path(__file__).parent / "acme"
_SETTLE_TIMEOUT_S = 180.0
_COAL_SITE = "fort-de-france-1"


def run(console: Console, stack: Stack, directory: Path, month: str) -> None:
    """Load `directory` into `stack`, wait until every footprint is computed, and print the dashboard of `month`, a study and an invoice.

    Raises PlatformError with one clear sentence when a call is refused or nothing settles in time.
    """
    with Platform(stack.base_url, stack.token) as platform:
        _create(platform, directory)
        with console.status("importing the inventory"):
            report = platform.imported(platform.import_file(directory / "inventory.csv", org=ORGANISATION))
        rows = {name: report[name] for name in ("accepted", "unchanged", "rejected")}
        console.print("Imported: " + ", ".join(f"{count} rows {name}" for name, count in rows.items()))
        if report["rejected"]:
            raise PlatformError(f"{report['rejected']} rows of the example were rejected: see import {report['id']}.")
        with console.status("computing footprints"):
            wait_until_settled(stack, _SETTLE_TIMEOUT_S)
        dashboard = platform.get("/footprint/v1/dashboard", org=ORGANISATION, month=month)
        terminal.show(console, _organisation(directory)["name"], dashboard)
        wait_until_heard_by(stack, "scenarios", _SETTLE_TIMEOUT_S)
        show_scenario(console, platform, ORGANISATION, int(month[:4]) + 1, _COAL_SITE)
        wait_until_heard_by(stack, "billing", _SETTLE_TIMEOUT_S)
        with console.status("invoicing the month"):
            show_invoice(console, platform, ORGANISATION, month)


def last_complete_month(today: date) -> str:
    """Return the month before that of `today`, as YYYY-MM: the dashboard's N-1."""
    return (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def _create(platform: Platform, directory: Path) -> None:
    for name, path in (("organisations", "/inventory/v1/organizations"), ("sites", "/inventory/v1/sites")):
        for body in _read(directory / f"{name}.json"):
            platform.ensure(path, body)


def _organisation(directory: Path) -> dict[str, Any]:
    organisation: dict[str, Any] = _read(directory / "organisations.json")[0]
    return organisation


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    """Run the demonstration; say what is wrong in one sentence and leave with status 1 when it cannot."""
    console = Console()
    try:
        run(console, Stack.read(), _ACME, last_complete_month(datetime.now(TIME_ZONE).date()))
    except PlatformError as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(1)


if __name__ == "__main__":
    main()
