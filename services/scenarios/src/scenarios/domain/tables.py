"""A comparison as a table: one row for each scenario and year, for spreadsheets."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

Cell: TypeAlias = str | float | int | None
Language = Literal["fr", "en"]

PERIOD = ("embodied_kg", "use_kg", "maintenance_and_sale_kg", "total_kg", "kwh")
MONEY = ("capex_eur", "opex_eur")
AVOIDED = ("eer_kg", "eema_kg", "total_kg")

HEADERS: Mapping[Language, tuple[str, ...]] = {
    "fr": (
        "scénario",
        "année",
        "fabrication kgCO2e",
        "usage kgCO2e",
        "maintenance et vente kgCO2e",
        "émissions kgCO2e",
        "kWh",
        "CAPEX €",
        "OPEX €",
        "évitées EER kgCO2e",
        "évitées EEMA kgCO2e",
        "émissions évitées kgCO2e",
    ),
    "en": (
        "scenario",
        "year",
        "making kgCO2e",
        "use kgCO2e",
        "maintenance and sale kgCO2e",
        "emissions kgCO2e",
        "kWh",
        "CAPEX €",
        "OPEX €",
        "avoided EER kgCO2e",
        "avoided EEMA kgCO2e",
        "avoided emissions kgCO2e",
    ),
}
REFERENCE: Mapping[Language, str] = {"fr": "référence", "en": "reference"}
EMISSIONS, AVOIDED_TOTAL = 5, 11
"""The columns that the catalogue's chart draws."""


def rows_by_scenario(result: Mapping[str, Any], language: Language) -> list[tuple[str, list[list[Cell]]]]:
    """The rows of each scenario of a comparison's stored result, the reference first; avoided columns are empty in the reference.

    Money stays a decimal string. Avoided emissions keep their sign.
    """
    reference = REFERENCE[language]
    found = [(reference, [_row(reference, year, None) for year in result["reference"]["years"]])]
    for alternative in result["alternatives"]:
        name = alternative["name"]
        pairs = zip(alternative["years"], alternative["avoided"]["years"], strict=True)
        found.append((name, [_row(name, year, avoided) for year, avoided in pairs]))
    return found


def _row(name: str, year: Mapping[str, Any], avoided: Mapping[str, Any] | None) -> list[Cell]:
    saved: Sequence[Cell] = [None] * len(AVOIDED) if avoided is None else [avoided[column] for column in AVOIDED]
    return [name, year["year"], *(year[column] for column in (*PERIOD, *MONEY)), *saved]
