"""Text as comparisons need it."""

import unicodedata


def plain(text: str) -> str:
    """`text` in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
