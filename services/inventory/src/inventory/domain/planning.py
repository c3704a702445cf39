"""From rows to changed assets: what a batch would do, given what is known. Pure; the same for the API and for files.

Rows of one asset are its history: they are told in the order of their dates. Hosts may stand anywhere in the batch. A row
that breaks a rule is refused alone; the others count, but for those that depended on it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.domain.asset import SEGMENTS_LIMIT, Asset, Fact, revised, tell
from inventory.domain.defects import Defect
from inventory.domain.description import Description
from inventory.domain.hosting import Stay, comes_back, in_two_places, stays
from inventory.domain.quantities import Moment, instant, year_defect
from inventory.domain.record import AssetKey, AssetRecord, host_key
from inventory.domain.timeline import ATTRIBUTES, UNSET, Change, Timeline
from inventory.domain.vocabulary import HOSTING_KINDS, Kind, Status

_TICK = timedelta(microseconds=1)

TOLD_TWICE = "duplicate"
"""The code of a row that says something of an asset, under whichever of its names, for a moment for which another row does."""


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What is known of a possible host."""

    id: UUID
    kind: Kind


@dataclass(frozen=True)
class World:
    """What is known of everything that a batch names."""

    zones: Mapping[str, ZoneInfo]
    sites: Mapping[tuple[str, str], UUID]
    assets: Mapping[AssetKey, Asset]
    hosts: Mapping[AssetKey, HostFacts]
    hosting: Mapping[UUID, Sequence[Stay]] = field(default_factory=dict)
    """The stays of every virtual machine that a named host may run on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row to plan. `final`: when it retires the asset, nothing known for later survives.

    `begins`: an asset that is not known yet has been since then as the row says. `retired_from`: it retires then, and what
    else the row says of its status holds until then only. Without `host_required` a row on a host that is not known is
    taken, and says nothing of the host. With `adds_tags` its tags are beside those that are known, else instead of them.
    """

    record: AssetRecord
    final: bool = False
    begins: Moment | None = None
    retired_from: Moment | None = None
    host_required: bool = True
    adds_tags: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """An asset that the batch changes; `before` is None when it creates it."""

    before: Asset | None
    after: Asset


@dataclass(frozen=True)
class Plan:
    """What each row comes to, by its position: defects, or the asset it concerns; and the assets that change.

    `hostless` are the positions of rows that were taken without the host that they name.
    `warnings`, by position, are of rows that count although something about them is wrong.
    """

    defects: Mapping[int, Sequence[Defect]]
    assets: Mapping[int, Asset]
    revisions: Mapping[UUID, Revision]
    hostless: Collection[int] = ()
    warnings: Mapping[int, Sequence[Defect]] = field(default_factory=dict)


UNDATED: Final[Mapping[str, str]] = {
    "quantity": "what joins or leaves a fleet on a day is an asset of its own",
    "declared": "what it uses from a day on is measured",
    "support": "what a contract costs from a day on is an activity of kind maintenance_contract",
}
"""Attributes that hold for the whole life of an asset though a row may mean them from its date on, and what says such a thing."""

UNDATED_CHANGE: Final = "not_dated"

Clock = Callable[[ZoneInfo], datetime]
"""Says from when a row without a date holds, for an organisation of that time zone."""


def plan(
    rows: Sequence[Row], world: World, *, unsaid: Clock, recorded_at: datetime, new_id: Callable[[], UUID]
) -> Plan:
    """Plan a batch. `recorded_at` is the moment of the batch; an asset's own versions never go back in time before it."""
    return _Planner(rows, world, unsaid, recorded_at, new_id).plan()


@dataclass(slots=True)
class _Group:
    """The rows of one asset that are still good, by position."""

    key: AssetKey
    known: Asset | None
    kind: Kind
    id: UUID
    positions: list[int] = field(default_factory=list)


class _Planner:
    def __init__(
        self, rows: Sequence[Row], world: World, unsaid: Clock, recorded_at: datetime, new_id: Callable[[], UUID]
    ) -> None:
        self._rows = rows
        self._world = world
        self._unsaid = unsaid
        self._recorded_at = recorded_at
        self._new_id = new_id
        self._groups: dict[AssetKey, _Group] = {}
        self._starts: dict[int, datetime] = {}
        self._defects: dict[int, list[Defect]] = defaultdict(list)
        self._warnings: dict[int, list[Defect]] = {}
        self._hosting = dict(world.hosting)
        self._hostless: set[int] = set()

    def plan(self) -> Plan:
        self._gather()
        while True:
            self._resolve_hosts()
            revisions, assets, vanished = self._tell_all()
            if not vanished:
                return Plan(dict(self._defects), assets, revisions, self._hostless & assets.keys(), self._warnings)

    def _tell_all(self) -> tuple[dict[UUID, Revision], dict[int, Asset], bool]:
        """Tell every group its rows; also whether a new asset lost its last one, and with it whatever it was to host."""
        self._hosting = dict(self._world.hosting)
        self._warnings = {}
        revisions: dict[UUID, Revision] = {}
        assets: dict[int, Asset] = {}
        vanished = False
        for group in self._groups.values():
            if not group.positions:
                continue
            after = self._told(group)
            if after is None:
                vanished = True
                continue
            assets.update(dict.fromkeys(group.positions, after))
            if after is not group.known:
                revisions[after.id] = Revision(group.known, after)
        return revisions, assets, vanished

    def _gather(self) -> None:
        """Group the rows by asset, in order of their dates; refuse those that are wrong on their own."""
        seen: dict[tuple[AssetKey, datetime], int] = {}
        for position, row in enumerate(self._rows):
            record = row.record
            zone = self._world.zones.get(record.org)
            if zone is None:
                self._refuse(position, "org", "unknown_organisation", f"no organisation {record.org!r} is known")
                continue
            start = self._unsaid(zone) if record.effective_from is None else instant(record.effective_from, zone)
            if not self._good_alone(position, record, start, zone):
                continue
            first = seen.setdefault((self._key(record.key), start), position)
            if first != position:
                self._refuse(
                    position,
                    "external_id",
                    TOLD_TWICE,
                    f"{record.external_id!r} of {record.source!r} is told twice for the same moment",
                )
                continue
            group = self._group(record)
            if record.kind is not group.kind:
                self._refuse(position, "kind", "kind_changed", f"the asset is a {group.kind}; a kind does not change")
                continue
            self._starts[position] = start
            group.positions.append(position)
        for group in self._groups.values():
            group.positions.sort(key=lambda position: self._starts[position])

    def _group(self, record: AssetRecord) -> _Group:
        key = self._key(record.key)
        group = self._groups.get(key)
        if group is None:
            known = self._world.assets.get(record.key)
            kind, id_ = (known.kind, known.id) if known else (record.kind, self._new_id())
            group = self._groups[key] = _Group(key, known, kind, id_)
        return group

    def _key(self, key: AssetKey) -> AssetKey:
        """The first of the names of the asset that is known under this one."""
        known = self._world.assets.get(key)
        return key if known is None else known.key

    def _good_alone(self, position: int, record: AssetRecord, start: datetime, zone: ZoneInfo) -> bool:
        if record.site is not None and (record.org, record.site) not in self._world.sites:
            self._refuse(position, "site", "unknown_site", f"{record.org!r} has no site {record.site!r}")
        until = None if record.effective_to is None else instant(record.effective_to, zone)
        for name, moment in (("effective_from", start), ("effective_to", until)):
            if moment is not None and (broken := year_defect(moment, zone)) is not None:
                self._refuse(position, name, *broken)
        if until is not None and until <= start:
            self._refuse(position, "effective_to", "not_after_start", "effective_to must be after effective_from")
        return position not in self._defects

    def _resolve_hosts(self) -> None:
        """Refuse rows on hosts that are not there, until no refusal takes away another row's host."""
        while True:
            refused = [
                (position, defect)
                for group in self._groups.values()
                for position in group.positions
                if (defect := self._host_defect(position)) is not None
            ]
            if not refused:
                return
            for position, defect in refused:
                self._defects[position].append(defect)
                self._groups[self._key(self._rows[position].record.key)].positions.remove(position)

    def _host_defect(self, position: int) -> Defect | None:
        record = self._rows[position].record
        if record.host is None or position in self._hostless:
            return None
        key = host_key(record.host, record.org)
        host = self._find_host(key)
        if host is None:
            if not self._rows[position].host_required:
                self._hostless.add(position)
                return None
            return Defect("host", "unknown_host", f"no asset {key.external_id!r} of {key.source!r} is known to host it")
        if host.kind not in HOSTING_KINDS:
            return Defect("host", "not_a_host", f"{key.external_id!r} is a {host.kind}; only servers and VMs host")
        return None

    def _find_host(self, key: AssetKey) -> HostFacts | None:
        group = self._groups.get(self._key(key))
        if group is not None and (group.known is not None or group.positions):
            return HostFacts(group.id, group.kind)
        return self._world.hosts.get(key)

    def _told(self, group: _Group) -> Asset | None:
        """The asset after its good rows; None when nothing is left of a new one."""
        description = group.known.description if group.known else Description()
        timeline = group.known.timeline if group.known else None
        for position in list(group.positions):
            record = self._rows[position].record
            try:
                further = self._tell(group, timeline, position)
            except ValueError as failure:
                self._refuse(position, "effective_from", "before_known", str(failure))
                group.positions.remove(position)
                continue
            if further is None:
                group.positions.remove(position)
                continue
            timeline = further
            kept = description.tags if self._rows[position].adds_tags else {}
            before, description = description, record.describe(description)
            if group.known is not None and record.effective_from is not None:
                self._warn_of_undated(position, before, description)
            if kept and not kept.items() <= description.tags.items():
                description = description.model_copy(update={"tags": {**kept, **description.tags}})
        if timeline is None:
            return None
        return self._revised(group, description, timeline)

    def _tell(self, group: _Group, timeline: Timeline | None, position: int) -> Timeline | None:
        fact = self._fact(position)
        if timeline is None and fact.until is not None:
            self._refuse(
                position, "effective_to", "not_known_yet", "only the past of a known asset is corrected up to a date"
            )
            return None
        told = timeline
        for one in self._life(self._rows[position], timeline, fact):
            told = tell(told, one)
        assert told is not None
        if len(told.segments) > SEGMENTS_LIMIT:
            self._refuse(
                position, "effective_from", "timeline_too_long", f"a timeline has up to {SEGMENTS_LIMIT} segments"
            )
            return None
        if in_two_places(told) and (timeline is None or not in_two_places(timeline)):
            rule = "a machine at a public cloud has no host here; say host null from the day on which it moved"
            self._refuse(position, "allocation.cloud", "cloud_with_host", rule)
            return None
        if fact.change.host_id is not UNSET and fact.change.host_id is not None:
            before = self._hosting.get(group.id, ())
            self._hosting[group.id] = stays(told)
            if comes_back(group.id, self._hosting):
                self._hosting[group.id] = before
                self._refuse(position, "host", "host_cycle", "its host runs, directly or not, on the asset itself")
                return None
        return told

    def _life(self, row: Row, timeline: Timeline | None, fact: Fact) -> Iterator[Fact]:
        """The fact of a row, with what the row says of the asset's beginning and end."""
        zone = self._world.zones[row.record.org]
        gone = None if row.retired_from is None else instant(row.retired_from, zone)
        begins = None if row.begins is None or timeline is not None else instant(row.begins, zone)
        if begins is not None and begins < fact.start:
            if fact.change.status is Status.RETIRED and gone is None:
                yield Fact(replace(fact.change, status=UNSET), begins)
            else:
                fact = replace(fact, start=begins)
        if gone is None:
            yield fact
        elif gone > fact.start:
            yield fact
            yield Fact(Change(status=Status.RETIRED), gone)
        elif timeline is None:
            yield replace(fact, change=replace(fact.change, status=Status.RETIRED), start=gone)
        else:
            yield replace(fact, change=replace(fact.change, status=UNSET))
            yield Fact(Change(status=Status.RETIRED), gone)

    def _fact(self, position: int) -> Fact:
        row, start = self._rows[position], self._starts[position]
        record = row.record
        said = {name: getattr(record, name) for name in ATTRIBUTES if name in record.model_fields_set}
        if record.says("site"):
            said["site_id"] = self._world.sites[record.org, record.site] if record.site is not None else None
        if record.says("host") and position not in self._hostless:
            host = self._find_host(host_key(record.host, record.org)) if record.host is not None else None
            said["host_id"] = host.id if host else None
        until = None
        if record.effective_to is not None:
            until = instant(record.effective_to, self._world.zones[record.org])
        final = row.final and until is None and record.says("status") and record.status is Status.RETIRED
        return Fact(Change(**said), start, until, final)

    def _warn_of_undated(self, position: int, before: Description, after: Description) -> None:
        changed = [name for name in UNDATED if getattr(before, name) != getattr(after, name)]
        if changed:
            day = self._rows[position].record.effective_from
            self._warnings[position] = [
                Defect(
                    name, UNDATED_CHANGE, f"holds for the whole life of the asset, not from {day} on; {UNDATED[name]}"
                )
                for name in changed
            ]

    def _revised(self, group: _Group, description: Description, timeline: Timeline) -> Asset:
        if group.known is not None:
            later = max(self._recorded_at, group.known.recorded_at + _TICK)
            return revised(group.known, description, timeline, later)
        return Asset(group.id, group.key, group.kind, description, timeline, 1, self._recorded_at)

    def _refuse(self, position: int, field_: str, code: str, detail: str) -> None:
        self._defects[position].append(Defect(field_, code, detail))
