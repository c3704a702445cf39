"""One text for one value, and its hash: sorted keys, no spaces, decimals as they are written, UTF-8."""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID


def canonical(value: object) -> str:
    """`value` as canonical JSON. Raises `TypeError` for what has no exact text, floats that are not numbers included."""
    return json.dumps(
        value, default=_encode, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: object) -> str:
    """SHA-256 of the canonical text, hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _encode(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
