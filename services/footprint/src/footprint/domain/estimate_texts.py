"""Answers of estimates by columns: the same figures as `estimates.estimate`, written at once for a slice of items.

What an item's words lead to comes from the lexicon with its texts; what is left for each item is one row of a table of numbers. A slice is
computed by columns of that table, all its numbers are turned to text together, and numbers and texts are laid column by column into the
gaps of one form. A property test holds these answers against those of `estimate`, byte for byte.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import orjson

from footprint.domain import formulas
from footprint.domain.catalogue import GWP, Catalogue
from footprint.domain.errors import ItemError
from footprint.domain.estimate_columns import NUMBERS, computed, is_writable
from footprint.domain.estimate_words import Grid, Item, Lexicon, Speech, Words
from footprint.domain.estimates import Period

MOST_PERIODS: Final = 32
"""Periods of which texts are kept."""

_FORM: Final = (
    '{"ref":<>,"stages":{"manufacturing":{"gwp":{"value":<>,"low":<>,"high":<>,"quality":<>}},'
    '"use":{"gwp":{"value":<>,"low":<>,"high":<>,"quality":<>}}},"total":{"gwp":{"value":<>,"low":<>,"high":<>,"quality":<>}},'
    '"energy_kwh":<>,"evidence":{"embodied":"<>","energy":"<>","electricity":"<>"},"factors":[<>],"warnings":<>,"trace":[<><><>'
)
_MADE: Final = "manufacturing gwp: <><><><> kg"
_DRAWN: Final = "energy: <> × <> W × <><><> PUE = <> kWh"
_USED: Final = "use gwp: <><><> kg [<>]"
_BESIDE: Final = "upstream and losses gwp: %b kWh × %b = %b kg [%b]"
"""An answer, and lines of its trace, with gaps for its numbers and for the texts of its words."""


@lru_cache(maxsize=16)
def _pieces(speech: Speech) -> list[bytes]:
    """The form of an answer in a language: what is fixed in it, and between two of these an empty gap."""
    made, drawn, used = (speech.line(each) for each in (_MADE, _DRAWN, _USED))
    fixed = f'{_FORM}"{made}",<><><>"{drawn}","{used}"<>]}}'.encode().split(b"<>")
    return [piece for each in fixed for piece in (each, b"")][:-1]


@lru_cache(maxsize=16)
def _beside(speech: Speech) -> bytes:
    """The line of upstream and losses in a language, behind the line before it."""
    return f',"{speech.line(_BESIDE)}"'.encode()


def answers(lexicon: Lexicon, items: Sequence[Item | ItemError]) -> list[list[bytes] | None]:
    """The answer of each item as JSON, in pieces; None for those that are refused, or left to `estimate`.

    Configurations are `StatedConfiguration`s.
    """
    found: list[list[bytes] | None] = [None] * len(items)
    rows: list[Words] = []
    stated: list[float] = []
    for place, item in enumerate(items):
        if not isinstance(item, ItemError) and (row := lexicon.words(place, item, stated)) is not None:
            rows.append(row)
    if rows:
        texts, classes, writable = computed(stated)
        form = _pieces(lexicon.speech)
        for line, row in enumerate(rows):
            if writable[line]:
                numbers = texts[line * NUMBERS : (line + 1) * NUMBERS]
                found[row[0]] = _written(form, lexicon.speech, row, numbers, classes[line])
    return found


def _written(
    form: list[bytes], speech: Speech, row: Words, texts: Sequence[bytes], quality: bytes
) -> list[bytes] | None:
    """The answer of a row; None where the lines of its electricity hold a number that Python and the encoder write differently."""
    _, ref, share, making, life, draw, grid, use = row
    _, making_notices, making_quality, embodied, making_factors, making_trace, of_unit = making
    _, life_factors, life_trace, of_life, hours = life
    _, _, energy, draw_factors, draw_trace, stated = draw
    _, _, grid_notices, electricity, grid_factors, of_energy, origin, *_ = grid
    (
        made, made_low, made_high, used, used_low, used_high, total, total_low, total_high, kwh, hosts, quantity, watts, duty, pue,
    ) = texts  # fmt: skip
    lines = _of_electricity(speech, grid, kwh, used)
    if lines is None:
        return None
    itself, beside = lines
    pieces = form.copy()
    pieces[1::2] = (
        b"null" if ref is None else orjson.dumps(ref),
        made, made_low, made_high, making_quality, used, used_low, used_high, use.quality,
        total, total_low, total_high, quality, kwh, embodied, energy, electricity,
        _listed(share.factors, life_factors, making_factors, draw_factors, grid_factors),
        _warnings(speech, share.notices | making_notices | grid_notices),
        share.trace, life_trace, making_trace, hosts, of_unit, of_life, made,
        draw_trace, watts if stated else b"", stated,
        quantity, watts, duty, hours, pue, kwh, kwh, of_energy, itself, origin, beside,
    )  # fmt: skip
    return pieces


def _of_electricity(speech: Speech, grid: Grid, kwh: bytes, used: bytes) -> tuple[bytes, bytes] | None:
    """What the electricity itself weighs, and the line of its upstream and losses, as they stand in the trace."""
    if not grid.written:
        return used, b""
    itself, beside = (formulas.use_kg(float(kwh), each) for each in (grid.factor, grid.beside))
    if not (is_writable(itself) and is_writable(beside)):
        return None
    return repr(itself).encode(), _beside(speech) % (kwh, grid.written, repr(beside).encode(), grid.named)


@lru_cache(maxsize=4096)
def _listed(*factors: bytes) -> bytes:
    """Factors that each end with a comma, as a list holds them."""
    return b"".join(factors)[:-1]


@lru_cache(maxsize=4096)
def _warnings(speech: Speech, notices: int) -> bytes:
    return orjson.dumps(speech.warnings(notices))


class TextShelf:
    """What words lead to in the periods asked for, under the catalogue as it is now."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._lexicons: dict[tuple[Period, Speech], Lexicon] = {}

    def lexicon(self, catalogue: Catalogue, period: Period, criteria: Sequence[str], speech: Speech) -> Lexicon | None:
        """That of a catalogue, period and language; None where answers by columns are not for such a call."""
        if len(criteria) != 1 or criteria[0] != GWP or len(period.years) != 1:
            return None
        if catalogue is not self._catalogue or len(self._lexicons) >= MOST_PERIODS:
            self._catalogue, self._lexicons = catalogue, {}
        found = self._lexicons.get((period, speech))
        if found is None:
            found = self._lexicons[period, speech] = Lexicon(catalogue, period, speech)
        return found
