"""Examples of answers for the OpenAPI document, on record beside the routes that give them."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from common import json

Responses = dict[int | str, dict[str, Any]]


def recorded(package: str) -> Callable[..., Responses]:
    """A function that gives the `responses` of a route by its call, as `answer("POST /factors", 201)`.

    The answers are those of `examples.json` in `package`, true ones with their lists shortened, by call. The function raises KeyError
    where none is on record.
    """
    answers: dict[str, Any] = json.loads(files(package).joinpath("examples.json").read_bytes())

    def answer(call: str, status: int = 200) -> Responses:
        return {status: {"content": {"application/json": {"example": answers[call]}}}}

    return answer
