"""Two records that proved to be one asset become one, and become two again when that was wrong."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from common.api.problems import Conflict, NotFound
from common.database import Transaction

from inventory.domain.application import moved as moved_memberships
from inventory.domain.asset import Asset
from inventory.domain.defects import Defect, Refused
from inventory.domain.hosting import comes_back, stays
from inventory.domain.merging import Prefer, merge, rehosted
from inventory.domain.planning import Revision
from inventory.domain.revision import Action
from inventory.domain.vocabulary import Kind
from inventory.service import activities as activity_cases
from inventory.service import applications as application_cases
from inventory.service import stranding
from inventory.service.assets import next_version, not_there
from inventory.service.problems import unprocessable
from inventory.service.writing import write
from inventory.store import applications, assets, listing, merging, states


async def lock_pair(unit: Transaction, this_id: UUID, other_id: UUID) -> tuple[Asset, Asset]:
    """Both assets, locked in order of id. Raises what `not_there` says of one that is not."""
    found = {asset.id: asset for asset in await assets.find_all(unit.connection, [this_id, other_id], lock=True)}
    for asset_id in (this_id, other_id):
        if asset_id not in found:
            raise await not_there(unit.connection, asset_id)
    return found[this_id], found[other_id]


async def merge_assets(unit: Transaction, this: Asset, other: Asset, prefer: Prefer, now: datetime) -> Asset:
    """Make two locked assets one: `this` stays, under all names, with the machines, applications and activities of `other`.

    `other` is deleted and says what it proved to be. Raises Unprocessable, and Conflict while machines or applications
    that the caller may not see are on `other`.
    """
    if await states.used_by_others(unit.connection, other.id):
        rule = "machines or applications of organisations that your token does not name are on the other asset"
        raise Conflict(rule, "in-use")
    try:
        winner = merge(this, other, prefer, next_version(this, now).recorded_at)
    except Refused as refused:
        raise unprocessable(refused.defects) from None
    stranded = await stranding.of_asset(unit, this) | await stranding.of_asset(unit, other)
    machines = await _lock_machines(unit, other.id)
    if winner.kind is Kind.VIRTUAL_MACHINE:
        await _refuse_cycles(unit, winner, other, machines)
    loser = replace(next_version(other, now), deleted=True, merged_into=this.id)
    moves = [
        Revision(machine, replace(next_version(machine, now), timeline=rehosted(machine.timeline, other.id, this.id)))
        for machine in machines
    ]
    await write(unit, moves, Action.MOVED, partner=this.id)
    await write(unit, [Revision(other, loser)], Action.DELETED, partner=this.id)
    await write(unit, [Revision(this, winner)], Action.MERGED, partner=other.id)
    served = await _move_applications(unit, other.id, this.id, now)
    done = await activity_cases.move_activities(unit, other.id, this.id, now)
    await merging.keep(
        unit.connection,
        merging.Merger(
            this.id,
            winner.version,
            this.key.org,
            other.id,
            loser.version,
            [(move.after.id, move.after.version) for move in moves],
            served,
            done,
        ),
    )
    more = {one.machine for one in await stranding.of_asset(unit, winner)} - {one.machine for one in stranded}
    if more:
        rule = f"{len(more)} machine(s) would be on a retired host; correct the timelines first"
        raise unprocessable([Defect("other", "hosts_machines", rule)])
    return winner


async def _lock_machines(unit: Transaction, host: UUID) -> Sequence[Asset]:
    """The machines on a locked host; nobody puts another one there while the lock lasts."""
    return await assets.find_all(unit.connection, await states.machines_on(unit.connection, [host]), lock=True)


async def _refuse_cycles(unit: Transaction, winner: Asset, loser: Asset, machines: Sequence[Asset]) -> None:
    await assets.serialise_nesting(unit.connection)
    hosts = {stay.host_id for stay in stays(winner.timeline)}
    hosting = dict(await states.nested_stays(unit.connection, hosts))
    for machine in machines:
        hosting[machine.id] = stays(rehosted(machine.timeline, loser.id, winner.id))
    hosting[winner.id] = stays(winner.timeline)
    if comes_back(winner.id, hosting):
        rule = "a machine on one of them carries, directly or not, the other"
        raise unprocessable([Defect("other", "host_cycle", rule)])


async def _move_applications(unit: Transaction, old: UUID, new: UUID, now: datetime) -> list[tuple[UUID, int]]:
    changed = [
        application_cases.next_version(known, moved_memberships(known.machines, old, new), now)
        for known in await applications.lock_of_machine(unit.connection, old)
    ]
    await application_cases.write_changed(unit, changed)
    return [(one.id, one.version) for one in changed]


async def say_distinct(unit: Transaction, one_id: UUID, other_id: UUID, now: datetime) -> None:
    """Remember that two assets of one organisation are two things. Raises NotFound and Unprocessable."""
    named = await listing.names_of(unit.connection, [one_id, other_id])
    for asset_id in (one_id, other_id):
        if asset_id not in named:
            raise NotFound("asset", asset_id)
    if one_id == other_id or named[one_id].key.org != named[other_id].key.org:
        rule = "say two assets of one organisation"
        raise unprocessable([Defect("other", "not_a_pair", rule)])
    await merging.refuse_likeness(unit.connection, named[one_id].key.org, one_id, other_id, now)
