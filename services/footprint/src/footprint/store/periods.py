"""Closed months and their restatements: the SQL of calculators and of closing. Reading them for the API is in `period_answers`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from common.database import Connection

from footprint.documents import figure_documents, plain, read_figure, read_figure_documents
from footprint.domain.catalogue import FactorRef
from footprint.domain.engine import World
from footprint.domain.inventory import Asset, ClosedLife
from footprint.domain.months import month_start
from footprint.domain.restating import Closed, Found, Key, Latest, Moved, MovedClaim, State
from footprint.domain.results import METHOD_VERSION
from footprint.store import restated_claims
from footprint.store.restated_claims import Recorded

LOCK: Final = "hashtextextended(current_schema() || '.periods.' || {org}, 0)"
"""The advisory lock of an organisation's months."""


async def hold_open(connection: Connection, assets: Collection[UUID]) -> Closed:
    """Keep the months of the organisations of `assets` as they are until the transaction ends; which are closed, and what was restated.

    The lock comes first and the look afterwards, in a statement of its own: so it sees a closing that the lock waited for.
    """
    rows = await connection.fetch(
        f"""
        SELECT org_id, pg_advisory_xact_lock_shared({LOCK.format(org="org_id")})
        FROM (
            SELECT org_id FROM assets WHERE id = ANY($1::uuid[])
            UNION
            SELECT org_id FROM homes WHERE home_id = ANY($1::uuid[])
            ORDER BY org_id
        ) AS concerned
        """,
        list(assets),
    )
    closed = await connection.fetch(
        "SELECT org_id, max(month) AS month FROM periods WHERE org_id = ANY($1::text[]) GROUP BY org_id",
        [row["org_id"] for row in rows],
    )
    if not closed:
        return Closed()
    through = {row["org_id"]: row["month"] for row in closed}
    return Closed(through, await _latest(connection, assets))


async def _latest(connection: Connection, assets: Collection[UUID]) -> dict[Key, Latest]:
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (asset_id, month) asset_id, month, digest, removed, org_id, kind, claims_digest
        FROM restatements
        WHERE asset_id = ANY($1::uuid[])
        ORDER BY asset_id, month, id DESC
        """,
        list(assets),
    )
    return {
        (row["asset_id"], row["month"]): Latest(
            row["digest"], row["removed"], row["org_id"], row["kind"], row["claims_digest"]
        )
        for row in rows
    }


async def with_closed_lives(
    connection: Connection, world: World, assets: Sequence[Asset], moment: str | None = None
) -> World:
    """The world in which closed months keep the lives that they were closed with, of `assets` and of their hosts.

    With a `moment`, the months that were closed before it.
    """
    closed = await connection.fetch(
        """
        SELECT org_id, max(month) AS month
        FROM periods
        WHERE org_id = ANY($1::text[])
          AND ($2::text IS NULL OR pg_visible_in_snapshot(closing, $2::text::pg_snapshot))
        GROUP BY org_id
        """,
        list(world.organisations),
        moment,
    )
    if not closed:
        return world
    rows = await connection.fetch(
        """
        SELECT asset_id, asset_months.org_id, asset_months.month, life_start, spread_days, first_life_days, use_days
        FROM asset_months
        JOIN unnest($2::text[], $3::integer[]) AS closed (org_id, through)
          ON closed.org_id = asset_months.org_id AND asset_months.month <= closed.through
        WHERE asset_id = ANY($1::uuid[])
          AND life_start IS NOT NULL
          AND NOT removed
        ORDER BY asset_id, asset_months.month
        """,
        [asset.id for asset in (*assets, *world.hosts.values())],
        [row["org_id"] for row in closed],
        [row["month"] for row in closed],
    )
    lives: dict[UUID, list[ClosedLife]] = {}
    for row in rows:
        runs = lives.setdefault(plain(row["asset_id"]), [])
        until = month_start(world.organisation(row["org_id"]).time_zone, row["month"] + 1)
        run = ClosedLife(until, row["life_start"], row["spread_days"], row["first_life_days"], row["use_days"])
        if runs and (runs[-1].start, runs[-1].days) == (run.start, run.days):
            runs[-1] = replace(runs[-1], until=until)
        else:
            runs.append(run)
    return replace(world, closed_lives={asset: tuple(runs) for asset, runs in lives.items()})


async def states_before(connection: Connection, found: Sequence[Found]) -> dict[Key, State]:
    """What was known last of each asset and closed month; an empty state where nothing was."""
    assets, months = [each.result.asset.id for each in found], [each.result.month for each in found]
    states: dict[Key, State] = {each.key: State() for each in found}
    for row in await connection.fetch(
        """
        SELECT asset_id, month, factor_ids, factor_versions, method_version
        FROM asset_months
        WHERE asset_id = ANY($1::uuid[])
          AND month = ANY($2::integer[])
          AND NOT removed
        """,
        assets,
        months,
    ):
        if (row["asset_id"], row["month"]) in states:
            states[row["asset_id"], row["month"]] = State([], _references(row), row["method_version"])
    for row in await connection.fetch(
        "SELECT * FROM figures WHERE asset_id = ANY($1::uuid[]) AND month = ANY($2::integer[])", assets, months
    ):
        if (state := states.get((row["asset_id"], row["month"]))) is not None and isinstance(state.figures, list):
            state.figures.append(read_figure(row))
    for row in await connection.fetch(
        """
        SELECT DISTINCT ON (asset_id, month) asset_id, month, figures, factor_ids, factor_versions, method_version
        FROM restatements
        WHERE asset_id = ANY($1::uuid[])
          AND month = ANY($2::integer[])
        ORDER BY asset_id, month, id DESC
        """,
        assets,
        months,
    ):
        if (row["asset_id"], row["month"]) in states:
            states[row["asset_id"], row["month"]] = State(
                [*read_figure_documents(row["figures"]), *read_figure_documents(row["figures"], "without_factor")],
                _references(row),
                row["method_version"],
            )
    return states


def _references(row: Any) -> tuple[FactorRef, ...]:
    return tuple(map(FactorRef, row["factor_ids"], row["factor_versions"]))


@dataclass(frozen=True, slots=True)
class Restatement:
    """A correction of an asset's closed month: what is known now, by how much each line moved and why, what applications use otherwise, and
    the month that counts it."""

    found: Found
    moved: Sequence[Moved]
    claims: Sequence[MovedClaim]
    counted_in: int
    causes: Sequence[str]


_ROLLED: Final = "org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, restates"


async def write_restatements(connection: Connection, restatements: Sequence[Restatement], moment: str) -> None:
    """Record restatements with the lines they moved, and count these in the month that is open: one upsert in the order of the key.

    `moment` is what they were computed from.
    """
    results = [each.found.result for each in restatements]
    written = await connection.fetch(
        """
        INSERT INTO restatements (
            org_id, asset_id, month, counted_in, digest, removed, kind, quantity, kwh, embodied_evidence, energy_evidence,
            electricity_evidence, notices, factor_ids, factor_versions, method_version, causes, figures, moment, claims_digest
        )
        SELECT
            org_id, asset_id, month, counted_in, digest, removed, kind, quantity, kwh, embodied_evidence, energy_evidence,
            electricity_evidence, notices, string_to_array(factor_ids, ' '), string_to_array(factor_versions, ' ')::integer[],
            $16, string_to_array(causes, ' '), figures, $19::text::pg_snapshot, claims_digest
        FROM unnest(
            $1::text[], $2::uuid[], $3::integer[], $4::integer[], $5::bytea[], $6::boolean[], $7::text[], $8::double precision[],
            $9::double precision[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[], $17::text[],
            $18::jsonb[], $20::bytea[]
        ) AS found (
            org_id, asset_id, month, counted_in, digest, removed, kind, quantity, kwh, embodied_evidence, energy_evidence,
            electricity_evidence, notices, factor_ids, factor_versions, causes, figures, claims_digest
        )
        RETURNING id, asset_id, month, recorded_at
        """,
        [each.asset.org for each in results],
        [each.asset.id for each in results],
        [each.month for each in results],
        [each.counted_in for each in restatements],
        [each.found.digest for each in restatements],
        [each.found.removed for each in restatements],
        [each.asset.kind for each in results],
        [each.asset.quantity for each in results],
        [each.kwh for each in results],
        [each.embodied_evidence for each in results],
        [each.energy_evidence for each in results],
        [each.electricity_evidence for each in results],
        [each.notices for each in results],
        [" ".join(reference.id for reference in each.references) for each in results],
        [" ".join(str(reference.version) for reference in each.references) for each in results],
        METHOD_VERSION,
        [" ".join(each.causes) for each in restatements],
        [figure_documents(each) for each in results],
        moment,
        [each.found.claims_digest for each in restatements],
    )
    ids = {(row["asset_id"], row["month"]): row for row in written}
    await _write_lines(connection, restatements, ids)
    await restated_claims.write(connection, [_recorded(each, ids[each.found.key]) for each in restatements])


def _recorded(restatement: Restatement, row: Any) -> Recorded:
    asset = restatement.found.result.asset
    return Recorded(
        row["id"],
        row["recorded_at"],
        asset.org,
        asset.id,
        asset.kind,
        row["month"],
        restatement.counted_in,
        restatement.claims,
    )


async def _write_lines(connection: Connection, restatements: Sequence[Restatement], ids: Mapping[Key, Any]) -> None:
    rows = [
        (
            ids[each.found.key]["id"],
            each.found.result.asset.org,
            each.found.result.asset.id,
            each.found.result.month,
            each.counted_in,
            ids[each.found.key]["recorded_at"],
            each.found.result.asset.kind,
            *line.line,
            line.reason,
            line.billionths,
            line.kwh,
        )
        for each in restatements
        for line in each.moved
    ]
    if not rows:
        return
    await connection.execute(
        f"""
        WITH kept AS (
            INSERT INTO restated_figures (
                restatement_id, org_id, asset_id, month, counted_in, recorded_at, kind, site_id, stage, criterion, basis, share, scope,
                ghg_category, beges_item, reason, billionths, kwh
            )
            SELECT *
            FROM unnest(
                $1::bigint[], $2::text[], $3::uuid[], $4::integer[], $5::integer[], $6::timestamptz[], $7::text[], $8::uuid[], $9::text[],
                $10::text[], $11::text[], $12::text[], $13::smallint[], $14::text[], $15::text[], $16::text[], $17::numeric[], $18::bigint[]
            )
            RETURNING *
        ), counted AS (
            SELECT
                org_id, counted_in AS month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item,
                '' AS factor, '' AS source, month AS restates, billionths, kwh
            FROM kept
        )
        INSERT INTO organisation_months ({_ROLLED}, billionths, figures, kwh)
        SELECT {_ROLLED}, sum(billionths), count(*), sum(kwh)
        FROM counted
        GROUP BY {_ROLLED}
        ORDER BY {_ROLLED}
        ON CONFLICT ({_ROLLED}) DO UPDATE
        SET billionths = organisation_months.billionths + excluded.billionths,
            figures = organisation_months.figures + excluded.figures,
            kwh = organisation_months.kwh + excluded.kwh
        """,
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def lock_months(connection: Connection, org: str) -> None:
    """Wait for the calculators of an organisation, and keep them waiting until the transaction ends."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({LOCK.format(org='$1')})", org)


async def first_open_month(connection: Connection, org: str) -> int | None:
    """The month after the last closed one, or the first that anything is known of; None where nothing is."""
    month: int | None = await connection.fetchval(
        """
        SELECT coalesce(
            (SELECT max(month) + 1 FROM periods WHERE org_id = $1),
            (SELECT min(month) FROM organisation_months WHERE org_id = $1)
        )
        """,
        org,
    )
    return month


async def waiting(connection: Connection, org: str, month: int) -> tuple[int, str]:
    """How many assets of an organisation, and hosts of its machines, wait to be computed, and the moment that this is so.

    Counted as well: those not yet published for a month to be closed.
    """
    (row,) = await connection.fetch(
        """
        SELECT
            (SELECT count(DISTINCT asset_id) FROM marks JOIN assets ON assets.id = marks.asset_id WHERE assets.org_id = $1)
            + (SELECT count(DISTINCT asset_id) FROM marks JOIN homes ON homes.home_id = marks.asset_id WHERE homes.org_id = $1)
            + (
                SELECT count(DISTINCT asset_id)
                FROM marks
                JOIN placements ON placements.host_id = marks.asset_id
                WHERE placements.org_id = $1
                  AND NOT EXISTS (SELECT FROM assets WHERE assets.id = marks.asset_id AND assets.org_id = $1)
                  AND EXISTS (SELECT FROM calculations WHERE calculations.asset_id = marks.asset_id)
            )
            + (SELECT count(*) FROM changes)
            + (SELECT count(*) FROM asset_months WHERE org_id = $1 AND month <= $2 AND month > $2 - 2 AND NOT published AND NOT removed)
            AS waiting,
            pg_current_snapshot()::text AS moment
        """,
        org,
        month,
    )
    return row["waiting"], row["moment"]


async def close_months(connection: Connection, org: str, months: Sequence[int], by: str, moment: str) -> None:
    """Close months as they were at a moment at which nothing waited."""
    await connection.execute(
        """
        INSERT INTO periods (org_id, month, version, closed_at, closed_by, method_version, moment)
        SELECT $1, unnest($2::integer[]), 1, clock_timestamp(), $3, $4, $5::text::pg_snapshot
        """,
        org,
        list(months),
        by,
        METHOD_VERSION,
        moment,
    )


async def next_versions(connection: Connection, periods: Collection[tuple[str, int]]) -> None:
    """Count up the versions of closed months that were restated, in the order of their keys: each change has its own.

    A month before the first one closed has had no row: it takes who closed it, when and with what from the closing that it fell under.
    """
    for org, month in sorted(periods):
        await connection.execute(
            """
            INSERT INTO periods (org_id, month, version, closed_at, closed_by, method_version, moment)
            SELECT org_id, $2, 0, closed_at, closed_by, method_version, moment
            FROM periods
            WHERE org_id = $1
              AND month >= $2
            ORDER BY month
            LIMIT 1
            ON CONFLICT (org_id, month) DO NOTHING
            """,
            org,
            month,
        )
        await connection.execute(
            "UPDATE periods SET version = version + 1 WHERE org_id = $1 AND month = $2", org, month
        )


async def documents(connection: Connection, periods: Collection[tuple[str, int]]) -> list[Mapping[str, Any]]:
    """Closed months with what they were closed with and how they were restated since, as rows for `events.period_changed`."""
    orgs, months = [org for org, _ in periods], [month for _, month in periods]
    rows = await connection.fetch(
        """
        SELECT periods.*
        FROM periods
        JOIN unnest($1::text[], $2::integer[]) AS named (org_id, month) USING (org_id, month)
        ORDER BY org_id, month
        """,
        orgs,
        months,
    )
    totals = await connection.fetch(
        """
        SELECT org_id, month, stage, criterion, basis, sum(billionths) AS billionths
        FROM organisation_months
        JOIN unnest($1::text[], $2::integer[]) AS named (org_id, month) USING (org_id, month)
        WHERE figures > 0
          AND restates IS NULL
          AND criterion <> 'energy'
        GROUP BY org_id, month, stage, criterion, basis
        ORDER BY org_id, month, stage, criterion, basis
        """,
        orgs,
        months,
    )
    restated = await connection.fetch(
        """
        SELECT org_id, month, counted_in, criterion, basis, reason, sum(billionths) AS billionths, max(recorded_at) AS recorded_at
        FROM restated_figures
        JOIN unnest($1::text[], $2::integer[]) AS named (org_id, month) USING (org_id, month)
        WHERE criterion <> 'energy'
        GROUP BY org_id, month, counted_in, criterion, basis, reason
        ORDER BY org_id, month, counted_in, criterion, basis, reason
        """,
        orgs,
        months,
    )

    def of(found: Sequence[Any], row: Any) -> list[Any]:
        return [each for each in found if (each["org_id"], each["month"]) == (row["org_id"], row["month"])]

    return [{"period": row, "totals": of(totals, row), "restated": of(restated, row)} for row in rows]
