"""The fixtures, for `pytest_plugins = ["common.testing.plugin"]` in a root conftest."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from common.service import Service
from common.telemetry import configure_logging
from common.testing.contracts import Contracts
from common.testing.databases import Databases
from common.testing.harness import RunningService, running_service
from common.testing.servers import KafkaServer, PostgresServer, kafka_server, postgres_server
from common.testing.tokens import Issuer

MakeService = Callable[..., Awaitable[RunningService[Any]]]
"""`await make_service(SERVICE, broker=kafka, clock=…, **settings)`: a running service on a fresh database and topics of its own."""


def pytest_configure() -> None:
    """Log as services do, so that a failing test shows what they said."""
    configure_logging("tests", "info", "console")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The session's Postgres."""
    with postgres_server(tmp_path_factory.mktemp("servers")) as server:
        yield server


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """The session's broker, started when the first test asks for it."""
    with kafka_server(tmp_path_factory.mktemp("servers")) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: PostgresServer) -> Databases:
    """Maker of databases on the session's Postgres."""
    return Databases(postgres.admin_url)


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """The session's token issuer."""
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="session")
def contracts(pytestconfig: pytest.Config) -> Contracts:
    """The repository's event contracts."""
    return Contracts(pytestconfig.rootpath / "contracts")


@pytest_asyncio.fixture
async def make_service(databases: Databases, issuer: Issuer, contracts: Contracts) -> AsyncIterator[MakeService]:
    """A maker of running services; every event that they publish is checked against its contract."""
    prefix = f"t{uuid4().hex[:8]}."
    async with AsyncExitStack() as stack:

        async def make(
            service: Service[Any], *, broker: KafkaServer | None = None, **overrides: Any
        ) -> RunningService[Any]:
            name = await databases.create(service)
            stack.push_async_callback(databases.drop, name)
            settings = {"topic_prefix": prefix, "topic_partitions": 2} | overrides
            if broker is not None:
                settings["kafka_bootstrap"] = broker.bootstrap
            url = databases.url(service.name, name)
            return await stack.enter_async_context(running_service(service, issuer, contracts, url, settings))

        yield make
