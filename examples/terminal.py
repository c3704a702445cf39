"""The dashboard of one month as a terminal shows it: what is printed adds up as printed (`common.rounding`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.rounding import apportioned, apportioned_table
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_PARTS = (
    ("construction_kg", "construction", "█", "dark_orange"),
    ("electricity_kg", "electricity", "▒", "bright_yellow"),
    ("maintenance_and_sale_kg", "maintenance and sale", "░", "cyan"),
)
_BAR_WIDTH = 40
_STEP = 10**10
"""Billionths of a kg in what is printed: a hundredth of a tonne."""


def show(console: Console, title: str, dashboard: Mapping[str, Any]) -> None:
    """Print the month's parts with their shares, the twelve months, the year, the servers and the recommendations."""
    months = dashboard["months"]
    rows = [_billionths(each["parts"]) for each in months]
    season = round(dashboard["year"]["estimate_kg"] * 1e9) - sum(map(sum, rows))
    *printed, (moved, *_) = apportioned_table([*rows, [season, 0, 0]], _STEP)
    reported = next(row for row, each in zip(printed, months, strict=True) if each["month"] == dashboard["month"])
    console.print(
        Panel(
            Group(
                Text(f"Month {dashboard['month']}: {_tonnes(sum(reported))}", style="bold"),
                _shares(reported, _billionths(dashboard["parts"])),
                Text(),
                _months(months, printed),
                Text(),
                _year(months, printed, moved, round(dashboard["year"]["restated_kg"] * 1e9 / _STEP)),
                _servers(dashboard["servers"]),
                *_recommendations(dashboard["recommendations"]),
            ),
            title=title,
            expand=False,
        )
    )


def tonnes(kg: float) -> str:
    """Return a mass of CO2 equivalent given in kilograms the way people read it."""
    return f"{kg / 1000:,.2f} t CO2e"


def _tonnes(hundredths: int) -> str:
    """What is printed of so many hundredths of a tonne."""
    return tonnes(hundredths * 10)


def _billionths(parts: Mapping[str, float]) -> list[int]:
    return [round(parts[key] * 1e9) for key, *_ in _PARTS]


def _shares(printed: Sequence[int], parts: Sequence[int]) -> Table:
    table = Table.grid(padding=(0, 2))
    total = sum(parts)
    shares = apportioned([each * 1000 for each in parts], total) if total > 0 else [0] * len(parts)
    for (_, label, sign, colour), amount, share in zip(_PARTS, printed, shares, strict=True):
        table.add_row(
            Text(f"{sign} {label}", style=colour), Text(_tonnes(amount), justify="right"), f"{share / 10:5.1f}%"
        )
    return table


def _months(months: Sequence[Mapping[str, Any]], printed: Sequence[Sequence[int]]) -> Table:
    """One bar a month, its parts one after another; a projected month is dimmed and says so."""
    largest = max((sum(month["parts"].values()) for month in months), default=0.0)
    table = Table.grid(padding=(0, 1))
    for month, row in zip(months, printed, strict=True):
        note = "projected" if month["projected"] else ""
        table.add_row(
            month["month"], _bar(month, largest), Text(_tonnes(sum(row)), justify="right"), Text(note, style="dim")
        )
    return table


def _bar(month: Mapping[str, Any], largest: float) -> Text:
    """Draw the parts to scale; ends are rounded as a running sum, so that equal totals end at the same column."""
    bar, drawn, running = Text(), 0, 0.0
    for key, _, sign, colour in _PARTS:
        running += month["parts"][key]
        end = round(_BAR_WIDTH * running / largest) if largest else 0
        bar.append(sign * (end - drawn), style=f"dim {colour}" if month["projected"] else colour)
        drawn = end
    return bar


def _year(months: Sequence[Mapping[str, Any]], printed: Sequence[Sequence[int]], moved: int, restated: int) -> Text:
    """The estimate; `moved` is what the seasons of the year before move the projected months by, all together, and `restated` what these
    correct of closed months, which is no forecast."""
    ahead = sum(sum(row) for row, each in zip(printed, months, strict=True) if each["projected"]) + moved
    whole = sum(map(sum, printed)) + moved
    corrections = f" + {_tonnes(restated)} restated of closed months" if restated else ""
    season = f" ({_tonnes(moved)} of it for the season)" if moved else ""
    return Text(
        f"The year: {_tonnes(whole)} estimated = {_tonnes(whole - ahead)} elapsed{corrections} + "
        f"{_tonnes(ahead - restated)} forecast{season}"
    )


def _servers(servers: Mapping[str, int]) -> Text:
    return Text(f"Servers: {servers['in_service']} in service, {servers['off']} off")


def _recommendations(recommendations: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    if not recommendations:
        return [Text("Recommendations: none")]
    return [Text("Recommendations:"), *(Text(f"  · {_sentence(each)}") for each in recommendations)]


def _sentence(recommendation: Mapping[str, Any]) -> str:
    """What to do, where, and what it would save in a year; euros only where a price is known."""
    count = len(recommendation["assets"])
    where = recommendation["site"] or f"{count} asset{'' if count == 1 else 's'}"
    savings = []
    if recommendation["kg_per_year"] is not None:
        savings.append(tonnes(recommendation["kg_per_year"]))
    if recommendation["eur_per_year"] is not None:
        savings.append(f"{float(recommendation['eur_per_year']):,.0f} €")
    saving = f"{', '.join(savings)} a year; " if savings else ""
    words = recommendation["code"].replace("_", " ").capitalize()
    return f"{words} ({where}): {saving}{recommendation['evidence'][0]}"
