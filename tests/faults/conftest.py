"""Servers that these tests may stop and kill, and the ledger on them."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from local_stack.ports import free_port

from tests.faults.teller import Teller
from tests.support.installation import Installation, Servers
from tests.support.processes import Death, ServiceProcess


@dataclass
class Ledger:
    """An installation of the ledger with a process per role, and the client that deposits into it."""

    installation: Installation
    port: int
    teller: Teller
    processes: dict[str, ServiceProcess] = field(default_factory=dict)

    def start(self, role: str, death: Death | None = None) -> ServiceProcess:
        """Start the process of `role`, which must not run."""
        process = self.installation.start("ledger", role, self.port if role == "api" else 0, death)
        self.processes[role] = process
        return process

    def restart(self, role: str, death: Death | None = None) -> ServiceProcess:
        """Stop the process of `role` in good order and start another."""
        self.processes[role].stop()
        return self.start(role, death)

    def end(self) -> None:
        """Kill whatever runs."""
        for process in self.processes.values():
            process.kill()


@pytest.fixture(scope="session")
def rounds() -> int:
    """How often each fault is provoked, with another seed each time: `ROUNDS` of the environment, 2 by default."""
    return int(os.environ.get("ROUNDS", "2"))


@pytest.fixture(scope="session")
def outage_s() -> float:
    """How long a server stays away, in seconds: `OUTAGE_S` of the environment, 5 by default."""
    return float(os.environ.get("OUTAGE_S", "5"))


@pytest_asyncio.fixture(scope="session")
async def ledger_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """A PostgreSQL and a Kafka for the ledger alone."""
    servers = Servers(tmp_path_factory.mktemp("ledger"), ["ledger"])
    await servers.start()
    yield servers
    servers.stop()


@pytest_asyncio.fixture
async def ledger(ledger_servers: Servers) -> AsyncIterator[Ledger]:
    """A new, empty ledger of which only the API runs."""
    port = free_port()
    installation = await ledger_servers.install()
    teller = Teller(installation, seed=1, port=port)
    ledger = Ledger(installation, port, teller)
    ledger.start("api")
    await teller.ready()
    yield ledger
    await teller.close()
    ledger.end()
