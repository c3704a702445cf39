"""`dashboard`: the month's emissions of an organisation."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from constellation_cli.session import session_of, table_of

PARTS = {
    "construction_kg": "construction",
    "electricity_kg": "electricity",
    "maintenance_and_sale_kg": "maintenance and sale",
}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dashboard")(dashboard)


def dashboard(
    context: typer.Context,
    org: Annotated[str, typer.Option(help="The organisation.")],
    month: Annotated[str | None, typer.Option(help="YYYY-MM; else the month before this one.")] = None,
) -> None:
    """The emissions of a month and its year, in kgCO2e, and what to do about them."""
    session = session_of(context)
    with session.client() as client:
        found = client.get("/footprint/v1/dashboard", org=org, month=month or _month_before())
    session.show(found, *_shown(found))


def _month_before() -> str:
    first = datetime.now(UTC).date().replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _shown(found: Any) -> list[Any]:
    total = found["total_kg"]
    parts = (
        (name, found["parts"][key], f"{found['parts'][key] / total:.0%}" if total else "")
        for key, name in PARTS.items()
    )
    year, servers = found["year"], found["servers"]
    months = (
        (
            each["month"],
            each["total_kg"],
            *(each["parts"][key] for key in PARTS),
            "projected" if each["projected"] else "",
        )
        for each in found["months"]
    )
    return [
        table_of(f"{found['org']} {found['month']}: {total:,.2f} kg", ("", "kg", "share"), parts),
        table_of("By month", ("month", "kg", *PARTS.values(), ""), months),
        f"Year: {year['estimate_kg']:,.2f} kg = {year['elapsed_kg']:,.2f} elapsed + {year['forecast_kg']:,.2f} forecast.",
        f"Servers: {servers['in_service']} in service, {servers['off']} off.",
        *(_advice(each) for each in found["recommendations"]),
    ]


def _advice(each: Any) -> str:
    """A recommendation in a line: what, where, kg and euros a year."""
    place = f" ({each['site']})" if each.get("site") else ""
    savings = [
        *([f"{each['kg_per_year']:,.1f} kg"] if each["kg_per_year"] is not None else []),
        *([f"{float(each['eur_per_year']):,.0f} €"] if each.get("eur_per_year") else []),
    ]
    saving = f"{', '.join(savings)} a year, " if savings else ""
    return f"{each['code'].replace('_', ' ')}{place}: {saving}{len(each['assets'])} assets"
