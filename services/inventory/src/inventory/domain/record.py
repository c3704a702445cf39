"""One row as a sender writes it: an asset, known by its own name there, and what holds from a date on.

Rows come from the API (JSON) and from files (own CSV, RVTools); all are read by the same rules, here. A field that is
absent leaves what is known; a field that is null clears it. For an asset that is not known yet, absent means the default
of `timeline.State` and `Description`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import ValidationError

from inventory.domain.configuration import PARTS_OF, Allocation, Configuration, Part
from inventory.domain.defects import Defect, Refused, defects_of
from inventory.domain.description import DESCRIBED, Description
from inventory.domain.quantities import Code, Label, Moment, OrganisationId
from inventory.domain.vocabulary import Kind, Status


class AssetKey(NamedTuple):
    """By what an asset is known to whoever sends it."""

    org: str
    source: str
    external_id: str


class HostReference(Part):
    """The host as its sender names it, in the asset's own organisation unless `org` says another."""

    source: Label
    external_id: Label
    org: OrganisationId | None = None


class AssetChange(Description):
    """What may be said of a known asset: any of its attributes, and from when to when the dated ones hold.

    `effective_from` absent means the day on which the row is received; `effective_to` absent means until the next
    known change.
    """

    status: Status = Status.IN_SERVICE
    site: Code | None = None
    host: HostReference | None = None
    plan: Label | None = None
    configuration: Configuration | None = None
    allocation: Allocation | None = None
    effective_from: Moment | None = None
    effective_to: Moment | None = None

    def says(self, field: str) -> bool:
        """Whether the sender wrote this field, be it null."""
        return field in self.model_fields_set

    def describe(self, known: Description) -> Description:
        """The description after this change."""
        said = {name: getattr(self, name) for name in DESCRIBED if name in self.model_fields_set}
        if all(getattr(known, name) == value for name, value in said.items()):
            return known
        return known.model_copy(update=said)


class AssetRecord(AssetChange):
    """One row: the asset's names and organisation, its kind, and what is said of it."""

    source: Label
    external_id: Label
    org: OrganisationId
    kind: Kind

    @cached_property
    def key(self) -> AssetKey:
        """By what the asset is known."""
        return AssetKey(self.org, self.source, self.external_id)


def host_key(host: HostReference, org: str) -> AssetKey:
    """By what the host of an asset of `org` is known."""
    return AssetKey(host.org or org, host.source, host.external_id)


def read_record(row: Mapping[str, Any] | Any) -> AssetRecord:
    """Read one row. Raises Refused with every defect that can be seen in the row alone."""
    try:
        record = AssetRecord.model_validate(row)
    except ValidationError as failure:
        raise Refused(defects_of(failure)) from None
    defects = list(broken_rules(record, record.kind))
    if record.host is not None and host_key(record.host, record.org) == record.key:
        defects.append(Defect("host", "hosted_by_itself", "an asset cannot be its own host"))
    if defects:
        raise Refused(defects)
    return record


def broken_rules(change: AssetChange, kind: Kind) -> Iterator[Defect]:
    """The rules between fields that `change` breaks for an asset of `kind`."""
    virtual = kind is Kind.VIRTUAL_MACHINE
    if not virtual:
        for field in ("host", "allocation"):
            if getattr(change, field) is not None:
                yield Defect(field, "only_for_virtual_machines", f"a {kind} has no {field}; only a virtual_machine has")
    if virtual and change.configuration is not None:
        yield Defect(
            "configuration", "not_for_virtual_machines", "a virtual machine has an allocation; its parts are its host's"
        )
    elif change.configuration is not None:
        yield from _parts_of_another_kind(change.configuration, kind)
    if change.allocation is not None and change.allocation.cloud is not None and change.host is not None:
        yield Defect("host", "cloud_with_host", "a machine at a public cloud has no host here; leave one of them out")
    start, end = change.effective_from, change.effective_to
    if end is not None and start is None:
        yield Defect("effective_from", "missing", "effective_to needs effective_from")
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        yield Defect("effective_to", "not_after_start", "effective_to must be after effective_from")


def _parts_of_another_kind(configuration: Configuration, kind: Kind) -> Iterator[Defect]:
    possible = PARTS_OF[kind]
    for name in Configuration.model_fields:
        if getattr(configuration, name) is not None and name not in possible:
            rule = f"a {kind} has no {name}; it can have {', '.join(sorted(possible))}"
            yield Defect(f"configuration.{name}", "not_for_kind", rule)
