"""Countries as inventories write them: names in English or French, or codes."""

import gettext
from functools import cache

import pycountry

from inventory.imports.words import plain


@cache
def _by_name() -> dict[str, str]:
    french = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["fr"])
    names: dict[str, str] = {}
    for country in pycountry.countries:
        spellings = [country.alpha_2, country.alpha_3, country.name, french.gettext(country.name)]
        for attribute in ("common_name", "official_name"):
            spelling = getattr(country, attribute, None)
            if spelling is not None:
                spellings += [spelling, french.gettext(spelling)]
        for spelling in spellings:
            names.setdefault(plain(spelling), country.alpha_2)
    return names


def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country; None when it is not known."""
    return _by_name().get(plain(text))


def country_name(code: str) -> str:
    """The English name of a country, by its alpha-2 code."""
    country = pycountry.countries.get(alpha_2=code)
    return code if country is None else str(country.name)
