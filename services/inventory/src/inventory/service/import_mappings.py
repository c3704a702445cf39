"""Mappings of columns: create, replace, forget, choose."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
from common.api.problems import Conflict, NotFound
from common.database import Transaction

from inventory.domain.defects import Defect
from inventory.imports.mapping import Mapping
from inventory.imports.presets import PRESETS
from inventory.service.problems import unprocessable
from inventory.store import import_mappings, places
from inventory.store.import_mappings import StoredMapping


async def create_mapping(unit: Transaction, org: str, mapping: Mapping, now: datetime) -> tuple[StoredMapping, bool]:
    """Remember a mapping for an organisation. The same again is the one there is; the flag says whether it is new.

    Raises Unprocessable when the organisation is not known, Conflict when the name is taken by another content.
    """
    if await places.find_organisation(unit.connection, org) is None:
        raise unprocessable([Defect("org", "unknown_organisation", f"no organisation {org!r} is known")])
    stored = StoredMapping(uuid4(), org, mapping, 1, now)
    if await import_mappings.insert(unit.connection, stored):
        return stored, True
    known = await import_mappings.find_by_name(unit.connection, org, mapping.name)
    if known is None or known.mapping != mapping:
        raise Conflict(f"{org!r} has a mapping {mapping.name!r} that is not like this; replace it with PUT", "exists")
    return known, False


async def replace_mapping(unit: Transaction, known: StoredMapping, mapping: Mapping, now: datetime) -> StoredMapping:
    """Replace a locked mapping; what changes nothing makes no version. Raises Conflict when its new name is taken."""
    if mapping == known.mapping:
        return known
    stored = replace(known, mapping=mapping, version=known.version + 1, recorded_at=now)
    try:
        async with unit.savepoint():
            await import_mappings.update(unit.connection, stored)
    except asyncpg.UniqueViolationError:
        raise Conflict(f"{known.org!r} has another mapping {mapping.name!r}", "exists") from None
    return stored


async def mapping_or_404(unit: Transaction, mapping_id: UUID) -> StoredMapping:
    """The mapping, locked for a change. Raises NotFound."""
    known = await import_mappings.find(unit.connection, mapping_id, lock=True)
    if known is None:
        raise NotFound("import mapping", mapping_id)
    return known


async def chosen_mapping(unit: Transaction, org: str, name: str) -> Mapping:
    """The mapping of that name: the organisation's own, else the preset. Raises Unprocessable when there is neither."""
    stored = await import_mappings.find_by_name(unit.connection, org, name)
    if stored is not None:
        return stored.mapping
    if name in PRESETS:
        return PRESETS[name]
    rule = f"{org!r} has no mapping {name!r}, and no preset is called so; presets are {', '.join(PRESETS)}"
    raise unprocessable([Defect("mapping", "unknown_mapping", rule)])
