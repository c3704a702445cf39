"""Everything that the services have published keeps the contracts."""

from collections import defaultdict

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from common.testing.contracts import Contracts

from tests.e2e.running import Running
from tests.support.topics import Record, first_deliveries, read_topic

ENVELOPE = {"ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_specversion", "content-type"}


@pytest.fixture(scope="module")
async def topics(running: Running, demonstration: str) -> dict[str, list[Record]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=running.stack.kafka)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if not name.startswith("__")]
    finally:
        await admin.close()
    return {name: await read_topic(running.stack.kafka, name) for name in sorted(names)}


async def test_every_published_event_keeps_its_contract(topics: dict[str, list[Record]], contracts: Contracts) -> None:
    published = {name for name, records in topics.items() if records}
    assert {
        "inventory.organizations",
        "inventory.sites",
        "inventory.assets",
        "factors.factors",
        "footprint.asset-months",
    } <= published
    for records in topics.values():
        for record in records:
            assert record.headers.keys() >= ENVELOPE, record
            if record.data is not None:
                contracts.check_document(record.type, record.data)


async def test_no_event_became_a_dead_letter(topics: dict[str, list[Record]]) -> None:
    letters = {name: records for name, records in topics.items() if name.endswith(".dead-letters") and records}
    assert letters == {}


async def test_versions_of_each_aggregate_only_rise(topics: dict[str, list[Record]]) -> None:
    for name, records in topics.items():
        versions: dict[str, list[int]] = defaultdict(list)
        for record in first_deliveries(records):
            if record.data is not None and name != "factors.factors":
                versions[record.key].append(record.data["version"])
        for key, seen in versions.items():
            assert seen == sorted(set(seen)), f"{name} {key}"
