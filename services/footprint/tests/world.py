"""A small world for the tests: what inventory and factors would publish."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from common.events import Event

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ORG = "acme"


def id_of(name: str) -> UUID:
    """A stable id for a name."""
    return uuid5(NAMESPACE_OID, name)


def organisation(org: str = ORG, version: int = 1, **fields: Any) -> Event:
    """An organisation as inventory tells it."""
    document = {
        "id": org, "name": org.title(), "role": "customer", "time_zone": "Europe/Paris", "refurbished_convention": "remaining",
        "version": version, "deleted": False,
    }  # fmt: skip
    return Event(
        "inventory.organizations", "inventory.organization.changed.v1", org, f"organization/{org}", document | fields
    )


def site(name: str = "nanterre", version: int = 1, **fields: Any) -> Event:
    """A site as inventory tells it."""
    document = {
        "id": str(id_of(name)), "org": ORG, "code": name, "name": name, "kind": "datacenter", "country": "FR", "region": None,
        "pue": [{"from": None, "to": None, "value": 1.5}], "operator": "own", "allocation_rule": "capacity",
        "electricity": {"guarantee_of_origin_share": 0.0}, "version": version, "deleted": False,
    }  # fmt: skip
    return Event("inventory.sites", "inventory.site.changed.v1", str(id_of(name)), f"site/{name}", document | fields)


def segment(start: str = "2026-01-01T00:00:00+01:00", end: str | None = None, **fields: Any) -> dict[str, Any]:
    """A segment of a timeline."""
    return {
        "from": start, "to": end, "status": "in_service", "site_id": str(id_of("nanterre")), "host_id": None, "plan": None,
        "configuration": None, "allocation": None,
    } | fields  # fmt: skip


def guest(
    host: str, vcpu: int, start: str = "2026-01-01T00:00:00+01:00", end: str | None = None, **fields: Any
) -> dict[str, Any]:
    """A segment of a virtual machine on a host."""
    allocation = {"vcpu": vcpu, "ram_gib": 8.0}
    return segment(start, end, site_id=None, host_id=str(id_of(host)), allocation=allocation, **fields)


def asset(name: str, version: int = 1, timeline: Iterable[dict[str, Any]] = (), **fields: Any) -> Event:
    """An asset as inventory tells it: by default a server that uses 3,504 kWh a year (400 W)."""
    document = {
        "id": str(id_of(name)), "org": ORG, "source": "test", "external_id": name, "kind": "server", "name": name, "quantity": 1,
        "model": None, "acquired": {"on": "2024-01-01", "condition": "new", "price_eur": "9000.00", "age_years": None},
        "planned_life_years": 5, "declared": {"annual_kwh": 3504, "average_w": None, "embodied_kg": None}, "support": None, "tags": {},
        "version": version, "deleted": False, "recorded_at": "2026-01-01T00:00:00Z", "timeline": list(timeline) or [segment()],
    }  # fmt: skip
    return Event("inventory.assets", "inventory.asset.changed.v1", str(id_of(name)), f"asset/{name}", document | fields)


def host(name: str, cores: int = 32, version: int = 1, **fields: Any) -> Event:
    """A server that virtual machines are placed on."""
    return asset(name, version, [segment(configuration={"cpu": {"units": 2, "cores": cores // 2}})], **fields)


def machine(name: str, *timeline: dict[str, Any], version: int = 1, **fields: Any) -> Event:
    """A virtual machine."""
    bare: dict[str, Any] = {"kind": "virtual_machine", "acquired": None, "planned_life_years": None, "declared": None}
    return asset(name, version, timeline, **(bare | fields))


def factor(identifier: str, activity: str, value: float, version: int = 1, **fields: Any) -> Event:
    """A published factor as factors tells it."""
    document = {
        "id": identifier, "version": version, "status": "published", "activity": activity, "name": {"fr": identifier, "en": identifier},
        "criterion": "gwp", "stage": None, "value": value, "unit": "kgCO2e/unit", "region": None, "valid_from": None, "valid_to": None,
        "published_year": 2024, "perimeter": None, "gwp_set": None, "gases": {}, "biogenic_co2": None, "ratings": None,
        "source": {"name": "test", "link": "test", "licence": "test", "year": 2024, "url": None, "displayable": True}, "note": None,
        "reason": "test", "recorded_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    return Event("factors.factors", "factors.factor.changed.v1", identifier, f"factor/{identifier}", document | fields)


def electricity(region: str, value: float, year: int = 2026, version: int = 1, **fields: Any) -> Event:
    """The production factor of a region and year."""
    return factor(
        f"electricity-{region.lower()}-{year}", "electricity", value, version, unit="kgCO2e/kWh", region=region, stage="use",
        valid_from=date(year, 1, 1).isoformat(), valid_to=date(year + 1, 1, 1).isoformat(), perimeter="production", **fields,
    )  # fmt: skip


def catalogue() -> list[Event]:
    """Enough factors for servers in France."""
    return [
        electricity("FR", 0.05),
        factor("embodied-server", "embodied.server", 1000.0, stage="manufacturing"),
        factor("life-server", "life.server", 5.0, criterion="parameter", unit="year"),
        factor("pue-world-2023", "pue", 1.58, criterion="parameter", unit="1", region="world"),
    ]


def foundations() -> list[Event]:
    """An organisation, a site and the catalogue."""
    return [organisation(), site(), *catalogue()]


def measured(name: str, month: str = "2026-06", version: int = 1, *, kwh: float | None = None, **fields: Any) -> Event:
    """A month of measurements as inventory tells it: by default `kwh` at the device on each day up to the 28th."""
    days = [
        {
            "day": f"{month}-{number:02d}", "seconds": 86400, "utilisation": None,
            "energy": [{"level": "it", "kwh": kwh, "covered": [[0, 82800]]}],
        }
        for number in range(1, 29)
    ]  # fmt: skip
    document = {
        "org": ORG, "asset_id": str(id_of(name)), "month": month, "time_zone": "Europe/Paris", "days": days if kwh is not None else [],
        "version": version, "deleted": False, "recorded_at": "2026-07-01T00:00:00Z",
    }  # fmt: skip
    key = f"{id_of(name)}/{month}"
    return Event(
        "inventory.measurements", "inventory.measurement-month.changed.v1", key, f"measurement/{key}", document | fields
    )


A_YEAR = [*(f"2025-{number:02d}" for number in range(10, 13)), *(f"2026-{number:02d}" for number in range(1, 11))]
"""The thirteen months before the current one, November 2026: with as many, what is measured has seasons."""


def metered(
    name: str, kwh: float, *, winter: float | None = None, version: int = 1, months: Iterable[str] = A_YEAR
) -> Iterator[Event]:
    """The first 23 hours of every day of these months measured, at so much a day of 24; those of November to February at another energy."""
    for month in months:
        year, number = map(int, month.split("-"))
        of_day = kwh if winter is None or number not in (11, 12, 1, 2) else winter
        days = [
            {
                "day": f"{month}-{day:02d}", "seconds": 86400, "utilisation": None,
                "energy": [{"level": "it", "kwh": of_day * 23 / 24, "covered": [[0, 82800]]}],
            }
            for day in range(1, monthrange(year, number)[1] + 1)
        ]  # fmt: skip
        yield measured(name, month, version, days=days)


def activity(name: str, version: int = 1, **fields: Any) -> Event:
    """An activity as inventory tells it: by default a journey of 100 km on 12 April 2026 for the organisation."""
    document = {
        "id": str(id_of(name)), "org": ORG, "source": "field", "external_id": name, "asset_id": None, "site_id": None,
        "kind": "intervention", "activity": "transport.car", "country": None, "from": "2026-04-12", "to": "2026-04-13",
        "quantity": 100.0, "unit": "km", "note": None, "version": version, "deleted": False, "recorded_at": "2026-04-14T09:00:00Z",
    }  # fmt: skip
    return Event(
        "inventory.activities", "inventory.activity.changed.v1", str(id_of(name)), f"activity/{name}", document | fields
    )


def claim(
    name: str, start: str = "2026-01-01T00:00:00+01:00", end: str | None = None, weight: float = 1.0
) -> dict[str, Any]:
    """What an application claims of a machine."""
    return {"asset_id": str(id_of(name)), "from": start, "to": end, "weight": weight}


def application(name: str, *machines: dict[str, Any], version: int = 1, **fields: Any) -> Event:
    """An application as inventory tells it."""
    document = {
        "id": str(id_of(name)), "org": ORG, "code": name, "name": name.upper(), "users": None, "machines": list(machines),
        "version": version, "deleted": False, "recorded_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    return Event(
        "inventory.applications",
        "inventory.application.changed.v1",
        str(id_of(name)),
        f"application/{name}",
        document | fields,
    )


def override(identifier: str, name: str, value: float, version: int = 1, **fields: Any) -> Event:
    """An organisation's own factor as factors tells it."""
    document = dict(factor(identifier, name, value, version, **fields).data)  # type: ignore[arg-type]
    key = f"{ORG}/{identifier}"
    return Event("factors.overrides", "factors.override.changed.v1", key, f"override/{key}", document | {"org": ORG})


def release(name: str, *factors: Event, part: int = 1, parts: int = 1) -> Event:
    """A part of a frozen release as factors tells it."""
    document = {
        "name": name, "note": "test", "author": "test", "created_at": "2026-01-01T00:00:00Z", "version": 1, "part": part,
        "parts": parts, "factors": [dict(each.data) for each in factors],  # type: ignore[arg-type]
    }  # fmt: skip
    return Event("factors.releases", "factors.release.frozen.v1", f"{name}/{part}", f"release/{name}", document)


def at_once(events: Iterable[Event]) -> list[Event]:
    """The events as if all had happened at one moment, as those of an import do, however long it took to make them up."""
    return [replace(event, time=NOW) for event in events]


def payloads(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The documents of events, tombstones left out."""
    return [dict(event.data) for event in events if isinstance(event.data, Mapping)]
