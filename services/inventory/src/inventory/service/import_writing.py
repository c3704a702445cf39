"""How rows of an import reach the inventory: written, or only foreseen, in which case nothing changes."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from common.database import Transaction

from inventory.domain.application import KnownMachine
from inventory.domain.changes import DatedChange, application_changes, asset_changes, part_changes
from inventory.domain.places import Site
from inventory.domain.planning import Clock, HostFacts, Plan, Row
from inventory.domain.record import AssetKey, host_key
from inventory.service import places as place_cases
from inventory.service.applications import apply_application_rows, foresee_application_rows
from inventory.service.batches import apply_rows, foresee_rows
from inventory.service.rows import Result, RowOutcome
from inventory.store import import_diffs, places
from inventory.store.import_diffs import Difference
from inventory.store.imports import Import
from inventory.store.places import StoredSite

_REFERENCES = {"host_id": "host", "site_id": "site"}


class Writing(ABC):
    """What an import does with what it has read. `unit` sees what the import may touch."""

    def __init__(self, unit: Transaction, now: datetime, unsaid: Clock) -> None:
        """Rows without a date hold from when `unsaid` says; all is known from `now`."""
        self.unit = unit
        self.now = now
        self.unsaid = unsaid

    @abstractmethod
    async def assets(self, rows: Sequence[Row]) -> Plan:
        """Write rows of assets as one set."""

    @abstractmethod
    async def site(self, known: StoredSite | None, site: Site, change: Mapping[str, Any]) -> Result:
        """Write a site: a new one when none is known, else what `change` says of it; `site` is how it is then."""

    @abstractmethod
    async def applications(self, rows: Sequence[Any]) -> list[RowOutcome]:
        """Write rows of applications; several may tell one, each another machine of it."""

    async def today(self, org: str) -> date | None:
        """The day from which a file's facts hold where an organisation is; None when that is not known."""
        zones = await places.time_zones(self.unit.connection, [org])
        return self.unsaid(zones[org]).astimezone(zones[org]).date() if org in zones else None


class Applying(Writing):
    """Writes, and publishes what changed."""

    async def assets(self, rows: Sequence[Row]) -> Plan:
        """See `Writing`."""
        return await apply_rows(self.unit, rows, unsaid=self.unsaid, now=self.now)

    async def site(self, known: StoredSite | None, site: Site, change: Mapping[str, Any]) -> Result:
        """See `Writing`. Raises Conflict when another transaction just created it otherwise."""
        if known is None:
            _, new = await place_cases.create_site(self.unit, site, self.now)
            return Result.CREATED if new else Result.UNCHANGED
        locked = await place_cases.site_or_404(self.unit, known.id)
        after = await place_cases.change_site(self.unit, locked, change, self.now)
        return Result.UNCHANGED if after is locked else Result.UPDATED

    async def applications(self, rows: Sequence[Any]) -> list[RowOutcome]:
        """See `Writing`."""
        return await apply_application_rows(self.unit, rows, self.now)


class Rehearsing(Writing):
    """Writes nothing, and keeps what would be different. What earlier rows would create is there for later ones."""

    def __init__(self, unit: Transaction, now: datetime, unsaid: Clock, job: Import) -> None:
        """`job` is whose earlier differences count."""
        super().__init__(unit, now, unsaid)
        self.differences: list[Difference] = []
        self._job = job
        self._hosts: dict[AssetKey, HostFacts] = {}
        self._sites: dict[tuple[str, str], UUID] = {}

    async def assets(self, rows: Sequence[Row]) -> Plan:
        """See `Writing`."""
        records = [row.record for row in rows]
        keys = {host_key(record.host, record.org) for record in records if record.host is not None}
        codes = {(record.org, record.site) for record in records if record.site is not None}
        hosts = await import_diffs.foreseen_hosts(self.unit.connection, self._job, keys) if keys else {}
        sites = await import_diffs.foreseen_sites(self.unit.connection, self._job, codes) if codes else {}
        plan = await foresee_rows(
            self.unit,
            rows,
            unsaid=self.unsaid,
            now=self.now,
            hosts={**hosts, **self._hosts},
            sites={**sites, **self._sites},
        )
        await self._tell(plan)
        return plan

    async def site(self, known: StoredSite | None, site: Site, change: Mapping[str, Any]) -> Result:
        """See `Writing`."""
        site_id = known.id if known else uuid4()
        changes = part_changes(known.site if known else None, site)
        result = Result.CREATED if known is None else Result.UPDATED if changes else Result.UNCHANGED
        if known is None:
            self._sites[site.org, site.code] = site_id
        told = [_change_document(one) for one in changes]
        self.differences.append(
            Difference(result, "site", site.org, "", site.code, site.kind, site.name, site_id, told)
        )
        return result

    async def applications(self, rows: Sequence[Any]) -> list[RowOutcome]:
        """See `Writing`."""
        awaited = {key: KnownMachine(host.id, self.now) for key, host in (await self._machines(rows)).items()}
        plan = await foresee_application_rows(self.unit, rows, self.now, awaited)
        names = {host.id: f"{key.source}/{key.external_id}" for key, host in self._hosts.items()}
        for before, after in plan.applications:
            changes = application_changes(before, after)
            machines = {
                value for change in changes for value in (change.before, change.after) if isinstance(value, UUID)
            }
            named = {**names, **await import_diffs.names(self.unit.connection, self._job, machines)}
            result = Result.CREATED if before is None else Result.UPDATED if changes else Result.UNCHANGED
            told = [_change_document(change, named) for change in changes]
            self.differences.append(
                Difference(result, "application", after.org, "", after.code, None, after.name, after.id, told)
            )
        return plan.outcomes

    async def _machines(self, rows: Sequence[Any]) -> Mapping[AssetKey, HostFacts]:
        """The machines that rows of applications name and that earlier rows would create."""
        keys = {
            AssetKey(claim.get("org") or row["org"], claim["source"], claim["external_id"])
            for row in rows
            for claim in row.get("machines", ())
        }
        return {**await import_diffs.foreseen_hosts(self.unit.connection, self._job, keys), **self._hosts}

    async def _tell(self, plan: Plan) -> None:
        """Keep what the plan would do to each asset that it concerns."""
        concerned = {asset.id: asset for asset in plan.assets.values()}
        changes = {
            revision.after.id: asset_changes(revision.before, revision.after) for revision in plan.revisions.values()
        }
        own = {asset.id: f"{asset.key.source}/{asset.key.external_id}" for asset in concerned.values()}
        own |= {site_id: code for (_, code), site_id in self._sites.items()}
        named = await self._names([change for some in changes.values() for change in some], own)
        for asset in concerned.values():
            revision = plan.revisions.get(asset.id)
            result = Result.UNCHANGED if revision is None else Result.UPDATED if revision.before else Result.CREATED
            if result is Result.CREATED:
                self._hosts[asset.key] = HostFacts(asset.id, asset.kind)
            told = [_change_document(change, named) for change in changes.get(asset.id, ())]
            org, source, external_id = asset.key
            name = asset.description.name
            self.differences.append(
                Difference(result, "asset", org, source, external_id, asset.kind, name, asset.id, told)
            )

    async def _names(self, changes: Collection[DatedChange], own: Mapping[UUID, str]) -> Mapping[UUID, str]:
        """What the hosts and sites in `changes` are called."""
        ids = {
            value
            for change in changes
            if change.field in _REFERENCES
            for value in (change.before, change.after)
            if value is not None and value not in own
        }
        return {**own, **(await import_diffs.names(self.unit.connection, self._job, ids) if ids else {})}


def _change_document(change: DatedChange, names: Mapping[UUID, str] | None = None) -> dict[str, Any]:
    """A change as a diff shows it: hosts and sites by name, `from` and `to` where it is dated."""
    document = asdict(change)
    start, end = document.pop("start"), document.pop("end")
    if change.field in (*_REFERENCES, "machine"):
        document["field"] = _REFERENCES.get(change.field, change.field)
        for side in ("before", "after"):
            document[side] = None if document[side] is None else (names or {}).get(document[side], str(document[side]))
    return document if start is None else {**document, "from": start, "to": end}
