"""A retired host carries nothing: whoever changes one asset is refused, rows of batches and files are warned.

A file may retire a host in one row and move its machines in a later one, or another file may; to refuse its rows would
lose what they say. What stays stranded is listed among what is missing (`GET /assets/quality`).
"""

from collections import defaultdict
from collections.abc import Mapping

from common.database import Transaction

from inventory.domain.asset import Asset
from inventory.domain.defects import Defect
from inventory.domain.planning import Plan
from inventory.domain.vocabulary import HOSTING_KINDS, Kind, Status
from inventory.service.problems import unprocessable
from inventory.store import states
from inventory.store.states import Stranded


async def of_asset(unit: Transaction, asset: Asset) -> frozenset[Stranded]:
    """The machines that are stranded on the asset, and the asset itself when it is stranded."""
    if asset.kind not in HOSTING_KINDS:
        return frozenset()
    return await states.stranded(unit.connection, [asset.id], [asset.id])


async def refuse_more(unit: Transaction, asset: Asset, before: frozenset[Stranded]) -> None:
    """Raise Unprocessable when a change of the asset stranded machines that were not stranded before."""
    more = await of_asset(unit, asset) - before
    if more:
        raise unprocessable(_defects(asset, more))


async def warnings(unit: Transaction, plan: Plan) -> Mapping[int, list[Defect]]:
    """What to tell the rows of a plan that was written, by position."""
    changed = [revision.after for revision in plan.revisions.values() if revision.after.kind in HOSTING_KINDS]
    hosts = [asset.id for asset in changed if _retires(asset)]
    machines = [asset.id for asset in changed if asset.kind is Kind.VIRTUAL_MACHINE and _is_hosted(asset)]
    if not hosts and not machines:
        return {}
    found: dict[object, set[Stranded]] = defaultdict(set)
    for one in await states.stranded(unit.connection, machines, hosts):
        found[one.machine].add(one)
        found[one.host].add(one)
    told = {asset.id for asset in changed}
    return {
        position: _defects(asset, frozenset(found[asset.id]))
        for position, asset in plan.assets.items()
        if asset.id in told and found[asset.id]
    }


def _retires(asset: Asset) -> bool:
    return any(piece.state.status is Status.RETIRED for piece in asset.timeline.segments)


def _is_hosted(asset: Asset) -> bool:
    return any(piece.state.host_id is not None for piece in asset.timeline.segments)


def _defects(asset: Asset, found: frozenset[Stranded]) -> list[Defect]:
    below = sum(one.host == asset.id for one in found)
    defects = []
    if below:
        rule = f"{below} machine(s) on it are not retired while it is; move or retire them then, or before"
        defects.append(Defect("status", "hosts_machines", rule))
    if any(one.machine == asset.id for one in found):
        rule = "its host is retired while it is not; say where it is then, or when it retired"
        defects.append(Defect("host", "host_retired", rule))
    return defects
