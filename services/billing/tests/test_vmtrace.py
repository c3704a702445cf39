"""July 2013 of eight real machines, billed at the catalogue's prices, against counting every second."""

import csv
from array import array
from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from billing.domain.events import UsageEvent, intervals_of
from billing.domain.rating import Terms, TermsWindow, rate_intervals
from billing.domain.terms import LIST_PRICES
from billing.main import SERVICE
from common.testing.plugin import MakeService

from services.billing.tests.heard import agreed, machine, segment

START = int(datetime(2013, 6, 30, 22, tzinfo=UTC).timestamp())
END = int(datetime(2013, 7, 31, 22, tzinfo=UTC).timestamp())
SECONDS = 744 * 3600

EXPECTED = {
    "1": ("15.80", "11.99"),
    "25": ("252.78", "15.05"),
    "45": ("54.20", "25.38"),
    "93": ("47.40", "18.00"),
    "125": ("15.73", "11.90"),
    "131": ("16.78", "1.50"),
    "203": ("1.15", "0.27"),
    "337": ("7.52", "1.44"),
}
"""Euros a machine for vCPU and RAM, as billed."""

Change = tuple[int, int, int]
"""An epoch second, and the vCPU and MiB held from then on."""


def trace() -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    with (Path(__file__).parent / "data/vmtrace/allocations-2013-07.csv").open() as lines:
        for row in csv.DictReader(lines):
            mebibytes = round(float(row["memory_kb"]) / 1024)
            found[row["machine"]].append((int(row["second"]), int(row["cores"]), mebibytes))
    return dict(found)


def events_of(name: str, changes: list[Change]) -> list[UsageEvent]:
    return [
        UsageEvent(f"{name}/{n}", name, "resized" if cores else "stopped", second * 1_000_000, (cores, ram, 0))
        for n, (second, cores, ram) in enumerate(changes)
    ]


def billed(history: list[UsageEvent]) -> tuple[str, str]:
    intervals, _ = intervals_of(history)
    rating = rate_intervals(START, END, [TermsWindow(START, END, Terms(LIST_PRICES))], intervals)
    vcpu, ram = rating.lines
    return str(vcpu.amount), str(ram.amount)


def counted(machines: list[list[Change]]) -> tuple[str, str]:
    """The same by writing down what each machine holds in each single second of July, and adding up the seconds."""
    unit_seconds = [0, 0]
    for changes in machines:
        cores, mebibytes = array("q", [0]) * SECONDS, array("q", [0]) * SECONDS
        for (second, held_cores, held_ram), until in zip(changes, [*(c[0] for c in changes[1:]), END], strict=True):
            there = slice(second - START, until - START)
            cores[there] = array("q", [held_cores]) * (until - second)
            mebibytes[there] = array("q", [held_ram if held_cores else 0]) * (until - second)
        unit_seconds[0] += sum(cores)
        unit_seconds[1] += sum(mebibytes)
    return _euros(Decimal(unit_seconds[0]), "7.90"), _euros(Decimal(unit_seconds[1]) / 1024, "1.50")


def _euros(unit_seconds: Decimal, price: str) -> str:
    hours = (unit_seconds / 3600).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return str((hours * Decimal(price) / 744).quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_each_machine_costs_what_counting_its_seconds_says() -> None:
    machines = trace()
    amounts = {name: billed(events_of(name, changes)) for name, changes in machines.items()}
    assert amounts == {name: counted([changes]) for name, changes in machines.items()}
    assert amounts == EXPECTED


async def test_through_the_inventory_s_events_all_eight_cost_the_same_as_counted(make_service: MakeService) -> None:
    machines = trace()
    billing = await make_service(SERVICE, clock=lambda: datetime(2013, 8, 4, tzinfo=UTC))
    contract = await agreed(billing, starts_on="2013-01-01")
    for name, changes in machines.items():
        await billing.handle(machine(1, *_timeline(changes), number=int(name)))
    answer = await billing.client.get(f"/v1/contracts/{contract['id']}/projection", params={"month": "2013-07"})
    assert tuple(line["amount"] for line in answer.json()["lines"]) == counted(list(machines.values()))


def _timeline(changes: list[Change]) -> list[dict[str, Any]]:
    stretches = []
    ends = [*(_text(change[0]) for change in changes[1:]), None]
    for (second, cores, ram), end in zip(changes, ends, strict=True):
        held = {"vcpu": cores, "ram_gib": ram / 1024, "disk_gib": None}
        status = "in_service" if cores else "off"
        stretches.append(segment(_text(second), end, status=status, allocation=held))
    return stretches


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()
