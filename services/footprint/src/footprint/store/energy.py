"""All the electricity that is known, in kWh: with a factor, behind figures of climate change, and without one, standing for itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from common.database import Connection

from footprint.domain.cells import ENERGY
from footprint.domain.dashboard import MonthEnergy
from footprint.store.totals import COUNTED, WITHIN_MONTHS, Question, conditions, of_applications

_CRITERIA: Final = ("gwp", ENERGY.criterion)
_OF_ASSETS: Final = ("figures", "restated_figures")
_OF_APPLICATIONS: Final = ("application_figures", "restated_application_figures")
"""Figures, and what corrects those of closed months."""

_ELECTRICITY: Final = "AND stage = 'use' AND basis = $5"


async def known(connection: Connection, question: Question, applications: Sequence[UUID] | None) -> int | None:
    """Billionths of the kWh of what a question is about, whatever its criterion and basis, of what these applications use when they are
    named; None where none is known."""
    if applications is None:
        where, values = conditions(_located(question), criteria=_CRITERIA)
        return await _sum(
            connection, f"SELECT kwh FROM organisation_months {where} {_ELECTRICITY} AND figures > 0", values
        )
    where, values = of_applications(_located(question), applications, criteria=_CRITERIA)
    return await _sum(
        connection, f"SELECT kwh FROM applications_by_month {where} {_ELECTRICITY} AND figures > 0", values
    )


async def known_of_assets(
    connection: Connection, question: Question, assets: Sequence[UUID], applications: Sequence[UUID] | None
) -> int | None:
    """The same of some assets."""
    own, corrections = _OF_ASSETS if applications is None else _OF_APPLICATIONS
    lines = []
    for table, within in ((own, WITHIN_MONTHS), (corrections, COUNTED)):
        if applications is None:
            where, values = conditions(_located(question), within, _CRITERIA)
        else:
            where, values = of_applications(_located(question), applications, within, _CRITERIA)
        lines.append(f"SELECT kwh FROM {table} {where} {_ELECTRICITY} AND asset_id = ANY (${len(values) + 1}::uuid[])")
    return await _sum(connection, " UNION ALL ".join(lines), [*values, list(assets)])


async def by_month(connection: Connection, org: str, first: int, last: int) -> dict[int, MonthEnergy]:
    """The electricity of an organisation's months, with corrections of closed ones; a month of which none is known is left out."""
    rows = await connection.fetch(
        """
        SELECT
            month,
            sum(kwh) FILTER (WHERE criterion <> $4)::text AS kwh,
            coalesce(sum(kwh) FILTER (WHERE criterion = $4), 0)::text AS without_factor
        FROM organisation_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND criterion IN ('gwp', $4)
          AND stage = 'use'
          AND basis = 'location'
          AND figures > 0
        GROUP BY month
        """,
        org,
        first,
        last,
        ENERGY.criterion,
    )
    return {
        row["month"]: MonthEnergy(None if row["kwh"] is None else int(row["kwh"]), int(row["without_factor"]))
        for row in rows
    }


def _located(question: Question) -> Question:
    return replace(question, basis="location")


async def _sum(connection: Connection, lines: str, values: Sequence[Any]) -> int | None:
    amount: str | None = await connection.fetchval(f"SELECT sum(kwh)::text FROM ({lines}) AS lines", *values)
    return None if amount is None else int(amount)
