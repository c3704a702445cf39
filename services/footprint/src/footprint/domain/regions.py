"""Where electricity comes from: the part of a country that a site names, and which parts stand on the grid of their country.

Regions are ISO 3166-2 codes (`FR-BRE`), countries and territories ISO 3166-1 alpha-2. The factor of a country stands in for that of a part
only where this file lists the part (ADR 0100): parts of the mainland of a country with one synchronous grid [ENTSO-E, synchronous areas].
Corsica is a grid of its own [code de l'énergie, L. 141-5], and overseas France never falls back to metropolitan France.
"""

from typing import Final

from footprint.domain.countries import COUNTRIES

_OVERSEAS: Final = {
    "FR-971": "GP", "FR-972": "MQ", "FR-973": "GF", "FR-974": "RE", "FR-976": "YT", "FR-GP": "GP", "FR-MQ": "MQ", "FR-GF": "GF",
    "FR-RE": "RE", "FR-YT": "YT", "FR-BL": "BL", "FR-MF": "MF", "FR-NC": "NC", "FR-PF": "PF", "FR-PM": "PM", "FR-TF": "TF", "FR-WF": "WF",
}  # fmt: skip
"""ISO 3166-2 also lists overseas France as parts of France; they are read as what they are, under the codes that factors have."""

_FRENCH_DEPARTMENTS: Final = " ".join(f"{number:02}" for number in range(1, 96) if number != 20)

_ON_THE_GRID: Final = {
    "AT": "1 2 3 4 5 6 7 8 9",
    "BE": "BRU VAN VBR VLG VLI VOV VWV WAL WBR WHT WLG WLX WNA",
    "CH": "AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH",
    "DE": "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH",
    "FR": f"ARA BFC BRE CVL GES HDF IDF NAQ NOR OCC PAC PDL 69M 6AE 75C {_FRENCH_DEPARTMENTS}",
    "LU": "CA CL DI EC ES GR LU ME RD RM VD WI",
    "NL": "DR FL FR GE GR LI NB NH OV UT ZE ZH",
}
"""The parts, by country, that stand on its grid."""

_COUNTRY: Final = {f"{country}-{part}": country for country, parts in _ON_THE_GRID.items() for part in parts.split()}


def place_of(country: str, region: str | None) -> str:
    """The code under which the electricity of a site is looked up: its region, else its country.

    A region of another country contradicts the site: no factor is known under what is returned then.
    """
    if region is None:
        return country
    place = _OVERSEAS.get(region, region)
    nation = place.partition("-")[0]
    overseas = country == "FR" and place in _OVERSEAS.values()
    return f"{country}/{region}" if nation in COUNTRIES and nation != country and not overseas else place


def grids_of(place: str) -> tuple[str, ...]:
    """Where the electricity of a place may be looked up: there, then in its country where it stands on the grid of that."""
    country = _COUNTRY.get(place)
    return (place,) if country is None else (place, country)
