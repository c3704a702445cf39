"""Rows as they were sent, good and bad together: each comes to an outcome."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from common.database import Transaction
from common.organisations import Organisations, visible

from inventory.domain.defects import Defect, Refused
from inventory.domain.planning import Plan, Revision, Row
from inventory.domain.record import AssetRecord, read_record
from inventory.service.batches import apply_rows


class Result(StrEnum):
    """What a row came to."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Malformed:
    """A row that could not even be read."""

    defect: Defect


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The outcome of the row at `index`."""

    index: int
    result: Result
    asset_id: UUID | None = None
    version: int | None = None
    defects: Sequence[Defect] = ()
    hostless: bool = False
    warnings: Sequence[Defect] = ()

    def document(self) -> dict[str, Any]:
        """The outcome as an answer shows it."""
        if self.result is Result.ERROR:
            return {"index": self.index, "status": self.result, "errors": [asdict(defect) for defect in self.defects]}
        document: dict[str, Any] = {
            "index": self.index,
            "status": self.result,
            "id": self.asset_id,
            "version": self.version,
        }
        if self.warnings:
            document["warnings"] = [asdict(warning) for warning in self.warnings]
        return document


Sent = AssetRecord | Refused
"""A row as it was read, or why it could not be."""


def read_sent_rows(rows: Sequence[Any], organisations: Organisations) -> list[Sent]:
    """Read rows, each a decoded JSON value or `Malformed`, of a caller who may touch `organisations`."""
    return [_read_or_refused(row, organisations) for row in rows]


async def apply_sent_rows(unit: Transaction, rows: Sequence[Sent], now: datetime) -> list[RowOutcome]:
    """Apply the rows that could be read; one without a date holds from `now`."""
    good = {index: Row(row) for index, row in enumerate(rows) if isinstance(row, AssetRecord)}
    outcomes = {
        index: RowOutcome(index, Result.ERROR, defects=row.defects)
        for index, row in enumerate(rows)
        if isinstance(row, Refused)
    }
    if good:
        plan = await apply_rows(unit, list(good.values()), unsaid=lambda zone: now, now=now)
        outcomes.update({index: outcome_of(plan, position, index) for position, index in enumerate(good)})
    return [outcomes[index] for index in range(len(rows))]


def _read_or_refused(row: Any, organisations: Organisations) -> Sent:
    try:
        return read_sent_row(row, organisations)
    except Refused as refused:
        return refused


def read_sent_row(row: Any, organisations: Organisations) -> AssetRecord:
    """Read a row of a caller who may touch `organisations`. Raises Refused."""
    if isinstance(row, Malformed):
        raise Refused([row.defect])
    record = read_record(row)
    if not visible(organisations, record.org):
        raise Refused(
            [Defect("org", "forbidden_organisation", f"your token does not name organisation {record.org!r}")]
        )
    return record


def outcome_of(plan: Plan, position: int, index: int) -> RowOutcome:
    """What the row at `position` of a plan came to, told under `index`."""
    defects = plan.defects.get(position)
    if defects:
        return RowOutcome(index, Result.ERROR, defects=defects)
    asset = plan.assets[position]
    revision = plan.revisions.get(asset.id)
    hostless, warnings = position in plan.hostless, plan.warnings.get(position, ())
    return RowOutcome(index, _result(revision), asset.id, asset.version, hostless=hostless, warnings=warnings)


def _result(revision: Revision | None) -> Result:
    if revision is None:
        return Result.UNCHANGED
    return Result.CREATED if revision.before is None else Result.UPDATED
