"""The use case of partners' usage events: each is stored once, durably, before it is answered for."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from common.database import Database
from common.organisations import Organisations

from billing.store import contracts as store
from billing.store.contracts import EventRow

Outcome = Literal["created", "duplicate", "conflict"]


class UsageEvents:
    """Takes usage events in."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def take(self, organisations: Organisations, events: Sequence[EventRow]) -> list[Outcome]:
        """Store what is new of `events` and say of each what became of it.

        `duplicate`: known with the same content. `conflict`: known with other content, and nothing was changed. The unique key settles a
        race between two calls: the second waits for the first to commit, and then finds the event known.
        """
        first = {event.key: event for event in reversed(events)}
        rows = sorted(first.values(), key=lambda event: event.key)
        async with self._database.transaction(organisations) as unit:
            created = await store.add_events(unit.connection, rows, self._clock())
            repeated = [event for event in events if event.key not in created or first[event.key] is not event]
            stored = await store.read_events_by_key(unit.connection, [event.key for event in repeated])
        return [_outcome(event, first, created, stored) for event in events]


def _outcome(
    event: EventRow,
    first: dict[tuple[str, str, str], EventRow],
    created: set[tuple[str, str, str]],
    stored: dict[tuple[str, str, str], EventRow],
) -> Outcome:
    if event.key in created and first[event.key] is event:
        return "created"
    return "duplicate" if stored[event.key] == event else "conflict"
