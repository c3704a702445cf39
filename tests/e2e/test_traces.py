"""One trace follows a change from the call at the edge through outbox and broker into the transaction that hears it."""

import secrets

import httpx
from common.testing.waiting import eventually

from tests.e2e.running import Running
from tests.support.topics import read_topic


async def test_one_trace_id_goes_from_the_call_through_outbox_and_broker_into_the_consumer(
    running: Running,
) -> None:
    trace_id = secrets.token_hex(16)
    traceparent = f"00-{trace_id}-{secrets.token_hex(8)}-01"
    asset = {**running.own_asset("traces"), "name": trace_id}
    async with httpx.AsyncClient(base_url=running.stack.base_url) as client:
        answer = await client.post(
            "/api/inventory/v1/assets/batch",
            json=[asset],
            headers={"Authorization": f"Bearer {running.stack.token}", "traceparent": traceparent},
        )
    assert answer.json()["results"][0]["status"] == "created", answer.text

    def services() -> bool:
        return {"inventory", "footprint"} <= {span.service for span in running.traces.of_trace(trace_id)}

    await eventually(services, what="spans of both services in the trace")
    names = {(span.service, span.name) for span in running.traces.of_trace(trace_id)}
    assert ("inventory", "POST /assets/batch") in names
    assert ("footprint", "footprint consume") in names
    told = [
        record
        for record in await read_topic(running.stack.kafka, "inventory.assets")
        if (record.data or {}).get("name") == trace_id
    ]
    assert [record.headers["traceparent"].split("-")[1] for record in told] == [trace_id]
