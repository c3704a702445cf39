"""The platform's servers under a test's control, and installations of the platform on them, each on its own data."""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
from common.bootstrap import bootstrap
from common.testing.tokens import AUDIENCE, ISSUER, Issuer
from local_stack.kafka import EmbeddedKafka
from local_stack.ports import free_port
from local_stack.postgres import EmbeddedPostgres

from tests.support.processes import Death, ServiceProcess

_TEMPLATE = "platform_template"
_commands = count()


class Servers:
    """A PostgreSQL and a Kafka of their own, with a database of migrated `services` to copy for each installation.

    Both may be stopped, killed and started again on the same data: nobody else uses them.
    """

    def __init__(self, directory: Path, services: Sequence[str]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.services = services
        self.postgres = EmbeddedPostgres(directory / "postgres", free_port())
        self.kafka = EmbeddedKafka(directory / "kafka", free_port(), free_port())
        self.password = secrets.token_urlsafe(16)
        self.issuer = Issuer(directory)
        self._made = 0

    async def start(self) -> None:
        """Start both and prepare the database that every installation begins with."""
        self.postgres.start()
        self.kafka.start()
        await self.execute("postgres", f"CREATE DATABASE {_TEMPLATE}")
        await bootstrap(self.admin_url(_TEMPLATE), self.services, self.password)
        template = Installation(self, _TEMPLATE)
        for service in self.services:
            template.run(service, ["migrate"])

    def stop(self) -> None:
        """Stop both."""
        self.kafka.stop()
        self.postgres.stop()

    async def install(self) -> "Installation":
        """Return a new installation: empty tables, no topics, no consumer groups."""
        self._made += 1
        name = f"installation_{self._made}"
        await self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return Installation(self, name)

    def admin_url(self, database: str) -> str:
        """The superuser's connection string of `database`."""
        return self.postgres.admin_url.rsplit("/", 1)[0] + f"/{database}"

    async def execute(self, database: str, statement: str) -> None:
        """Run `statement` in `database` as the superuser."""
        connection = await asyncpg.connect(self.admin_url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@dataclass(frozen=True)
class Installation:
    """The services on a database and topics of their own; processes are started one role at a time."""

    servers: Servers
    name: str

    @property
    def topic_prefix(self) -> str:
        """What every topic and consumer group of this installation begins with."""
        return f"{self.name}."

    def database_url(self, role: str) -> str:
        """The connection string of `role` (a service's name, or its schema's owner)."""
        return self.servers.postgres.url(role, self.servers.password, self.name)

    @property
    def admin_url(self) -> str:
        """The superuser's connection string."""
        return self.servers.admin_url(self.name)

    async def connect(self, service: str) -> asyncpg.Connection:
        """A connection to the schema of `service` that sees the rows of every organisation."""
        settings = {"search_path": f"{service}, public", "app.orgs": "*"}
        return await asyncpg.connect(self.database_url(service), server_settings=settings, timeout=10)

    def environment(self, service: str, port: int = 0, **more: str) -> Mapping[str, str]:
        """The environment of a process of `service`; `more` adds or replaces settings, by their names."""
        settings = {
            "database_url": self.database_url(service),
            "migration_database_url": self.database_url(f"{service}_owner"),
            "kafka_bootstrap": self.servers.kafka.bootstrap,
            "topic_prefix": self.topic_prefix,
            "topic_partitions": "3",
            "session_timeout_s": "2",
            "host": "127.0.0.1",
            "port": str(port),
            "jwks": str(self.servers.issuer.jwks),
            "issuer": ISSUER,
            "audience": AUDIENCE,
            **more,
        }
        given = {f"CONSTELLATION_{name.upper()}": value for name, value in settings.items()}
        return {**os.environ, **given}

    def start(
        self, service: str, role: str, port: int = 0, death: Death | None = None, **settings: str
    ) -> ServiceProcess:
        """Start `role` of `service`, with further `settings` by name; it kills itself at `death` when that is given."""
        environment = self.environment(service, port, **settings)
        return ServiceProcess(service, [role], environment, self._log(f"{service}-{role}"), death)

    def run(self, service: str, arguments: Sequence[str]) -> str:
        """Run a command of `service` to its end and return what it printed."""
        log = self._log(f"{service}-{'-'.join(arguments)}-{next(_commands)}")
        return ServiceProcess(service, arguments, self.environment(service), log).run_to_end()

    def _log(self, name: str) -> Path:
        logs = self.servers.directory / "logs" / self.name
        logs.mkdir(parents=True, exist_ok=True)
        return logs / f"{name}.log"
