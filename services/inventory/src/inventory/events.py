"""What the inventory publishes: state-carrying documents of organisations, sites, assets, applications, of what was measured,
and of activities (contracts/events/inventory)."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.events import Event

from inventory.domain.activities import StoredActivity
from inventory.domain.application import Application
from inventory.domain.asset import Asset
from inventory.domain.timeline import Segment
from inventory.store.measurement_days import StoredMonth
from inventory.store.places import StoredOrganisation, StoredSite

ORGANISATIONS = "inventory.organizations"
SITES = "inventory.sites"
ASSETS = "inventory.assets"
MEASUREMENTS = "inventory.measurements"
ACTIVITIES = "inventory.activities"
APPLICATIONS = "inventory.applications"

_ORGANISATION_CHANGED = "inventory.organization.changed.v1"
_SITE_CHANGED = "inventory.site.changed.v1"
_ASSET_CHANGED = "inventory.asset.changed.v1"
_MEASUREMENT_MONTH_CHANGED = "inventory.measurement-month.changed.v1"
_ACTIVITY_CHANGED = "inventory.activity.changed.v1"
_APPLICATION_CHANGED = "inventory.application.changed.v1"


def organisation_changed(stored: StoredOrganisation) -> Event:
    """The whole document of an organisation."""
    document = stored.organisation.model_dump(mode="json")
    data = {**document, "version": stored.version, "deleted": False}
    return Event(ORGANISATIONS, _ORGANISATION_CHANGED, document["id"], f"organizations/{document['id']}", data)


def site_changed(stored: StoredSite) -> Event:
    """The whole document of a site."""
    document = stored.site.model_dump(mode="json", by_alias=True)
    data = {"id": str(stored.id), **document, "version": stored.version, "deleted": False}
    return Event(SITES, _SITE_CHANGED, data["id"], f"sites/{stored.id}", data)


def asset_changed(asset: Asset) -> Event:
    """The whole document of an asset with its timeline; of a deleted one it is the last before the tombstone."""
    data = {
        "id": asset.id,
        "org": asset.key.org,
        "source": asset.key.source,
        "external_id": asset.key.external_id,
        "kind": asset.kind,
        **asset.description.model_dump(mode="json"),
        "identities": [{"source": source, "external_id": external_id} for source, external_id in asset.names],
        "merged_into": asset.merged_into,
        "version": asset.version,
        "deleted": asset.deleted,
        "recorded_at": asset.recorded_at,
        "timeline": segment_documents(asset.timeline.segments),
    }
    return Event(ASSETS, _ASSET_CHANGED, str(asset.id), f"assets/{asset.id}", data)


def asset_tombstone(asset: Asset) -> Event:
    """What follows the last document of a deleted asset: the topic forgets it."""
    return Event(ASSETS, _ASSET_CHANGED, str(asset.id), f"assets/{asset.id}", None)


def measurement_month_changed(month: StoredMonth, days: Sequence[Mapping[str, Any]]) -> Event:
    """The whole document of what was measured of an asset in a month."""
    data = {
        "org": month.org,
        "asset_id": month.asset,
        "month": f"{month.month:%Y-%m}",
        "time_zone": month.time_zone,
        "days": days,
        "version": month.version,
        "deleted": month.deleted,
        "recorded_at": month.recorded_at,
    }
    return Event(MEASUREMENTS, _MEASUREMENT_MONTH_CHANGED, _month_key(month), _month_subject(month), data)


def measurement_month_tombstone(month: StoredMonth) -> Event:
    """What follows the last document of a deleted asset's month: the topic forgets it."""
    return Event(MEASUREMENTS, _MEASUREMENT_MONTH_CHANGED, _month_key(month), _month_subject(month), None)


def _month_key(month: StoredMonth) -> str:
    return f"{month.asset}/{month.month:%Y-%m}"


def _month_subject(month: StoredMonth) -> str:
    return f"assets/{month.asset}/measurements/{month.month:%Y-%m}"


def activity_changed(stored: StoredActivity) -> Event:
    """The whole document of an activity; of a deleted one it is the last before the tombstone."""
    activity = stored.activity
    data = {
        "id": stored.id,
        "org": activity.org,
        "source": activity.source,
        "external_id": activity.external_id,
        "asset_id": activity.asset_id,
        "site_id": activity.site_id,
        "kind": activity.kind,
        "activity": activity.activity,
        "country": activity.country,
        "from": activity.start,
        "to": activity.end,
        "quantity": activity.quantity,
        "unit": activity.unit,
        "note": activity.note,
        "version": stored.version,
        "deleted": stored.deleted,
        "recorded_at": stored.recorded_at,
    }
    return Event(ACTIVITIES, _ACTIVITY_CHANGED, str(stored.id), f"activities/{stored.id}", data)


def activity_tombstone(stored: StoredActivity) -> Event:
    """What follows the last document of a deleted activity: the topic forgets it."""
    return Event(ACTIVITIES, _ACTIVITY_CHANGED, str(stored.id), f"activities/{stored.id}", None)


def application_changed(application: Application) -> Event:
    """The whole document of an application; of a deleted one it is the last before the tombstone."""
    data = application_document(application)
    return Event(APPLICATIONS, _APPLICATION_CHANGED, data["id"], f"applications/{application.id}", data)


def application_tombstone(application: Application) -> Event:
    """What follows the last document of a deleted application: the topic forgets it."""
    key = str(application.id)
    return Event(APPLICATIONS, _APPLICATION_CHANGED, key, f"applications/{application.id}", None)


def application_document(application: Application) -> dict[str, Any]:
    """An application as readers see it; instants as text, so that the document can be kept."""
    return {
        "id": str(application.id),
        "org": application.org,
        "code": application.code,
        "name": application.name,
        "users": application.users,
        "machines": [
            {
                "asset_id": str(machine.asset_id),
                "from": machine.start.isoformat(),
                "to": None if machine.end is None else machine.end.isoformat(),
                "weight": machine.weight,
            }
            for machine in application.machines
        ],
        "version": application.version,
        "deleted": application.deleted,
        "recorded_at": application.recorded_at.isoformat(),
    }


def segment_documents(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """Segments as readers see them. Parts of a configuration that are not known are absent."""
    # By identity: segments that were read together share what they have in common.
    parts = {id(part): part for each in segments for part in (each.state.configuration, each.state.allocation)}
    dumped = {
        name: None if part is None else part.model_dump(mode="json", exclude_none=True) for name, part in parts.items()
    }
    return [
        {
            "from": each.start,
            "to": each.end,
            "status": each.state.status,
            "site_id": each.state.site_id,
            "host_id": each.state.host_id,
            "plan": each.state.plan,
            "configuration": dumped[id(each.state.configuration)],
            "allocation": dumped[id(each.state.allocation)],
        }
        for each in segments
    ]
