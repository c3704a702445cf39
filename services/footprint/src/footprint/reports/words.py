"""The words of the report in French and English, and how numbers are written in each."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from common.rounding import apportioned, rounded

from footprint.domain.months import months_of_year
from footprint.domain.sums import exact
from footprint.reports.content import Report
from footprint.trace_words import Language

MONTHS: Final[Mapping[Language, tuple[str, ...]]] = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Empreinte carbone de l’informatique", "Carbon footprint of IT"),
    "year_whole": ("Année {year}", "Year {year}"),
    "year_partly": ("Année {year} : {first} à {last} écoulés, la suite projetée",
                    "Year {year}: {first} to {last} elapsed, the rest projected"),
    "year_projected": ("Année {year} : projetée", "Year {year}: projected"),
    "made": ("Établi le {day} · fuseau {zone}", "Made on {day} · time zone {zone}"),
    "total": ("Total de l’année", "Total of the year"),
    "elapsed": ("Mois écoulés", "Elapsed months"),
    "forecast": ("Projection", "Projection"),
    "seasonal": ("Saisons (projection)", "Seasons (projection)"),
    "estimate": ("Estimation, saisons comprises", "Estimate, seasons included"),
    "one_more_asset": ("et {count} autre", "and {count} more"),
    "more_assets": ("et {count} autres", "and {count} more"),
    "without_seasons": (
        "Sans les saisons de la projection, qui ajoutent {moved} kgCO₂e à l’électricité : avec elles, l’année est de {estimate} kgCO₂e.",
        "Without the seasons of the projection, which add {moved} kgCO₂e to electricity: with them the year is {estimate} kgCO₂e.",
    ),
    "seasonal_total": ("saisons comprises", "seasons included"),
    "closed": ("Mois clos", "Closed months"),
    "of_12": ("{count} sur 12", "{count} of 12"),
    "interval": ("Intervalle à 95 %", "95% interval"),
    "servers": ("Serveurs en service · éteints", "Servers in service · off"),
    "construction_kg": ("Construction", "Construction"),
    "electricity_kg": ("Électricité", "Electricity"),
    "maintenance_and_sale_kg": ("Maintenance et vente", "Maintenance and sale"),
    "by_month": ("Mois par mois", "Month by month"),
    "month": ("Mois", "Month"),
    "state": ("État", "State"),
    "state_closed": ("clos", "closed"),
    "state_open": ("ouvert", "open"),
    "state_projected": ("projeté", "projected"),
    "restated": ("dont retraitements", "of which restatements"),
    "sum": ("Total", "Total"),
    "low": ("bas (95 %)", "low (95%)"),
    "high": ("haut (95 %)", "high (95%)"),
    "class": ("qualité (1–5)", "quality (1–5)"),
    "rounded": (
        "Arrondi au dixième de kg, de sorte que chaque ligne et chaque total s’additionne. Les valeurs exactes sont en annexe A.",
        "Rounded to a tenth of a kg so that every row and total adds up. The exact values, to the last digit, are in annex A.",
    ),
    "where": ("Où elles naissent", "Where it comes from"),
    "by_site": ("Par site", "By site"),
    "by_kind": ("Par type de matériel", "By kind of equipment"),
    "no_figures": (
        "Aucun chiffre pour {asked} : rien n’était en service, ou rien n’est connu de ce qui l’était. Un tiret dit ce qui est absent, "
        "et non nul.",
        "No figure of {asked}: nothing was in service, or what was lacks evidence. A dash stands for what is absent, not for 0.",
    ),
    "no_site": ("sans site", "no site"),
    "reporting": ("Tableaux réglementaires", "Reporting tables"),
    "beges": ("BEGES (méthode réglementaire, décret 2022-982)", "BEGES (French regulation, decree 2022-982)"),
    "ghg": ("GHG Protocol", "GHG Protocol"),
    "item": ("Poste", "Item"),
    "category": ("Catégorie", "Category"),
    "scope": ("Scope", "Scope"),
    "label": ("Intitulé", "Label"),
    "share_of_total": ("Part", "Share"),
    "electricity_two": ("Électricité : deux vues, jamais additionnées", "Electricity: two views, never added"),
    "location": ("Localisation (mix du lieu)", "Location-based (grid of the place)"),
    "market": ("Marché (contrats)", "Market-based (contracts)"),
    "beside": ("Amont et pertes du réseau (dans les deux vues)", "Upstream and losses of the grid (in both views)"),
    "market_note": (
        "Les totaux de ce rapport sont tous fondés sur la localisation.",
        "All totals of this report are location-based.",
    ),
    "market_missing": (
        "La vue marché ne contient pas l’électricité sans garantie d’origine dont le mix résiduel manque au catalogue.",
        "The market view leaves out electricity without guarantee of origin whose residual mix the catalogue lacks.",
    ),
    "restatements": ("Retraitements", "Restatements"),
    "restatements_none": (
        "Aucun mois de cette année ne compte de correction d’un mois clos.",
        "No month of this year counts a correction of a closed month.",
    ),
    "restatements_text": (
        "Un mois clos ne change plus. Ce que l’on en apprend ensuite est compté dans le premier mois encore ouvert. Localisation et "
        "marché sont deux vues du même mois, jamais additionnées :",
        "A closed month never changes. What becomes known of it later counts in the first month that is still open. Location-based and "
        "market-based are two views of one month, never added:",
    ),
    "counted_in": ("Compté en", "Counted in"),
    "corrects": ("Corrige", "Corrects"),
    "reason": ("Raison", "Reason"),
    "difference_location": ("Différence, localisation,", "Difference, location-based,"),
    "difference_market": ("Différence, marché,", "Difference, market-based,"),
    "reason_inventory": ("inventaire", "inventory"),
    "reason_measurement": ("mesure", "measurement"),
    "reason_factor": ("facteur", "factor"),
    "reason_method": ("méthode", "method"),
    "quality": ("Qualité des données", "Data quality"),
    "kind": ("Type", "Kind"),
    "embodied": ("Fabrication", "Making"),
    "energy": ("Énergie", "Energy"),
    "electricity": ("Facteur électricité", "Electricity factor"),
    "asset_months": ("Actifs × mois", "Assets × months"),
    "kwh_without_factor": (
        "Électricité sans facteur, qui n’est dans aucune somme",
        "Electricity without a factor, which stands in no sum",
    ),
    "warnings": ("Avertissements", "Warnings"),
    "recommendations": ("Recommandations", "Recommendations"),
    "saving": ("Gain annuel", "Saving a year"),
    "annex_exact": ("Annexe A — Valeurs exactes (kgCO₂e)", "Annex A — Exact values (kgCO₂e)"),
    "annex_versions": ("Annexe B — Méthode et facteurs utilisés", "Annex B — Method and factors used"),
    "method_used": ("Méthode {version}, mois {first} à {last}", "Method {version}, months {first} to {last}"),
    "factor": ("Facteur", "Factor"),
    "version": ("Version", "Version"),
    "value": ("Valeur", "Value"),
    "source": ("Source", "Source"),
    "annex_assumptions": ("Annexe C — Hypothèses et conventions", "Annex C — Assumptions and conventions"),
    "assumption": ("hypothèse", "assumption"),
    "closings": ("Clôtures", "Closings"),
    "closed_line": ("{month} clos le {day} par {by}, méthode {version}", "{month} closed on {day} by {by}, method {version}"),
    "page": ("page", "page"),
}  # fmt: skip

STAGES: Final[Mapping[str, tuple[str, str]]] = {
    "manufacturing": ("Fabrication", "Manufacturing"),
    "transport": ("Transport", "Transport"),
    "use": ("Utilisation", "Use"),
    "maintenance_and_sale": ("Maintenance et vente", "Maintenance and sale"),
    "end_of_life": ("Fin de vie", "End of life"),
}

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "server": ("Serveurs", "Servers"),
    "storage": ("Stockage", "Storage"),
    "network": ("Réseau", "Network"),
    "virtual_machine": ("Machines virtuelles", "Virtual machines"),
    "laptop": ("Ordinateurs portables", "Laptops"),
    "desktop": ("Ordinateurs fixes", "Desktops"),
    "monitor": ("Écrans", "Monitors"),
    "thin_client": ("Clients légers", "Thin clients"),
    "smartphone": ("Téléphones mobiles", "Smartphones"),
    "tablet": ("Tablettes", "Tablets"),
    "printer": ("Imprimantes", "Printers"),
    "ip_phone": ("Téléphones IP", "IP phones"),
    "other": ("Autres", "Other"),
    "site": ("Activités de site", "Activities of sites"),
    "organisation": ("Activités de l’organisation", "Activities of the organisation"),
}

BEGES: Final[Mapping[str, tuple[str, str]]] = {
    "1.1": ("Sources fixes de combustion", "Stationary combustion"),
    "1.2": ("Sources mobiles de combustion", "Mobile combustion"),
    "1.4": ("Émissions directes fugitives", "Direct fugitive emissions"),
    "2.1": ("Consommation d’électricité", "Electricity consumed"),
    "3.1": ("Transport de marchandise amont", "Upstream freight"),
    "3.2": ("Transport de marchandise aval", "Downstream freight"),
    "3.3": ("Déplacements domicile-travail", "Commuting"),
    "3.5": ("Déplacements professionnels", "Business travel"),
    "4.1": ("Achats de biens (dont amont de l’énergie)", "Purchased goods (upstream energy included)"),
    "4.2": ("Immobilisations de biens", "Capital goods"),
    "4.3": ("Gestion des déchets", "Waste"),
    "4.4": ("Actifs en location amont", "Upstream leased assets"),
    "4.5": ("Achats de services", "Purchased services"),
    "5.1": ("Utilisation des produits vendus", "Use of sold products"),
}

GHG: Final[Mapping[str, tuple[str, str]]] = {
    "1": ("Émissions directes", "Direct emissions"),
    "2": ("Électricité achetée", "Purchased electricity"),
    "3.1": ("Biens et services achetés", "Purchased goods and services"),
    "3.2": ("Biens d’équipement", "Capital goods"),
    "3.3": ("Combustibles et énergie (amont, pertes)", "Fuel- and energy-related (upstream, losses)"),
    "3.4": ("Transport amont", "Upstream transport"),
    "3.5": ("Déchets", "Waste"),
    "3.6": ("Déplacements professionnels", "Business travel"),
    "3.7": ("Domicile-travail", "Commuting"),
    "3.8": ("Actifs en location amont", "Upstream leased assets"),
    "3.9": ("Transport aval", "Downstream transport"),
    "3.12": ("Fin de vie des produits vendus", "End of life of sold products"),
}

EVIDENCE: Final[Mapping[str, tuple[str, str]]] = {
    "none": ("aucune", "none"),
    "given": ("donnée par le client", "given by the customer"),
    "measured": ("mesurée", "measured"),
    "declared": ("déclarée", "declared"),
    "projected": ("projeté des derniers jours mesurés", "projected from the last measured days"),
    "utilisation": ("courbe de puissance", "power curve"),
    "model": ("modèle", "model"),
    "configuration": ("composants", "parts"),
    "cloud": ("instance", "instance"),
    "kind": ("défaut du type", "default of the kind"),
    "region": ("mix du lieu", "grid of the place"),
    "earlier_year": ("facteur échu", "ended factor"),
}


OPERATORS: Final[Mapping[str, tuple[str, str]]] = {
    "own": ("l’organisation", "own"),
    "hosted": ("hébergeur (matériel propre)", "host (own kit)"),
    "provider": ("fournisseur", "provider"),
}

RULES: Final[Mapping[str, tuple[str, str]]] = {
    "capacity": ("capacité (invendu à part)", "capacity (unsold apart)"),
    "sold": ("vendu (invendu réparti)", "sold (unsold passed on)"),
}


_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "state": {"closed": "clos", "open": "ouvert", "projected": "projeté"},
    "criterion": {
        "gwp": "changement climatique",
        "pe": "énergie primaire",
        "adpe": "ressources minérales et métalliques",
        "water": "eau",
    },
    "basis": {"both": "les deux", "location": "localisation", "market": "marché"},
    "share": {"own": "propre", "idle": "part non vendue", "sold": "part utilisée par d’autres organisations"},
    "kind": {code: french for code, (french, _) in KINDS.items()},
    "stage": {code: french for code, (french, _) in STAGES.items()},
}


def code_text(column: str, code: str) -> str:
    """What a code of a column of the roll-up is called in French; itself where it has no other name."""
    return _CODES[column].get(code, code)


def word(name: str, language: Language, **values: object) -> str:
    """A word or sentence of the report."""
    return _WORDS[name][0 if language == "fr" else 1].format(**values)


def said(table: Mapping[str, tuple[str, str]], name: str, language: Language) -> str:
    """A name of a table in the language; itself where the table does not hold it."""
    found = table.get(name)
    return name if found is None else found[0 if language == "fr" else 1]


def month_name(month: int, language: Language, *, with_year: bool = True) -> str:
    """A month, for instance `oct. 2026`."""
    name = MONTHS[language][month % 12]
    return f"{name} {month // 12}" if with_year else name


def decimal_text(value: Decimal, language: Language) -> str:
    """A number with its digits as they are: spaces and a comma in French, commas and a point in English."""
    text = f"{value:,f}"
    return text if language == "en" else text.replace(",", "\u202f").replace(".", ",")


TENTH: Final = 10**8
"""Billionths of a kg in a tenth of one."""


def kg(billionths: int, language: Language) -> str:
    """Kilograms to a tenth."""
    return tenths(rounded(billionths, TENTH), language)


def kgs(parts: Sequence[int], language: Language) -> list[str]:
    """Kilograms to a tenth, of parts that add up to their sum as printed."""
    return [tenths(each, language) for each in apportioned(parts, TENTH)]


def tenths(amount: int, language: Language) -> str:
    """So many tenths as a number with one decimal."""
    return decimal_text(Decimal(amount).scaleb(-1), language)


def kg_exact(billionths: int, language: Language) -> str:
    """Kilograms with all nine decimals."""
    return decimal_text(exact(billionths), language)


def tonnes(billionths: int, language: Language) -> str:
    """Tonnes to the kilogram, with the unit; kilograms below one tonne."""
    return tonnes_of([billionths], language)[0]


def tonnes_of(parts: Sequence[int], language: Language) -> list[str]:
    """Parts in the unit of their sum, which they add up to as printed: tonnes to the kilogram, or kilograms to a tenth below one tonne."""
    if abs(sum(parts)) < 10**12:
        return [f"{each} kg" for each in kgs(parts, language)]
    return [f"{decimal_text(Decimal(each).scaleb(-3), language)} t" for each in apportioned(parts, 10**9)]


def shares(parts: Sequence[int], language: Language) -> list[str]:
    """Shares of the sum in percent to a tenth, which add up to 100; where the sum is not positive there are none, but dashes."""
    whole = sum(parts)
    if whole <= 0:
        return ["–" for _ in parts]
    sign = "\u202f%" if language == "fr" else "%"
    return [f"{tenths(each, language)}{sign}" for each in apportioned([part * 1000 for part in parts], whole)]


_UNIT_WORDS: Final = {"year": "an", "unit": "unité", "person": "personne", "GB": "Go"}


def unit_text(unit: str, language: Language, value: float | None = None) -> str:
    """A unit of the catalogue as a reader writes it (`kWh/an`, `4 ans`), plural for `value` where it is a word; nothing for the unit 1."""
    if unit == "1":
        return ""
    if unit == "year" and value is not None:
        several = value >= 2 if language == "fr" else value != 1
        return ("an" if language == "fr" else "year") + ("s" if several else "")
    if language == "en":
        return unit
    return re.sub(r"[A-Za-z]+", lambda found: _UNIT_WORDS.get(found[0], found[0]), unit).replace("*", "·")


_UNBROKEN: Final = re.compile(r" (?=[:;!?%€»])|(?<=«) |(?<=\d) (?=(?:kg|kgCO₂e|kgCO2e|kWh|t)\b)")


def unbroken(text: str) -> str:
    """A text whose lines break neither before French punctuation and signs nor between an amount and its unit."""
    return _UNBROKEN.sub("\u00a0", text)


def colon(language: Language) -> str:
    """What stands between a name and what it names."""
    return " : " if language == "fr" else ": "


def semicolon(language: Language) -> str:
    """What stands between two remarks."""
    return " ; " if language == "fr" else "; "


def unknown_months(report: Report, language: Language) -> str | None:
    """What must be said of the months without a figure; None where there is none."""
    lacking = [month for month in months_of_year(report.year) if month not in report.known]
    if not lacking:
        return None
    asked = str(report.year) if not report.known else ", ".join(month_name(month, language) for month in lacking)
    return word("no_figures", language, asked=asked)
