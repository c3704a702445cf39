"""Plans, their actions, and what was done to them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record
from common import json
from common.database import Connection
from pydantic import TypeAdapter

from scenarios.domain.applying import OfferUse
from scenarios.domain.description import ActionSpec
from scenarios.domain.expecting import Expected
from scenarios.domain.plan import PlannedAction, Status
from scenarios.domain.study import StudyDefinition

_ACTION: TypeAdapter[ActionSpec] = TypeAdapter(ActionSpec)

_COLUMNS = """id, study_id, org_id, study_version, snapshot, definition, name, status, closed_reason, expected, version,
       adopted_at, adopted_by, updated_at"""

_INSERT = """
INSERT INTO plans (id, study_id, org_id, study_version, snapshot, definition, name, status, expected, version,
                   adopted_at, adopted_by, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, 1, $9, $10, $9)
"""

_INSERT_ACTIONS = """
INSERT INTO plan_actions (plan_id, number, org_id, written, assets, status, due_on)
SELECT $1, number, $2, written::jsonb, assets::jsonb, status, due_on
FROM unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::date[]) AS action (number, written, assets, status, due_on)
"""

_UPDATE = """
UPDATE plans
SET status = $2, closed_reason = $3, expected = $4, version = version + 1, updated_at = $5
WHERE id = $1
"""

_UPDATE_ACTION = """
UPDATE plan_actions
SET status = $3, owner = $4, due_on = $5, done_on = $6, replaced_by = $7::text::jsonb
WHERE plan_id = $1 AND number = $2
"""

_INSERT_HISTORY = """
INSERT INTO plan_history (plan_id, version, org_id, at, by, action, changes, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_LIST = f"""
SELECT {_COLUMNS}
FROM plans
WHERE ($1::text IS NULL OR org_id = $1) AND ($2::uuid IS NULL OR study_id = $2) AND id > $3
ORDER BY id
LIMIT $4
"""

_ACTIONS_OF = """
SELECT plan_id, number, written, assets, status, owner, due_on, done_on, replaced_by
FROM plan_actions
WHERE plan_id = ANY ($1::uuid[])
ORDER BY plan_id, number
"""

_HISTORY_OF = """
SELECT version, at, by, action, changes, note
FROM plan_history
WHERE plan_id = $1
ORDER BY version
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """A stored plan. `definition` is the study's when it was adopted, `snapshot` the number of the one that counted."""

    id: UUID
    study_id: UUID
    org: str
    study_version: int
    snapshot: int
    definition: StudyDefinition
    name: str
    status: str
    closed_reason: str | None
    expected: Mapping[int, Expected]
    version: int
    adopted_at: datetime
    adopted_by: str
    updated_at: datetime
    actions: Sequence[PlannedAction]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a plan's history; `action` is None where it is about the plan as a whole."""

    version: int
    at: datetime
    by: str
    action: int | None
    changes: dict[str, Any]
    note: str | None


async def insert_plan(connection: Connection, plan: Plan) -> None:
    """Keep a new plan with its actions."""
    await connection.execute(
        _INSERT,
        plan.id,
        plan.study_id,
        plan.org,
        plan.study_version,
        plan.snapshot,
        plan.definition.model_dump(mode="json", by_alias=True),
        plan.name,
        _written(plan.expected),
        plan.adopted_at,
        plan.adopted_by,
    )
    await connection.execute(
        _INSERT_ACTIONS,
        plan.id,
        plan.org,
        [action.number for action in plan.actions],
        [json.dumps_text(action.written.model_dump(mode="json", by_alias=True)) for action in plan.actions],
        [json.dumps_text(list(action.assets)) for action in plan.actions],
        [action.status.value for action in plan.actions],
        [action.due_on for action in plan.actions],
    )


async def update_plan(
    connection: Connection,
    plan_id: UUID,
    status: str,
    closed_reason: str | None,
    expected: Mapping[int, Expected],
    now: datetime,
) -> None:
    """Keep what a change has made of the plan; its version rises."""
    await connection.execute(_UPDATE, plan_id, status, closed_reason, _written(expected), now)


async def update_action(connection: Connection, plan_id: UUID, action: PlannedAction) -> None:
    """Keep a changed action."""
    replaced_by = None if action.replaced_by is None else json.dumps_text(list(action.replaced_by))
    await connection.execute(
        _UPDATE_ACTION,
        plan_id,
        action.number,
        action.status.value,
        action.owner,
        action.due_on,
        action.done_on,
        replaced_by,
    )


async def insert_entry(connection: Connection, plan_id: UUID, org: str, entry: Entry) -> None:
    """Add a line to the history."""
    await connection.execute(
        _INSERT_HISTORY,
        plan_id,
        entry.version,
        org,
        entry.at,
        entry.by,
        entry.action,
        json.loads(json.dumps(entry.changes)),
        entry.note,
    )


async def find_plan(connection: Connection, plan_id: UUID, *, lock: bool = False) -> Plan | None:
    """The plan with its actions, if the transaction may see it."""
    query = f"SELECT {_COLUMNS} FROM plans WHERE id = $1"
    row = await connection.fetchrow(query + (" FOR UPDATE" if lock else ""), plan_id)
    return None if row is None else (await _plans(connection, [row]))[0]


async def list_plans(
    connection: Connection, org: str | None, study_id: UUID | None, after: UUID, limit: int
) -> list[Plan]:
    """Plans by id, after the given one."""
    return await _plans(connection, await connection.fetch(_LIST, org, study_id, after, limit))


async def has_active_plan(connection: Connection, study_id: UUID) -> bool:
    """Whether the study has a plan that is active."""
    found = await connection.fetchval("SELECT id FROM plans WHERE study_id = $1 AND status = 'active'", study_id)
    return found is not None


async def read_history(connection: Connection, plan_id: UUID) -> list[Entry]:
    """What was done to a plan, oldest first."""
    return [Entry(**row) for row in await connection.fetch(_HISTORY_OF, plan_id)]


async def every_plan(connection: Connection) -> AsyncIterator[Plan]:
    """All plans, by id."""
    async for row in connection.cursor(f"SELECT {_COLUMNS} FROM plans ORDER BY id"):
        [plan] = await _plans(connection, [row])
        yield plan


async def _plans(connection: Connection, rows: Sequence[Record]) -> list[Plan]:
    actions: dict[UUID, list[PlannedAction]] = {row["id"]: [] for row in rows}
    for row in await connection.fetch(_ACTIONS_OF, list(actions)):
        actions[row["plan_id"]].append(_action(row))
    return [
        Plan(
            id=row["id"],
            study_id=row["study_id"],
            org=row["org_id"],
            study_version=row["study_version"],
            snapshot=row["snapshot"],
            definition=StudyDefinition.model_validate(row["definition"]),
            name=row["name"],
            status=row["status"],
            closed_reason=row["closed_reason"],
            expected={int(number): Expected.model_validate(value) for number, value in row["expected"].items()},
            version=row["version"],
            adopted_at=row["adopted_at"],
            adopted_by=row["adopted_by"],
            updated_at=row["updated_at"],
            actions=actions[row["id"]],
        )
        for row in rows
    ]


def _action(row: Record) -> PlannedAction:
    written = row["written"]
    return PlannedAction(
        row["number"],
        OfferUse.model_validate(written) if "offer" in written else _ACTION.validate_python(written),
        row["assets"],
        Status(row["status"]),
        row["owner"],
        row["due_on"],
        row["done_on"],
        row["replaced_by"],
    )


def _written(expected: Mapping[int, Expected]) -> dict[str, Any]:
    return {str(number): value.model_dump(mode="json") for number, value in expected.items()}
