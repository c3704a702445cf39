"""What clients of `/changes` are told: written by whoever changes results, in the same transaction; read in the order of commits."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from common.database import Connection, Transaction

CHANGES_CHANNEL: Final = "changes_told"
MOST_ASSETS: Final = 50
"""Assets named in one change; of more, only the number is told."""

KEPT_S: Final = 86_400
"""How long a client may be away and still miss nothing."""

MARGIN_S: Final = 3_600


class Position(NamedTuple):
    """A place in the order of changes: a transaction and a change of it; and the Unix second at which a client was there."""

    transaction: int
    id: int
    at: int

    @classmethod
    def read(cls, text: str) -> "Position | None":
        """The position of a `Last-Event-ID`; None when it is none of ours."""
        parts = text.split("-")
        if len(parts) != 3 or not all(each.isascii() and each.isdigit() for each in parts):
            return None
        found = cls(*map(int, parts))
        return found if max(found) < 2**63 else None

    def __str__(self) -> str:
        return f"{self.transaction}-{self.id}-{self.at}"


async def tell(
    unit: Transaction, what: Literal["figures", "period"], changed: Mapping[str, Iterable[tuple[UUID | None, int]]]
) -> None:
    """Tell of changed results: by organisation, assets and their months (no asset for what is the organisation's)."""
    orgs = sorted(changed)
    if not orgs:
        return
    months = {org: sorted({month for _, month in changed[org]}) for org in orgs}
    assets = {org: sorted({str(asset) for asset, _ in changed[org] if asset is not None}) for org in orgs}
    await unit.connection.executemany(
        """
        INSERT INTO result_changes (org_id, what, months, assets, asset_count)
        VALUES ($1, $2, $3::integer[], $4::uuid[], $5)
        """,
        [
            (org, what, months[org], assets[org] if len(assets[org]) <= MOST_ASSETS else [], len(assets[org]))
            for org in orgs
        ],
    )
    unit.wake(CHANGES_CHANNEL)


async def now(connection: Connection) -> Position:
    """Before everything that is not committed yet."""
    row = await connection.fetchrow(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS number, extract(epoch FROM now())::bigint AS at"
    )
    assert row is not None
    return Position(row["number"], 0, row["at"])


async def after(connection: Connection, orgs: Sequence[str] | None, position: Position, limit: int) -> list[Any]:
    """The changes after a position that nothing can still slip in before; of some organisations, or of all that the caller sees."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT *, transaction::text::bigint AS number, extract(epoch FROM changed_at)::bigint AS at
        FROM result_changes
        WHERE (transaction, id) > ($1::text::xid8, $2)
          AND transaction < pg_snapshot_xmin(pg_current_snapshot())
          AND ($3::text[] IS NULL OR org_id = ANY ($3))
        ORDER BY transaction, id
        LIMIT $4
        """,
        str(position.transaction),
        position.id,
        None if orgs is None else list(orgs),
        limit,
    )
    return rows


async def forget_old(connection: Connection) -> None:
    """Let go of changes that are too old to be told."""
    await connection.execute(
        "DELETE FROM result_changes WHERE changed_at < now() - $1 * interval '1 s'", KEPT_S + MARGIN_S
    )
