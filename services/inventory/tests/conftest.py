"""The inventory service under test, with an organisation and a site to start from."""

from typing import Any

import pytest
from common.testing.plugin import MakeService
from inventory.main import SERVICE

from services.inventory.tests.sending import Clock, Inventory, MakeInventory


@pytest.fixture
def clock() -> Clock:
    """The clock of the service under test."""
    return Clock()


@pytest.fixture
def make_inventory(make_service: MakeService, clock: Clock) -> MakeInventory:
    """A maker of inventory services with the organisations acme and globex, a site each."""

    async def make(**settings: Any) -> Inventory:
        service = await make_service(SERVICE, clock=clock, **settings)
        for org in ("acme", "globex"):
            organisation = {"id": org, "name": org.capitalize(), "role": "customer", "time_zone": "Europe/Paris"}
            assert (await service.client.post("/v1/organizations", json=organisation)).status_code == 201
            site = {"org": org, "code": "nanterre-1", "name": "Nanterre", "kind": "datacenter", "country": "FR"}
            assert (await service.client.post("/v1/sites", json=site)).status_code == 201
        await service.take_outbox()
        return service

    return make


@pytest.fixture
async def inventory(make_inventory: MakeInventory) -> Inventory:
    """The service with its default settings."""
    return await make_inventory()
