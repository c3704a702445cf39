"""What factors publishes: the whole present document of a factor, or of an organisation's own value, whenever it changes."""

from dataclasses import asdict
from datetime import date
from typing import Any

from common.events import Event

from factors.domain.records import Bilingual, FactorVersion
from factors.store.overrides import Override

TOPIC = "factors.factors"
CHANGED = "factors.factor.changed.v1"

OVERRIDES_TOPIC = "factors.overrides"
OVERRIDE_CHANGED = "factors.override.changed.v1"


def changed(version: FactorVersion) -> Event:
    """The event that tells the present version of a factor."""
    return Event(topic=TOPIC, type=CHANGED, key=version.id, subject=version.id, data=document(version))


def override_changed(override: Override) -> Event:
    """The event that tells the present version of an organisation's own value."""
    key = f"{override.org}/{override.version.id}"
    data = {"org": override.org, **document(override.version)}
    return Event(topic=OVERRIDES_TOPIC, type=OVERRIDE_CHANGED, key=key, subject=key, data=data)


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
        "note": _bilingual(content.note),
        "reason": version.reason,
        "recorded_at": version.recorded_at.isoformat(),
    }


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _bilingual(text: Bilingual | None) -> dict[str, Any] | None:
    return asdict(text) if text else None
