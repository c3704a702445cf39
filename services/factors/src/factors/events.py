"""What factors publishes: the whole present document of a factor, or of an organisation's own value, whenever it changes; and each
release, whole and in parts, when it is frozen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from itertools import islice
from typing import Any

from common.events import Event

from factors.domain.records import Bilingual, FactorVersion
from factors.store.overrides import Override
from factors.store.releases import Release

TOPIC = "factors.factors"
CHANGED = "factors.factor.changed.v1"

OVERRIDES_TOPIC = "factors.overrides"
OVERRIDE_CHANGED = "factors.override.changed.v1"

RELEASES_TOPIC = "factors.releases"
RELEASE_FROZEN = "factors.release.frozen.v1"

PART_SIZE = 100
"""Factors in one part of a release: with the longest names, notes and sources that a factor may have, well under the largest event."""


def changed(version: FactorVersion) -> Event:
    """The event that tells the present version of a factor."""
    return Event(topic=TOPIC, type=CHANGED, key=version.id, subject=version.id, data=document(version))


def override_changed(override: Override) -> Event:
    """The event that tells the present version of an organisation's own value."""
    key = f"{override.org}/{override.version.id}"
    data = {"org": override.org, **document(override.version)}
    return Event(topic=OVERRIDES_TOPIC, type=OVERRIDE_CHANGED, key=key, subject=key, data=data)


def release_frozen(release: Release, versions: Iterable[FactorVersion]) -> Iterator[Event]:
    """The events that tell a release of these versions, in the order of their ids: as many as it takes, at least one.

    A release never changes, so neither do its parts: told again they are the same.
    """
    parts = max(1, -(-release.size // PART_SIZE))
    remaining = iter(versions)
    for part in range(1, parts + 1):
        key = f"{release.name}/{part}"
        data = {
            "name": release.name,
            "note": release.note,
            "author": release.author,
            "created_at": release.created_at.isoformat(),
            "version": 1,
            "part": part,
            "parts": parts,
            "factors": [document(version) for version in islice(remaining, PART_SIZE)],
        }
        yield Event(topic=RELEASES_TOPIC, type=RELEASE_FROZEN, key=key, subject=key, data=data)


def document(version: FactorVersion) -> dict[str, Any]:
    """The document of contracts/events/factors/factor.changed/v1.json."""
    content = version.content
    return {
        "id": version.id,
        "version": version.version,
        "status": version.status.value,
        "activity": content.activity,
        "name": asdict(content.name),
        "criterion": content.criterion,
        "stage": content.stage,
        "value": content.value,
        "unit": content.unit,
        "region": content.region,
        "valid_from": _text(content.valid_from),
        "valid_to": _text(content.valid_to),
        "published_year": content.published_year,
        "perimeter": content.perimeter.value if content.perimeter else None,
        "gwp_set": content.gwp_set.value if content.gwp_set else None,
        "gases": dict(content.gases),
        "biogenic_co2": content.biogenic_co2,
        "ratings": asdict(content.ratings) if content.ratings else None,
        "source": asdict(content.source),
        "gsd2": content.gsd2,
        "note": _bilingual(content.note),
        "reason": version.reason,
        "recorded_at": version.recorded_at.isoformat(),
    }


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _bilingual(text: Bilingual | None) -> dict[str, Any] | None:
    return asdict(text) if text else None
