"""In which language sentences of an answer are said."""

from typing import Annotated

from fastapi import Depends, Header, Query

from footprint.wording import Language, preferred


def _spoken(
    lang: Annotated[Language | None, Query(description="language of warnings and boundaries")] = None,
    accept_language: Annotated[
        str, Header(max_length=1000, description="language where `lang` is not given; French for others")
    ] = "fr",
) -> Language:
    return lang or preferred(accept_language)


Spoken = Annotated[Language, Depends(_spoken)]
"""The language of `lang`, else of `Accept-Language`, else French."""
