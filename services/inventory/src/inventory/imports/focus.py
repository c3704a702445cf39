"""Machines at public clouds out of bills: FOCUS exports (of any provider) and AWS's own Cost and Usage Report.

FOCUS 1.0 to 1.2 (focus.finops.org, columns and their values); AWS Data Exports, CUR 2.0 and legacy CUR (columns
`line_item_…` and `lineItem/…`). A bill says which machine ran from when to when, hour by hour: one asset per `ResourceId`,
whose timeline the charged periods make. What is no machine (traffic, disks, functions, support, credits) is dropped and
counted. Nulls are empty or the bare word NULL. Instants without an offset are UTC, which is what both standards prescribe.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common import json

from inventory.domain.vocabulary import Kind
from inventory.imports.cloud import cloud_allocation, provider_of
from inventory.imports.reading import (
    Defaults,
    Dropped,
    Entity,
    FileFailure,
    Learnt,
    Reading,
    Reject,
    SourceFile,
    SourceRow,
    name_of,
)
from inventory.imports.tables import Row, Table, squeezed
from inventory.imports.tabs import WorkbookLimits, tab_that
from inventory.imports.words import plain

NULLS = ("NULL", "null", "Null")

_MACHINES = frozenset(
    {"instance", "virtual machine", "virtual machine instance", "vm", "ec2 instance", "compute instance", "vm instance"}
)
"""Resource types, in plain spelling, of what runs a system of its own."""

_TIME_UNITS = re.compile(
    r"(?:(?:instance|vm|virtual machine) )?(?:hour|hours|hrs|hr|seconds|second|minutes|units hour|1 hour)"
)
_OCPU = re.compile(r"ocpus? (?:per )?hours?")
_AWS_TYPE = re.compile(r"\b([a-z][a-z0-9-]*\.(?:nano|micro|small|medium|large|metal(?:-\d+xl)?|\d*xlarge))\b")
_CREDITED = frozenset({"usage", "discountedusage", "savingsplancoveredusage"})


@dataclass(frozen=True, slots=True)
class _Columns:
    """What a bill calls what is read of it; names as `squeezed`."""

    resource: str
    start: str
    end: str
    source: str
    required: tuple[str, ...]


_FOCUS = _Columns(
    "resourceid",
    "chargeperiodstart",
    "chargeperiodend",
    "",
    ("resourceid", "chargeperiodstart", "chargeperiodend", "chargecategory"),
)
_CUR = _Columns(
    "lineitemresourceid",
    "lineitemusagestartdate",
    "lineitemusageenddate",
    "aws",
    ("lineitemresourceid", "lineitemusagestartdate", "lineitemusageenddate", "lineitemlineitemtype"),
)
_FIELDS = {
    "focus": {
        "external_id": "ResourceId",
        "name": "ResourceName",
        "allocation": "SkuPriceDetails",
        "effective_from": "ChargePeriodStart",
    },
    "aws_cur": {
        "external_id": "lineItem/ResourceId",
        "allocation": "product/instanceType",
        "effective_from": "lineItem/UsageStartDate",
    },
}


class CloudBill:
    """A format of bills: `focus` or `aws_cur`."""

    strict = False

    def __init__(self, name: str, limits: WorkbookLimits) -> None:
        """`limits` of a workbook."""
        self.name = name
        self._columns = _CUR if name == "aws_cur" else _FOCUS
        self._limits = limits

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read every bill; at last until when they charge. Raises FileFailure for a file without the columns of one."""
        until: datetime | None = None
        for file in files:
            for row in self._table(file).rows():
                if isinstance(row, Reject):
                    yield row
                    continue
                end = _instant(row, self._columns.end)
                until = end if until is None or (end is not None and end > until) else until
                row.defects.clear()
                yield self._reading(row, defaults)
        if until is not None:
            yield Learnt("charged_until", until.isoformat())

    def column(self, tab: str, field: str) -> str:
        """The column that a field comes from."""
        names = _FIELDS[self.name]
        return names.get(field) or names.get(field.partition(".")[0]) or field

    def _table(self, file: SourceFile) -> Table:
        fits = is_cur if self.name == "aws_cur" else is_focus
        found = tab_that(fits, file, self._limits)
        if found is None:
            rule = f"it has not the headings of {'a Cost and Usage Report' if self.name == 'aws_cur' else 'FOCUS'}"
            raise FileFailure(file.name, "", f"not_{self.name}", rule)
        table = Table(*found, nulls=NULLS)
        table.require(*self._columns.required)
        return table

    def _reading(self, row: Row, defaults: Defaults) -> Reading:
        dropped = _no_machine_of_aws(row) if self.name == "aws_cur" else _no_machine(row)
        if dropped is not None:
            return Dropped(dropped)
        start, end = _instant(row, self._columns.start), _instant(row, self._columns.end)
        if start is not None and end is not None and end <= start:
            row.refuse(
                self._columns.end, "not_after_start", f"the charge ends at {end}, not after it begins at {start}"
            )
        resource = row.text(self._columns.resource)
        machine = _machine_of_aws(row) if self.name == "aws_cur" else _machine(row)
        source = defaults.source or machine.provider
        if machine.allocation is None:
            said = machine.instance_type or row.text("chargedescription", "lineitemlineitemdescription") or "the row"
            rule = f"how many vCPU {said!r} has is neither in the export nor known of the instance type"
            row.refuse("skupricedetails" if self.name == "focus" else "productinstancetype", "unknown_size", rule)
        if row.defects or start is None or end is None:
            return row.reject(name_of(Entity.ASSET, defaults.org, source, resource))
        content: dict[str, Any] = {
            "kind": Kind.VIRTUAL_MACHINE,
            "org": defaults.org,
            "source": source,
            "external_id": resource,
            "name": row.text("resourcename", "resourcetagsusername") or resource,
            "allocation": machine.allocation,
            "charged_from": start.isoformat(),
            "charged_to": end.isoformat(),
        }
        account = row.text("subaccountid", "lineitemusageaccountid")
        tags = {**machine.tags, **({"account": account} if account else {})}
        if tags:
            content["tags"] = tags
        return SourceRow(row.place, content, row.original, Entity.CHARGE)


@dataclass(frozen=True, slots=True)
class _Machine:
    provider: str
    instance_type: str | None
    allocation: Mapping[str, Any] | None
    tags: Mapping[str, str]


def is_focus(cells: Sequence[str]) -> bool:
    """Whether these are headings of a FOCUS export."""
    return {"chargeperiodstart", "chargeperiodend", "chargecategory", "billedcost"} <= {
        squeezed(cell) for cell in cells
    }


def is_cur(cells: Sequence[str]) -> bool:
    """Whether these are headings of a Cost and Usage Report, of either spelling."""
    return {"lineitemusagestartdate", "lineitemlineitemtype"} <= {squeezed(cell) for cell in cells}


def _no_machine(row: Row) -> str | None:
    """Why a FOCUS row does not say that a machine ran; None when it does."""
    category = plain(row.text("chargecategory") or "")
    if category != "usage":
        return f"not_usage:{category or 'none'}"
    if row.text("resourceid") is None:
        return "no_resource"
    service = row.text("servicecategory")
    if service is not None and plain(service) != "compute":
        return "not_compute"
    if plain(row.text("resourcetype") or "") not in _MACHINES:
        return "not_a_machine"
    unit = plain(row.text("consumedunit", "pricingunit") or "")
    return None if _TIME_UNITS.fullmatch(unit) or _OCPU.fullmatch(unit) else "not_running_time"


def _no_machine_of_aws(row: Row) -> str | None:
    category = plain(row.text("lineitemlineitemtype") or "").replace(" ", "")
    if category not in _CREDITED:
        return f"not_usage:{category or 'none'}"
    if row.text("lineitemresourceid") is None:
        return "no_resource"
    if row.text("lineitemproductcode") != "AmazonEC2":
        return "not_compute"
    usage = row.text("lineitemusagetype") or ""
    return (
        None if re.search(r"(?:BoxUsage|SpotUsage|DedicatedUsage|HostBoxUsage|UnusedBox)", usage) else "not_a_machine"
    )


def _machine(row: Row) -> _Machine:
    provider = provider_of(row.text("serviceprovidername", "providername", "publishername") or "unknown")
    details = _details(row)
    instance = row.text("xskuinstancetype") or details.get("InstanceType") or details.get("x_InstanceType")
    if instance is None and provider == "aws":
        found = _AWS_TYPE.search(row.text("chargedescription") or "")
        instance = found.group(1) if found else None
    vcpu = _count(details.get("CoreCount") or details.get("vCpuCount"))
    memory = _count(details.get("MemorySize"))
    if provider == "oracle" and vcpu is None and _OCPU.fullmatch(plain(row.text("consumedunit", "pricingunit") or "")):
        vcpu = _vcpu_of_ocpus(row)
    allocation = cloud_allocation(provider, instance, row.text("regionid"), vcpu, memory)
    return _Machine(provider, instance, allocation, {})


def _machine_of_aws(row: Row) -> _Machine:
    instance = row.text("productinstancetype")
    if instance is None:
        instance = (row.text("lineitemusagetype") or "").rpartition(":")[2] or None
    vcpu = _count(row.text("productvcpu"))
    memory = re.fullmatch(r"([\d.,]+) ?GiB", row.text("productmemory") or "", re.IGNORECASE)
    gib = float(memory.group(1).replace(",", "")) if memory else None
    region = row.text("productregioncode", "productregion")
    return _Machine("aws", instance, cloud_allocation("aws", instance, region, vcpu, gib), {})


def _vcpu_of_ocpus(row: Row) -> int | None:
    """Two vCPU an OCPU, one on Arm (shapes A1, A2, A4): Oracle's definition of an OCPU. The quantity is OCPU hours."""
    quantity = row.number("consumedquantity", "pricingquantity")
    start, end = _instant(row, "chargeperiodstart"), _instant(row, "chargeperiodend")
    if not quantity or start is None or end is None or end <= start:
        return None
    ocpus = quantity / ((end - start).total_seconds() / 3600)
    threads = 1 if re.search(r"\bA[124]\b", row.text("chargedescription") or "") else 2
    return max(1, round(ocpus * threads))


def _details(row: Row) -> Mapping[str, Any]:
    """The document in SkuPriceDetails; one that cannot be read says nothing."""
    text = row.text("skupricedetails", "xskudetails")
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _count(value: Any) -> int | None:
    try:
        count = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return count if count > 0 else None


def _instant(row: Row, heading: str) -> datetime | None:
    text = row.text(heading, required=True)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" UTC", "Z"))
    except ValueError:
        row.refuse(heading, "not_a_date", f"{text!r} is no instant such as 2024-09-01T00:00:00Z")
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
