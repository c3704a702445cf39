"""The thin path under faults: inventory, factors and footprint by roles, commands to them, and what must hold after."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata
from common.bootstrap import bootstrap
from common.testing.waiting import eventually

from examples.settling import settle
from tests.faults.observations import Observer
from tests.faults.workload import ORG, Workload
from tests.support.installation import Installation
from tests.support.processes import Death, ServiceProcess
from tests.support.topics import Record, first_deliveries, read_topic, send_again

SERVICES = ("inventory", "factors", "footprint")
ROLES = (
    ("inventory", "api"),
    ("inventory", "relay"),
    ("factors", "relay"),
    ("factors", "work"),
    ("footprint", "consume"),
    ("footprint", "work"),
    ("footprint", "relay"),
)
HEARD = (
    "inventory.organizations",
    "inventory.sites",
    "inventory.assets",
    "inventory.measurements",
    "inventory.activities",
    "inventory.applications",
    "factors.factors",
)
_FIGURES = """
SELECT asset_id, month, org_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, value, ln_gsd2, kwh
FROM figures
ORDER BY asset_id, month, stage, criterion, basis, share, ghg_category, site_id
"""
_GROUP = "org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source"
_ROLL_UP = f"""
SELECT {_GROUP}, billionths, figures, factor_weighted, source_weighted, source_squares, kwh
FROM organisation_months
WHERE figures > 0
ORDER BY {_GROUP}
"""
_SUMMED = f"""
SELECT
    {_GROUP}, sum(billionths(value)) AS billionths, count(*) AS figures, sum(billionths(value * factor_ln_gsd2)),
    sum(CASE WHEN source = '' THEN 0 ELSE billionths(value * source_ln_gsd2) END),
    sum(CASE WHEN source = '' THEN square_billionths(value * source_ln_gsd2) ELSE 0 END), sum(kwh)
FROM figures
GROUP BY {_GROUP}
ORDER BY {_GROUP}
"""
_USED = """
    org_id, month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source
"""
_USED_ROLL_UP = (
    f"SELECT {_USED}, billionths, figures, kwh FROM applications_by_month WHERE figures > 0 ORDER BY {_USED}"
)
_USED_SUMMED = f"""
SELECT {_USED}, sum(billionths), count(*), sum(kwh) FROM application_figures GROUP BY {_USED} ORDER BY {_USED}
"""


@dataclass
class ThinPath:
    """One installation with a process per role."""

    installation: Installation
    port: int
    processes: dict[tuple[str, str], ServiceProcess] = field(default_factory=dict)

    def start(self, service: str, role: str, death: Death | None = None) -> ServiceProcess:
        """Start the process of `role` of `service`, which must not run."""
        port = self.port if role == "api" else 0
        process = self.installation.start(service, role, port, death)
        self.processes[service, role] = process
        return process

    async def ready(self) -> None:
        """Wait until the inventory's API answers."""

        async def answers() -> bool:
            try:
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"http://127.0.0.1:{self.port}/readyz")).is_success
            except httpx.HTTPError:
                return False

        await eventually(answers, timeout_s=60.0, what="the inventory's API being ready")

    def workload(self, seed: int) -> Workload:
        """A client that sends seeded commands."""
        return Workload(seed, f"http://127.0.0.1:{self.port}", self.installation.servers.issuer.token())

    async def settled(self) -> None:
        """Wait until every change has become footprints."""
        installation = self.installation
        await settle(installation.admin_url, installation.servers.kafka.bootstrap, 120.0, installation.topic_prefix)

    def end(self) -> None:
        """Kill whatever runs."""
        for process in self.processes.values():
            process.kill()

    async def check(self, workload: Workload) -> None:
        """AssertionError unless each acknowledged change has its event, and each event its effect, once."""
        told = await self.read("inventory.assets")
        versions: dict[str, list[int]] = defaultdict(list)
        for record in first_deliveries(told):
            if record.data is not None:
                versions[record.key].append(record.data["version"])
        for key, seen in versions.items():
            assert seen == sorted(set(seen)), f"versions of {key} on the topic: {seen}"
        for key, acknowledged in workload.acknowledged.versions.items():
            assert acknowledged <= set(versions[key]), f"{key}: an acknowledged version has no event"
        newest = {key: seen[-1] for key, seen in versions.items()}
        assert newest == await self.versions("inventory"), "the topic ends with what is stored"
        assert newest == await self.versions("footprint"), "footprint has heard what is stored"
        for key, seen in _rising(first_deliveries(await self.read("footprint.asset-months"))).items():
            assert seen == sorted(set(seen)), f"versions of {key} on the topic: {seen}"
        rolled, summed = await self._query("footprint", _ROLL_UP), await self._query("footprint", _SUMMED)
        assert rolled == summed, "the roll-up is the sum of its figures"
        rolled, summed = await self._query("footprint", _USED_ROLL_UP), await self._query("footprint", _USED_SUMMED)
        assert rolled == summed, "what applications use is the sum of its figures"

    async def figures(self) -> list[tuple[Any, ...]]:
        """Every figure of every asset and month, and what applications use of them, in a fixed order."""
        return [*await self._query("footprint", _FIGURES), *await self._query("footprint", _USED_ROLL_UP)]

    async def observe(self, observer: Observer, workload: Workload) -> None:
        """Tell one observation of each kind of the assets of `workload`, on the topics that inventory owns."""
        records = observer.some(list(workload.acknowledged.versions))
        await send_again(self.installation.servers.kafka.bootstrap, records)

    async def lose_footprints_database(self) -> None:
        """Drop everything that footprint keeps, and let it begin anew from the topics."""
        roles = [role for service, role in ROLES if service == "footprint"]
        for role in roles:
            self.processes["footprint", role].stop()
        servers, installation = self.installation.servers, self.installation
        await servers.execute(installation.name, "DROP SCHEMA footprint CASCADE")
        await bootstrap(installation.admin_url, ["footprint"], servers.password)
        await asyncio.to_thread(installation.run, "footprint", ["migrate"])
        await self._rewind("footprint")
        for role in roles:
            self.start("footprint", role)

    async def read(self, topic: str) -> list[Record]:
        """Everything on `topic`."""
        return await read_topic(self.installation.servers.kafka.bootstrap, self.installation.topic_prefix + topic)

    async def _rewind(self, service: str) -> None:
        """Make the consumer group of `service` read its topics from their beginning again."""
        prefix = self.installation.topic_prefix
        consumer = AIOKafkaConsumer(
            *(prefix + topic for topic in HEARD),
            bootstrap_servers=self.installation.servers.kafka.bootstrap,
            group_id=prefix + service,
            enable_auto_commit=False,
        )
        async with consumer:
            partitions: set[TopicPartition] = await eventually(consumer.assignment, what="partitions to rewind")
            await consumer.commit({partition: OffsetAndMetadata(0, "") for partition in partitions})

    async def versions(self, service: str) -> dict[str, int]:
        """The version of each asset as `service` has it."""
        rows = await self._query(service, f"SELECT id::text, version FROM assets WHERE org_id = '{ORG}'")
        return dict(rows)

    async def _query(self, service: str, statement: str) -> list[tuple[Any, ...]]:
        connection = await self.installation.connect(service)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()


def _rising(records: Sequence[Record]) -> dict[str, list[int]]:
    versions: dict[str, list[int]] = defaultdict(list)
    for record in records:
        if record.data is not None:
            versions[record.key].append(record.data["version"])
    return versions
