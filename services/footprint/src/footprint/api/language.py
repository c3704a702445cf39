"""In which language the texts of an answer are told: one rule for every call."""

from typing import Annotated, Any, Final

from common.api.problems import FieldError, Unprocessable
from fastapi import Depends, Header, Query, Request

from footprint.trace_words import Language
from footprint.wording import preferred

_LANG: Final = "language of the texts; else that of `Accept-Language`, else French"
_ACCEPTED: Final = "language of the texts where `lang` is not given; French for others"
MOST_ACCEPTED: Final = 1000
"""Characters of an `Accept-Language` header."""

Lang = Annotated[Language | None, Query(description=_LANG)]


def _spoken(
    lang: Lang = None,
    accept_language: Annotated[str, Header(max_length=MOST_ACCEPTED, description=_ACCEPTED)] = "fr",
) -> Language:
    return lang or preferred(accept_language)


Spoken = Annotated[Language, Depends(_spoken)]
"""The language of `lang`, else of `Accept-Language`, else French."""

PARAMETERS: Final[list[dict[str, Any]]] = [
    {"name": "lang", "in": "query", "required": False, "description": _LANG,
     "schema": {"type": "string", "enum": ["fr", "en"]}},
    {"name": "accept-language", "in": "header", "required": False, "description": _ACCEPTED,
     "schema": {"type": "string", "maxLength": MOST_ACCEPTED, "default": "fr"}},
]  # fmt: skip
"""The same as an OpenAPI document says it, for a route that reads its request itself."""


def spoken_of(request: Request) -> Language:
    """The same of a request that no dependency reads. Raises `Unprocessable` for a `lang` that is not spoken, or a header too long."""
    accepted = request.headers.get("accept-language", "fr")
    if len(accepted) > MOST_ACCEPTED:
        rule = f"accept-language has {len(accepted)} characters, more than {MOST_ACCEPTED}"
        raise Unprocessable(rule, [FieldError("accept-language", "too_long", rule)])
    text = request.query_params.get("lang")
    if text is None:
        return preferred(accepted)
    if text == "fr":
        return "fr"
    if text == "en":
        return "en"
    rule = f"lang {text!r} is not one of en, fr"
    raise Unprocessable(rule, [FieldError("lang", "unknown", rule)])
