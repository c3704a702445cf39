"""Organisations and sites: create, change, read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from common.api.problems import Conflict, NotFound
from common.database import Transaction
from pydantic import BaseModel, ValidationError

from inventory import events
from inventory.domain.defects import Defect, defects_of
from inventory.domain.places import (
    AllocationInterval,
    ContractInterval,
    OperatorInterval,
    Organisation,
    PueInterval,
    Site,
    SiteInterval,
    corrected,
    region_defect,
)
from inventory.service.problems import unprocessable
from inventory.store import measurements, places, versions
from inventory.store.places import StoredOrganisation, StoredSite
from inventory.store.versions import DocumentKind, DocumentVersion

Document = TypeVar("Document", bound=BaseModel)

_TICK = timedelta(microseconds=1)


async def create_organisation(
    unit: Transaction, organisation: Organisation, now: datetime
) -> tuple[StoredOrganisation, bool]:
    """Create an organisation. The same again is the one there is; the flag says whether it is new.

    Raises Conflict when the id is taken by another content.
    """
    stored = StoredOrganisation(organisation, 1, now)
    if await places.insert_organisation(unit.connection, stored):
        await _publish_organisation(unit, stored)
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
    stored = StoredOrganisation(changed, known.version + 1, max(now, known.recorded_at + _TICK))
    await places.update_organisation(unit.connection, stored)
    if changed.time_zone != known.organisation.time_zone:
        await measurements.mark_everything_of_organisation(unit.connection, changed.id)
    await _publish_organisation(unit, stored)
    return stored


async def organisation_or_404(unit: Transaction, org: str) -> StoredOrganisation:
    """The organisation, locked for a change. Raises NotFound."""
    known = await places.find_organisation(unit.connection, org, lock=True)
    if known is None:
        raise NotFound("organisation", org)
    return known


async def organisation_or_422(unit: Transaction, org: str) -> StoredOrganisation:
    """The organisation that a body names. Raises Unprocessable when it is not known."""
    known = await places.find_organisation(unit.connection, org)
    if known is None:
        raise unprocessable([Defect("org", "unknown_organisation", f"no organisation {org!r} is known")])
    return known


async def create_site(unit: Transaction, site: Site, now: datetime) -> tuple[StoredSite, bool]:
    """Create a site of a known organisation. The same again is the one there is; the flag says whether it is new.

    Raises Unprocessable when the organisation is not known or the region is no part of the country, Conflict when the code
    is taken by another content.
    """
    _check_region(site)
    await organisation_or_422(unit, site.org)
    stored = StoredSite(uuid4(), site, 1, now)
    if await places.insert_site(unit.connection, stored):
        await _publish_site(unit, stored)
        return stored, True
    known = await places.find_site_by_code(unit.connection, site.org, site.code)
    if known is None or known.site != site:
        raise Conflict(
            f"site {site.code!r} of {site.org!r} exists and is not like this; change it with PATCH", "exists"
        )
    return known, False


async def change_site(unit: Transaction, known: StoredSite, change: Mapping[str, Any], now: datetime) -> StoredSite:
    """Change fields of a locked site; what changes nothing makes no version. Raises Unprocessable.

    Where `operators` are said and `operator` is not, it becomes the latest of them, and so do the rules of `allocations`; where a list is
    emptied, what was its latest holds on all days. Dated contracts stay unless they are said.
    """
    derived: list[str] = ["operator"] if change.get("operators") else []
    derived += ["allocation_rule", "allocation_by"] if change.get("allocations") else []
    electricity = change.get("electricity")
    if isinstance(electricity, Mapping) and "contracts" not in electricity:
        kept = known.site.model_dump(by_alias=True)["electricity"]["contracts"]
        change = {**change, "electricity": {"contracts": kept, **electricity}}
    return await _next_site(unit, known, _merged(known.site, change, fixed=("org", "code"), forget=tuple(derived)), now)


async def correct_site(
    unit: Transaction,
    known: StoredSite,
    correction: SiteInterval,
    now: datetime,
) -> StoredSite:
    """Say what held over some days of a locked site; on other days all stays as it was known. Raises Unprocessable."""
    site = known.site
    change: dict[str, Any]
    match correction:
        case PueInterval():
            change = {"pue": _documents(corrected(site.pue, correction))}
        case OperatorInterval():
            before = site.operators or (OperatorInterval(operator=site.operator),)
            change = {"operators": _documents(corrected(before, correction))}
        case AllocationInterval():
            rules = site.allocations or (
                AllocationInterval(allocation_rule=site.allocation_rule, allocation_by=site.allocation_by),
            )
            change = {"allocations": _documents(corrected(rules, correction))}
        case ContractInterval():
            beside = site.electricity.model_dump(exclude={"contracts"})
            contracts = site.electricity.contracts or (ContractInterval(**beside),)
            change = {"electricity": {"contracts": _documents(corrected(contracts, correction))}}
    return await change_site(unit, known, change, now)


def _documents(intervals: Sequence[BaseModel]) -> list[dict[str, Any]]:
    return [interval.model_dump(by_alias=True) for interval in intervals]


async def _next_site(unit: Transaction, known: StoredSite, changed: Site, now: datetime) -> StoredSite:
    if changed == known.site:
        return known
    if (changed.country, changed.region) != (known.site.country, known.site.region):
        _check_region(changed)
    stored = replace(known, site=changed, version=known.version + 1, recorded_at=max(now, known.recorded_at + _TICK))
    await places.update_site(unit.connection, stored)
    await _publish_site(unit, stored)
    return stored


def _check_region(site: Site) -> None:
    """Raise Unprocessable where the region is no part of the country."""
    defect = region_defect(site.country, site.region)
    if defect is not None:
        raise unprocessable([defect])


async def _publish_site(unit: Transaction, stored: StoredSite) -> None:
    document = stored.site.model_dump(mode="json", by_alias=True)
    kept = DocumentVersion(
        DocumentKind.SITE, str(stored.id), stored.site.org, stored.version, stored.recorded_at, document
    )
    await versions.keep(unit.connection, [kept])
    unit.publish(events.site_changed(stored))


async def _publish_organisation(unit: Transaction, stored: StoredOrganisation) -> None:
    organisation = stored.organisation
    kept = DocumentVersion(
        DocumentKind.ORGANISATION,
        organisation.id,
        organisation.id,
        stored.version,
        stored.recorded_at,
        organisation.model_dump(mode="json"),
    )
    await versions.keep(unit.connection, [kept])
    unit.publish(events.organisation_changed(stored))


async def site_or_404(unit: Transaction, site_id: UUID) -> StoredSite:
    """The site, locked for a change. Raises NotFound."""
    known = await places.find_site(unit.connection, site_id, lock=True)
    if known is None:
        raise NotFound("site", site_id)
    return known


def _merged(
    document: Document, change: Mapping[str, Any], fixed: tuple[str, ...], forget: tuple[str, ...] = ()
) -> Document:
    """`document` with the fields of `change`, validated as a whole; those to `forget` follow from the others.

    Raises Unprocessable; `fixed` fields do not change.
    """
    refused = [Defect(name, "fixed", f"{name} does not change") for name in fixed if name in change]
    if refused:
        raise unprocessable(refused)
    try:
        known = document.model_dump(by_alias=True, exclude=set(forget))
        return type(document).model_validate({**known, **change})
    except ValidationError as failure:
        raise unprocessable(defects_of(failure)) from None
