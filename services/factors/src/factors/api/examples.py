"""Examples of answers for the OpenAPI document: those of a fresh service with the catalogue to the calls as the document prints them.

`examples.json` holds them by call, lists shortened; `tests/test_examples.py` makes the calls and compares the answers.
"""

from importlib.resources import files
from typing import Any, Final

from common import json

_ANSWERS: Final[dict[str, Any]] = json.loads(files(__package__).joinpath("examples.json").read_bytes())

_CREATED: Final = ("POST /factors", "POST /overrides", "POST /releases")


def answer(call: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of the route of `call`, "GET /factors" say. Raises KeyError where no answer is on record."""
    return {201 if call in _CREATED else 200: {"content": {"application/json": {"example": _ANSWERS[call]}}}}
