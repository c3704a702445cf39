"""What docker-compose.yml would start, started without an engine: commands and variables as they stand, on a real Postgres and broker.

Only what an engine gives is replaced: host names by addresses, the volume of the identity by a folder, one port by several.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from common.testing.servers import KafkaServer, PostgresServer, postgres_server
from common.testing.waiting import eventually
from local_stack.ports import free_port

from tests.deploy.manifests import ROOT
from tests.deploy.test_compose import SERVICES_OF_FILE

BIN = Path(sys.executable).parent
STARTED = ("inventory", "scenarios")
"""One that publishes and one that hears; the five differ in nothing but their name, says `test_compose`."""


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A cluster of its own: the roles of the file have other passwords than those of the tests."""
    with postgres_server(tmp_path_factory.mktemp("compose")) as server:
        yield server


def _environment(name: str, replaced: Mapping[str, str], **changed: str) -> dict[str, str]:
    """The variables of a service of the file, with `replaced` put in the place of what only an engine resolves."""
    given = {key: str(value) for key, value in SERVICES_OF_FILE[name].get("environment", {}).items()}
    for host, address in replaced.items():
        given = {key: value.replace(host, address) for key, value in given.items()}
    given.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)
    inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return {**inherited, **given, **changed}


def _run_to_completion(name: str, command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"


@contextmanager
def _process(name: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    """`<name> all` for as long as the block runs."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / name, *SERVICES_OF_FILE[name]["command"]], env=environment, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


async def test_the_commands_of_the_file_bring_services_up(
    own_postgres: PostgresServer, kafka: KafkaServer, tmp_path: Path
) -> None:
    server = urlsplit(own_postgres.admin_url)
    place = server.netloc.rpartition("@")[2]
    administrator = await asyncpg.connect(own_postgres.admin_url)
    await administrator.execute("CREATE DATABASE constellation")
    await administrator.close()
    identity = runpy.run_path(str(ROOT / "deploy/compose/identity.py"))
    identity["make_keys"](tmp_path)
    replaced = {"postgres:5432": place, "kafka:9092": kafka.bootstrap, "/identity/": f"{tmp_path}/"}

    bootstrap = _environment(
        "bootstrap", replaced, CONSTELLATION_ADMIN_URL=server._replace(path="/constellation").geturl()
    )
    _run_to_completion("bootstrap", [sys.executable, *SERVICES_OF_FILE["bootstrap"]["command"][1:]], bootstrap)

    ports = {name: free_port() for name in STARTED}
    with ExitStack() as stack:
        for name in STARTED:
            command = [str(BIN / name), *SERVICES_OF_FILE[f"{name}-migrate"]["command"]]
            _run_to_completion(f"{name}-migrate", command, _environment(f"{name}-migrate", replaced))
            environment = _environment(
                name, replaced, CONSTELLATION_HOST="127.0.0.1", CONSTELLATION_PORT=str(ports[name])
            )
            stack.enter_context(_process(name, environment, tmp_path / f"{name}.log"))

        async with httpx.AsyncClient() as client:

            async def ready(name: str) -> bool:
                try:
                    return (await client.get(f"http://127.0.0.1:{ports[name]}/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            for name in STARTED:
                await eventually(partial(ready, name), timeout_s=60, what=f"{name} being ready")

            url = f"http://127.0.0.1:{ports['scenarios']}/v1/offers"
            token = identity["make_token"](tmp_path, ["acme"])
            accepted = await client.get(url, headers={"Authorization": f"Bearer {token}"})
            assert (accepted.status_code, (await client.get(url)).status_code) == (200, 401)
