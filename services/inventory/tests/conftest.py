"""The inventory service under test, with an organisation and a site to start from."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from inventory.main import SERVICE

Inventory = RunningService[Any]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Move the clock by a timedelta's arguments."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """The clock of the service under test."""
    return Clock()


MakeInventory = Callable[..., Awaitable[Inventory]]


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


def server(external_id: str, **more: Any) -> dict[str, Any]:
    """A row of a server of acme."""
    return {"source": "cmdb", "external_id": external_id, "org": "acme", "kind": "server", **more}


def machine(external_id: str, host: str | None = None, **more: Any) -> dict[str, Any]:
    """A row of a virtual machine of acme, on a server of `server` when one is named."""
    on = {"host": {"source": "cmdb", "external_id": host}} if host else {}
    row = {"source": "cmdb", "external_id": external_id, "org": "acme", "kind": "virtual_machine"}
    return {**row, **on, **more}


async def send(client: httpx.AsyncClient, *rows: Any) -> list[dict[str, Any]]:
    """Send a batch; its results."""
    answer = await client.post("/v1/assets/batch", json=list(rows))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results
