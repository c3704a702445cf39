"""Units and sentences agree with their number, in French and in English."""

from typing import Any

import pytest
from footprint.domain.loads import Load
from footprint.domain.recommendations import Machine, high_pue, idle, missing_data, powered_off
from footprint.domain.results import AssetMonth
from footprint.domain.rollup import Rolled
from footprint.reports.words import unit_text
from footprint.wording import preferred

from .makers import SITE, server

JUNE = 2026 * 12 + 5


def machines(count: int) -> list[Machine]:
    """Servers with a month of which nothing is counted."""
    assets = [server(number) for number in range(100, 100 + count)]
    return [Machine(each, AssetMonth(each, JUNE, "off", SITE.id, None)) for each in assets]


def first_lines(found: dict[str, Any] | None) -> tuple[str, str]:
    """The first line of evidence in English and in French."""
    assert found is not None
    return found["evidence"][0], found["evidence_fr"][0]


def test_one_server_is_off_and_two_servers_are() -> None:
    assert first_lines(powered_off(machines(1))) == (
        "1 server is off at the end of the month and not retired",
        "1 serveur est éteint à la fin du mois sans être retiré",
    )
    assert first_lines(powered_off(machines(2))) == (
        "2 servers are off at the end of the month and not retired",
        "2 serveurs sont éteints à la fin du mois sans être retirés",
    )


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [(1, "1 machine is on", "1 machine est allumée"), (2, "2 machines are on", "2 machines sont allumées")],
)
def test_idle_machines_agree_with_their_number(count: int, english: str, french: str) -> None:
    found = machines(count)
    said = first_lines(idle(found, {}, {each.asset.id: Load(30.0, 0.01, 0.02) for each in found}))
    assert said[0].startswith(english)
    assert said[1].startswith(french)


def test_what_saves_nothing_says_so_and_why_no_euros_are_told() -> None:
    found = missing_data([Rolled(JUNE, "", "energy-server", 12.5, 0.0, 9.0, 1.0)], "energy-server", [])
    assert (found["kg_per_year"], found["eur_per_year"]) == (None, None)
    assert found["evidence"][-1].startswith("it saves nothing by itself")
    assert found["evidence_fr"][-1].startswith("cela n’épargne rien en soi")
    assert "12,5 kg" in found["evidence_fr"][1]


def test_french_numbers_have_a_comma() -> None:
    found = high_pue(SITE, 1.9, 100.0, 1.58)
    assert found is not None
    assert found["evidence_fr"][:2] == [
        "le PUE de nanterre est 1,90, au-dessus de la moyenne mondiale de 1,58",
        "à 1,3 (hébergement mutualisé du fournisseur), le même matériel consommerait 32 % de moins",
    ]


@pytest.mark.parametrize(
    ("unit", "value", "french", "english"),
    [
        ("kWh/year", 4.0, "kWh/an", "kWh/year"),
        ("year", 4.0, "ans", "years"),
        ("year", 1.5, "an", "years"),
        ("year", 1.0, "an", "year"),
        ("kgCO2e/unit", 181.0, "kgCO2e/unité", "kgCO2e/unit"),
        ("kgCO2e/(tonne*km)", 0.1, "kgCO2e/(tonne·km)", "kgCO2e/(tonne*km)"),
        ("kgCO2e/kWh", 0.05, "kgCO2e/kWh", "kgCO2e/kWh"),
        ("1", 1.54, "", ""),
    ],
)
def test_units_of_the_catalogue_are_written_in_the_language(unit: str, value: float, french: str, english: str) -> None:
    assert (unit_text(unit, "fr", value), unit_text(unit, "en", value)) == (french, english)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr;q=0.5, en;q=0.8", "en"),
        ("de, fr;q=0.7, en;q=0.3", "fr"),
        ("en;q=0, fr", "fr"),
        ("de", "fr"),
        ("en;q=x", "fr"),
    ],
)
def test_the_language_of_a_text_is_the_one_the_caller_likes_best(accepted: str, language: str) -> None:
    assert preferred(accepted) == language
