"""Migrations, bootstrap, roles, traces, housekeeping, the command line."""

import gc
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from common.bootstrap import bootstrap
from common.garbage import collection_paused
from common.housekeeping import Housekeeping
from common.migrations import MigrationError, migrate, read
from common.organisations import EVERY
from common.testing.databases import PASSWORD, Databases
from common.testing.harness import RunningService
from common.testing.servers import PostgresServer
from common.testing.waiting import eventually
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sample import SAMPLE


@pytest.fixture
async def empty(databases: Databases, postgres: PostgresServer) -> AsyncIterator[str]:
    """A database with the roles and schema of the sample, before its first migration."""
    connection = await asyncpg.connect(postgres.admin_url)
    await connection.execute("CREATE DATABASE migrating")
    await bootstrap(databases.admin_url("migrating"), ["sample"], PASSWORD)
    yield "migrating"
    await connection.execute("DROP DATABASE migrating WITH (FORCE)")
    await connection.close()


async def test_migrations_run_once_and_in_order(databases: Databases, empty: str) -> None:
    url = databases.owner_url("sample", empty)
    assert await migrate(url, "sample", SAMPLE.migrations) == [
        "common/0001_plumbing.sql",
        "common/0002_events_in_one_piece.sql",
        "common/0003_outbox_kept_small.sql",
        "common/0004_bundles.sql",
        "sample/0001_things.sql",
    ]
    assert await migrate(url, "sample", SAMPLE.migrations) == []


async def test_an_edited_migration_is_refused(databases: Databases, empty: str, tmp_path: Path) -> None:
    url = databases.owner_url("sample", empty)
    file = tmp_path / "0001_first.sql"
    file.write_text("CREATE TABLE first (id int)")
    await migrate(url, "sample", tmp_path)
    file.write_text("CREATE TABLE first (id bigint)")
    with pytest.raises(MigrationError, match="edited"):
        await migrate(url, "sample", tmp_path)


async def test_a_failing_migration_leaves_nothing(databases: Databases, empty: str, tmp_path: Path) -> None:
    url = databases.owner_url("sample", empty)
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (id int); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(url, "sample", tmp_path)
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (id int)")
    assert await migrate(url, "sample", tmp_path) == ["sample/0001_first.sql"]


@pytest.mark.parametrize("names", [["0002_second.sql"], ["0001_a.sql", "0001_b.sql"], ["first.sql"]])
def test_misnumbered_and_misnamed_files_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError):
        read("sample", tmp_path)


async def test_a_service_does_not_know_the_password_of_its_owner_where_they_differ(
    databases: Databases, empty: str
) -> None:
    await bootstrap(databases.admin_url(empty), ["guarded"], PASSWORD, "of the owner alone")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(databases.owner_url("guarded", empty))
    connection = await asyncpg.connect(databases.url("guarded", empty))
    await connection.close()


async def test_bootstrap_can_be_repeated(databases: Databases, empty: str) -> None:
    await bootstrap(databases.admin_url(empty), ["sample", "other"], PASSWORD)


async def test_a_service_role_can_neither_change_its_schema_nor_read_anothers(databases: Databases, empty: str) -> None:
    await bootstrap(databases.admin_url(empty), ["sample", "other"], PASSWORD)
    await migrate(databases.owner_url("other", empty), "other", SAMPLE.migrations)
    await migrate(databases.owner_url("sample", empty), "sample", SAMPLE.migrations)
    connection = await asyncpg.connect(databases.url("sample", empty))
    try:
        assert await connection.fetchval("SELECT count(*) FROM sample.things") == 0
        for forbidden in (
            "CREATE TABLE sample.mine (id int)",
            "ALTER TABLE sample.things DISABLE ROW LEVEL SECURITY",
            "SELECT * FROM other.things",
            "SELECT * FROM other.outbox",
            "SET ROLE sample_owner",
            "CREATE TABLE public.mine (id int)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def spans() -> InMemorySpanExporter:
    """Every span of the session, kept in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.mark.parametrize("fails", [False, True])
async def test_what_a_transaction_sets_ends_with_it(sample: RunningService, fails: bool) -> None:
    async def session() -> list[object]:
        async with sample.database.pool.acquire() as connection:
            return [
                connection.is_in_transaction(),
                await connection.fetchval("SELECT current_setting('app.orgs', true)"),
                await connection.fetchval("SHOW enable_nestloop"),
                await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
            ]

    with suppress(asyncpg.DivisionByZeroError):
        async with sample.database.transaction(frozenset({"acme"})) as unit:
            await unit.connection.execute("SET LOCAL enable_nestloop = off; SELECT pg_advisory_xact_lock(1)")
            assert await unit.connection.fetchval("SHOW enable_nestloop") == "off"
            if fails:
                await unit.connection.execute("SELECT 1 / 0")
    assert await session() == [False, "", "on", 0]


def test_the_collector_works_again_however_blocks_without_it_overlap() -> None:
    first, second = collection_paused(), collection_paused()
    first.__enter__()
    second.__enter__()
    assert not gc.isenabled()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collection_paused():
        assert 1 / 0
    assert gc.isenabled()


async def test_one_trace_goes_from_the_call_through_outbox_and_broker_into_the_consumer(
    connected: RunningService, spans: InMemorySpanExporter
) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    spans.clear()
    await connected.client.post("/v1/things", json={"id": "t", "org": "acme", "name": "n"}, headers=headers)
    async with connected.running(relay=True, consumer=True):
        await eventually(lambda: names_in(spans, trace_id) == {"POST /things", "sample consume"})


def names_in(spans: InMemorySpanExporter, trace_id: str) -> set[str]:
    """Names of the finished spans of one trace."""
    return {span.name for span in spans.get_finished_spans() if format(span.context.trace_id, "032x") == trace_id}


async def test_housekeeping_forgets_what_has_served_its_time(sample: RunningService) -> None:
    async with sample.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            """
            INSERT INTO processed_events (event_id, processed_at)
            SELECT gen_random_uuid(), now() - make_interval(days => day) FROM generate_series(0, 59) AS day
            """
        )
        await unit.connection.execute(
            """
            INSERT INTO idempotency_keys (client, key, request_hash, status, headers, body, created_at)
            SELECT 'c', hour::text, '', 200, '{}', '', now() - make_interval(hours => hour) FROM generate_series(0, 99) AS hour
            """
        )
    await Housekeeping(sample.settings, sample.database).prune()
    async with sample.database.snapshot(EVERY) as connection:
        assert await connection.fetchval("SELECT count(*) FROM processed_events") == 30
        assert await connection.fetchval("SELECT count(*) FROM idempotency_keys") == 72
