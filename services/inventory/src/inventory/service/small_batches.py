"""Small batches, a change of one asset most often: those that wait at the same moment are written together.

A transaction is as dear as it has statements, and it has a dozen whether it changes one asset or a hundred. So the batches
of one caller that are there at one moment go through one (`common.gathering`), which plans and writes them as it does the rows of
one batch. Each is answered as if it had come alone: no two of them write the same asset, and none names as a host what
another writes; their events carry the traces of their own calls; nothing is answered before the commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from common import telemetry
from common.database import Database, Transaction
from common.gathering import Gathering, Touched
from common.organisations import Organisations

from inventory.domain.planning import TOLD_TWICE
from inventory.domain.record import AssetRecord, host_key
from inventory.domain.revision import Author
from inventory.service.batches import retried
from inventory.service.rows import RowOutcome, Sent, apply_sent_rows
from inventory.service.writing import signed

LARGEST_ROWS = 20
"""Rows up to which a batch is small."""

TOGETHER_LIMIT = 50
"""Batches that are written together at most."""

_SHORT = {
    # Whoever waits for a lock longer than this waits alone, not with all that came at the same moment.
    "lock_timeout": "50ms",
    # Planning the statements takes longer than running them, and no plan depends on which few assets they are about.
    "plan_cache_mode": "force_generic_plan",
}


class EntangledError(Exception):
    """Batches that seemed to write different assets know one asset under several names."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """The rows of one call, and the trace that it belongs to."""

    rows: Sequence[Sent]
    traceparent: str | None


_Gathering = Gathering[_Batch, list[RowOutcome]]


class SmallBatches:
    """Applies small batches, each caller's together."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._of_caller: dict[tuple[Organisations, Author], _Gathering] = {}

    async def apply(self, organisations: Organisations, author: Author, rows: Sequence[Sent]) -> list[RowOutcome]:
        """Apply the rows of a call as `apply_sent_rows` does, in a transaction that is committed then."""
        caller = organisations, author
        gathering = self._of_caller.get(caller)
        if gathering is None:
            gathering = self._of_caller[caller] = self._gathering(organisations, author)
        try:
            return await gathering.do(_Batch(rows, telemetry.current_traceparent()), _touched(rows))
        finally:
            if gathering.is_idle and self._of_caller.get(caller) is gathering:
                del self._of_caller[caller]

    def _gathering(self, organisations: Organisations, author: Author) -> _Gathering:
        async def together(batches: Sequence[_Batch]) -> list[list[RowOutcome]]:
            async with signed(self._database, organisations, author, _SHORT) as unit:
                return await _apply(unit, batches, self._clock())

        async def apart(batch: _Batch) -> list[RowOutcome]:
            async def once() -> list[RowOutcome]:
                async with signed(self._database, organisations, author) as unit:
                    [outcomes] = await _apply(unit, [batch], self._clock())
                    return outcomes

            return await retried(once)

        return Gathering(together, apart, TOGETHER_LIMIT)


def _touched(rows: Sequence[Sent]) -> Touched:
    records = [row for row in rows if isinstance(row, AssetRecord)]
    hosts = (host_key(record.host, record.org) for record in records if record.host is not None)
    return Touched(frozenset(record.key for record in records), frozenset(hosts))


async def _apply(unit: Transaction, batches: Sequence[_Batch], now: datetime) -> list[list[RowOutcome]]:
    """The outcomes of each batch. Raises EntangledError when two of them say something of one asset."""
    outcomes = iter(await apply_sent_rows(unit, [row for batch in batches for row in batch.rows], now))
    each = [
        [replace(outcome, index=index) for index, outcome in enumerate(islice(outcomes, len(batch.rows)))]
        for batch in batches
    ]
    traces: dict[UUID, str | None] = {}
    for batch, own in zip(batches, each, strict=True):
        written = {outcome.asset_id for outcome in own if outcome.asset_id is not None}
        if not written.isdisjoint(traces) or (len(batches) > 1 and _told_twice(own)):
            raise EntangledError
        traces.update(dict.fromkeys(written, batch.traceparent))
    unit.trace({str(asset_id): traceparent for asset_id, traceparent in traces.items()})
    return each


def _told_twice(outcomes: Sequence[RowOutcome]) -> bool:
    return any(defect.code == TOLD_TWICE for outcome in outcomes for defect in outcome.defects)
