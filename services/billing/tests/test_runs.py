"""What a run says to the clerk of a contract that could not be settled."""

import re

import pytest
from billing.main import SERVICE
from common.organisations import EVERY
from common.testing.plugin import MakeService
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from services.billing.tests.heard import agreed, machine, segment, sold_by
from services.billing.tests.test_invoices import AFTER_GRACE, OCTOBER, Clock, run


@pytest.fixture(scope="module", autouse=True)
def traced() -> None:
    """Traces have ids, as in a process of the service."""
    trace.set_tracer_provider(TracerProvider())


async def test_a_failure_that_nobody_foresaw_is_a_sentence_and_a_reference_to_the_log(
    make_service: MakeService, capfd: pytest.CaptureFixture[str]
) -> None:
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE))
    await sold_by(billing)
    broken = await agreed(billing)
    await agreed(billing, org="globex")
    await billing.handle(machine(1, segment(OCTOBER), org="globex"))
    async with billing.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            """INSERT INTO price_versions (contract_id, number, org_id, valid_from, terms, recorded_at)
               SELECT id, 2, org_id, '2026-01-01', '{}', '2026-01-01' FROM contracts WHERE id = $1""",
            broken["id"],
        )
    items = {item["org"]: item for item in (await run(billing, "2026-10"))["items"]}
    assert items["globex"]["state"] == "issued"
    failed = items["acme"]
    assert (failed["state"], failed["number"]) == ("failed", None)
    assert "could not be settled" in failed["detail"]
    assert "ValidationError" not in failed["detail"]
    reference = re.search("[0-9a-f]{32}", failed["detail"])
    assert reference is not None
    assert int(reference.group(), 16)
    [line] = [line for line in capfd.readouterr().err.splitlines() if "invoice.failed" in line]
    assert reference.group() in line
