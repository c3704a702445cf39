"""Rows into assets: load what they name, plan, write the difference, publish what changed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg
from common.database import Transaction
from common.ids import new_id

from inventory.domain.defects import Defect
from inventory.domain.planning import Clock, HostFacts, Plan, Row, World, plan
from inventory.domain.record import AssetKey, host_key
from inventory.domain.vocabulary import Kind
from inventory.service import stranding
from inventory.service.writing import write
from inventory.store import activities, applications, assets, places, states

Outcome = TypeVar("Outcome")

ATTEMPTS = 5


async def apply_rows(unit: Transaction, rows: Sequence[Row], *, unsaid: Clock, now: datetime) -> Plan:
    """Write what the rows change, as one set, and publish the documents of the assets that changed.

    Rows that leave machines on a retired host count and carry a warning, for files come in any order.

    Raises asyncpg's UniqueViolationError when another transaction just created an asset of the same key: see `retried`.
    """
    result = plan(rows, await _load(unit, rows), unsaid=unsaid, recorded_at=now, new_id=new_id)
    await write(unit, list(result.revisions.values()))
    stranded = await stranding.warnings(unit, result)
    return replace(result, warnings=_both(result.warnings, stranded))


def _both(
    some: Mapping[int, Sequence[Defect]], others: Mapping[int, Sequence[Defect]]
) -> Mapping[int, Sequence[Defect]]:
    return {position: [*some.get(position, ()), *others.get(position, ())] for position in {*some, *others}}


async def foresee_rows(
    unit: Transaction,
    rows: Sequence[Row],
    *,
    unsaid: Clock,
    now: datetime,
    hosts: Mapping[AssetKey, HostFacts],
    sites: Mapping[tuple[str, str], UUID],
) -> Plan:
    """What `apply_rows` would do, were `hosts` and `sites` there too; nothing is written."""
    world = await _load(unit, rows)
    foreseen = replace(world, hosts={**hosts, **world.hosts}, sites={**sites, **world.sites})
    return plan(rows, foreseen, unsaid=unsaid, recorded_at=now, new_id=new_id)


_TAKEN = (assets.KEY_TAKEN, applications.CODE_TAKEN, activities.NAME_TAKEN)


async def retried(action: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Run `action`, a whole transaction, again when it lost the race to create something: then it finds it there."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await action()
        except asyncpg.UniqueViolationError as failure:
            if failure.constraint_name not in _TAKEN:
                raise
    return await action()


async def _load(unit: Transaction, rows: Sequence[Row]) -> World:
    """Everything that the rows name, as far as it is known; the assets are locked, their hosts kept from deletion."""
    records = [row.record for row in rows]
    connection = unit.connection
    keys = {record.key for record in records}
    host_keys = {host_key(record.host, record.org) for record in records if record.host is not None}
    sites = {(record.org, record.site) for record in records if record.site is not None}
    zones = await places.time_zones(connection, {record.org for record in records})
    site_ids = await places.site_ids(connection, sorted(sites)) if sites else {}
    known = await assets.lock_by_keys(connection, sorted(keys))
    hosts = await assets.find_hosts(connection, sorted(host_keys)) if host_keys else {}
    virtual = {record.key for record in records if record.kind is Kind.VIRTUAL_MACHINE}
    nested = {key for key in host_keys if key in virtual or _is_virtual(key, hosts)}
    hosting = {}
    if nested:
        await assets.serialise_nesting(connection)
        hosting = await states.nested_stays(connection, {hosts[key].id for key in nested if key in hosts})
    return World(zones, site_ids, known, hosts, hosting)


def _is_virtual(key: AssetKey, hosts: dict[AssetKey, HostFacts]) -> bool:
    return key in hosts and hosts[key].kind is Kind.VIRTUAL_MACHINE
