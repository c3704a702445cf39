"""What a reader must be told about a figure: short codes that travel with results, and their sentences."""

from collections.abc import Collection, Iterable
from enum import IntFlag
from typing import Final


class Notice(IntFlag):
    """Warnings of a result; several may hold at once. The numbers are stored: never change or reuse one."""

    NO_EMBODIED_EVIDENCE = 1
    NO_LIFE = 2
    NO_ENERGY_EVIDENCE = 4
    NO_SITE = 8
    DEFAULT_PUE = 16
    NO_PUE = 32
    NO_ELECTRICITY_FACTOR = 64
    EARLIER_YEAR_FACTOR = 128
    CAPACITY_UNKNOWN = 256
    HOST_UNKNOWN = 512
    NO_ALLOCATION = 1024
    NO_MAINTENANCE_FACTOR = 2048
    REFURBISHED = 4096
    STANDBY = 8192
    PARTIAL = 16384
    UNSTATED_PARTS = 32768
    LIFE_FROM_TIMELINE = 65536
    PAST_LIFE = 131072
    MEASUREMENT_GAPS = 262144
    MEASURED_WHILE_OFF = 524288
    NO_ACTIVITY_FACTOR = 1048576
    ACTIVITY_UNIT = 2097152
    SHARED_BY_VCPU = 4194304
    NO_CLOUD_FACTOR = 8388608
    CLOUD_LOAD_ASSUMED = 16777216
    CLOUD_REGION_UNKNOWN = 33554432
    RESIDUAL_OF_SUPPLIER = 67108864
    AGE_MISSING = 134217728
    NO_TRANSPORT = 268435456
    NO_END_OF_LIFE = 536870912
    CLOUD_INSTANCE_UNKNOWN = 1073741824
    UPSTREAM_INSIDE = 2147483648
    NO_UPSTREAM = 4294967296
    NO_LOSSES = 8589934592
    GRID_YEARS_DIFFER = 17179869184
    COUNTRY_FACTOR = 34359738368
    DECLARED_ON_HOST = 68719476736
    CONFIGURATION_NOT_USED = 1099511627776
    GPUS_NOT_COUNTED = 2199023255552
    MEASURED_ON_HOST = 8796093022208
    PROJECTED = 35184372088832
    CONSUMPTION_NOT_TAKEN = 70368744177664


SENTENCES: dict[Notice, str] = {
    Notice.NO_EMBODIED_EVIDENCE: "manufacturing is absent: no figure given, no factor for its model, configuration or kind",
    Notice.NO_LIFE: "manufacturing is absent: no acquisition, planned life or default life of its kind bounds its life",
    Notice.NO_ENERGY_EVIDENCE: "use is absent: no energy declared, and no factor for its model or kind",
    Notice.NO_SITE: "no site is stated, so no country and no electricity factor is known",
    Notice.DEFAULT_PUE: "the site states no PUE: the world mean of the catalogue is used",
    Notice.NO_PUE: "use is absent: the site states no PUE and the catalogue holds no default",
    Notice.NO_ELECTRICITY_FACTOR: "use is absent: no electricity factor of this region within five years, and no other region stands in",
    Notice.COUNTRY_FACTOR: "the factor is that of the country: none is known of its region, which stands on the same grid",
    Notice.EARLIER_YEAR_FACTOR: "the electricity factor is the nearest earlier one, whose validity had ended",
    Notice.CAPACITY_UNKNOWN: "the capacity of the host is unknown: its virtual machines share the whole of it",
    Notice.HOST_UNKNOWN: "the host (or the public cloud) is not stated, not known, or is itself virtual: its share is absent",
    Notice.NO_ALLOCATION: "no vCPU allocation is stated: the share of the host is absent",
    Notice.NO_MAINTENANCE_FACTOR: "maintenance is absent: the catalogue holds no factor per euro of hardware maintenance",
    Notice.REFURBISHED: "refurbished: what the refurbishing itself weighed is absent, for the catalogue holds no factor "
    "`refurbishing.<kind>`; an own factor of the organisation supplies it",
    Notice.STANDBY: "standby is counted as powered",
    Notice.PARTIAL: "a part of the month has no evidence and is not counted",
    Notice.UNSTATED_PARTS: "the configuration leaves out memory, disks (or the size of an SSD) or power supply: they are not counted",
    Notice.LIFE_FROM_TIMELINE: "the day of acquisition is unknown: life is counted from the first day of the timeline",
    Notice.PAST_LIFE: "its life is over: making it weighs nothing any more",
    Notice.MEASUREMENT_GAPS: "a part of the month was not measured: the next best evidence stands in for that part only",
    Notice.PROJECTED: "use after the last measurement is projected: what was measured last goes on at the mean of the last measured days",
    Notice.MEASURED_WHILE_OFF: "energy was measured while the inventory says that it is off: it is counted",
    Notice.NO_ACTIVITY_FACTOR: "an activity is absent: the catalogue holds no factor of it for its place and date",
    Notice.ACTIVITY_UNIT: "an activity is absent: its unit is not known, or of another dimension than that of its factor",
    Notice.SHARED_BY_VCPU: "shared out by vCPU: what the rule of the site asks for is not known of every machine on the host",
    Notice.NO_CLOUD_FACTOR: "the share of a cloud host is absent: the catalogue holds no coefficients of this provider",
    Notice.CLOUD_LOAD_ASSUMED: "no utilisation was measured of the cloud machine: half load is assumed",
    Notice.CLOUD_REGION_UNKNOWN: "the country of the cloud region is not known, so no electricity factor is",
    Notice.RESIDUAL_OF_SUPPLIER: "market-based: what guarantees of origin do not cover is counted at the supplier's own factor",
    Notice.CLOUD_INSTANCE_UNKNOWN: "the type of the cloud instance is not listed, or has another size than what is stated: "
    "stated vCPUs and memory count, and where none are stated its share is absent",
    Notice.NO_TRANSPORT: "transport is absent: the catalogue holds no factor of that stage for it",
    Notice.NO_END_OF_LIFE: "end of life is absent: the catalogue holds no factor of that stage for it, and no such activity is known",
    Notice.DECLARED_ON_HOST: "a machine on a host has its share of the host: energy and making that are declared of itself are not counted",
    Notice.MEASURED_ON_HOST: "energy was measured of the machine and is not counted: it has its share of the host, "
    "whose site tells machines apart by something else (`shared_by` is not `measured`)",
    Notice.GPUS_NOT_COUNTED: "graphics or accelerator cards are not counted where making or power comes of the configuration: "
    "the method has no coefficient of them; a measurement, a declared consumption or an own factor of the model holds them",
    Notice.CONFIGURATION_NOT_USED: "the configuration is not used for making, the default of the kind is: "
    "parts are summed up of servers whose cpu.die_mm2 is stated",
    Notice.AGE_MISSING: "refurbished, of an age that is not stated: its making counts whole, "
    "as that of a new one, until acquired.age_years is known",
    Notice.UPSTREAM_INSIDE: "upstream of the electricity is inside its production factor, as far as the source counts the life cycle, and "
    "has no line of its own; a factor of upstream is not added to it, it would count twice",
    Notice.NO_UPSTREAM: "upstream of the electricity is not counted: the catalogue holds no factor of it for this grid within five years",
    Notice.NO_LOSSES: "losses of the grid are not counted: the catalogue holds no factor of them for this grid within five years",
    Notice.CONSUMPTION_NOT_TAKEN: "an own electricity factor of perimeter `consumption` is not taken: electricity, upstream and losses are "
    "told apart; state it as `production` (or `direct`, `upstream`) and `losses`",
    Notice.GRID_YEARS_DIFFER: "upstream or losses of the electricity are of another year than what is used: each is the nearest one known",
}

ABSENT: dict[str, Notice] = {"transport": Notice.NO_TRANSPORT, "end_of_life": Notice.NO_END_OF_LIFE}
"""What must be said where one of the stages beside making, use and maintenance has no evidence."""


def told_stages(present: Iterable[str]) -> Notice:
    """What need not be said where stages are `present`."""
    said = Notice(0)
    for stage in present:
        said |= ABSENT.get(stage, Notice(0))
    return said


def absent_stages(present: Iterable[str]) -> Notice:
    """What must be said of the stages that are not `present`."""
    return told_stages(ABSENT) & ~told_stages(present)


_OF_MAKING: Final = (
    Notice.NO_EMBODIED_EVIDENCE | Notice.NO_LIFE | Notice.REFURBISHED | Notice.UNSTATED_PARTS | Notice.LIFE_FROM_TIMELINE
    | Notice.PAST_LIFE | Notice.AGE_MISSING | Notice.CONFIGURATION_NOT_USED
)  # fmt: skip
_OF_USE: Final = (
    Notice.NO_ENERGY_EVIDENCE | Notice.NO_SITE | Notice.DEFAULT_PUE | Notice.NO_PUE | Notice.NO_ELECTRICITY_FACTOR | Notice.STANDBY
    | Notice.MEASUREMENT_GAPS | Notice.PROJECTED | Notice.MEASURED_WHILE_OFF | Notice.CLOUD_LOAD_ASSUMED | Notice.CLOUD_REGION_UNKNOWN
    | Notice.RESIDUAL_OF_SUPPLIER | Notice.UPSTREAM_INSIDE | Notice.NO_UPSTREAM | Notice.NO_LOSSES | Notice.GRID_YEARS_DIFFER
    | Notice.CONSUMPTION_NOT_TAKEN
)  # fmt: skip
_STAGES: Final = {
    "manufacturing": _OF_MAKING,
    "transport": _OF_MAKING,
    "end_of_life": _OF_MAKING,
    "use": _OF_USE,
    "maintenance_and_sale": Notice.NO_MAINTENANCE_FACTOR,
}
"""What is said of some stages alone; the other warnings may be about any."""


def concerning(notices: int, stages: Collection[str]) -> int:
    """The warnings among `notices` that may be about some stages; about all of them where none is named."""
    if not stages:
        return notices
    elsewhere = told_stages(set(ABSENT) - set(stages))
    for of_stage in _STAGES.values():
        elsewhere |= of_stage
    for stage in stages:
        elsewhere &= ~_STAGES[stage]
    return notices & ~int(elsewhere)


_DOCUMENTS = {int(each): {"code": str(each.name).lower(), "detail": text} for each, text in SENTENCES.items()}


def sentences(notices: int) -> list[dict[str, str]]:
    """The warnings held in a stored number, as `{code, detail}`."""
    return [document for bit, document in _DOCUMENTS.items() if notices & bit]
