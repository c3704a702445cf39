"""The whole path on a real broker: published, heard, computed, shown, published in turn."""

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
