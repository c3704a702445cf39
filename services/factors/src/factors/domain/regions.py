"""Where a factor applies, and which wider place may stand in for a narrower one.

Regions form a tree whose root is the world. Codes are ISO 3166-1 alpha-2 for countries and territories, ISO 3166-2 for
their parts (`FR-IDF`, whose parent is `FR`), `EU`, and words for wider places (`africa`). The French overseas
departments have countries' codes and hang under their own part of the world: no path leads from them to `FR`.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from factors.domain.records import Bilingual
from factors.domain.text import plain

OVERSEAS_FRANCE = frozenset({"GP", "MQ", "GF", "RE", "YT"})
"""Guadeloupe, Martinique, Guyane, La Réunion, Mayotte: isolated grids, never taken for metropolitan France."""

_OVERSEAS_PARTS = {
    "FR-971": "GP", "FR-972": "MQ", "FR-973": "GF", "FR-974": "RE", "FR-976": "YT",
    "FR-GP": "GP", "FR-MQ": "MQ", "FR-GF": "GF", "FR-RE": "RE", "FR-YT": "YT",
}  # fmt: skip
"""ISO 3166-2 also lists the overseas departments as parts of France; they are read as what they are."""

_PART = re.compile(r"^([A-Z]{2})-[A-Z0-9]{1,3}$")


@dataclass(frozen=True, slots=True)
class Region:
    """A place: its code, its names, and the code of the place around it (None for the world)."""

    code: str
    name: Bilingual
    parent: str | None
    alpha3: str | None = None


class Regions:
    """The tree of known places."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._by_code = {region.code: region for region in regions}
        for region in self._by_code.values():
            if region.parent is not None and region.parent not in self._by_code:
                raise ValueError(f"region {region.code}: its parent {region.parent} is unknown")
        self._by_alpha3 = {region.alpha3: region for region in self._by_code.values() if region.alpha3}
        self._chains = {code: self._walk(code) for code in self._by_code}
        self._names = {plain(name): region.code
                       for region in self._by_code.values() for name in (region.name.fr, region.name.en)}  # fmt: skip

    def find(self, code: str) -> Region | None:
        """The region of `code`, including parts of known countries; None when there is no such place."""
        canonical = _OVERSEAS_PARTS.get(code, code)
        known = self._by_code.get(canonical)
        if known is not None:
            return known
        part = _PART.match(canonical)
        if part is None or part[1] not in self._by_code:
            return None
        country = self._by_code[part[1]]
        return Region(
            canonical, Bilingual(f"{canonical} ({country.name.fr})", f"{canonical} ({country.name.en})"), country.code
        )

    def by_alpha3(self, code: str) -> Region | None:
        """The country or territory of an ISO 3166-1 alpha-3 code."""
        return self._by_alpha3.get(code)

    def by_name(self, name: str) -> Region | None:
        """The place of that French or English name, accents and case apart."""
        code = self._names.get(plain(name))
        return None if code is None else self._by_code[code]

    def wider(self, region: Region) -> tuple[Region, ...]:
        """The places around `region`, from the nearest to the world."""
        if region.parent is None:
            return ()
        return (self._by_code[region.parent], *self._chains[region.parent])

    def nearest(self, text: str, limit: int = 3) -> list[Region]:
        """Known places that `text` may have meant, by code or by name, the likeliest first."""
        wanted = plain(text)
        by_name = difflib.get_close_matches(wanted, self._names, n=limit, cutoff=0.75)
        by_code = difflib.get_close_matches(text.upper(), self._by_code, n=limit, cutoff=0.5)
        codes = dict.fromkeys([self._names[name] for name in by_name] + by_code)
        return [self._by_code[code] for code in list(codes)[:limit]]

    def _walk(self, code: str) -> tuple[Region, ...]:
        chain: list[Region] = []
        parent = self._by_code[code].parent
        while parent is not None:
            region = self._by_code[parent]
            if region in chain:
                raise ValueError(f"region {code}: its parents form a circle")
            chain.append(region)
            parent = region.parent
        return tuple(chain)
