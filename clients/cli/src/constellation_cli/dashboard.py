"""`dashboard`: the month's emissions of an organisation."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from constellation_cli.adding import in_units, rows_in_units
from constellation_cli.session import session_of, table_of

PARTS = {
    "construction_kg": "construction",
    "electricity_kg": "electricity",
    "maintenance_and_sale_kg": "maintenance and sale",
}

GRAM: Final = 10**6
"""Billionths of a kg in what is printed."""


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
    session.show(found, *shown(found))


def _month_before() -> str:
    first = datetime.now(UTC).date().replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def shown(found: Any) -> list[Any]:
    """The tables and sentences of a dashboard, in kg with three decimals: what is printed adds up as printed."""
    months, year, servers = found["months"], found["year"], found["servers"]
    rows = [_billionths(each["parts"]) for each in months]
    season = round(year["estimate_kg"] * 1e9) - sum(map(sum, rows))
    *printed, (moved,) = rows_in_units([*rows, [season]], GRAM)
    reported = next(row for row, each in zip(printed, months, strict=True) if each["month"] == found["month"])
    elapsed = sum(sum(row) for row, each in zip(printed, months, strict=True) if not each["projected"])
    whole = sum(map(sum, printed)) + moved
    restated = round(year["restated_kg"] * 1e9 / GRAM)
    listed = (
        (each["month"], _kg(sum(row)), *map(_kg, row), "projected" if each["projected"] else "")
        for row, each in zip(printed, months, strict=True)
    )
    corrections = f" + {_kg(restated):,.3f} restated of closed months" if restated else ""
    seasons = f" ({_kg(moved):,.3f} of it for the season)" if moved else ""
    return [
        table_of(
            f"{found['org']} {found['month']}: {_kg(sum(reported)):,.3f} kg", ("", "kg", "share"), _parts(reported)
        ),
        table_of("By month", ("month", "kg", *PARTS.values(), ""), listed),
        f"Year: {_kg(whole):,.3f} kg = {_kg(elapsed):,.3f} elapsed{corrections} + "
        f"{_kg(whole - elapsed - restated):,.3f} forecast{seasons}.",
        f"Servers: {servers['in_service']} in service, {servers['off']} off.",
        *(_advice(each) for each in found["recommendations"]),
    ]


def _billionths(parts: Any) -> list[int]:
    return [round(parts[key] * 1e9) for key in PARTS]


def _kg(grams: int) -> float:
    return grams / 1000


def _parts(grams: Sequence[int]) -> list[tuple[str, float, str]]:
    """Each part of the month with its share, where there is a whole to share."""
    whole = sum(grams)
    shares = (
        [f"{each}%" for each in in_units([each * 100 for each in grams], whole)] if whole > 0 else [""] * len(grams)
    )
    return [(name, _kg(each), share) for name, each, share in zip(PARTS.values(), grams, shares, strict=True)]


def _advice(each: Any) -> str:
    """A recommendation in a line: what, where, kg and euros a year."""
    place = f" ({each['site']})" if each.get("site") else ""
    savings = [
        *([f"{each['kg_per_year']:,.1f} kg"] if each["kg_per_year"] is not None else []),
        *([f"{float(each['eur_per_year']):,.0f} €"] if each.get("eur_per_year") else []),
    ]
    saving = f"{', '.join(savings)} a year, " if savings else ""
    return f"{each['code'].replace('_', ' ')}{place}: {saving}{len(each['assets'])} assets"
