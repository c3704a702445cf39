"""One asset: change it, delete it, read its past."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from common.api.problems import Conflict, NotFound, Problem
from common.database import Connection, Transaction

from inventory.domain.asset import Asset
from inventory.domain.defects import Defect, Refused
from inventory.domain.planning import Revision, Row
from inventory.domain.record import AssetChange, AssetKey, read_record
from inventory.domain.revision import Action
from inventory.service import stranding
from inventory.service.batches import apply_rows
from inventory.service.problems import unprocessable
from inventory.service.writing import write
from inventory.store import applications, assets, merging, states

NAMES_LIMIT = 50
"""Names of one asset."""

_TICK = timedelta(microseconds=1)


async def not_there(connection: Connection, asset_id: UUID) -> Problem:
    """Why there is no such asset: 410 naming the asset that the record proved to be, else NotFound."""
    winner = await merging.merged_into(connection, asset_id)
    if winner is None:
        return NotFound("asset", asset_id)
    return Problem(410, "merged", f"this record proved to be asset {winner}", merged_into=str(winner))


async def asset_or_404(unit: Transaction, asset_id: UUID) -> Asset:
    """The asset, locked for a change. Raises what `not_there` says."""
    known = await assets.find(unit.connection, asset_id, lock=True)
    if known is None:
        raise await not_there(unit.connection, asset_id)
    return known


async def change_asset(unit: Transaction, known: Asset, change: AssetChange, now: datetime) -> Asset:
    """Apply a change to a locked asset; without a date it holds from `now`. A retirement is final.

    A host does not retire under machines that are not retired then, nor does a machine go onto a retired host.

    Returns the asset as it is then, the same version when nothing is new. Raises Unprocessable.
    """
    said = change.model_dump(exclude_unset=True)
    key = known.key
    named = {"org": key.org, "source": key.source, "external_id": key.external_id, "kind": known.kind}
    try:
        record = read_record({**said, **named})
    except Refused as refused:
        raise unprocessable(refused.defects) from None
    stranded = await stranding.of_asset(unit, known)
    plan = await apply_rows(unit, [Row(record, final=True)], unsaid=lambda zone: now, now=now)
    if plan.defects:
        raise unprocessable(plan.defects[0])
    await stranding.refuse_more(unit, plan.assets[0], stranded)
    return plan.assets[0]


async def name_asset(unit: Transaction, known: Asset, source: str, external_id: str, now: datetime) -> Asset:
    """Let a further name lead to a locked asset. Raises Conflict when another asset has it."""
    name = (source, external_id)
    if name in known.names:
        return known
    if len(known.names) >= NAMES_LIMIT:
        rule = f"an asset has at most {NAMES_LIMIT} names"
        raise unprocessable([Defect("external_id", "too_many", rule)])
    after = replace(next_version(known, now), also_known_as=(*known.also_known_as, name))
    await write(unit, [Revision(known, after)], Action.NAMED)
    return after


async def unname_asset(unit: Transaction, known: Asset, source: str, external_id: str, now: datetime) -> Asset:
    """Take a name from a locked asset; when it is the first one, the next takes its place.

    Raises NotFound when the asset has no such name, Conflict when it has no other.
    """
    name = (source, external_id)
    if name not in known.names:
        raise NotFound("identity", f"{source}/{external_id}")
    left = tuple(one for one in known.names if one != name)
    if not left:
        raise Conflict("an asset keeps at least one name; delete the asset instead", "last-name")
    key = AssetKey(known.key.org, *left[0])
    after = replace(next_version(known, now), key=key, also_known_as=left[1:])
    await write(unit, [Revision(known, after)], Action.NAMED)
    return after


async def delete_asset(unit: Transaction, known: Asset, now: datetime) -> Asset:
    """Delete a locked asset: its last document says so, then the topic forgets it; what was known of it stays readable here.

    Raises Conflict while anything is, was or will be on it.
    """
    if await states.hosts_anything(unit.connection, known.id):
        raise Conflict(
            "other assets are or were hosted by this one; move or delete them, or retire it instead", "in-use"
        )
    if await applications.serves_anything(unit.connection, known.id):
        raise Conflict("applications run or ran on this asset; take it out of them, or retire it instead", "in-use")
    last = replace(next_version(known, now), deleted=True)
    await write(unit, [Revision(known, last)], Action.DELETED)
    return last


def next_version(known: Asset, now: datetime) -> Asset:
    """The asset at its next version, recorded now, and after the one before in any case."""
    return replace(known, version=known.version + 1, recorded_at=max(now, known.recorded_at + _TICK))
