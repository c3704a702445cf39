"""SQL of the usage events of partners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record
from common.database import Connection

_ADD_EVENTS = """
INSERT INTO usage_events (org_id, source, id, resource, kind, at, vcpu, ram_mib, disk_mib, received_at)
SELECT *, $10 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[], $8::bigint[],
                          $9::bigint[])
ON CONFLICT DO NOTHING
RETURNING org_id, source, id
"""

_EVENTS_BY_ID = """
SELECT event.*
FROM usage_events AS event
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (org_id, source, id) USING (org_id, source, id)
"""


@dataclass(frozen=True, slots=True)
class EventRow:
    """A usage event as it is stored: sizes in steps, None where it says nothing."""

    org: str
    source: str
    id: str
    resource: str
    kind: str
    at: datetime
    amounts: tuple[int | None, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same event."""
        return self.org, self.source, self.id


async def add_events(connection: Connection, events: Sequence[EventRow], now: datetime) -> set[tuple[str, str, str]]:
    """Store the events that are new and return their keys; of those that were known nothing changes."""
    columns: list[list[Any]] = [
        [event.org for event in events],
        [event.source for event in events],
        [event.id for event in events],
        [event.resource for event in events],
        [event.kind for event in events],
        [event.at for event in events],
        *([event.amounts[index] for event in events] for index in range(3)),
    ]
    rows = await connection.fetch(_ADD_EVENTS, *columns, now)
    return {(row["org_id"], row["source"], row["id"]) for row in rows}


async def read_events_by_key(
    connection: Connection, keys: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], EventRow]:
    """The stored events of `keys`."""
    rows = await connection.fetch(_EVENTS_BY_ID, *([key[part] for key in keys] for part in range(3)))
    return {row.key: row for row in map(_event, rows)}


def _event(row: Record) -> EventRow:
    amounts = (row["vcpu"], row["ram_mib"], row["disk_mib"])
    return EventRow(row["org_id"], row["source"], row["id"], row["resource"], row["kind"], row["at"], amounts)
