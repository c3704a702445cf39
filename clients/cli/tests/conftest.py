"""A running inventory service behind a real HTTP port, as the edge would show it, and the command line to call it with."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually
from constellation_cli.main import app
from inventory.main import SERVICE
from inventory.settings import InventorySettings
from starlette.applications import Starlette
from starlette.routing import Mount
from typer.testing import CliRunner

Inventory = RunningService[InventorySettings]


@dataclass(frozen=True, slots=True)
class Said:
    """What a call of the command line said."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Platform:
    """The service, and its address as a client sees it."""

    inventory: Inventory
    url: str

    def token(self, orgs: Sequence[str] | str = "*") -> str:
        """A token for some organisations."""
        return self.inventory.issuer.token(orgs)


Call = Callable[..., Awaitable[Said]]


@pytest_asyncio.fixture
async def platform(request: pytest.FixtureRequest, make_service: MakeService) -> AsyncIterator[Platform]:
    """The inventory with the organisation acme and a site, on a port of its own; its workers run unless the parameter is false."""
    inventory = await make_service(
        SERVICE,
        clock=lambda: datetime(2026, 11, 23, 15, tzinfo=UTC),
        measurement_pause_s=0,
        measurement_longest_pause_s=0,
    )
    for org in ("acme", "globex"):
        organisation = {"id": org, "name": org, "role": "customer", "time_zone": "Europe/Paris"}
        assert (await inventory.client.post("/v1/organizations", json=organisation)).status_code == 201
    site = {"org": "acme", "code": "nanterre-1", "name": "Nanterre", "kind": "datacenter", "country": "FR"}
    assert (await inventory.client.post("/v1/sites", json=site)).status_code == 201
    edge = Starlette(routes=[Mount("/api/inventory", inventory.app)])
    server = uvicorn.Server(uvicorn.Config(edge, port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with inventory.running(workers=getattr(request, "param", True)):
        yield Platform(inventory, f"http://127.0.0.1:{port}")
    server.should_exit = True
    await serving


@pytest.fixture
def call(platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Call the command line, as a client of acme unless `orgs` says another; the environment names the platform."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSTELLATION_CONFIG", str(tmp_path / "config.json"))
    monkeypatch.setenv("CONSTELLATION_URL", platform.url)
    monkeypatch.setenv("COLUMNS", "200")

    async def run(*arguments: object, orgs: Sequence[str] | str = ("acme",)) -> Said:
        monkeypatch.setenv("CONSTELLATION_TOKEN", platform.token(orgs))
        return await asyncio.to_thread(invoke, *arguments)

    return run


def invoke(*arguments: object, stdin: str | None = None) -> Said:
    """Call the command line in this process."""
    result = CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)
