"""Rows to send, how to send them, and the types of this folder's fixtures."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from common.events import Event
from common.testing.harness import RunningService
from inventory.settings import InventorySettings

Inventory = RunningService[InventorySettings]
MakeInventory = Callable[..., Awaitable[Inventory]]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Move the clock by a timedelta's arguments."""
        self.now += timedelta(**by)


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


def document(event: Event) -> dict[str, Any]:
    """The payload of an event that is no tombstone."""
    assert isinstance(event.data, dict)
    return event.data
