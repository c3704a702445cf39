"""ADEME's Base Carbone as its CSV export has it: elements with their sub-items, in French, numbers with a comma.

Columns (the export has more, which are not needed): Type Ligne (Elément or Poste), Identifiant de l'élément, Type de l'élément, Statut
de l'élément, Nom base / Nom attribut / Nom frontière in French and English, Unité français, Localisation géographique, Date de
modification, Période de validité, Incertitude, Commentaire français, Type poste, Total poste non décomposé, CO2f, CH4f, CH4b, N2O, Code
gaz supplémentaire and Valeur gaz supplémentaire 1 to 5, CO2b.

An element becomes a factor of the activity `base_carbone.<identifier>`; consumed electricity of a year becomes `electricity`. Its
sub-items upstream, combustion and grid losses become factors of their own, of perimeter upstream, direct and losses. Archived, refused
and draft elements are left out.

The export gives each gas in kgCO2e; divided by its potential in the set that the edition counts with (AR5 unless the caller says
otherwise) it becomes a mass, from which the value can be computed under the other sets. A split that does not make the total is left out,
and the note says so. An uncertainty of p % at 95 % is GSD² = 1 + p/100.
"""

import math
import re
from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from factors.catalogue.reader import Entry
from factors.domain import uncertainty, units
from factors.domain.gases import Gases
from factors.domain.records import GWP, Bilingual, FactorContent, GwpSet, Perimeter, Source
from factors.domain.regions import Regions
from factors.domain.text import plain
from factors.importing.tables import Located, Parsed, Reject, Row, RowError, number, rows

LINE: Final = "Type Ligne"
IDENTIFIER: Final = "Identifiant de l'élément"
KIND: Final = "Type de l'élément"
STATUS: Final = "Statut de l'élément"
UNIT: Final = "Unité français"
PLACE: Final = "Localisation géographique"
TOTAL: Final = "Total poste non décomposé"
PART: Final = "Type poste"
VALIDITY: Final = "Période de validité"
UNCERTAINTY: Final = "Incertitude"

REQUIRED: Final = (LINE, IDENTIFIER, STATUS, "Nom base français", UNIT, PLACE, TOTAL)

_PLACES = {
    "france continentale": "FR",
    "france": "FR",
    "france metropolitaine": "FR",
    "monde": "world",
    "europe": "europe",
    "union europeenne": "EU",
    "reunion": "RE",
    "la reunion": "RE",
    "guyane": "GF",
}

_UNITS = (
    (re.compile(r"\s*\(\d{4}\)\s*HT$|\s+HT$"), ""),
    (re.compile(r"\s+PC[IS]$"), ""),
    (re.compile(r"\s+SHON$"), ""),
    (re.compile(r"keuro$"), "kEUR"),
    (re.compile(r"euro$"), "EUR"),
    (re.compile(r"(tonne|t)\.km$"), "(tonne*km)"),
    (re.compile(r"(passager|personne|peq)\.km$"), "(person*km)"),
    (re.compile(r"(passager|personne)$"), "person"),
    (re.compile(r"unité$|appareil$|pièce$"), "unit"),
    (re.compile("²"), "^2"),
    (re.compile("³"), "^3"),
)

_MONTHS = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)

_PARTS = (("amont", Perimeter.UPSTREAM), ("combustion", Perimeter.DIRECT), ("transport et distribution", Perimeter.LOSSES),
          ("pertes", Perimeter.LOSSES))  # fmt: skip


SPLIT_AGREES = 0.01
"""How far, relatively, the gases may be from the total: the export rounds both."""

_GAS_COLUMNS = {"CO2f": "CO2", "CH4f": "CH4_fossil", "CH4b": "CH4", "N2O": "N2O"}

DEFAULT_GWP_SET = GwpSet.AR5
"""The set that the Base Carbone counts with, unless an edition says otherwise."""


def read(text: str, regions: Regions, source: Source, gases: Gases, gwp_set: GwpSet = DEFAULT_GWP_SET) -> Parsed:
    """The entries of an export whose CO2e are counted with `gwp_set`. Raises tables.FileError."""
    parsed = Parsed()
    elements: dict[str, FactorContent] = {}
    for line, row in rows(text, REQUIRED):
        try:
            entry = (
                _part(row, elements, parsed) if plain(row[LINE]) == "poste" else _element(row, regions, source, parsed)
            )
            entry = entry and _with_gases(entry, row, gases, gwp_set)
        except RowError as error:
            parsed.rejects.append(Reject(line, error.field, error.code, str(error)))
            continue
        if entry is not None:
            parsed.located.append(Located(line, entry))
            elements.setdefault(row[IDENTIFIER], entry.content)
    return parsed


def _element(row: Row, regions: Regions, source: Source, parsed: Parsed) -> Entry | None:
    if not plain(row[STATUS]).startswith("valide"):
        parsed.skip(f"status {row[STATUS]}")
        return None
    if row.get(KIND) and plain(row[KIND]) != "facteur d'emission":
        parsed.skip(f"type {row[KIND]}")
        return None
    if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", row[IDENTIFIER]):
        raise RowError(IDENTIFIER, "malformed", f"{row[IDENTIFIER]!r} is not an identifier")
    year = _year_of_electricity(row)
    start = date(year, 1, 1) if year else None
    content = FactorContent(
        activity="electricity" if year else f"base_carbone.{row[IDENTIFIER].lower()}",
        name=Bilingual(_name(row, "français"), _name(row, "anglais") or _name(row, "français")),
        criterion=GWP,
        value=number(row, TOTAL),
        unit=_unit(row[UNIT]),
        published_year=year or _year_of_change(row, source),
        source=source,
        region=_region(row[PLACE], regions),
        perimeter=Perimeter.CONSUMPTION if year else None,
        valid_from=start,
        valid_to=date(year + 1, 1, 1) if year else _end(row.get(VALIDITY, "")),
        biogenic_co2=number(row, "CO2b") if row.get("CO2b") else None,
        gsd2=_spread(row),
        note=_note(row),
    )
    return Entry(f"base-carbone-{row[IDENTIFIER].lower()}", content)


def _part(row: Row, elements: dict[str, FactorContent], parsed: Parsed) -> Entry | None:
    """A sub-item of an element that was taken up before it."""
    whole = elements.get(row[IDENTIFIER])
    perimeter = next((found for name, found in _PARTS if plain(row.get(PART, "")).startswith(name)), None)
    if whole is None or perimeter is None:
        parsed.skip("sub-item of an element left out" if whole is None else f"sub-item {row.get(PART, '')}")
        return None
    content = replace(
        whole,
        name=Bilingual(f"{whole.name.fr}, {row[PART].lower()}", f"{whole.name.en}, {perimeter.value}"),
        value=number(row, TOTAL),
        perimeter=perimeter,
        gases=(),
        gwp_set=None,
        biogenic_co2=number(row, "CO2b") if row.get("CO2b") else None,
        gsd2=_spread(row) or whole.gsd2,
    )
    return Entry(f"base-carbone-{row[IDENTIFIER].lower()}-{perimeter.value}", content)


def _with_gases(entry: Entry, row: Row, gases: Gases, gwp_set: GwpSet) -> Entry:
    """The entry with the masses of its gases, where the row splits them and they make the total."""
    named = dict(_GAS_COLUMNS) | {
        f"Valeur gaz supplémentaire {n}": code
        for n in range(1, 6)
        if (code := row.get(f"Code gaz supplémentaire {n}", ""))
    }
    parts = [(gas, number(row, column)) for column, gas in named.items() if row.get(column)]
    parts = [(gas, co2e) for gas, co2e in parts if co2e]
    content = entry.content
    if not parts:
        return entry
    masses: dict[str, float] = {}
    for name, co2e in parts:
        gas = gases.find(name)
        if gas is None or not gas.potentials.get(gwp_set):
            return Entry(entry.id, _noted(content, f"gaz {name} inconnu", f"gas {name} unknown"))
        masses[gas.code] = masses.get(gas.code, 0.0) + co2e / gas.potentials[gwp_set]
    if not math.isclose(sum(co2e for _, co2e in parts), content.value, rel_tol=SPLIT_AGREES):
        return Entry(entry.id, _noted(content, "elle ne fait pas le total", "it does not make the total"))
    return Entry(entry.id, replace(content, gases=tuple(sorted(masses.items())), gwp_set=gwp_set))


def _noted(content: FactorContent, why_fr: str, why_en: str) -> FactorContent:
    fr, en = f"Répartition par gaz non reprise : {why_fr}.", f"Split by gases left out: {why_en}."
    note = content.note
    return replace(content, note=Bilingual(f"{note.fr} {fr}", f"{note.en} {en}") if note else Bilingual(fr, en))


def _spread(row: Row) -> float | None:
    """GSD² of the stated uncertainty; None where there is none. Raises RowError."""
    if not row.get(UNCERTAINTY):
        return None
    percent = number(row, UNCERTAINTY)
    if percent < 0:
        raise RowError(UNCERTAINTY, "negative", f"{row[UNCERTAINTY]} % is no uncertainty: it is 0 or more")
    return uncertainty.of_percent(percent)


def _name(row: Row, language: str) -> str:
    parts = [row.get(f"Nom {part} {language}", "") for part in ("base", "attribut", "frontière")]
    return ", ".join(part for part in parts if part)


def _unit(text: str) -> str:
    """Our spelling of a unit. Raises RowError when pint does not know it."""
    top, slash, below = text.partition("/")
    below = below.strip()
    for pattern, spelling in _UNITS:
        below = pattern.sub(spelling, below)
    unit = f"{top.strip()}{slash}{below}"
    try:
        units.check_factor_unit(unit)
    except units.UnitError as error:
        raise RowError(UNIT, "unit", str(error)) from error
    return unit


def _region(text: str, regions: Regions) -> str | None:
    """The code of a place; None when the element is tied to none. Raises RowError."""
    if not text:
        return None
    code = _PLACES.get(plain(text))
    region = regions.find(code) if code else regions.by_name(text)
    if region is None:
        raise RowError(PLACE, "unknown_region", f"{text!r} is no known place")
    return region.code


def _year_of_electricity(row: Row) -> int | None:
    """The year of an element that is consumed grid electricity of one year, None for any other."""
    is_mix = plain(row["Nom base français"]).startswith("electricite") and "consommation" in plain(
        row.get("Nom frontière français", "")
    )
    year = re.match(r"(19|20)\d\d\b", row.get("Nom attribut français", ""))
    return int(year[0]) if is_mix and year else None


def _year_of_change(row: Row, source: Source) -> int:
    year = re.search(r"(19|20)\d\d", row.get("Date de modification", ""))
    return int(year[0]) if year else source.year


def _end(text: str) -> date | None:
    """The first day after a validity written as 2024-12, 12/2024, décembre-2024 or 2024-12-31; None when not given.

    Raises RowError.
    """
    if not text:
        return None
    words = plain(text)
    if exact := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", words):
        return date(int(exact[1]), int(exact[2]), int(exact[3])) + timedelta(days=1)
    found = re.fullmatch(r"(\d{4})-(\d\d?)", words)
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    if found := re.fullmatch(r"(\d\d?)[/-](\d{4})", words):
        year, month = int(found[2]), int(found[1])
    elif (found := re.fullmatch(r"([a-z]+)[ -](\d{4})", words)) and found[1] in _MONTHS:
        year, month = int(found[2]), _MONTHS.index(found[1]) + 1
    if not 1 <= month <= 12:
        raise RowError(VALIDITY, "not_a_period", f"{text!r} is not a month as 2024-12 or décembre-2024")
    return date(year, month, monthrange(year, month)[1]) + timedelta(days=1)


def _note(row: Row) -> Bilingual | None:
    stated = row.get(UNCERTAINTY, "")
    comment = row.get("Commentaire français", "")
    fr = " ".join(part for part in (f"Incertitude {stated} %." if stated else "", comment) if part)
    en = f"Uncertainty {stated} %." if stated else comment
    return Bilingual(fr[:2000], en[:2000]) if fr else None
