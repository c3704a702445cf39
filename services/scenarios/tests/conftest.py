"""A small organisation as scenarios hears it: two hosts with a virtual machine, a laptop fleet, a site, factors."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from common.events import Event
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from scenarios.main import SERVICE

SITE = UUID(int=1)
HOSTS = (UUID(int=11), UUID(int=12))
MACHINE, LAPTOPS, UNKNOWN = UUID(int=21), UUID(int=31), UUID(int=41)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def asset_event(asset_id: UUID, kind: str, version: int = 1, **fields: Any) -> Event:
    """An asset in service since 2023 at the site."""
    segment = {"from": "2023-01-01T00:00:00Z", "to": None, "status": "in_service", "site_id": str(SITE)}
    data = {
        "id": str(asset_id),
        "org": "acme",
        "kind": kind,
        "quantity": 1,
        "version": version,
        "acquired": {"on": "2023-01-01", "condition": "new", "price_eur": "9000.00", "age_years": None},
        "planned_life_years": None,
        "declared": None,
        "support": {"kind": "maker", "eur_per_year": "700.00"},
        "tags": {"role": "test"},
        "timeline": [segment | fields.pop("segment", {})],
        **fields,
    }
    return Event("inventory.assets", "inventory.asset.changed.v1", str(asset_id), f"asset/{asset_id}", data)


def month_event(asset_id: UUID, month: date, kwh: float | None, construction_kg: float, **fields: Any) -> Event:
    """A month of an asset's footprint, with more in it than scenarios reads."""
    stages = [
        {"stage": "manufacturing", "criterion": "gwp", "basis": None, "value": construction_kg},
        {"stage": "use", "criterion": "gwp", "basis": "location", "value": 5.0},
        {"stage": "use", "criterion": "pe", "basis": "location", "value": 500.0},
    ]
    data = {
        "asset_id": str(asset_id),
        "org": "acme",
        "month": f"{month:%Y-%m}",
        "kind": "server",
        "kwh": kwh,
        "stages": stages,
        "version": 1,
        **fields,
    }
    key = f"{asset_id}/{month:%Y-%m}"
    return Event("footprint.asset-months", "footprint.asset-month.changed.v1", key, f"asset-month/{key}", data)


def factor_event(factor_id: str, activity: str, value: float, **fields: Any) -> Event:
    """A published factor."""
    data = {
        "id": factor_id,
        "activity": activity,
        "criterion": "gwp",
        "value": value,
        "unit": "kgCO2e/kWh",
        "perimeter": "production",
        "status": "published",
        "version": 1,
        **fields,
    }
    return Event("factors.factors", "factors.factor.changed.v1", factor_id, f"factor/{factor_id}", data)


def site_event(version: int = 1, **fields: Any) -> Event:
    """The site as inventory tells it. Its PUE is 1.5."""
    data = {
        "id": str(SITE),
        "org": "acme",
        "code": "nanterre-1",
        "name": "Nanterre",
        "country": "FR",
        "pue": [{"from": None, "to": None, "value": 1.5}],
        "version": version,
        **fields,
    }
    return Event("inventory.sites", "inventory.site.changed.v1", str(SITE), f"site/{SITE}", data)


def organisation() -> list[Event]:
    """All of it. Each host draws 150 kWh a day of 30, its machine another 15."""
    months = [date(2026, month, 1) for month in range(1, 12)]
    return [
        site_event(),
        factor_event("electricity-fr-2021-ademe", "electricity", 0.0569, region="FR", valid_from="2021-01-01"),
        factor_event("electricity-fr-2020-old", "electricity", 0.09, region="FR", valid_from="2020-01-01"),
        factor_event("life-server", "life.server", 5, criterion="parameter"),
        factor_event("life-laptop", "life.laptop", 4, criterion="parameter"),
        factor_event("embodied-laptop", "embodied.laptop", 181),
        *(asset_event(host, "server") for host in HOSTS),
        asset_event(MACHINE, "virtual_machine", segment={"site_id": None, "host_id": str(HOSTS[0])}, acquired=None),
        asset_event(LAPTOPS, "laptop", quantity=20, declared={"annual_kwh": 30.0}),
        asset_event(UNKNOWN, "server"),
        *(month_event(host, month, 150.0, 20.0) for host in HOSTS for month in months),
        *(month_event(MACHINE, month, 15.0, 2.0) for month in months),
    ]


@pytest.fixture
async def scenarios(make_service: MakeService) -> RunningService[Any]:
    """The service, having heard the organisation, on a fixed day."""
    running = await make_service(SERVICE, clock=lambda: NOW)
    await running.handle(*organisation())
    return running


def study(**changes: Any) -> dict[str, Any]:
    """A study of the servers: renewed at once, by the reference."""
    definition = {
        "org": "acme",
        "name": "Servers 2027",
        "scope": {"kinds": ["server"]},
        "start": "2027-01-01",
        "years": 3,
        "reference": {
            "description": "All servers are renewed at once",
            "actions": [
                {
                    "lever": "renew",
                    "on": {"kinds": ["server"]},
                    "with": {"annual_kwh_ratio": 0.7, "life_years": 4, "price_eur": "9000.00"},
                }
            ],
        },
        "effect_class": "eema",
        "eligibility": "Spare parts can be had",
        "assumptions": [{"text": "New servers use 30 % less energy", "source": "assumption"}],
    }
    return definition | changes


LONG_LIFE = {
    "name": "long-life-support",
    "actions": [
        {
            "lever": "extend_life",
            "on": {"kinds": ["server"]},
            "years": 3,
            "with": {"opex_eur_per_year": "350.00"},
        }
    ],
}
