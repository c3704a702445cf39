"""The use case of partners' usage events: each is stored once, durably, before it is answered for."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

from common.database import Database, Transaction
from common.events import ReceivedEvent
from common.organisations import Organisations

from billing.api.preview_schemas import FIRST_DAY, LAST_DAY
from billing.events import USAGE_KINDS, UsageReported
from billing.store import contracts as contract_store
from billing.store import usage_events as store
from billing.store.usage_events import EventRow

LONGEST_NAME = 200
Outcome = Literal["created", "duplicate", "conflict"]


class Refused(ValueError):
    """A usage event that nobody may send so, or that contradicts one that is stored."""


class UsageEvents:
    """Takes usage events in."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def take(self, organisations: Organisations, events: Sequence[EventRow]) -> list[Outcome]:
        """Store what is new of `events` and say of each what became of it."""
        async with self._database.transaction(organisations) as unit:
            return await self._keep(unit, events)

    async def hear(self, unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
        """Store what partners sent over the broker. Raises `pydantic.ValidationError` for what is no usage event, and `Refused`.

        The broker lets in who may write to the topic; for which organisations a partner may speak, the contract says (`event_sources`).
        """
        rows = [usage_row(event) for event in events]
        sources = await contract_store.read_event_sources(unit.connection, {row.org for row in rows})
        for row in rows:
            if (row.org, row.source) not in sources:
                raise Refused(f"source {row.source!r} is none of the event_sources of a contract of {row.org!r}")
        for row, outcome in zip(rows, await self._keep(unit, rows), strict=True):
            if outcome == "conflict":
                raise Refused(
                    f"an event {row.id} of {row.source!r} is stored with other content; a correction has an id of its own"
                )

    async def _keep(self, unit: Transaction, events: Sequence[EventRow]) -> list[Outcome]:
        """`duplicate`: known with the same content. `conflict`: known with other content, and nothing was changed. The unique key settles a
        race between two calls: the second waits for the first to commit, and then finds the event known.
        """
        first = {event.key: event for event in reversed(events)}
        rows = sorted(first.values(), key=lambda event: event.key)
        created = await store.add_events(unit.connection, rows, self._clock())
        repeated = [event for event in events if event.key not in created or first[event.key] is not event]
        stored = await store.read_events_by_key(unit.connection, [event.key for event in repeated]) if repeated else {}
        return [_outcome(event, first, created, stored) for event in events]


def usage_row(event: ReceivedEvent) -> EventRow:
    """An event of the broker as it is stored. Raises `pydantic.ValidationError`, and `ValueError` naming the header that is wrong."""
    reported = event.parse(UsageReported)
    for header, text in (("ce_source", event.source), ("ce_subject", event.subject)):
        if not 1 <= len(text) <= LONGEST_NAME:
            raise ValueError(f"{header} must have 1 to {LONGEST_NAME} characters")
    if event.time.tzinfo is None or not FIRST_DAY <= event.time.date() <= LAST_DAY:
        raise ValueError(f"ce_time {event.time} must have an offset, from {FIRST_DAY} to {LAST_DAY}")
    at = event.time.astimezone(UTC)
    kind = USAGE_KINDS[event.type]
    return EventRow(reported.org, event.source, str(event.id), event.subject, kind, at, reported.steps())


def _outcome(
    event: EventRow,
    first: dict[tuple[str, str, str], EventRow],
    created: set[tuple[str, str, str]],
    stored: dict[tuple[str, str, str], EventRow],
) -> Outcome:
    if event.key in created and first[event.key] is event:
        return "created"
    return "duplicate" if stored[event.key] == event else "conflict"
