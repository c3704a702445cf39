"""How answers are written: sums of carbon are exact decimals and stand as JSON numbers with all their digits, whatever their size."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from fastapi import Response


def dumps(document: Any) -> bytes:
    """Encode an answer. A `Decimal` is an amount of carbon here, which a double would cut above 9,000 t; money stands as text."""
    return orjson.dumps(document, default=_encode, option=orjson.OPT_UTC_Z)


def _encode(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(written(value))
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def written(amount: Decimal) -> str:
    """An amount without exponent and without zeros at its end, one decimal at least: `462.8`, `0.0`, `9007199.254740993`."""
    text = f"{amount:f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def answer(document: Any) -> Response:
    """The document as a response."""
    return Response(dumps(document), media_type="application/json")
