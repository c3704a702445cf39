"""One asset: change it, delete it, read its past."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from common.api.problems import Conflict, NotFound
from common.database import Transaction

from inventory import events
from inventory.domain.asset import Asset
from inventory.domain.defects import Refused
from inventory.domain.planning import Row
from inventory.domain.record import AssetChange, read_record
from inventory.service.batches import apply_rows
from inventory.service.problems import unprocessable
from inventory.store import applications, assets, states
from inventory.store.states import Believed


async def asset_or_404(unit: Transaction, asset_id: UUID) -> Asset:
    """The asset, locked for a change. Raises NotFound."""
    known = await assets.find(unit.connection, asset_id, lock=True)
    if known is None:
        raise NotFound("asset", asset_id)
    return known


async def change_asset(unit: Transaction, known: Asset, change: AssetChange, now: datetime) -> Asset:
    """Apply a change to a locked asset; without a date it holds from `now`. A retirement is final.

    Returns the asset as it is then, the same version when nothing is new. Raises Unprocessable.
    """
    said = change.model_dump(exclude_unset=True)
    key = known.key
    named = {"org": key.org, "source": key.source, "external_id": key.external_id, "kind": known.kind}
    try:
        record = read_record({**said, **named})
    except Refused as refused:
        raise unprocessable(refused.defects) from None
    plan = await apply_rows(unit, [Row(record, final=True)], unsaid=lambda zone: now, now=now)
    if plan.defects:
        raise unprocessable(plan.defects[0])
    return plan.assets[0]


async def delete_asset(unit: Transaction, known: Asset, now: datetime) -> None:
    """Delete a locked asset: its last document says so, then the topic forgets it; what was known of it stays readable here.

    Raises Conflict while anything is, was or will be on it.
    """
    if await states.hosts_anything(unit.connection, known.id):
        raise Conflict(
            "other assets are or were hosted by this one; move or delete them, or retire it instead", "in-use"
        )
    if await applications.serves_anything(unit.connection, known.id):
        raise Conflict("applications run or ran on this asset; take it out of them, or retire it instead", "in-use")
    at = max(now, known.recorded_at + timedelta(microseconds=1))
    last = replace(known, version=known.version + 1, recorded_at=at, deleted=True)
    await assets.mark_deleted(unit.connection, last)
    gone = [Believed(known.id, known.key.org, at, segment) for segment in known.timeline.segments]
    await states.end_belief(unit.connection, gone)
    unit.publish(events.asset_changed(last), events.asset_tombstone(last))
