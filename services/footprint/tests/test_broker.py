"""The whole path on a real broker: published, heard, computed, shown, published in turn."""

import asyncio
from datetime import datetime

from common.organisations import EVERY
from common.testing.plugin import MakeService
from common.testing.servers import KafkaServer
from common.testing.waiting import eventually
from footprint.main import SERVICE

from services.footprint.tests.world import NOW, ORG, foundations, guest, host, machine


async def test_what_inventory_publishes_is_on_the_dashboard_and_its_results_reach_the_topic(
    make_service: MakeService, kafka: KafkaServer
) -> None:
    service = await make_service(SERVICE, broker=kafka, clock=lambda: NOW)
    async with service.database.transaction(EVERY) as unit:
        unit.publish(*foundations(), host("a"), machine("vm", guest("a", 4)))
    path = f"/v1/totals?org={ORG}&from=2026-10&to=2026-10&group_by=kind"

    async def both_are_shown() -> bool:
        answer = await service.client.get(path)
        return answer.status_code == 200 and {each["kind"] for each in answer.json()["groups"]} == {
            "server",
            "virtual_machine",
        }

    async def everything_is_sent() -> bool:
        return await service.outbox() == []

    async with service.running(relay=True, consumer=True, workers=True):
        await eventually(both_are_shown, timeout_s=60)
        await eventually(everything_is_sent, timeout_s=60)


async def test_what_was_published_before_an_instant_that_is_told_to_be_heard_waits_or_is_computed(
    make_service: MakeService, kafka: KafkaServer
) -> None:
    service = await make_service(SERVICE, broker=kafka, clock=lambda: NOW)
    path = f"/v1/recomputation?org={ORG}"
    async with service.database.transaction(EVERY) as unit:
        unit.publish(*foundations())
    async with service.running(relay=True, consumer=True):

        async def is_known() -> bool:
            return (await service.client.get(path)).status_code == 200

        await eventually(is_known, timeout_s=60)
        assert (await service.client.get(path)).json()["waiting"] == 0
    async with service.database.transaction(EVERY) as unit:
        unit.publish(host("a"))

    async def is_sent() -> bool:
        return await service.outbox() == []

    async with service.running(relay=True):
        await eventually(is_sent, timeout_s=60)
    async with service.database.snapshot(EVERY) as connection:
        sent: datetime = await connection.fetchval("SELECT clock_timestamp()")

    async def is_heard() -> bool:
        until = (await service.client.get(path)).json()["heard_until"]
        return until is not None and datetime.fromisoformat(until) >= sent

    hearing = next(worker for worker in service.parts.workers if worker.name == "hearing")
    stop = asyncio.Event()
    watch = asyncio.ensure_future(hearing.run(stop))
    try:
        assert not await is_heard(), "it is on the topic and nobody reads"
        async with service.running(consumer=True):
            await eventually(is_heard, timeout_s=60)
            assert (await service.client.get(path)).json()["waiting"] == 1
    finally:
        stop.set()
        await watch
