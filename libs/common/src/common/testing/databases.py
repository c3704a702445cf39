"""A fresh, migrated database for each test, copied from a template that each service gets once a session."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from shutil import copy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from common.bootstrap import bootstrap
from common.migrations import migrate
from common.service import Service

PASSWORD = "only-for-tests"

_numbers = count(1)


class Databases:
    """Makes and drops databases on one cluster."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._templates: dict[str, str] = {}

    async def create(self, service: Service[Any]) -> str:
        """A new database with the schema of `service`; its name."""
        template = self._templates.get(service.name)
        if template is None:
            template = f"template_{service.name}_{next(_numbers)}"
            await self._execute(f"CREATE DATABASE {template}")
            await bootstrap(self.admin_url(template), [service.name], PASSWORD)
            await migrate(self.owner_url(service.name, template), service.name, service.migrations)
            self._templates[service.name] = template
        name = f"test_{service.name}_{next(_numbers)}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        await self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def admin_url(self, database: str) -> str:
        """The superuser's address of `database`."""
        parts = urlsplit(self._admin_url)
        return urlunsplit(parts._replace(path=f"/{database}"))

    def url(self, service: str, database: str) -> str:
        """The address of `database` for the role of `service`."""
        return self._as_role(service, database)

    def owner_url(self, service: str, database: str) -> str:
        """The address of `database` for the owner of the schema of `service`."""
        return self._as_role(f"{service}_owner", database)

    def _as_role(self, role: str, database: str) -> str:
        parts = urlsplit(self._admin_url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{role}:{PASSWORD}@{place}", path=f"/{database}"))

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def before(
    databases: Databases, service: Service[Any], migration: str, folder: Path, last: str | None = None
) -> AsyncIterator[tuple[Any, Callable[[], Awaitable[Any]]]]:
    """A database as it was before the first migration whose name holds `migration`: a connection of the superuser in the schema of
    `service`, and what brings it up to date, or as far as the one numbered `last`. `folder` is empty, and takes the
    migrations of both."""
    every = sorted(service.migrations.glob("*.sql"))
    earlier, until = folder / "earlier", folder / "until"
    for place, files in (
        (earlier, takewhile(lambda each: migration not in each.name, every)),
        (until, (each for each in every if last is None or each.name.partition("_")[0] <= last)),
    ):
        place.mkdir()
        for file in files:
            copy(file, place)
    own = Databases(databases.admin_url("postgres"))
    name = await own.create(replace(service, migrations=earlier))
    connection = await asyncpg.connect(own.admin_url(name))
    try:
        await connection.execute(f"SET search_path TO {service.name}")
        yield connection, lambda: migrate(own.owner_url(service.name, name), service.name, until)
    finally:
        await connection.close()
        await own.drop(name)
