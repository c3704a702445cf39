"""Whose rows a caller or a transaction may see."""

import re
from typing import Final, Literal, TypeAlias

from common.api.problems import FieldError, Unprocessable

EVERY: Final = "*"

Organisations: TypeAlias = frozenset[str] | Literal["*"]
"""A set of organisation ids, or `EVERY` for the platform's own processes and staff."""

_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z")


def check_organisation_id(value: str, field: str = "org") -> str:
    """Return `value` when it is a valid organisation id: lower-case letters, digits and inner hyphens, at most 64.

    Raises `Unprocessable` naming `field`.
    """
    if _PATTERN.match(value) is None:
        rule = "must be 1 to 64 lower-case letters, digits or inner hyphens"
        raise Unprocessable(f"{field} {value!r} {rule}", [FieldError(field, "pattern", rule)])
    return value


def visible(organisations: Organisations, org: str) -> bool:
    """Whether rows of `org` are among those of `organisations`."""
    return organisations == EVERY or org in organisations


def as_setting(organisations: Organisations) -> str:
    """The value of the session setting `app.orgs` that row-level security reads; an empty set sees nothing."""
    return EVERY if organisations == EVERY else ",".join(sorted(organisations))
