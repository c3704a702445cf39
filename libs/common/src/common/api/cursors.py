"""Keyset pagination: an opaque cursor holds the sort key of the last row; pages neither skip nor repeat when rows come and go."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, TypeAdapter, ValidationError

from common import json
from common.api.problems import FieldError, Unprocessable

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=1000, description="rows per page, at most 1000")]
Cursor = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before")]


class Page(BaseModel, Generic[Item]):
    """One page; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None


def encode(*key: str | int | float | datetime | UUID) -> str:
    """The cursor of a row by its sort key."""
    return base64.urlsafe_b64encode(json.dumps(list(key))).decode().rstrip("=")


def decode(cursor: str, *types: Any) -> tuple[Any, ...]:
    """The sort key of a cursor, as values of `types`. Raises `Unprocessable` when it is not one of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(key, list) or len(key) != len(types):
            raise ValueError("wrong number of parts")
        return tuple(_storable(TypeAdapter(kind).validate_python(part)) for kind, part in zip(types, key, strict=True))
    except (ValueError, OverflowError, binascii.Error, ValidationError) as error:
        rule = "must be a next_cursor that this call gave"
        raise Unprocessable(f"cursor {rule}", [FieldError("cursor", "malformed", rule)]) from error


def _storable(part: Any) -> Any:
    """`part`, an instant in UTC. Raises OverflowError for one that falls out of the calendar there."""
    return part.astimezone(UTC) if isinstance(part, datetime) and part.tzinfo is not None else part
