"""What applications use of closed months, as it is known now: read as it was known before, and restated in the month that is open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from common.database import Connection

from footprint.domain.restating import Found, Key, Line, MovedClaim, Used

_LINE: Final = "site_id, stage, criterion, basis, share, scope, ghg_category, beges_item"
_AMOUNT: Final = f"asset_id, month, application_id, {_LINE}, billionths, kwh"
_COUNTED: Final = f"org_id, month, application_id, kind, {_LINE}, restates"
"""The key of the roll-up."""


async def used_before(connection: Connection, found: Sequence[Found]) -> dict[Key, Used]:
    """What was known last of what applications use of closed months: what these were closed with, and what was restated of it."""
    used: dict[Key, Used] = {each.key: {} for each in found}
    rows = await connection.fetch(
        f"""
        SELECT asset_id, month, application_id, {_LINE}, sum(billionths)::text AS billionths, sum(kwh)::text AS kwh
        FROM (
            SELECT {_AMOUNT}
            FROM application_figures
            WHERE asset_id = ANY($1::uuid[])
              AND month = ANY($2::integer[])
            UNION ALL
            SELECT {_AMOUNT}
            FROM restated_application_figures
            WHERE asset_id = ANY($1::uuid[])
              AND month = ANY($2::integer[])
        ) AS known
        GROUP BY asset_id, month, application_id, {_LINE}
        """,
        sorted({asset for asset, _ in used}),
        sorted({month for _, month in used}),
    )
    for row in rows:
        if (known := used.get((row["asset_id"], row["month"]))) is not None:
            line = Line._make(row[name] for name in _LINE.split(", "))
            known[row["application_id"], line] = int(row["billionths"]), int(row["kwh"])
    return used


class Recorded(NamedTuple):
    """A restatement as it was recorded, and by how much it moved what applications use."""

    number: int
    at: datetime
    org: str
    asset: UUID
    kind: str
    month: int
    counted_in: int
    moved: Sequence[MovedClaim]


async def write(connection: Connection, recorded: Sequence[Recorded]) -> None:
    """Keep what restatements moved of what applications use, and count it in the month that is open: one upsert in the order of the key."""
    rows = [
        (
            each.number,
            each.org,
            each.asset,
            claim.application,
            each.month,
            each.counted_in,
            each.at,
            each.kind,
            *claim.line,
            claim.billionths,
            claim.kwh,
        )
        for each in recorded
        for claim in each.moved
    ]
    if not rows:
        return
    await connection.execute(
        f"""
        WITH kept AS (
            INSERT INTO restated_application_figures (
                restatement_id, org_id, asset_id, application_id, month, counted_in, recorded_at, kind, {_LINE}, billionths, kwh
            )
            SELECT *
            FROM unnest(
                $1::bigint[], $2::text[], $3::uuid[], $4::uuid[], $5::integer[], $6::integer[], $7::timestamptz[], $8::text[], $9::uuid[],
                $10::text[], $11::text[], $12::text[], $13::text[], $14::smallint[], $15::text[], $16::text[], $17::bigint[], $18::bigint[]
            )
            RETURNING *
        ), counted AS (
            SELECT org_id, counted_in AS month, application_id, kind, {_LINE}, month AS restates, billionths, kwh
            FROM kept
        )
        INSERT INTO application_restatements ({_COUNTED}, billionths, figures, kwh)
        SELECT {_COUNTED}, sum(billionths), count(*), sum(kwh)
        FROM counted
        GROUP BY {_COUNTED}
        ORDER BY {_COUNTED}
        ON CONFLICT ON CONSTRAINT application_restatements_key DO UPDATE
        SET billionths = application_restatements.billionths + excluded.billionths,
            figures = application_restatements.figures + excluded.figures,
            kwh = application_restatements.kwh + excluded.kwh
        """,
        *(list(column) for column in zip(*rows, strict=True)),
    )
