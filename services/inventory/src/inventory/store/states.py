"""The timelines of assets, bitemporal: what was true when, and what was known when."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from common.database import Connection

from inventory.domain.configuration import Allocation, Configuration
from inventory.domain.hosting import Stay
from inventory.domain.timeline import Segment, State, Timeline
from inventory.domain.vocabulary import Kind, Status

_SEGMENT = """
asset_id, lower(valid) AS start, upper(valid) AS until, status, site_id, host_id, plan, configuration, allocation
"""


@dataclass(frozen=True, slots=True)
class Believed:
    """A segment of an asset of `org` that is believed from `at` on, or no longer believed from then."""

    asset_id: UUID
    org: str
    at: datetime
    segment: Segment


async def timelines(connection: Connection, asset_ids: Collection[UUID]) -> dict[UUID, Timeline]:
    """What is believed now about each of the assets."""
    rows = await connection.fetch(
        f"""
        SELECT {_SEGMENT}
        FROM asset_states
        WHERE asset_id = ANY ($1::uuid[]) AND upper_inf(known)
        ORDER BY asset_id, lower(valid)
        """,
        list(asset_ids),
    )
    segments: dict[UUID, list[Segment]] = defaultdict(list)
    for row, segment in zip(rows, to_segments(rows), strict=True):
        segments[row["asset_id"]].append(segment)
    return {asset_id: Timeline(tuple(pieces)) for asset_id, pieces in segments.items()}


async def timeline_as_known_at(connection: Connection, asset_id: UUID, moment: datetime) -> list[Segment]:
    """What was believed at `moment` about an asset; nothing when it was not known then."""
    rows = await connection.fetch(
        f"""
        SELECT {_SEGMENT}
        FROM asset_states
        WHERE asset_id = $1 AND known @> $2::timestamptz
        ORDER BY lower(valid)
        """,
        asset_id,
        moment,
    )
    return list(to_segments(rows))


class Belief(NamedTuple):
    """A segment that was believed over `[since, until)`; `until` None is still."""

    since: datetime
    until: datetime | None
    segment: Segment


async def beliefs(connection: Connection, asset_id: UUID) -> list[Belief]:
    """All that was ever believed of an asset's timeline, by the start of the segments."""
    rows = await connection.fetch(
        f"""
        SELECT {_SEGMENT}, lower(known) AS since, upper(known) AS known_until
        FROM asset_states
        WHERE asset_id = $1
        ORDER BY lower(valid), lower(known)
        """,
        asset_id,
    )
    return [
        Belief(row["since"], row["known_until"], segment) for row, segment in zip(rows, to_segments(rows), strict=True)
    ]


async def nested_stays(connection: Connection, hosts: Collection[UUID]) -> dict[UUID, tuple[Stay, ...]]:
    """The stays of `hosts`, which are virtual machines, of those that they are on, and so on to the servers."""
    found: dict[UUID, tuple[Stay, ...]] = {}
    wanted = set(hosts)
    while wanted:
        rows = await connection.fetch(
            """
            SELECT s.asset_id, s.host_id, lower(s.valid) AS start, upper(s.valid) AS until, host.kind
            FROM asset_states s
            JOIN assets host ON host.id = s.host_id
            WHERE s.asset_id = ANY ($1::uuid[]) AND upper_inf(s.known)
            ORDER BY s.asset_id, lower(s.valid)
            """,
            list(wanted),
        )
        stays: dict[UUID, list[Stay]] = {asset_id: [] for asset_id in wanted}
        for row in rows:
            stays[row["asset_id"]].append(Stay(row["host_id"], row["start"], row["until"]))
        found.update({asset_id: tuple(own) for asset_id, own in stays.items()})
        wanted = {row["host_id"] for row in rows if row["kind"] == Kind.VIRTUAL_MACHINE} - found.keys()
    return found


async def hosts_anything(connection: Connection, asset_id: UUID) -> bool:
    """Whether any known segment, past, present or future, of any organisation's asset is on this one."""
    return bool(await connection.fetchval("SELECT hosts_anything($1)", asset_id))


async def used_by_others(connection: Connection, asset_id: UUID) -> bool:
    """Whether anything that the transaction may not see is on an asset or runs on it."""
    return bool(await connection.fetchval("SELECT used_by_others($1)", asset_id))


async def machines_on(connection: Connection, hosts: Collection[UUID]) -> list[UUID]:
    """The visible machines that are, were or will be on one of `hosts`, as is believed now, in order of id."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT asset_id
        FROM asset_states
        WHERE host_id = ANY ($1::uuid[]) AND upper_inf(known)
        ORDER BY asset_id
        """,
        list(hosts),
    )
    return [row["asset_id"] for row in rows]


async def machines_on_as_known_at(connection: Connection, host: UUID, moment: datetime) -> list[UUID]:
    """The visible machines that were believed, at `moment`, to be on a host at any time."""
    rows = await connection.fetch(
        "SELECT DISTINCT asset_id FROM asset_states WHERE host_id = $1 AND known @> $2::timestamptz", host, moment
    )
    return [row["asset_id"] for row in rows]


async def still_used(connection: Connection, asset_ids: Collection[UUID]) -> list[UUID]:
    """Those of the assets that machines or applications are on, of any organisation."""
    rows = await connection.fetch(
        """
        SELECT asset_id
        FROM unnest($1::uuid[]) AS asset_id
        WHERE hosts_anything(asset_id) OR serves_anything(asset_id)
        """,
        list(asset_ids),
    )
    return [row["asset_id"] for row in rows]


class Stranded(NamedTuple):
    """A machine that is not retired at some moment at which the host that it is on is."""

    machine: UUID
    host: UUID


async def stranded(connection: Connection, machines: Collection[UUID], hosts: Collection[UUID]) -> frozenset[Stranded]:
    """Those of `machines`, and of the machines on `hosts`, that are stranded; of every organisation."""
    rows = await connection.fetch(
        "SELECT machine_id, host_id FROM stranded_machines($1, $2)", list(machines), list(hosts)
    )
    return frozenset(Stranded(row["machine_id"], row["host_id"]) for row in rows)


async def end_belief(connection: Connection, segments: Sequence[Believed]) -> None:
    """Say of each segment that it is no longer believed."""
    await connection.execute(
        """
        UPDATE asset_states s
        SET known = tstzrange(lower(s.known), gone.at)
        FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS gone (asset_id, start, at)
        WHERE s.asset_id = gone.asset_id AND lower(s.valid) = gone.start AND upper_inf(s.known)
        """,
        [gone.asset_id for gone in segments],
        [gone.segment.start for gone in segments],
        [gone.at for gone in segments],
    )


async def begin_belief(connection: Connection, segments: Sequence[Believed]) -> None:
    """Add segments. Raises ExclusionViolationError when one overlaps what is believed of its asset."""
    states = [new.segment.state for new in segments]
    await connection.execute(
        """
        INSERT INTO asset_states (asset_id, org_id, valid, known, status, site_id, host_id, plan, configuration, allocation)
        SELECT asset_id, org_id, tstzrange(start, until), tstzrange(at, NULL), status, site_id, host_id, plan,
               configuration::jsonb, allocation::jsonb
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::text[],
                    $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[])
             AS new (asset_id, org_id, start, until, at, status, site_id, host_id, plan, configuration, allocation)
        """,
        [new.asset_id for new in segments],
        [new.org for new in segments],
        [new.segment.start for new in segments],
        [new.segment.end for new in segments],
        [new.at for new in segments],
        [state.status for state in states],
        [state.site_id for state in states],
        [state.host_id for state in states],
        [state.plan for state in states],
        [_text(state.configuration) for state in states],
        [_text(state.allocation) for state in states],
    )


def to_segment(row: asyncpg.Record) -> Segment:
    """The segment of a row that selects the columns of one."""
    (segment,) = to_segments([row])
    return segment


def to_segments(rows: Iterable[asyncpg.Record]) -> Iterator[Segment]:
    """The segments of rows that select the columns of one.

    Segments that state the same configuration or allocation one after the other share it: the states of an asset differ in little.
    """
    stated: Any = None
    allotted: Any = None
    configuration: Configuration | None = None
    allocation: Allocation | None = None
    for row in rows:
        if row["configuration"] != stated:
            stated = row["configuration"]
            configuration = None if stated is None else Configuration.model_validate(stated)
        if row["allocation"] != allotted:
            allotted = row["allocation"]
            allocation = None if allotted is None else Allocation.model_validate(allotted)
        state = State(Status(row["status"]), row["site_id"], row["host_id"], row["plan"], configuration, allocation)
        yield Segment(row["start"], row["until"], state)


def _text(part: Configuration | Allocation | None) -> str | None:
    return None if part is None else part.model_dump_json(exclude_none=True)
