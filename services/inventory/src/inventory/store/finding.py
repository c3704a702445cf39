"""Assets at a moment, and the conditions under which they fit a filter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from inventory.domain.filtering import AssetFilter
from inventory.domain.record import AssetKey
from inventory.store import quality

SOURCE = """
FROM assets a
JOIN LATERAL (
    SELECT *
    FROM asset_states
    WHERE asset_id = a.id AND upper_inf(known)
    ORDER BY valid @> $1::timestamptz DESC, lower(valid)
    LIMIT 1
) s ON true
LEFT JOIN sites site ON site.id = s.site_id
LEFT JOIN assets host ON host.id = s.host_id
"""
"""Each asset `a` with the state `s` that holds at moment `$1`, or the first one of an asset that is known later only."""

TEXT = "asset_text(a.name, a.external_id, a.also_known_as, a.details)"

CHOICES: dict[str, str] = {
    "kind": "a.kind",
    "status": "s.status",
    "site": "site.code",
    "plan": "s.plan",
    "owner": "a.details ->> 'owner'",
    "maker": "a.details #>> '{model,maker}'",
    "model": "a.details #>> '{model,name}'",
    "condition": "a.details #>> '{acquired,condition}'",
    "support": "a.details #>> '{support,kind}'",
}
"""The filters that are one value of an asset, with the value."""

_APPLICATION = """EXISTS (
    SELECT
    FROM application_machines m
    JOIN applications p ON p.id = m.application_id
    WHERE m.asset_id = a.id AND m.valid @> $1::timestamptz AND p.deleted_at IS NULL AND p.code = ANY ({}))"""

_EVER_ON = "a.id IN (SELECT asset_id FROM asset_states WHERE host_id = ANY ({}::uuid[]) AND upper_inf(known))"
"""Says less than the state of the moment does, by an index."""

_SOURCE = "EXISTS (SELECT FROM asset_identities i WHERE i.asset_id = a.id AND i.source = ANY ({}))"

_MADE = """(a.details #>> '{{acquired,on}}')::date
    - make_interval(secs => coalesce((a.details #>> '{{acquired,age_years}}')::float8, 0) * 31557600)"""


class Finder:
    """The conditions of a query and the values at their places; `$1` is the moment."""

    def __init__(self, moment: datetime) -> None:
        """Assets that are there, at `moment`."""
        self.conditions = ["a.deleted_at IS NULL"]
        self.values: list[Any] = [moment]

    def add(self, condition: str, *values: Any) -> None:
        """One more condition, with a `{}` for each value."""
        places = []
        for value in values:
            self.values.append(value)
            places.append(f"${len(self.values)}")
        self.conditions.append(condition.format(*places))

    @property
    def where(self) -> str:
        """All conditions."""
        return "\n  AND ".join(self.conditions)

    def after(self, key: AssetKey | None) -> None:
        """Only assets after one, by organisation, source and external id."""
        if key is not None:
            self.add("(a.org_id, a.source, a.external_id) > ({}, {}, {})", *key)


def finder(wanted: AssetFilter, now: datetime, *, without: str | None = None) -> Finder:
    """The conditions of a filter, those of the field `without` left out."""
    moment = wanted.as_of or now
    found = Finder(moment)
    if wanted.as_of is not None:
        found.conditions.append("s.valid @> $1::timestamptz")
    if wanted.org is not None:
        found.add("a.org_id = {}", wanted.org)
    for word in (wanted.q or "").split():
        found.add(TEXT + " ILIKE {}", containing(word))
    for name, expression in CHOICES.items():
        chosen = getattr(wanted, name)
        if chosen and name != without:
            found.add(f"{_braced(expression)} = ANY ({{}})", [str(one) for one in chosen])
    if wanted.host:
        hosts = [UUID(one) for one in wanted.host]
        found.add(_EVER_ON, hosts)
        found.add("s.host_id = ANY ({}::uuid[])", hosts)
    if wanted.application and without != "application":
        found.add(_APPLICATION, list(wanted.application))
    if wanted.source and without != "source":
        found.add(_SOURCE, list(wanted.source))
    _add_tags(found, wanted.tag)
    if wanted.missing and without != "missing":
        found.conditions.append("(" + " OR ".join(quality.has(gap) for gap in wanted.missing) + ")")
    _add_dates(found, wanted)
    return found


def _add_tags(found: Finder, tags: Sequence[str]) -> None:
    if not tags:
        return
    parts = []
    values = []
    for tag in tags:
        name, equals, value = tag.partition("=")
        parts.append("a.details -> 'tags' ->> {} = {}" if equals else "a.details -> 'tags' ? {}")
        values.extend([name.strip(), value.strip()] if equals else [name.strip()])
    found.add("(" + " OR ".join(parts) + ")", *values)


def _add_dates(found: Finder, wanted: AssetFilter) -> None:
    if wanted.acquired_from is not None:
        found.add("(a.details #>> '{{acquired,on}}')::date >= {}", wanted.acquired_from)
    if wanted.acquired_before is not None:
        found.add("(a.details #>> '{{acquired,on}}')::date < {}", wanted.acquired_before)
    if wanted.older_than_years is not None:
        seconds = wanted.older_than_years * 31_557_600
        found.add(f"{_MADE} < $1::timestamptz - make_interval(secs => {{}})", seconds)
    if wanted.changed_since is not None:
        found.add("a.recorded_at >= {}", wanted.changed_since)


def _braced(expression: str) -> str:
    return expression.replace("{", "{{").replace("}", "}}")


def containing(text: str | None) -> str | None:
    """The LIKE pattern of what contains `text`, its wildcards meant as themselves."""
    if text is None:
        return None
    literally = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literally}%"
