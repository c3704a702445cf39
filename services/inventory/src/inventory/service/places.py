"""Organisations and sites: create, change, read."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from common.api.problems import Conflict, NotFound
from common.database import Transaction
from pydantic import BaseModel, ValidationError

from inventory import events
from inventory.domain.defects import Defect, defects_of
from inventory.domain.places import Organisation, Site
from inventory.service.problems import unprocessable
from inventory.store import measurements, places
from inventory.store.places import StoredOrganisation, StoredSite

Document = TypeVar("Document", bound=BaseModel)


async def create_organisation(
    unit: Transaction, organisation: Organisation, now: datetime
) -> tuple[StoredOrganisation, bool]:
    """Create an organisation. The same again is the one there is; the flag says whether it is new.

    Raises Conflict when the id is taken by another content.
    """
    stored = StoredOrganisation(organisation, 1, now)
    if await places.insert_organisation(unit.connection, stored):
        unit.publish(events.organisation_changed(stored))
        return stored, True
    known = await places.find_organisation(unit.connection, organisation.id)
    if known is None or known.organisation != organisation:
        raise Conflict(f"organisation {organisation.id!r} exists and is not like this; change it with PATCH", "exists")
    return known, False


async def change_organisation(
    unit: Transaction, known: StoredOrganisation, change: Mapping[str, Any], now: datetime
) -> StoredOrganisation:
    """Change fields of a locked organisation; what changes nothing makes no version. Raises Unprocessable."""
    changed = _merged(known.organisation, change, fixed=("id",))
    if changed == known.organisation:
        return known
    stored = StoredOrganisation(changed, known.version + 1, now)
    await places.update_organisation(unit.connection, stored)
    if changed.time_zone != known.organisation.time_zone:
        await measurements.mark_everything_of_organisation(unit.connection, changed.id)
    unit.publish(events.organisation_changed(stored))
    return stored


async def organisation_or_404(unit: Transaction, org: str) -> StoredOrganisation:
    """The organisation, locked for a change. Raises NotFound."""
    known = await places.find_organisation(unit.connection, org, lock=True)
    if known is None:
        raise NotFound("organisation", org)
    return known


async def create_site(unit: Transaction, site: Site, now: datetime) -> tuple[StoredSite, bool]:
    """Create a site of a known organisation. The same again is the one there is; the flag says whether it is new.

    Raises Unprocessable when the organisation is not known, Conflict when the code is taken by another content.
    """
    if await places.find_organisation(unit.connection, site.org) is None:
        raise unprocessable([Defect("org", "unknown_organisation", f"no organisation {site.org!r} is known")])
    stored = StoredSite(uuid4(), site, 1, now)
    if await places.insert_site(unit.connection, stored):
        unit.publish(events.site_changed(stored))
        return stored, True
    known = await places.find_site_by_code(unit.connection, site.org, site.code)
    if known is None or known.site != site:
        raise Conflict(
            f"site {site.code!r} of {site.org!r} exists and is not like this; change it with PATCH", "exists"
        )
    return known, False


async def change_site(unit: Transaction, known: StoredSite, change: Mapping[str, Any], now: datetime) -> StoredSite:
    """Change fields of a locked site; what changes nothing makes no version. Raises Unprocessable."""
    changed = _merged(known.site, change, fixed=("org", "code"))
    if changed == known.site:
        return known
    stored = replace(known, site=changed, version=known.version + 1, recorded_at=now)
    await places.update_site(unit.connection, stored)
    unit.publish(events.site_changed(stored))
    return stored


async def site_or_404(unit: Transaction, site_id: UUID) -> StoredSite:
    """The site, locked for a change. Raises NotFound."""
    known = await places.find_site(unit.connection, site_id, lock=True)
    if known is None:
        raise NotFound("site", site_id)
    return known


def _merged(document: Document, change: Mapping[str, Any], fixed: tuple[str, ...]) -> Document:
    """`document` with the fields of `change`, validated as a whole. Raises Unprocessable; `fixed` fields do not change."""
    refused = [Defect(name, "fixed", f"{name} does not change") for name in fixed if name in change]
    if refused:
        raise unprocessable(refused)
    try:
        return type(document).model_validate({**document.model_dump(by_alias=True), **change})
    except ValidationError as failure:
        raise unprocessable(defects_of(failure)) from None
