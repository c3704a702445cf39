"""A thousand issues at once, with rollbacks, cut connections and killed processes: 1…n without gap or double, and never half a document."""

import asyncio
import os
import random
import signal
import sys
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from billing.documents.bodies import invoice_body
from billing.documents.content import Body, Document, Seller
from billing.domain.events import Interval
from billing.domain.months import Held, rated
from billing.einvoice.files import Files, Writer
from billing.einvoice.xml import document_xml
from billing.main import SCHEMATRONS, SERVICE
from billing.service.invoicing import Invoicing
from billing.service.issuing import issue
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually

from services.billing.tests.heard import SELLER, agreed, machine, segment, sold_by
from services.billing.tests.test_corrections import CUTOFF, MONTH, contract

ISSUES = 1000
NOVEMBER = datetime(2026, 11, 4, tzinfo=UTC)


class OnPurpose(Exception):
    """A use case that fails after it has issued."""


class XmlOnly:
    """Writes the XML alone: a thousand pages would take an hour, and numbers do not depend on them."""

    async def check(self, body: Body, series: str, day: date) -> None:
        """Nothing to check: the body is the same each time."""

    async def write(self, document: Document) -> Files:
        """The XML of the document."""
        return Files(document_xml(document), b"")


def body_of(contract_id: UUID, month: date) -> Body:
    held = Held((Interval("vm", MONTH.start, MONTH.end, (4, 16_384, 0)),), (), {})
    body = invoice_body(contract("FR"), Seller.model_validate(SELLER), rated(MONTH, held), [], CUTOFF)
    assert body is not None
    return body.model_copy(update={"contract_id": contract_id, "month": month})


async def numbers(billing: RunningService[Any]) -> list[int]:
    async with billing.database.snapshot(EVERY) as connection:
        rows = await connection.fetch("SELECT sequence FROM invoices WHERE series = 'F' ORDER BY sequence")
    return [row["sequence"] for row in rows]


async def test_a_thousand_concurrent_issues_with_rollbacks_and_cut_connections_have_no_gap_and_no_double(
    make_service: MakeService,
) -> None:
    chance = random.Random(20260704)
    billing = await make_service(SERVICE, database_pool_size=16)
    contract_id = UUID((await agreed(billing))["id"])
    months = [date(2001 + n // 12, n % 12 + 1, 1) for n in range(ISSUES)]
    fates = {month: chance.choice(["commit", "commit", "roll back", "cut"]) for month in months}
    suffered: dict[str, int] = {"roll back": 0, "cut": 0}

    async def once(month: date, fate: str) -> None:
        async with billing.database.transaction(EVERY) as unit:
            await issue(unit, "acme", body_of(contract_id, month), lambda: NOVEMBER, XmlOnly())
            if fate == "roll back":
                raise OnPurpose
            if fate == "cut":
                await unit.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    async def persist(month: date) -> None:
        try:
            await once(month, fates[month])
        except (OnPurpose, asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError):
            suffered[fates[month]] += 1
            await once(month, "commit")

    await asyncio.gather(*(persist(month) for month in months))

    assert min(suffered.values()) > 100
    assert await numbers(billing) == list(range(1, ISSUES + 1))
    verified = await Invoicing(billing.database, lambda: NOVEMBER, Writer(SCHEMATRONS)).verify(EVERY, "F", 2026)
    assert (verified.documents, verified.fault) == (ISSUES, None)


MOMENTS = ["billing.store.invoices:take_number", "billing.store.invoices:add_files", "common.database:Database._flush"]
"""The number is taken; document and files are written; everything is written and not committed."""


async def test_a_worker_killed_at_any_step_of_an_issue_leaves_no_half_invoice(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    await sold_by(billing)
    for number in (1, 2):
        org = f"org-{number}"
        await agreed(billing, org=org, starts_on="2025-01-01")
        await billing.handle(machine(1, segment("2025-01-01T00:00:00+01:00"), number=number, org=org))
    run = (await billing.client.post("/v1/invoices/runs", params={"month": "2025-10"})).json()["id"]

    for moment in MOMENTS:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.billing.tests.dying_worker", moment, env=environment(billing)
        )
        async with asyncio.timeout(120):
            assert await worker.wait() == -signal.SIGKILL, moment
        assert await numbers(billing) == []
        await assert_whole(billing)

    async def done() -> bool:
        view = (await billing.client.get(f"/v1/invoices/runs/{run}")).json()
        return bool(view["status"] == "done")

    async with billing.running(workers=True):
        await eventually(done, timeout_s=120, what="the run")
    assert await numbers(billing) == [1, 2]
    await assert_whole(billing)


CONTRACTS, DEATHS, STATEMENTS = 3, 4, 36
"""A contract takes some 18 statements to settle: a worker dies while it settles its first or its second."""


async def test_workers_killed_at_moments_drawn_by_lot_leave_whole_invoices_and_no_gap(
    make_service: MakeService,
) -> None:
    chance = random.Random(20261127)
    billing = await make_service(SERVICE)
    await sold_by(billing)
    for number in range(1, CONTRACTS + 1):
        org = f"org-{number}"
        await agreed(billing, org=org, starts_on="2025-01-01")
        await billing.handle(machine(1, segment("2025-01-01T00:00:00+01:00"), number=number, org=org))

    runs = []
    for month in range(1, DEATHS + 1):
        runs.append((await billing.client.post("/v1/invoices/runs", params={"month": f"2025-{month:02}"})).json()["id"])
        moment = f"statement:{chance.randrange(STATEMENTS)}:{chance.choice(['before', 'sent'])}"
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.billing.tests.dying_worker", moment, env=environment(billing)
        )
        async with asyncio.timeout(120):
            assert await worker.wait() == -signal.SIGKILL, moment
        known = await numbers(billing)
        assert known == list(range(1, len(known) + 1)), moment
        await assert_whole(billing)
        assert await chained(billing) == len(known), moment

    async def done() -> bool:
        views = [(await billing.client.get(f"/v1/invoices/runs/{run}")).json() for run in runs]
        return all(view["status"] == "done" for view in views)

    async with billing.running(workers=True):
        await eventually(done, timeout_s=120, what="the runs that dying workers left")
    assert await numbers(billing) == list(range(1, CONTRACTS * DEATHS + 1))
    await assert_whole(billing)


def environment(billing: RunningService[Any]) -> dict[str, str]:
    """What a process of the service needs to reach the test's database."""
    return dict(os.environ) | {
        "CONSTELLATION_DATABASE_URL": billing.settings.database_url,
        "CONSTELLATION_KAFKA_BOOTSTRAP": billing.settings.kafka_bootstrap,
        "CONSTELLATION_ISSUER": billing.settings.issuer,
        "CONSTELLATION_PORT": "0",
    }


async def assert_whole(billing: RunningService[Any]) -> None:
    """Each document has its files, its evidence and its event, its run says so, and the chain holds."""
    async with billing.database.snapshot(EVERY) as connection:
        counts = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM invoices) AS invoices,
                   (SELECT count(*) FROM invoice_files) AS files,
                   (SELECT count(DISTINCT number) FROM invoice_intervals) AS evidence,
                   (SELECT count(*) FROM outbox WHERE topic = 'billing.invoices') AS events,
                   (SELECT count(*) FROM invoice_runs WHERE state = 'issued') AS settled
            """
        )
    assert counts is not None
    assert len(set(counts.values())) == 1, dict(counts)
    assert await chained(billing) == counts["invoices"]


async def chained(billing: RunningService[Any]) -> int:
    """How many invoices the chains hold, of whatever year workers issue in; each must hold."""
    async with billing.database.snapshot(EVERY) as connection:
        years = [row["year"] for row in await connection.fetch("SELECT year FROM number_series WHERE series = 'F'")]
    views = [(await billing.client.get(f"/v1/series/F/{year}/verification")).json() for year in years]
    assert [view["fault"] for view in views] == [None] * len(years)
    return sum(view["documents"] for view in views)
