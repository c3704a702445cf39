"""PostgreSQL as the stack and the fault tests use it."""

import asyncio
from pathlib import Path

import asyncpg
import psutil
import pytest
from local_stack.ports import free_port
from local_stack.postgres import EmbeddedPostgres
from local_stack.servers import ServerError


async def test_it_has_the_extensions_of_the_platform(embedded_postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(embedded_postgres.admin_url)
    rows = await connection.fetch("SELECT name FROM pg_available_extensions")
    await connection.close()

    assert {"btree_gist", "pg_trgm", "unaccent"} <= {row["name"] for row in rows}


async def test_it_is_version_18(embedded_postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(embedded_postgres.admin_url)
    version = connection.get_server_version()
    await connection.close()

    assert version.major == 18


async def test_a_role_needs_its_password(embedded_postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(embedded_postgres.admin_url)
    await connection.execute("CREATE ROLE visitor LOGIN PASSWORD 'right'")
    await connection.close()

    welcome = await asyncpg.connect(embedded_postgres.url("visitor", "right", "postgres"))
    await welcome.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(embedded_postgres.url("visitor", "wrong", "postgres"))


async def test_what_was_committed_survives_a_kill_and_a_stop(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, free_port())
    await asyncio.to_thread(server.start)
    connection = await asyncpg.connect(server.admin_url)
    await connection.execute("CREATE TABLE notes (body text)")
    await connection.execute("INSERT INTO notes VALUES ('kept')")

    for end in (server.kill, server.stop):
        await asyncio.to_thread(end)
        assert not server.is_ready
        await asyncio.to_thread(server.start)
        again = await asyncpg.connect(server.admin_url)
        assert await again.fetchval("SELECT body FROM notes") == "kept"
        await again.close()
    await asyncio.to_thread(server.stop)


async def test_a_lock_file_that_names_a_stranger_does_not_stop_it(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, free_port(), durable=False)
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(server.stop)
    lock = tmp_path / "cluster" / "postmaster.pid"
    lock.write_text(f"{psutil.Process().pid}\n{tmp_path / 'cluster'}\n0\n{server.port}\n\n127.0.0.1\n")

    await asyncio.to_thread(server.start)

    assert server.is_ready
    await asyncio.to_thread(server.stop)


async def test_another_object_of_the_same_folder_governs_the_same_server(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, free_port(), durable=False)
    await asyncio.to_thread(server.start)
    other = EmbeddedPostgres(tmp_path, server.port)

    assert other.pid == server.pid
    await asyncio.to_thread(other.stop)
    assert not server.is_running
    server.stop()


def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path, embedded_postgres: EmbeddedPostgres) -> None:
    port = embedded_postgres.port
    with pytest.raises(ServerError, match=f"port {port} is in use by postgres"):
        EmbeddedPostgres(tmp_path, port).start()


def test_a_server_that_ends_while_starting_is_an_error_that_shows_its_log(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, free_port(), durable=False)
    server.prepare()
    (tmp_path / "cluster" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(ServerError, match=r"(?s)postgres ended while starting.*no_such_setting"):
        server.start()
