"""A new version of one electricity factor: what rests on it is computed again, closed months stay, and no old event undoes it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from examples.new_factor import publish_version
from examples.settling import settle, wait_until_settled
from tests.e2e.running import Running

ORG = "new-factor"
FACTOR = "electricity-pt-2024-ember"
LAST_CLOSED = "2026-03"


@pytest.fixture(scope="module")
def assets(running: Running) -> dict[str, str]:
    """One server in Portugal, of whose grid nobody else in the stack knows, and one in France; their ids by country."""
    running.own_asset(ORG)
    with running.platform() as platform:
        for country in ("PT", "FR"):
            site = {
                "org": ORG,
                "code": f"room-{country.lower()}",
                "name": country,
                "kind": "datacenter",
                "country": country,
            }
            platform.ensure("/inventory/v1/sites", site)
        sent = platform.post("/inventory/v1/assets/batch", [_server("PT"), _server("FR")])["results"]
    wait_until_settled(running.stack, 120)
    return {country: result["id"] for country, result in zip(("PT", "FR"), sent, strict=True)}


def _server(country: str) -> dict[str, Any]:
    return {
        "source": "tests", "external_id": f"server-{country.lower()}", "org": ORG, "kind": "server", "status": "in_service",
        "site": f"room-{country.lower()}", "effective_from": "2026-01-01T00:00:00+01:00", "declared": {"annual_kwh": 3650},
    }  # fmt: skip


def test_a_new_version_recomputes_what_rests_on_it_and_no_closed_month(
    running: Running, assets: dict[str, str]
) -> None:
    effect = asyncio.run(publish_version(running.stack, ORG, FACTOR, 1.5, LAST_CLOSED))

    assert {asset for asset, _ in effect.recomputed} == {assets["PT"]}
    assert effect.assets == 1
    assert all(month > LAST_CLOSED for month in effect.months)
    assert len(effect.months) >= 7
    assert sorted(effect.closed) == ["2026-01", "2026-02", "2026-03"]
    for month, was in effect.closed.items():
        now = effect.closed_now[month]
        assert (now["total_kg"], now["status"]) == (was["total_kg"], "closed")
        assert now["known_now_kg"] > was["known_now_kg"] == was["total_kg"]


def test_an_old_event_told_again_undoes_nothing(running: Running, assets: dict[str, str]) -> None:
    before = _totals(running)
    asyncio.run(_tell_again(running, FACTOR))
    assert _totals(running) == before


def _totals(running: Running) -> Sequence[Mapping[str, Any]]:
    with running.platform() as platform:
        query = {"org": ORG, "from": "2026-01", "to": "2026-10", "group_by": "month"}
        totals: Sequence[Mapping[str, Any]] = platform.get("/footprint/v1/totals", **query)["groups"]
        return totals


async def _tell_again(running: Running, factor: str) -> None:
    """Send the first event of a factor once more, with another value, and wait until it was heard."""
    bootstrap, topic = running.stack.kafka, "factors.factors"
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        told: list[Any] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                told += [record for record in records if record.key == factor.encode()]
    oldest = min(told, key=lambda record: json.loads(record.value)["version"])
    document = json.loads(oldest.value)
    old = document | {"value": document["value"] / 1.5}
    headers = [(name, str(uuid4()).encode() if name == "ce_id" else value) for name, value in oldest.headers]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, json.dumps(old).encode(), factor.encode(), headers=headers)
    await settle(running.stack.postgres, bootstrap, 120)
