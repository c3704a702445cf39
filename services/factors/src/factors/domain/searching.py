"""What a factor is found by."""

from factors.domain.records import FactorContent
from factors.domain.text import plain
from factors.domain.wording import words_of


def search_text(factor_id: str, content: FactorContent) -> str:
    """All that a factor may be found by, plain: its id, activity, names, region and source, and its activity in words of both languages."""
    parts = [factor_id, content.activity, content.name.fr, content.name.en, content.region or "", content.source.name]
    words = words_of(content.activity)
    return plain(" ".join([*parts, words.fr, words.en] if words else parts))
