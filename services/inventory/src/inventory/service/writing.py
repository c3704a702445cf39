"""Writing changed assets: the row, what is believed of its timeline, its names, its version, its event, in one go."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from common.api.problems import Conflict
from common.database import Database, Transaction
from common.organisations import Organisations

from inventory import events
from inventory.domain.planning import Revision
from inventory.domain.revision import Action, Author
from inventory.domain.timeline import difference
from inventory.store import assets, measurements, revisions, states
from inventory.store.states import Believed


@asynccontextmanager
async def signed(
    database: Database, organisations: Organisations, author: Author, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Transaction]:
    """A transaction whose changes are kept as `author`'s; `settings` of Postgres hold until its end."""
    async with database.transaction(organisations, {**revisions.signature(author), **(settings or {})}) as unit:
        yield unit


async def write(
    unit: Transaction,
    changed: Sequence[Revision],
    action: Action = Action.CHANGED,
    *,
    undoes: Mapping[UUID, int] | None = None,
    partner: UUID | None = None,
) -> None:
    """Write new and changed assets, which are locked, and publish them; a new one is `created` whatever the action.

    `undoes` says which version of an asset is undone, `partner` the other asset of a merger.

    Raises asyncpg's UniqueViolationError when another transaction just created an asset of the same key, and Conflict when
    a known asset cannot have a name because another one has it.
    """
    if not changed:
        return
    new = [revision.after for revision in changed if revision.before is None]
    known = [revision for revision in changed if revision.before is not None]
    gone, added = _beliefs(changed)
    if new:
        await assets.insert(unit.connection, new)
    if known:
        await assets.update(unit.connection, [revision.after for revision in known])
        await _rename(unit, known)
    if gone:
        await states.end_belief(unit.connection, gone)
    if added:
        await states.begin_belief(unit.connection, added)
    actions = [Action.CREATED if revision.before is None else action for revision in changed]
    after = [revision.after for revision in changed]
    if measured := _measured_otherwise(known, action, partner):
        await measurements.mark_everything(unit.connection, measured)
    await revisions.keep(unit.connection, after, actions, undoes=undoes, partner=partner)
    for asset in after:
        unit.publish(events.asset_changed(asset))
        if asset.deleted:
            unit.publish(events.asset_tombstone(asset))


def _measured_otherwise(known: Sequence[Revision], action: Action, partner: UUID | None) -> list[UUID]:
    """The assets whose measurements are others than before: gone, back, or another's with them."""
    merger = partner is not None and action is not Action.MOVED
    return [
        revision.after.id
        for revision in known
        if merger or (revision.before is not None and revision.before.deleted != revision.after.deleted)
    ]


async def _rename(unit: Transaction, known: Sequence[Revision]) -> None:
    lost: list[assets.Named] = []
    won: list[assets.Named] = []
    for revision in known:
        assert revision.before is not None
        before = () if revision.before.deleted else revision.before.names
        after = () if revision.after.deleted else revision.after.names
        org, asset_id = revision.after.key.org, revision.after.id
        lost.extend((org, name, asset_id) for name in before if name not in after)
        won.extend((org, name, asset_id) for name in after if name not in before)
    if lost:
        await assets.drop_names(unit.connection, lost)
    if won:
        try:
            async with unit.savepoint():
                await assets.add_names(unit.connection, won)
        except asyncpg.UniqueViolationError as failure:
            raise Conflict(f"another asset has one of these names: {failure.detail}", "name-taken") from failure


def _beliefs(changed: Sequence[Revision]) -> tuple[list[Believed], list[Believed]]:
    gone: list[Believed] = []
    added: list[Believed] = []
    for revision in changed:
        before, after = revision.before, revision.after
        old, fresh = difference(
            None if before is None or before.deleted else before.timeline, None if after.deleted else after.timeline
        )
        gone.extend(Believed(after.id, after.key.org, after.recorded_at, segment) for segment in old)
        added.extend(Believed(after.id, after.key.org, after.recorded_at, segment) for segment in fresh)
    return gone, added
