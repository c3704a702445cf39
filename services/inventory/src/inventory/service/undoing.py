"""Undoing: the last change of an asset, its deletion, a merger, an import as a whole. An undo is a new version.

What can be undone is what nothing has been built upon since. So an undo refuses rather than guesses: when a host that the
earlier timeline names is gone, when a name is taken, when a machine that a merger moved has changed again, when an asset
of an import has. What an undo took back does not come back by undoing once more, but by saying it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from common.api.problems import Conflict, FieldError, NotFound, Unprocessable
from common.database import Transaction

from inventory.domain.asset import Asset
from inventory.domain.description import Description
from inventory.domain.hosting import comes_back, stays
from inventory.domain.planning import Revision
from inventory.domain.record import AssetKey
from inventory.domain.revision import Action, PastVersion, last_change, standing
from inventory.domain.timeline import Timeline
from inventory.domain.vocabulary import Kind
from inventory.service import activities as activity_cases
from inventory.service import applications as application_cases
from inventory.service import stranding
from inventory.service.assets import next_version
from inventory.service.writing import write
from inventory.store import applications, assets, merging, revisions, states

IMPORT_LIMIT = 10_000
"""Assets of an import that is undone: they are changed in one transaction."""


async def known_or_deleted(unit: Transaction, asset_id: UUID) -> Asset:
    """The asset, be it deleted, locked for a change. Raises NotFound."""
    known = await assets.find(unit.connection, asset_id, lock=True)
    known = known or await assets.find_deleted(unit.connection, asset_id, lock=True)
    if known is None:
        raise NotFound("asset", asset_id)
    return known


async def undo_change(unit: Transaction, known: Asset, now: datetime) -> Asset:
    """Take back the last change of a locked asset that has not been taken back yet. Raises Conflict when it cannot."""
    if known.merged_into is not None:
        raise Conflict(f"the asset proved to be {known.merged_into}; undo the merger there", "merged")
    last = last_change(await revisions.history(unit.connection, known.id))
    if last is None:
        raise Conflict("only the asset's first version is left; delete the asset to undo that", "nothing-to-undo")
    target, before = last
    if target.action is Action.MERGED:
        return await _undo_merger(unit, known, target, before, now)
    stranded = await stranding.of_asset(unit, known)
    after = await _as_it_was(unit, known, before, now)
    await _check_hosts(unit, [Revision(known, after)])
    await write(unit, [Revision(known, after)], Action.UNDONE, undoes={known.id: target.version})
    await stranding.refuse_more(unit, after, stranded)
    return after


async def _undo_merger(
    unit: Transaction, winner: Asset, target: PastVersion, before: PastVersion, now: datetime
) -> Asset:
    merger = await merging.find(unit.connection, winner.id, target.version)
    loser = await assets.find_deleted(unit.connection, merger.loser_id, lock=True)
    moved = await assets.find_all(unit.connection, [asset_id for asset_id, _ in merger.moved], lock=True)
    served = [await applications.find(unit.connection, one, lock=True) for one, _ in merger.applications]
    _refuse_changed(merger.moved, {asset.id: asset.version for asset in moved}, "machine")
    _refuse_changed(merger.applications, {one.id: one.version for one in served if one is not None}, "application")
    if loser is None or loser.version != merger.loser_version:
        raise Conflict("the other asset has changed since the merger", "changed-since")
    if (
        set(await states.machines_on(unit.connection, [winner.id]))
        - set(await _machines_as_of(unit, winner.id, before))
        - {asset.id for asset in moved}
    ):
        raise Conflict("machines came onto the asset since the merger; move them away first", "changed-since")
    histories = await revisions.histories(unit.connection, [loser.id, *(asset.id for asset in moved)])
    alone = await _as_it_was(unit, winner, before, now)
    revived = await _as_it_was(unit, loser, _below(histories[loser.id], merger.loser_version), now)
    back = [
        Revision(asset, await _as_it_was(unit, asset, _below(histories[asset.id], version), now))
        for asset, (_, version) in zip(moved, sorted(merger.moved), strict=True)
    ]
    await write(unit, [Revision(winner, alone)], Action.UNDONE, undoes={winner.id: target.version}, partner=loser.id)
    undoes = {loser.id: merger.loser_version}
    await write(unit, [Revision(loser, revived)], Action.UNDONE, undoes=undoes, partner=winner.id)
    await _check_hosts(unit, [Revision(winner, alone), Revision(loser, revived)])
    await write(unit, back, Action.UNDONE, undoes=dict(merger.moved))
    await application_cases.restore(unit, dict(merger.applications), now)
    await activity_cases.give_back_activities(unit, merger.activities, loser.id, winner.id, now)
    return alone


def _refuse_changed(then: Sequence[merging.Version], now: Mapping[UUID, int], what: str) -> None:
    for one, version in then:
        if now.get(one) != version:
            raise Conflict(f"{what} {one} has changed since the merger; undo that first", "changed-since")


async def _machines_as_of(unit: Transaction, host: UUID, before: PastVersion) -> list[UUID]:
    return await states.machines_on_as_known_at(unit.connection, host, before.recorded_at)


def _below(history: Sequence[PastVersion], version: int) -> PastVersion:
    """The version that held before `version` was made."""
    return [one for one in standing(history) if one.version < version][-1]


async def _as_it_was(unit: Transaction, known: Asset, past: PastVersion, now: datetime) -> Asset:
    """The next version of an asset, with what an earlier one said."""
    segments = await states.timeline_as_known_at(unit.connection, known.id, past.recorded_at)
    first, *further = past.names
    return replace(
        next_version(known, now),
        key=AssetKey(known.key.org, *first),
        also_known_as=tuple(further),
        description=Description.model_validate(past.described),
        timeline=Timeline(tuple(segments)),
        deleted=False,
        merged_into=None,
    )


async def _check_hosts(unit: Transaction, undone: Sequence[Revision]) -> None:
    """Raise Conflict when a host that comes back with an earlier timeline is gone, or would run on the machine itself."""
    hosts = {host for revision in undone for host in _hosts(revision.after)}
    returning = {host for revision in undone for host in _hosts(revision.after) - _hosts(revision.before)}
    gone = returning - await assets.still_there(unit.connection, returning)
    if gone:
        listed = ", ".join(str(host) for host in sorted(gone)[:3])
        raise Conflict(f"a host of the earlier timeline is gone: {listed}; bring it back first", "host-gone")
    virtual = [revision.after for revision in undone if revision.after.kind is Kind.VIRTUAL_MACHINE]
    if virtual and hosts:
        await assets.serialise_nesting(unit.connection)
        hosting = dict(await states.nested_stays(unit.connection, hosts))
        hosting.update({asset.id: stays(asset.timeline) for asset in virtual})
        for asset in virtual:
            if comes_back(asset.id, hosting):
                raise Conflict("the earlier host runs, directly or not, on the machine itself now", "host-cycle")


def _hosts(asset: Asset | None) -> set[UUID]:
    """The hosts that an asset is held to be on at any time."""
    return set() if asset is None or asset.deleted else {stay.host_id for stay in stays(asset.timeline)}


@dataclass(frozen=True, slots=True)
class UndoneImport:
    """What the undo of an import did."""

    deleted: int
    restored: int


async def undo_import(unit: Transaction, import_id: UUID, now: datetime) -> UndoneImport:
    """Take back what an import did to assets: those that it created are deleted, the others as they were before.

    All of it or nothing. Raises Conflict naming the first assets that have changed since, or that something else is on.
    """
    ids = await revisions.assets_of_import(unit.connection, import_id, IMPORT_LIMIT + 1)
    if len(ids) > IMPORT_LIMIT:
        rule = f"an import of more than {IMPORT_LIMIT} assets is not undone as a whole"
        raise Unprocessable(rule, [FieldError("import_id", "too_many", rule)])
    known = {asset.id: asset for asset in await assets.find_all(unit.connection, ids, lock=True)}
    histories = await revisions.histories(unit.connection, known)
    undone: list[Revision] = []
    undoes: dict[UUID, int] = {}
    changed: list[Asset] = []
    for asset in known.values():
        stack = standing(histories[asset.id])
        own = [one.version for one in stack if one.author.import_id == import_id]
        if not own:
            continue
        if stack[-1].author.import_id != import_id or [one.version for one in stack[-len(own) :]] != own:
            changed.append(asset)
            continue
        undoes[asset.id] = own[0]
        kept = stack[: -len(own)]
        after = (
            await _as_it_was(unit, asset, kept[-1], now) if kept else replace(next_version(asset, now), deleted=True)
        )
        undone.append(Revision(asset, after))
    if changed:
        listed = ", ".join(f"{asset.key.source}/{asset.key.external_id}" for asset in changed[:5])
        raise Conflict(f"{len(changed)} asset(s) have changed since the import: {listed}", "changed-since")
    await _write_undone(unit, undone, undoes)
    deleted = sum(revision.after.deleted for revision in undone)
    return UndoneImport(deleted, len(undone) - deleted)


async def _write_undone(unit: Transaction, undone: Sequence[Revision], undoes: Mapping[UUID, int]) -> None:
    back = [revision for revision in undone if not revision.after.deleted]
    gone = [revision for revision in undone if revision.after.deleted]
    await write(unit, back, Action.UNDONE, undoes=undoes)
    await write(unit, gone, Action.DELETED)
    await _check_hosts(unit, back)
    used = await states.still_used(unit.connection, [revision.after.id for revision in gone])
    if used:
        listed = ", ".join(str(one) for one in used[:3])
        raise Conflict(f"machines or applications are on assets that the import created: {listed}", "in-use")
