"""Roles and schemas: what an administrator does once per service, and what a fresh cluster needs before the first migration.

    python -m common.bootstrap --admin-url postgresql://… --password … inventory factors …

Per service: the role `<service>_owner` owns the schema `<service>` and runs its migrations; the role `<service>` uses it and is
neither owner nor superuser, so row-level security binds it. Nobody else is granted anything.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import asyncpg
import typer

EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")

_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
END $$
"""


async def bootstrap(admin_url: str, services: Sequence[str], password: str, owner_password: str | None = None) -> None:
    """Create or complete the roles and schemas of `services` in the database of `admin_url`. Safe to repeat.

    `owner_password` is that of the owners, where a process must not know it; default: `password`.

    Raises asyncpg's errors: `admin_url` must be of a role that may create roles, schemas and extensions.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('constellation bootstrap', 0))")
            await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            for extension in EXTENSIONS:
                await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")
            for service in services:
                await _create_service(connection, service, password, owner_password or password)
    finally:
        await connection.close()


async def _create_service(connection: asyncpg.Connection, service: str, password: str, owner_password: str) -> None:
    role, owner = _identifier(service), _identifier(f"{service}_owner")
    for name, quoted, secret in ((service, role, password), (f"{service}_owner", owner, owner_password)):
        await connection.execute(_ROLE.format(name=_literal(name), role=quoted))
        await connection.execute(f"ALTER ROLE {quoted} PASSWORD {_literal(secret)}")
    await connection.execute(f"GRANT {owner} TO CURRENT_USER")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {role} AUTHORIZATION {owner}")
    await connection.execute(f"GRANT USAGE ON SCHEMA {role} TO {role}")
    await connection.execute(f"GRANT USAGE ON SCHEMA public TO {role}, {owner}")
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {role}"
    await connection.execute(f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}")
    await connection.execute(f"{defaults} GRANT USAGE ON SEQUENCES TO {role}")
    await connection.execute(f"{defaults} GRANT EXECUTE ON FUNCTIONS TO {role}")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def main(
    services: list[str],
    admin_url: Annotated[str, typer.Option(envvar="CONSTELLATION_ADMIN_URL")],
    password: Annotated[str, typer.Option(envvar="CONSTELLATION_DATABASE_PASSWORD")],
    owner_password: Annotated[str | None, typer.Option(envvar="CONSTELLATION_OWNER_PASSWORD")] = None,
) -> None:
    """Create or complete roles and schemas of SERVICES."""
    asyncio.run(bootstrap(admin_url, services, password, owner_password))


if __name__ == "__main__":
    typer.run(main)
