"""The client of the ledger: seeded deposits, the memory of those acknowledged, and what must hold after every round."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random
from uuid import UUID

import asyncpg
import httpx
from common.testing.waiting import eventually

from tests.faults.ledger.main import ACCOUNTS, DEPOSITS, TOTALS
from tests.support.installation import Installation
from tests.support.topics import Record, first_deliveries, read_topic

ORG = "bank"
ACCOUNT_IDS = tuple(f"account-{number}" for number in range(6))


class Teller:
    """Deposits into the ledger of one installation. Equal seeds make equal deposits."""

    def __init__(self, installation: Installation, seed: int, port: int) -> None:
        self.installation = installation
        self.acknowledged: set[UUID] = set()
        self.unanswered = 0
        self._random = Random(seed)
        self._connection: asyncpg.Connection | None = None
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {installation.servers.issuer.token()}"},
            timeout=httpx.Timeout(30.0),
        )

    async def ready(self) -> None:
        """Wait until the API answers."""

        async def answers() -> bool:
            try:
                return (await self._client.get("/readyz")).is_success
            except httpx.HTTPError:
                return False

        await eventually(answers, timeout_s=60.0, what="the ledger's API being ready")

    async def deposit(self, account: str | None = None) -> bool:
        """Make one deposit; return whether it was acknowledged. One that was not may or may not have happened."""
        deposit_id = UUID(int=self._random.getrandbits(128), version=4)
        body = {
            "id": str(deposit_id),
            "org": ORG,
            "account": account or self._random.choice(ACCOUNT_IDS),
            "amount": self._random.randint(1, 1000),
        }
        try:
            answer = await self._client.post("/v1/deposits", json=body)
        except httpx.HTTPError:
            self.unanswered += 1
            return False
        if answer.status_code == 503:
            assert answer.headers["retry-after"], answer.text
            self.unanswered += 1
            return False
        assert answer.status_code == 201, answer.text
        self.acknowledged.add(deposit_id)
        return True

    async def deposits(self, count: int, at_once: int = 4) -> None:
        """Make `count` deposits, several of them at a time."""
        for begun in range(0, count, at_once):
            await asyncio.gather(*(self.deposit() for _ in range(min(at_once, count - begun))))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        if self._connection is not None:
            await self._connection.close()

    async def settled(self, timeout_s: float = 90.0) -> None:
        """Wait until every deposit that is stored has been summed and nothing waits to be sent."""

        async def quiet() -> bool:
            try:
                rows = await self.query(
                    """
                    SELECT (SELECT count(*) FROM deposits) AS stored,
                           (SELECT coalesce(sum(events), 0) FROM totals) AS summed,
                           (SELECT count(*) FROM outbox) AS waiting,
                           (SELECT count(*) FROM accounts LEFT JOIN heard USING (id)
                            WHERE accounts.version IS DISTINCT FROM heard.version) AS behind
                    """
                )
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                return False
            row = rows[0]
            return bool(row["stored"] == row["summed"] and row["waiting"] == 0 and row["behind"] == 0)

        await eventually(quiet, timeout_s=timeout_s, what="every deposit being summed")

    async def check(self) -> None:
        """AssertionError unless nothing is lost, doubled or out of order, in the tables and on the topics."""
        deposits = {row["id"]: row for row in await self.query("SELECT id, account, amount FROM deposits")}
        assert self.acknowledged <= deposits.keys(), "an acknowledged deposit is gone"
        told = first_deliveries(await self.read(DEPOSITS))
        ids = [UUID((record.data or {})["id"]) for record in told]
        assert Counter(ids) == Counter(deposits.keys()), "every stored deposit has exactly one event, no other has any"
        amounts: Counter[str] = Counter()
        for row in deposits.values():
            amounts[row["account"]] += row["amount"]
        totals = {row["id"]: row["amount"] for row in await self.query("SELECT id, amount FROM totals")}
        assert totals == dict(amounts), "every deposit is in its total once"
        assert await self.query("SELECT * FROM accounts ORDER BY id") == await self.query(
            "SELECT * FROM heard ORDER BY id"
        ), "the projection is the state"
        for topic, table, version in ((ACCOUNTS, "accounts", "version"), (TOTALS, "totals", "events")):
            newest = {row["id"]: row[version] for row in await self.query(f"SELECT id, {version} FROM {table}")}
            assert _newest(first_deliveries(await self.read(topic))) == newest, f"{topic} ends with the state"

    async def read(self, topic: str) -> list[Record]:
        """Everything on the ledger's `topic`."""
        installation = self.installation
        return await read_topic(installation.servers.kafka.bootstrap, installation.topic_prefix + topic)

    async def query(self, statement: str) -> list[asyncpg.Record]:
        """The rows of `statement`, which may also change the tables."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self.installation.connect("ledger")
        return list(await self._connection.fetch(statement))


def _newest(records: Sequence[Record]) -> dict[str, int]:
    """The last version of each key, after making sure that versions only ever rise, one by one."""
    newest: dict[str, int] = {}
    for record in records:
        version = (record.data or {})["version"]
        assert version == newest.get(record.key, 0) + 1, f"{record.key} went from {newest.get(record.key)} to {version}"
        newest[record.key] = version
    return newest
