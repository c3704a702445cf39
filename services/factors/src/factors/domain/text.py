"""Text as searches compare it."""

import unicodedata

from factors.domain.records import FactorContent


def plain(text: str) -> str:
    """`text` in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def search_text(factor_id: str, content: FactorContent) -> str:
    """All that a factor may be found by, plain: its id, activity, names, region and source."""
    parts = [factor_id, content.activity, content.name.fr, content.name.en, content.region or "", content.source.name]
    return plain(" ".join(parts))
