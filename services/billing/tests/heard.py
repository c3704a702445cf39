"""Helpers: events that billing hears, and a contract to bill them by."""

from typing import Any
from uuid import UUID

from common.events import Event
from common.testing.harness import RunningService

CUSTOMER: dict[str, Any] = {
    "name": "Acme SAS",
    "territory": "FR",
    "siren": "732829320",
    "siret": "73282932000074",
    "vat_id": "FR44732829320",
    "electronic_address": "732829320",
    "address": {"lines": ["1 rue de la Paix"], "postcode": "75002", "city": "Paris"},
}
CONTRACT: dict[str, Any] = {"org": "acme", "reference": "CL-1", "starts_on": "2026-01-01", "customer": CUSTOMER}


async def agreed(billing: RunningService[Any], **changes: Any) -> dict[str, Any]:
    """A contract, agreed over the API."""
    answer = await billing.client.post("/v1/contracts", json=CONTRACT | changes)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def segment(start: str, end: str | None = None, **fields: Any) -> dict[str, Any]:
    """A stretch of a timeline: a Cloud Like machine of 4 vCPU and 16 GiB in service."""
    return {
        "from": start,
        "to": end,
        "status": "in_service",
        "plan": "cloud-like",
        "allocation": {"vcpu": 4, "ram_gib": 16.0, "disk_gib": 0.0},
        **fields,
    }


def machine(version: int, *timeline: dict[str, Any], number: int = 7, org: str = "acme") -> Event:
    """The document of a virtual machine."""
    asset = UUID(int=number)
    data = {
        "id": str(asset),
        "org": org,
        "source": "vcenter",
        "external_id": f"vm-{number}",
        "kind": "virtual_machine",
        "name": f"vm {number}",
        "version": version,
        "deleted": False,
        "timeline": list(timeline),
    }
    return Event("inventory.assets", "inventory.asset.changed.v1", str(asset), f"asset/{asset}", data)


def footprint(month: str, version: int = 1, *, kwh: float, gwp_kg: float, number: int = 7) -> Event:
    """The footprint of a virtual machine's month."""
    asset = UUID(int=number)
    key = f"{asset}/{month}"
    data = {
        "asset_id": str(asset),
        "org": "acme",
        "month": month,
        "kind": "virtual_machine",
        "kwh": kwh,
        "stages": [{"stage": "use", "criterion": "gwp", "basis": "location", "value": gwp_kg}],
        "version": version,
    }
    return Event("footprint.asset-months", "footprint.asset-month.changed.v1", key, f"asset-month/{key}", data)


SELLER: dict[str, Any] = {
    "name": "Constellation Hébergement",
    "territory": "FR",
    "siren": "404833048",
    "siret": "40483304800022",
    "vat_id": "FR83404833048",
    "electronic_address": "404833048",
    "address": {"lines": ["10 avenue des Champs"], "postcode": "92000", "city": "Nanterre"},
    "legal_form": "SAS",
    "share_capital_eur": "100000.00",
    "trade_register": "RCS Nanterre",
    "iban": "FR7630006000011234567890189",
    "late_penalty_percent": "12.00",
}


async def sold_by(billing: RunningService[Any]) -> None:
    """Say who sells."""
    answer = await billing.client.put("/v1/seller", json=SELLER)
    assert answer.status_code == 200, answer.text
