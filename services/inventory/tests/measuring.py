"""Measurements to send, and the worker that rolls them up."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from inventory.service.measurement_worker import MeasurementWorker

from services.inventory.tests.sending import Inventory, send, server

NO_PAUSE = {"measurement_pause_s": 0, "measurement_longest_pause_s": 0}
"""Settings under which whatever was measured is due at once."""


def sample(
    asset: Any, metric: str, start: str, minutes: float, value: float, level: str = "it", **more: Any
) -> dict[str, Any]:
    """A row over an interval that begins at `start`."""
    end = (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()
    return {"asset": asset, "metric": metric, "level": level, "from": start, "to": end, "value": value, **more}


def reading(asset: Any, at: str, value: float, **more: Any) -> dict[str, Any]:
    """A reading of a counter."""
    return {"asset": asset, "metric": "energy_counter_j", "level": "it", "to": at, "value": value, **more}


async def record(client: httpx.AsyncClient, *rows: Any) -> dict[str, Any]:
    """Send measurements; the whole answer."""
    answer = await client.post("/v1/measurements/batch", json=list(rows))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def new_server(inventory: Inventory, external_id: str = "srv-1", **more: Any) -> str:
    """The id of a new server of acme, in service since 2026."""
    row = server(external_id, effective_from="2026-01-01", **more)
    [result] = await send(inventory.client, row)
    return str(result["id"])


async def roll_up_all(inventory: Inventory) -> None:
    """Work off every mark."""
    worker = MeasurementWorker(
        inventory.database, inventory.settings, lambda: datetime.fromisoformat("2026-11-23T15:00:00Z")
    )
    while await worker.work_once():
        pass


async def month_of(client: httpx.AsyncClient, asset: str, month: str) -> dict[str, Any]:
    """What was measured of an asset in a month."""
    answer = await client.get(f"/v1/assets/{asset}/measurements", params={"month": month})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
