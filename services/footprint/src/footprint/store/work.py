"""The calculators' SQL: widening changes, taking assets, and settling what is computed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asyncpg import Record
from common.database import Connection

from footprint.domain.difference import EVER
from footprint.store.heard import BULK, LIVE


async def has_changes(connection: Connection) -> bool:
    """Whether changes wait to be widened."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM changes)")
    return found


async def widen_changes(connection: Connection) -> int:
    """Turn waiting changes into bulk marks of every asset that they touch; how many changes there were."""
    changes = await connection.fetch(
        """
        DELETE FROM changes
        WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED)
        RETURNING kind, key
        """
    )
    if not changes:
        return 0
    keys: dict[str, list[str]] = {"organisation": [], "override": [], "site": [], "factor": [], "measurement": []}
    for change in changes:
        keys[change["kind"]].append(change["key"])
    about = await connection.fetch(
        "SELECT DISTINCT activity, region FROM factors WHERE id = ANY($1::text[])", keys["factor"]
    )
    reach = _reach(about)
    await connection.execute(
        """
        INSERT INTO marks (asset_id, priority, since, cause, org_id)
        SELECT touched.id, $1, 0, $11, calculations.org_id FROM (
            SELECT id FROM assets WHERE org_id = ANY($2::text[])
            UNION
            SELECT host_id FROM placements WHERE org_id = ANY($2::text[])
            UNION
            SELECT home_id FROM activities WHERE org_id = ANY($2::text[])
            UNION
            SELECT id FROM assets WHERE site_ids && $3::uuid[]
            UNION
            SELECT home_id FROM activities WHERE site_id = ANY($3::uuid[])
            UNION
            SELECT id FROM assets
            WHERE site_ids && ARRAY(
                SELECT id FROM sites WHERE region = ANY($4::text[]) OR split_part(region, '-', 1) = ANY($4::text[])
            )
            UNION
            SELECT id FROM assets WHERE $8 AND kind = 'virtual_machine' AND document @? '$.segments[*].cloud.provider'
            UNION
            SELECT id FROM assets WHERE kind = ANY($5::text[])
            UNION
            SELECT home_id FROM activities WHERE activity = ANY($9::text[])
            UNION
            SELECT host_id FROM placements WHERE vm_id = ANY($10::uuid[])
            UNION
            SELECT id FROM assets WHERE $6 AND has_support
            UNION
            SELECT id FROM assets WHERE $7
        ) AS touched
        LEFT JOIN calculations ON calculations.asset_id = touched.id
        -- In the order in which they were first computed: rows of this table are locked and never written again, so they lie as they came,
        -- and what is stored of the assets lies so too. In any other order each group touches pages of its own, and logs them whole.
        ORDER BY calculations.ctid, touched.id
        """,
        BULK,
        keys["organisation"] + keys["override"],
        keys["site"],
        sorted(reach.regions),
        sorted(reach.kinds),
        reach.supported,
        reach.everything,
        reach.clouds,
        sorted(reach.activities),
        keys["measurement"],
        _cause(keys),
    )
    return len(changes)


def _cause(keys: Mapping[str, Sequence[str]]) -> str:
    """Why assets are computed again: what weighs most of what changed."""
    if keys["organisation"] or keys["site"]:
        return "inventory"
    return "measurement" if keys["measurement"] else "factor"


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which assets factors may matter to, told by what they are about: so those that lacked one are found as those that used it."""

    regions: set[str]
    kinds: set[str]
    activities: set[str]
    supported: bool
    everything: bool
    clouds: bool


def _reach(about: Sequence[Record]) -> _Reach:
    reach = _Reach(
        set(),
        set(),
        {each["activity"] for each in about},
        any(each["activity"].startswith("maintenance.") for each in about),
        any(each["activity"] == "pue" for each in about),
        any(each["activity"].split(".")[0] in _OF_CLOUDS for each in about),
    )
    for each in about:
        family, _, rest = each["activity"].partition(".")
        if family == "electricity" and each["region"]:
            reach.regions.add(each["region"])
            reach.activities.add("electricity")
        elif family in ("embodied", "life", "energy", "refurbishing"):
            reach.kinds.add(rest.partition(".")[0])
        elif family == "component":
            reach.kinds.add("server")
    return reach


@dataclass(frozen=True, slots=True)
class Taken:
    """Assets locked for this transaction, with the priority of the group."""

    assets: tuple[UUID, ...]
    priority: int


_OF_CLOUDS: Final = ("cloud", "electricity", "embodied", "life")
"""What machines at public clouds rest on, wherever they are."""

LONGEST_PAUSE_S: Final = 3.0
"""How long bulk work waits for a pause at most."""


async def take(connection: Connection, most: int, pause_s: float = 0.0) -> Taken | None:
    """Lock marked assets that nobody computes now, live before bulk, and the machines on them; None when nothing is to be done now.

    Bulk work waits until no bulk mark was set for `pause_s`: while an import streams in, a host would be computed once for each batch
    that holds one of its machines. At most `most` marks are taken, of one priority, and no more of them than have twice as many assets in
    all. A machine brings the hosts that are marked as well, so that it is not computed for itself and then again with each of them.
    Machines that another calculator holds are marked again, for after it.
    """
    rows = await _lock_marked(connection, LIVE, most)
    if not rows:
        if not await _bulk_may_begin(connection, pause_s):
            return None
        rows = await _lock_marked(connection, BULK, most)
    if not rows:
        await _drop_marks_of_unknown_assets(connection)
        return None
    priority: int = rows[0]["priority"]
    marked = list(dict.fromkeys(row["asset_id"] for row in rows))
    waiting = await _marked_hosts(connection, marked, priority)
    hosts = _by(waiting, "vm_id", "host_id")
    guests = await _guests(connection, {*marked, *(row["host_id"] for row in waiting)})
    group = _together(marked, hosts, guests, 2 * most)
    locked = group.intersection(marked) | await _lock(connection, group.difference(marked))
    left = {guest for each in locked for guest in guests.get(each, ())} - locked
    if left:
        await connection.execute(
            """
            INSERT INTO marks (asset_id, priority, since, cause, org_id)
            SELECT guest, $2, $3, cause, org_id
            FROM unnest($1::uuid[]) AS guest
            CROSS JOIN unnest($4::text[]) AS cause
            LEFT JOIN calculations ON calculations.asset_id = guest
            ORDER BY guest, cause
            """,
            sorted(left),
            priority,
            min(row["since"] for row in (*rows, *waiting)),
            sorted({row["cause"] for row in (*rows, *waiting)}),
        )
    return Taken(tuple(sorted(locked)), priority)


def _together(
    marked: Sequence[UUID], hosts: Mapping[UUID, set[UUID]], guests: Mapping[UUID, set[UUID]], most: int
) -> set[UUID]:
    """The first of the marked assets with what is computed along with them: at most so many, or what belongs to the very first."""
    group: set[UUID] = set()
    for asset in marked:
        physical = {asset, *hosts.get(asset, ())}
        along = physical.union(*(guests.get(each, ()) for each in physical))
        if group and len(group | along) > most:
            break
        group |= along
    return group


async def _guests(connection: Connection, hosts: Collection[UUID]) -> dict[UUID, set[UUID]]:
    rows = await connection.fetch(
        "SELECT DISTINCT host_id, vm_id FROM placements WHERE host_id = ANY($1::uuid[])", list(hosts)
    )
    return _by(rows, "host_id", "vm_id")


def _by(rows: Sequence[Record], key: str, value: str) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    for row in rows:
        found.setdefault(row[key], set()).add(row[value])
    return found


async def _marked_hosts(connection: Connection, machines: Sequence[UUID], priority: int) -> list[Record]:
    """The hosts that machines are or were on and that are marked for the same time or an earlier one."""
    rows: list[Record] = await connection.fetch(
        """
        SELECT placements.vm_id, placements.host_id, marks.since, marks.cause
        FROM placements
        JOIN marks ON marks.asset_id = placements.host_id
        WHERE placements.vm_id = ANY($1::uuid[])
          AND marks.priority <= $2
        """,
        machines,
        priority,
    )
    return rows


async def _lock(connection: Connection, assets: Collection[UUID]) -> set[UUID]:
    """Lock the rows of assets; those that nobody else holds."""
    rows = await connection.fetch(
        "SELECT asset_id FROM calculations WHERE asset_id = ANY($1::uuid[]) ORDER BY asset_id FOR UPDATE SKIP LOCKED",
        list(assets),
    )
    return {row["asset_id"] for row in rows}


async def _lock_marked(connection: Connection, priority: int, most: int) -> list[Record]:
    """Marks of a priority, oldest first, with the rows of their assets locked that nobody else holds."""
    rows: list[Record] = await connection.fetch(
        """
        SELECT marks.asset_id, marks.priority, marks.since, marks.cause
        FROM marks
        JOIN calculations ON calculations.asset_id = marks.asset_id
        WHERE marks.priority = $2
        ORDER BY marks.id
        LIMIT $1
        FOR UPDATE OF calculations SKIP LOCKED
        """,
        most,
        priority,
    )
    return rows


async def _bulk_may_begin(connection: Connection, pause_s: float) -> bool:
    """Whether the newest bulk mark is `pause_s` old, or the oldest has waited long enough."""
    may: bool = await connection.fetchval(
        """
        WITH newest AS (
            SELECT marked_at FROM marks WHERE priority = $1 ORDER BY id DESC LIMIT 1
        ), oldest AS (
            SELECT marked_at FROM marks WHERE priority = $1 ORDER BY id LIMIT 1
        )
        SELECT
            coalesce((SELECT marked_at < clock_timestamp() - $2 * interval '1 s' FROM newest), true)
            OR (SELECT marked_at < clock_timestamp() - $3 * interval '1 s' FROM oldest)
        """,
        BULK,
        pause_s,
        LONGEST_PAUSE_S,
    )
    return may


async def _drop_marks_of_unknown_assets(connection: Connection) -> None:
    """Forget marks of hosts that are not known; should one become known, its own event marks it.

    They are found once and then deleted. As a sub-select of the deletion they were found again for each mark where the table had been empty
    when it was last vacuumed, for then the planner expects one: 8,000 marks took 14 s.
    """
    await connection.execute(
        """
        WITH unknown AS MATERIALIZED (
            SELECT marks.id
            FROM marks
            WHERE NOT EXISTS (SELECT FROM calculations WHERE calculations.asset_id = marks.asset_id)
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM marks USING unknown WHERE marks.id = unknown.id
        """
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """The marks of some assets as a snapshot sees them, the Unix second before which none of them touches anything, and what set them.

    `moment` is the snapshot itself: all that is known in it.
    """

    marks: tuple[int, ...]
    since: int
    causes: frozenset[str]
    moment: str


async def marks_seen(connection: Connection, assets: Collection[UUID]) -> Seen:
    """What a computation from this snapshot settles, and since when it must compute: since ever, after a failure."""
    rows = await connection.fetch("SELECT id, since, cause FROM marks WHERE asset_id = ANY($1::uuid[])", list(assets))
    (seen,) = await connection.fetch(
        """
        SELECT
            EXISTS (SELECT FROM failed_marks WHERE asset_id = ANY($1::uuid[])) AS failed,
            pg_current_snapshot()::text AS moment
        """,
        list(assets),
    )
    since = EVER if seen["failed"] else min((row["since"] for row in rows), default=EVER)
    return Seen(tuple(row["id"] for row in rows), since, frozenset(row["cause"] for row in rows), seen["moment"])


async def clear_marks(connection: Connection, marks: Sequence[int]) -> None:
    """Settle marks. Those set since the snapshot are others, and stay."""
    await connection.execute("DELETE FROM marks WHERE id = ANY($1::bigint[])", list(marks))


async def set_aside(connection: Connection, asset: UUID, marks: Sequence[int], reason: str) -> None:
    """Settle the marks of an asset that cannot be computed, and keep why."""
    await clear_marks(connection, marks)
    await connection.execute(
        """
        INSERT INTO failed_marks (asset_id, reason) VALUES ($1, $2)
        ON CONFLICT (asset_id) DO UPDATE SET failed_at = clock_timestamp(), reason = excluded.reason
        """,
        asset,
        reason,
    )


async def settle(connection: Connection, assets: Collection[UUID], marks: Sequence[int]) -> None:
    """These assets are computed: their marks are settled, and what failed of them before no longer matters."""
    await connection.execute(
        """
        WITH cleared AS (
            DELETE FROM marks WHERE id = ANY($1::bigint[])
        )
        DELETE FROM failed_marks WHERE asset_id = ANY($2::uuid[])
        """,
        list(marks),
        list(assets),
    )


async def is_waiting(connection: Connection) -> bool:
    """Whether anything is left to compute."""
    waits: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM marks) OR EXISTS (SELECT FROM changes)")
    return waits


async def waiting(connection: Connection) -> int:
    """How many assets wait to be computed, and changes to be widened."""
    count: int = await connection.fetchval(
        "SELECT (SELECT count(DISTINCT asset_id) FROM marks) + (SELECT count(*) FROM changes)"
    )
    return count
