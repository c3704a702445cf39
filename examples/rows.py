"""One line of the platform's own CSV, and how lines are written."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Row:
    """What is true of one asset from `effective_from` on; the fields are the columns, in their order.

    An asset with a history is several rows with rising `effective_from`; every row repeats what did not change.
    Powers are watts, masses kilograms, memory and disks GiB, the die square millimetres, prices euros.
    """

    kind: str
    source: str
    external_id: str
    org: str
    name: str | None = None
    quantity: int = 1
    status: str = "in_service"
    effective_from: str | None = None
    site: str | None = None
    host_source: str | None = None
    host_external_id: str | None = None
    maker: str | None = None
    model: str | None = None
    acquired_on: str | None = None
    condition: str | None = None
    price_eur: str | None = None
    planned_life_years: float | None = None
    cpu_units: int | None = None
    cpu_cores: int | None = None
    cpu_tdp_w: float | None = None
    cpu_die_mm2: float | None = None
    cpu_model: str | None = None
    ram_units: int | None = None
    ram_gib: int | None = None
    disk_units: int | None = None
    disk_type: str | None = None
    disk_gib: int | None = None
    psu_units: int | None = None
    psu_kg: float | None = None
    case: str | None = None
    vcpu: int | None = None
    allocated_ram_gib: int | None = None
    allocated_disk_gib: int | None = None
    plan: str | None = None
    annual_kwh: float | None = None
    average_w: float | None = None
    support_kind: str | None = None
    support_eur_per_year: str | None = None
    tags: str | None = None


COLUMNS = tuple(field.name for field in fields(Row))


def write_csv(stream: TextIO, rows: Iterable[Row]) -> int:
    """Write the header and the rows as they come, and return how many rows there were; nothing is kept in memory."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    cells = attrgetter(*COLUMNS)
    count = 0
    for row in rows:
        writer.writerow(cells(row))
        count += 1
    return count
