"""The thin path under faults: inventory, factors and footprint by roles, commands to them, and what must hold after."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata
from common.bootstrap import bootstrap
from common.testing.waiting import eventually
from footprint.domain.months import current_month, format_month
from footprint.domain.seasons import HISTORY

from examples.settling import settle
from services.footprint.tests.derived import (
    BY_ASSET,
    BY_SEASON,
    DERIVED,
    HEARD,
    RECORDED,
    differences,
    known,
    mark_everything,
    picture,
    roll_ups,
)
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
    ("footprint", "api"),
    ("footprint", "consume"),
    ("footprint", "work"),
    ("footprint", "relay"),
)
TOPICS = (
    "inventory.organizations",
    "inventory.sites",
    "inventory.assets",
    "inventory.measurements",
    "inventory.activities",
    "inventory.applications",
    "factors.factors",
    "factors.overrides",
    "factors.releases",
)
TIME_ZONE = "Europe/Paris"


@dataclass
class ThinPath:
    """One installation with a process per role."""

    installation: Installation
    ports: Mapping[str, int]
    """Where the API of a service listens."""
    processes: dict[tuple[str, str], ServiceProcess] = field(default_factory=dict)
    told: int = 0
    """Observations that were told."""
    compared: int = 0
    """Rows that came out the same when all was computed again."""

    def start(self, service: str, role: str, death: Death | None = None) -> ServiceProcess:
        """Start the process of `role` of `service`, which must not run."""
        port = self.ports[service] if role == "api" else 0
        process = self.installation.start(service, role, port, death)
        self.processes[service, role] = process
        return process

    async def ready(self) -> None:
        """Wait until the APIs answer."""

        async def answers() -> bool:
            try:
                async with httpx.AsyncClient() as client:
                    urls = [f"{self.url(service)}/readyz" for service in self.ports]
                    return all([(await client.get(url)).is_success for url in urls])
            except httpx.HTTPError:
                return False

        await eventually(answers, timeout_s=60.0, what="the APIs being ready")

    def url(self, service: str) -> str:
        """Where the API of a service is."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def workload(self, seed: int) -> Workload:
        """A client that sends seeded commands."""
        return Workload(seed, self.url("inventory"), self.installation.servers.issuer.token())

    async def close(self, month: int) -> bool:
        """Close a month with all before it; False where no answer came."""
        headers = {"Authorization": f"Bearer {self.installation.servers.issuer.token()}"}
        path = f"/v1/periods/{format_month(month)}/close?org={ORG}&earlier=true"
        try:
            async with httpx.AsyncClient(base_url=self.url("footprint"), headers=headers, timeout=60.0) as client:
                answer = await client.post(path)
        except httpx.HTTPError:
            return False
        assert answer.status_code == 200, answer.text
        return True

    async def closed_through(self) -> int:
        """The last month that is closed; 0 where none is."""
        ((month,),) = await self._query("footprint", "SELECT coalesce(max(month), 0) FROM periods")
        return int(month)

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
        for topic in ("footprint.asset-months", "footprint.periods"):
            for key, seen in _rising(first_deliveries(await self.read(topic))).items():
                assert seen == sorted(set(seen)), f"versions of {key} on {topic}: {seen}"
        await self._check_derived()

    async def _check_derived(self) -> None:
        """AssertionError unless the roll-ups are the sums of what they roll up, and computing all of it again changes not a bit."""
        everything = [replace(table, beside=()) for table in (*DERIVED, *RECORDED)]
        async with self._connected() as connection:
            kept, added_up = await roll_ups(connection)
            assert differences(kept, added_up) == {}, "the roll-ups are the sums of what they roll up"
            before = await picture(connection, *everything)
            await mark_everything(connection)
        await self.settled()
        async with self._connected() as connection:
            again = differences(await picture(connection, *everything), before)
        assert again == {}, "what is stored is what is computed"
        self.compared += sum(map(len, before.values()))

    async def derived(self, after: int) -> dict[str, list[Any]]:
        """What a recomputation from the topics, which know of no closing, must come out with as well: what is known of every line, what is
        stored of the months `after` one, how seasons move what is projected, and what was heard."""
        later = [
            replace(table, says=f"({table.says}) AND month > {after}") for table in DERIVED if table.name in BY_ASSET
        ]
        seasons = [table for table in DERIVED if table.name in BY_SEASON]
        async with self._connected() as connection:
            return {**await known(connection), **await picture(connection, *later, *seasons, *HEARD)}

    async def empty(self) -> list[str]:
        """The derived tables without a row: what is in none of them is compared with nothing."""
        async with self._connected() as connection:
            return [name for name, rows in (await picture(connection, *DERIVED)).items() if not rows]

    async def observe(self, observer: Observer, workload: Workload) -> None:
        """Tell one observation of each kind of the assets of `workload`, on the topics that inventory owns."""
        assets = workload.acknowledged
        await self._tell(observer.some(list(assets.versions), assets.metered, measured_year()))

    async def meter(self, observer: Observer, workload: Workload) -> None:
        """Tell a measured year of the metered servers of `workload`."""
        await self._tell(observer.year(workload.acknowledged.metered, measured_year()))

    async def _tell(self, records: Sequence[Record]) -> None:
        await send_again(self.installation.servers.kafka.bootstrap, records)
        self.told += len(records)

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
            *(prefix + topic for topic in TOPICS),
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

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection to the tables of footprint."""
        connection = await self.installation.connect("footprint")
        try:
            yield connection
        finally:
            await connection.close()

    async def summary(self, workload: Workload) -> str:
        """What was done and compared, in numbers."""
        taken = workload.acknowledged
        topics = {
            topic: len(await self.read(topic))
            for topic in (*TOPICS[2:6], "footprint.asset-months", "footprint.periods")
        }
        async with self._connected() as connection:
            rows = {name: len(rows) for name, rows in (await picture(connection, *DERIVED, *RECORDED)).items()}
        changes = sum(map(len, taken.versions.values()))
        return (
            f"{taken.taken} commands taken, {taken.refused} without an answer, {changes} versions of {len(taken.versions)} assets, "
            f"{self.told} observations; events {topics}; rows {rows}; {self.compared} rows computed again"
        )

    async def _query(self, service: str, statement: str) -> list[tuple[Any, ...]]:
        connection = await self.installation.connect(service)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()


def measured_year() -> list[str]:
    """The months that seasons are read from: those before the current one."""
    now = current_month(TIME_ZONE, datetime.now(UTC))
    return [format_month(month) for month in range(now - HISTORY - 1, now)]


def _rising(records: Sequence[Record]) -> dict[str, list[int]]:
    versions: dict[str, list[int]] = defaultdict(list)
    for record in records:
        if record.data is not None:
            versions[record.key].append(record.data["version"])
    return versions
