"""`python -m benchmarks`: one table of measured figures beside the design's targets."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from local_stack.layout import StackError
from rich.console import Console

from benchmarks import estimates, footprints, imports, latency, machine, measurements, resolves, scenarios, usage
from benchmarks.figures import Figure, table, with_cpu
from benchmarks.http_connection import AnswerError, Target
from benchmarks.stacks import own_stack
from examples.platform import PlatformError, Stack

NAMES = (
    "scenarios",
    "engine",
    "estimates",
    "resolves",
    "usage",
    "measurements",
    "import",
    "factor",
    "changes",
    "corrections",
)


def main(
    assets: Annotated[int, typer.Option(min=1, help="Assets of the import.")] = 10_000,
    rates: Annotated[str, typer.Option(help="Changes per second, one measurement each.")] = "20,200",
    seconds: Annotated[float, typer.Option(min=1, help="How long each measurement under load goes on.")] = 15.0,
    port: Annotated[int, typer.Option(help="First port of the stack that is started for this.")] = 18080,
    only: Annotated[str, typer.Option(help=f"What is measured of a stack, by name: {', '.join(NAMES)}.")] = ",".join(
        NAMES
    ),
    stack: Annotated[
        Path | None, typer.Option(help="The stack.json of a running stack, measured instead; it keeps the new data.")
    ] = None,
) -> None:
    """Measure a fresh stack of its own, in a scratch folder, or a running one.

    Five minutes of changes: `--only changes --rates 200 --seconds 300`.
    A whole recomputation: `--only import,factor --assets 100000`.
    """
    if unknown := set(only.split(",")) - set(NAMES):
        raise typer.BadParameter(f"nothing is called {', '.join(sorted(unknown))}: {', '.join(NAMES)} are")
    console = Console(width=None if sys.stdout.isatty() else 160)
    described = machine.describe()
    wanted = only.split(",")
    figures: list[Figure] = scenarios.measure() if "scenarios" in wanted else []
    figures += footprints.measure_engine() if "engine" in wanted else []
    try:
        with _measured(stack, port) as (running, processes):
            figures += _memory("at rest", processes)
            for name, measure in _measurements(
                running, wanted, assets, [float(rate) for rate in rates.split(",")], seconds
            ):
                if name in wanted:
                    before = machine.cpu_seconds(processes)
                    figures.append(with_cpu(measure(), before, machine.cpu_seconds(processes)))
            figures += [*_memory("after the load", processes), *_peaks(processes)]
    except (PlatformError, StackError, AnswerError) as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(1)
    finally:
        if figures:
            console.print(table(described, figures))


def _measurements(
    stack: Stack, wanted: Sequence[str], assets: int, rates: Sequence[float], seconds: float
) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """What is measured, one after the other, by name; the factor is of what the import brought, the changes are of assets of their own."""
    footprint = Target.of(stack.services["footprint"], stack.token)
    factors = Target.of(stack.services["factors"], stack.token)
    org = f"benchmark-{uuid4().hex[:8]}"
    yield "estimates", lambda: asyncio.run(estimates.measure_single(footprint, seconds))
    yield "estimates", lambda: asyncio.run(estimates.measure_batch(footprint, seconds))
    yield "resolves", lambda: asyncio.run(resolves.measure_again(factors, seconds))
    yield "resolves", lambda: asyncio.run(resolves.measure_anew(factors, seconds))
    yield "resolves", lambda: asyncio.run(resolves.measure_unlike(factors, seconds))
    yield "resolves", lambda: asyncio.run(resolves.measure_batch(factors, seconds))
    billing = Target.of(stack.services["billing"], stack.token)
    metered = f"{org}-metered"
    contract = asyncio.run(usage.contract(billing, metered))
    yield "usage", lambda: asyncio.run(usage.measure_http(billing, metered))
    yield "usage", lambda: asyncio.run(usage.measure_broker(stack, metered))
    yield "usage", lambda: asyncio.run(usage.measure_rating(billing, contract))
    yield "measurements", lambda: measurements.measure(stack, f"{org}-meters")
    yield "import", lambda: imports.measure(stack, assets, org)
    yield "factor", lambda: footprints.measure_factor(stack, org)
    changing = f"{org}-changing"
    if not {"changes", "corrections"}.isdisjoint(wanted):
        latency.bring_assets(stack, changing)
    for rate in rates:
        yield "changes", partial(_changes, stack, changing, rate, seconds)
        yield "corrections", partial(_corrections, stack, changing, rate, seconds)


def _changes(stack: Stack, org: str, rate: float, seconds: float) -> Figure:
    target = "p50 ≤ 150 ms, p99 ≤ 1 s" if round(rate) == 200 else ""
    return asyncio.run(latency.measure(stack, org, rate, seconds, "asset switched off or on", latency.switch, target))


def _corrections(stack: Stack, org: str, rate: float, seconds: float) -> Figure:
    return asyncio.run(
        latency.measure(stack, org, rate, seconds, "consumption corrected for all months", latency.correction)
    )


@contextmanager
def _measured(description: Path | None, port: int) -> Iterator[tuple[Stack, Mapping[str, int]]]:
    """The running stack that `description` names, or one of our own; with the processes whose memory counts."""
    if description is not None:
        yield Stack.read(description), {}
        return
    with own_stack(port) as started:
        yield started


def _memory(when: str, processes: Mapping[str, int]) -> list[Figure]:
    """One figure for the services and one for everything; none for a stack whose processes are not ours."""
    if not processes:
        return []
    measured = {each.name: each for each in machine.memory_of(processes)}
    largest = max((each for name, each in measured.items() if name not in _NOT_SERVICES), key=lambda m: m.resident_mib)
    total = sum(each.proportional_mib for each in measured.values())
    parts = ", ".join(f"{name} {each.proportional_mib:.0f}" for name, each in measured.items())
    return [
        Figure(f"memory of the largest service, {when}", f"{largest.resident_mib:.0f} MiB", "≤ 250 MB", largest.name),
        Figure(f"memory of the whole stack, {when}", f"{total:,.0f} MiB", "≤ 2.5 GB", parts),
    ]


def _peaks(processes: Mapping[str, int]) -> list[Figure]:
    """The most memory that a service was ever resident in."""
    peaks = {name: mib for name, mib in machine.peak_mib(processes).items() if name not in _NOT_SERVICES and mib}
    if not peaks:
        return []
    largest = max(peaks, key=lambda name: peaks[name])
    parts = ", ".join(f"{name} {mib:.0f}" for name, mib in peaks.items())
    return [Figure("peak memory of the largest service", f"{peaks[largest]:,.0f} MiB", "", parts)]


_NOT_SERVICES = ("postgres", "kafka", "edge")

if __name__ == "__main__":
    typer.run(main)
