"""What applications use of asset-months, and its roll-up, written in the transaction that computes them."""

from collections.abc import Sequence
from typing import Final

from common.database import Connection

from footprint.store.staging import Change

_LINE: Final = "stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source"
_ABOUT: Final = f"application_id, kind, site_id, {_LINE}"
_FIGURE: Final = f"asset_id, org_id, month, {_ABOUT}, billionths, factor_ln_gsd2, source_ln_gsd2, kwh"
_YEAR: Final = f"org_id, year, {_ABOUT}"
"""The key of the roll-up."""

AMOUNTS: Final = ("billionths", "figures", "factor_weighted", "source_weighted", "source_squares", "kwh")
MONTHS: Final = range(1, 13)
_COLUMNS: Final = [(amount, month) for month in MONTHS for amount in AMOUNTS]
"""The roll-up has each amount for each month of the year."""


def monthly(form: str) -> str:
    """What `form` makes of each amount and month of the roll-up, with commas."""
    return ", ".join(form.format(amount, month) for amount, month in _COLUMNS)


async def write(connection: Connection, changes: Sequence[Change]) -> None:
    """Put what applications use of some asset-months in the place of what they used before, and follow with the roll-up.

    One upsert in the order of the key, so that two calculators of one organisation wait for each other and never lock crosswise.
    """
    claimed = [(change.result, claim) for change in changes for claim in change.result.claimed]
    await connection.execute(
        f"""
        WITH gone AS (
            DELETE FROM application_figures
            USING unnest($1::uuid[], $2::integer[]) AS named (asset_id, month)
            WHERE application_figures.asset_id = named.asset_id
              AND application_figures.month = named.month
              AND application_figures.asset_id = ANY ($1::uuid[])
              AND application_figures.month = ANY ($2::integer[])
            RETURNING application_figures.*
        ), come AS (
            SELECT {_FIGURE}
            FROM unnest(
                $3::uuid[], $4::text[], $5::integer[], $6::uuid[], $7::text[], $8::uuid[], $9::text[], $10::text[], $11::text[],
                $12::text[], $13::smallint[], $14::text[], $15::text[], $16::text[], $17::text[], $18::bigint[],
                $19::double precision[], $20::double precision[], $21::bigint[]
            ) AS come ({_FIGURE})
        ), stored AS (
            INSERT INTO application_figures ({_FIGURE}) SELECT {_FIGURE} FROM come
        ), signed AS (
            SELECT {_FIGURE}, 1 AS sign FROM come
            UNION ALL
            SELECT {_FIGURE}, -1 FROM gone
        ), difference AS (
            SELECT
                {_ABOUT},
                org_id,
                month / 12 AS year,
                month % 12 + 1 AS number,
                sign * billionths::numeric AS billionths,
                sign AS figures,
                sign * round((billionths * factor_ln_gsd2)::numeric) AS factor_weighted,
                CASE WHEN source = '' THEN 0 ELSE sign * round((billionths * source_ln_gsd2)::numeric) END AS source_weighted,
                CASE WHEN source = '' THEN sign * square_billionths(billionths * source_ln_gsd2 / 1e9) ELSE 0 END AS source_squares,
                sign * kwh::numeric AS kwh
            FROM signed
        )
        INSERT INTO application_years ({_YEAR}, {monthly("{0}_{1}")})
        SELECT {_YEAR}, {monthly("coalesce(sum({0}) FILTER (WHERE number = {1}), 0)")}
        FROM difference
        GROUP BY {_YEAR}
        ORDER BY {_YEAR}
        ON CONFLICT ON CONSTRAINT application_years_key DO UPDATE
        SET {monthly("{0}_{1} = application_years.{0}_{1} + excluded.{0}_{1}")}
        """,
        [change.result.asset.id for change in changes],
        [change.result.month for change in changes],
        [result.asset.id for result, _ in claimed],
        [result.asset.org for result, _ in claimed],
        [result.month for result, _ in claimed],
        [claim.application for _, claim in claimed],
        [result.asset.kind for result, _ in claimed],
        [claim.figure.site for _, claim in claimed],
        [claim.figure.stage for _, claim in claimed],
        [claim.figure.criterion for _, claim in claimed],
        [claim.figure.basis for _, claim in claimed],
        [claim.figure.share for _, claim in claimed],
        [claim.figure.scope for _, claim in claimed],
        [claim.figure.ghg_category for _, claim in claimed],
        [claim.figure.beges_item for _, claim in claimed],
        [claim.figure.factor for _, claim in claimed],
        [claim.figure.source for _, claim in claimed],
        [claim.billionths for _, claim in claimed],
        [claim.figure.factor_ln_gsd2 for _, claim in claimed],
        [claim.figure.source_ln_gsd2 for _, claim in claimed],
        [claim.kwh for _, claim in claimed],
    )
    await connection.execute(
        """
        UPDATE asset_months
        SET claims_digest = named.digest
        FROM unnest($1::uuid[], $2::integer[], $3::bytea[]) AS named (asset_id, month, digest)
        WHERE asset_months.asset_id = named.asset_id
          AND asset_months.month = named.month
          AND asset_months.asset_id = ANY ($1::uuid[])
          -- By bounds a plan that is made once finds the partitions.
          AND asset_months.month BETWEEN $4 AND $5
        """,
        [change.result.asset.id for change in changes],
        [change.result.month for change in changes],
        [change.claims_digest for change in changes],
        min(change.result.month for change in changes),
        max(change.result.month for change in changes),
    )
