"""An import from the file to visible footprints, each stage timed."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import asyncpg

from benchmarks.figures import Figure
from examples.generate import rows_of_assets, write_inventory
from examples.organisation import organisations, sites
from examples.platform import Platform, Stack
from examples.rows import Row
from examples.settling import stages

TARGETS = {10_000: "≤ 10 s", 100_000: "≤ 90 s"}
_TIMEOUT_S = 900.0


def measure(stack: Stack, assets: int, org: str) -> Figure:
    """Import `assets` assets of a new organisation `org` and time the way to their footprints.

    Raises `examples.platform.PlatformError` when the import fails.
    """
    brought = bring(stack, rows_of_assets(7, assets, org), org)
    visible = asyncio.run(_visible(stack, org))
    note = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in brought.times.items())
    return Figure(
        f"import of {assets:,} assets, file → visible footprints",
        f"{brought.times['computed']:.1f} s",
        TARGETS.get(assets, ""),
        f"{brought.rows:,} rows, {brought.rejected} rejected, {visible:,} asset-months; {note}",
    )


@dataclass(frozen=True, slots=True)
class Brought:
    """An import that is over: how many rows, how many of them rejected, and the seconds until each stage was done."""

    rows: int
    rejected: int
    times: Mapping[str, float]


def bring(stack: Stack, inventory: Iterable[Row], org: str) -> Brought:
    """Import the `inventory` of a new organisation `org` and wait until its footprints are computed.

    Raises `examples.platform.PlatformError` when the import fails.
    """
    with TemporaryDirectory() as folder, Platform(stack.base_url, stack.token, _TIMEOUT_S) as platform:
        count = write_inventory(Path(folder), inventory, org)
        for body in organisations(org):
            platform.ensure("/inventory/v1/organizations", body)
        for body in sites(org):
            platform.ensure("/inventory/v1/sites", body)
        begun = perf_counter()
        import_id = platform.import_file(Path(folder) / "inventory.csv", org=org)
        accepted = perf_counter()
        report = platform.imported(import_id, _TIMEOUT_S)
        times = {"file taken": accepted - begun, "stored": perf_counter() - begun}
    return Brought(count, report["rejected"], times | asyncio.run(_stages(stack, begun)))


async def _stages(stack: Stack, begun: float) -> dict[str, float]:
    async with asyncio.timeout(_TIMEOUT_S):
        return {stage: perf_counter() - begun async for stage in stages(stack.postgres, stack.kafka)}


async def _visible(stack: Stack, org: str) -> int:
    connection = await asyncpg.connect(stack.postgres)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM footprint.asset_months WHERE org_id = $1", org)
        return count
    finally:
        await connection.close()
