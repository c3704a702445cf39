"""Reads the data files of the catalogue into domain types; no database, no network.

Files whose header is `FACTOR_COLUMNS` hold one factor per line and name their source by its code in `sources.csv`.
`gases.csv` and `blends.csv` hold warming potentials, `regions.csv` the tree of places, `left_out.csv` published values
that are deliberately absent and why, `release.toml` the name of the edition.
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from factors.domain.gases import Gas, Gases
from factors.domain.records import GWP, Bilingual, FactorContent, GwpSet, Perimeter, Ratings, Source
from factors.domain.regions import Region, Regions
from factors.domain.rules import Rules

FACTOR_FILES = (
    "electricity.csv",
    "electricity_other_criteria.csv",
    "residual_mixes.csv",
    "embodied.csv",
    "embodied_other_criteria.csv",
    "energy.csv",
    "components.csv",
    "lives.csv",
    "data_centres.csv",
    "cloud.csv",
    "transport_and_purchases.csv",
)

FACTOR_COLUMNS = (
    "id", "activity", "name_fr", "name_en", "criterion", "stage", "value", "unit", "region", "valid_from", "valid_to",
    "published_year", "perimeter", "gwp_set", "ratings", "source", "note_fr", "note_en",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One factor of the catalogue: its stable id and what it says."""

    id: str
    content: FactorContent


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A published value that the catalogue does not take up, and why."""

    region: str
    year: int
    source: str
    published_value: float
    reason: str


@cache
def release_name() -> str:
    """The name of this edition of the catalogue."""
    return str(tomllib.loads((files(__package__) / "release.toml").read_text("utf-8"))["name"])


@cache
def regions() -> Regions:
    """The tree of known places."""
    return Regions(
        Region(row["code"], Bilingual(row["name_fr"], row["name_en"]), row["parent"] or None, row["alpha3"] or None)
        for row in _rows("regions.csv")
    )


@cache
def sources() -> dict[str, Source]:
    """The sources by code."""
    return {
        row["code"]: Source(
            name=row["name"], link=row["link"], licence=row["licence"], year=int(row["year"]),
            url=row["url"] or None, displayable=row["displayable"] == "true",
        )
        for row in _rows("sources.csv")
    }  # fmt: skip


@cache
def gases() -> Gases:
    """The gases with their potentials, and the refrigerant blends."""
    blends: dict[str, dict[str, float]] = {}
    for row in _rows("blends.csv"):
        blends.setdefault(row["code"], {})[row["component"]] = float(row["share_by_mass"])
    return Gases((_gas(row) for row in _rows("gases.csv")), blends)


@cache
def rules() -> Rules:
    """The rules of publication, over the places and gases of the files."""
    return Rules(regions(), gases())


@cache
def entries() -> tuple[Entry, ...]:
    """Every factor of the catalogue, the potentials of single gases included, in the order of the files."""
    listed = [_entry(row) for file in FACTOR_FILES for row in _rows(file, FACTOR_COLUMNS)]
    return (*listed, *_potentials(), *_refrigerants())


@cache
def left_out() -> tuple[LeftOut, ...]:
    """The published values that are deliberately absent."""
    return tuple(
        LeftOut(row["region"], int(row["year"]), row["source"], float(row["published_value"]), row["reason"])
        for row in _rows("left_out.csv")
    )


def _rows(file: str, columns: tuple[str, ...] | None = None) -> Iterator[dict[str, str]]:
    lines = (files(__package__) / file).read_text("utf-8").splitlines()
    reader = csv.DictReader(lines, strict=True)
    if columns is not None and tuple(reader.fieldnames or ()) != columns:
        raise ValueError(f"{file}: the header must be {','.join(columns)}")
    yield from reader


def _entry(row: dict[str, str]) -> Entry:
    note = Bilingual(row["note_fr"], row["note_en"]) if row["note_fr"] or row["note_en"] else None
    content = FactorContent(
        activity=row["activity"],
        name=Bilingual(row["name_fr"], row["name_en"]),
        criterion=row["criterion"],
        value=float(row["value"]),
        unit=row["unit"],
        published_year=int(row["published_year"]),
        source=sources()[row["source"]],
        stage=row["stage"] or None,
        region=row["region"] or None,
        perimeter=Perimeter(row["perimeter"]) if row["perimeter"] else None,
        gwp_set=GwpSet(row["gwp_set"]) if row["gwp_set"] else None,
        valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        ratings=_ratings(row["ratings"]),
        note=note,
    )
    return Entry(row["id"], content)


def _ratings(text: str) -> Ratings | None:
    """Five ratings as `4/4/5/5/4`: reliability, technical, geographic, temporal, completeness."""
    if not text:
        return None
    reliability, technical, geographic, temporal, completeness = (int(rating) for rating in text.split("/"))
    return Ratings(technical, reliability, temporal, completeness, geographic)


def _gas(row: dict[str, str]) -> Gas:
    return Gas(
        code=row["code"],
        name=Bilingual(row["name_fr"], row["name_en"]),
        family=row["family"],
        kyoto=row["kyoto"] == "true",
        potentials={gwp_set: float(row[gwp_set.value]) for gwp_set in GwpSet if row[gwp_set.value]},
        aliases=tuple(row["aliases"].split(";")) if row["aliases"] else (),
    )


_CONVENTION = Ratings(5, 5, 5, 5, 5)
"""Warming potentials are what the parties agreed to count with: within one set they have no spread."""


def _potentials() -> Iterator[Entry]:
    """Each potential as a factor of the activity `gas.<code>`, so that other services hear it like any other."""
    for gas in gases().all:
        slug = gas.code.lower().replace("_", "-")
        for gwp_set, potential in gas.potentials.items():
            source = sources()[f"ipcc-{gwp_set.value.lower()}"]
            name = Bilingual(
                f"{gas.name.fr}, PRG à 100 ans, {gwp_set.value}", f"{gas.name.en}, GWP 100 years, {gwp_set.value}"
            )
            content = FactorContent(
                activity=f"gas.{gas.code.lower()}", name=name, criterion=GWP, value=potential, unit="kgCO2e/kg",
                published_year=source.year, source=source, gwp_set=gwp_set,
                ratings=_CONVENTION,
            )  # fmt: skip
            yield Entry(f"gas-{slug}-{gwp_set.value.lower()}", content)


def _refrigerants() -> Iterator[Entry]:
    """Each refrigerant under each set as a factor of the activity `refrigerant.<code>`: a blend is the mean of its gases by mass, a
    single gas is also known by its number (R-134a).
    """
    for blend, shares in gases().blends.items():
        for gwp_set in _REFRIGERANT_SETS:
            parts = ", ".join(f"{share:.0%} {gas}" for gas, share in shares.items())
            value = gases().co2e({blend: 1.0}, gwp_set).co2e_kg
            yield _refrigerant(blend, gwp_set, value, shares, sources()["ashrae-34"], parts, parts)
    for gas in gases().all:
        number = next((alias for alias in gas.aliases if alias.startswith("R-")), None)
        if number is None:
            continue
        apart = ("", "") if gas.kyoto else (", hors Kyoto : à déclarer à part", ", outside Kyoto: to be reported apart")
        for gwp_set in _REFRIGERANT_SETS:
            source = sources()[f"ipcc-{gwp_set.value.lower()}"]
            notes = f"{gas.code}{apart[0]}", f"{gas.code}{apart[1]}"
            yield _refrigerant(number, gwp_set, gas.potentials[gwp_set], {gas.code: 1.0}, source, *notes)


_REFRIGERANT_SETS = (GwpSet.AR4, GwpSet.AR5, GwpSet.AR6)


def _refrigerant(
    number: str, gwp_set: GwpSet, value: float, shares: Mapping[str, float], source: Source, made_fr: str, made_en: str
) -> Entry:
    content = FactorContent(
        activity=f"refrigerant.{number.lower()}",
        name=Bilingual(f"Fluide {number}, PRG à 100 ans, {gwp_set.value}", f"Refrigerant {number}, GWP 100 years, {gwp_set.value}"),
        criterion=GWP, value=value, unit="kgCO2e/kg",
        published_year=source.year, source=source, gwp_set=gwp_set, gases=tuple(sorted(shares.items())),
        ratings=_CONVENTION,
        note=Bilingual(f"{made_fr} ; PRG du GIEC, {gwp_set.value}.", f"{made_en}; GWP of the IPCC, {gwp_set.value}."),
    )  # fmt: skip
    return Entry(f"refrigerant-{number.lower()}-{gwp_set.value.lower()}", content)
