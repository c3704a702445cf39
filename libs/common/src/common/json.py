"""JSON in and out, in one way: orjson, full double precision, RFC 3339 instants in UTC."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel


def _encode(value: object) -> Any:
    """What orjson does not know by itself; the driver's UUIDs are a subclass, which it does not know either."""
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def dumps(value: object) -> bytes:
    """Encode to UTF-8 JSON. Decimals become strings (money is never a float); not-a-number is refused by the types before."""
    return orjson.dumps(value, default=_encode)


def dumps_text(value: object) -> str:
    """Encode to JSON text."""
    return dumps(value).decode()


def dumps_pretty(value: object) -> bytes:
    """Encode to indented JSON with sorted keys, for documents that people read and diff."""
    return orjson.dumps(value, default=_encode, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def encoded(data: bytes) -> Any:
    """JSON that is encoded already, to stand as it is in a value that `dumps` encodes: what is told again and again is encoded once."""
    return orjson.Fragment(data)


def loads(data: bytes | str) -> Any:
    """Decode JSON. Raises `ValueError` when malformed, `NaN` and `Infinity` included."""
    return orjson.loads(data)
