"""The footprint engine: alone, without HTTP or database, and all assets of an organisation computed again after one factor."""

import asyncio
import resource
from datetime import UTC, datetime
from time import perf_counter, process_time
from uuid import UUID

import asyncpg
import httpx
from footprint.calculators import decide
from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.configuration import Configuration, Cpu
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset, Pue, Segment, Site, Status

from benchmarks.figures import Figure
from examples.platform import Stack
from examples.settling import settle

ASSETS = 5_000
NOW = datetime(2026, 11, 23, tzinfo=UTC)
_START = 1_767_222_000
_TIMEOUT_S = 900.0


def measure_engine() -> list[Figure]:
    """Twelve months of servers with five criteria and bases: figures alone, and with what is compared, published and hashed."""
    assets, world = _farm()
    begun = process_time()
    months = sum(1 for _ in compute(assets, world).results())
    alone, begun = process_time() - begun, process_time()
    decide(assets, world, {})
    whole = process_time() - begun
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = f"{len(assets):,} servers × 12 months in one run, {alone:.2f} s of processor; peak memory of the benchmark {peak_mib:.0f} MiB"
    return [
        Figure("footprint engine alone, asset-months a second and core", f"{months / alone:,.0f}", "", note),
        Figure("the same with digests and events", f"{months / whole:,.0f}", "", f"{whole:.2f} s of processor"),
    ]


def _farm() -> tuple[list[Asset], World]:
    site = Site(UUID(int=1), "bench", "hall", "datacenter", "FR", (Pue(1.5),))
    made = Configuration(Cpu(2, 16, 300.0, 150.0))
    states = (Segment(_START, None, Status.IN_SERVICE, site.id, configuration=made),)
    assets = [
        Asset(UUID(int=number), "bench", "server", states, planned_life_years=5.0, annual_kwh=1000.0 + number)
        for number in range(1, ASSETS + 1)
    ]
    factors = [
        Factor("electricity-fr", 1, "electricity", "gwp", 0.0442, "kgCO2e/kWh", region="FR", perimeter="production"),
        Factor("electricity-fr-pe", 1, "electricity", "pe", 11.3, "MJ/kWh", region="FR", perimeter="production"),
        Factor("residual-fr", 1, "electricity.residual_mix", "gwp", 0.04, "kgCO2e/kWh", region="FR"),
        Factor("embodied-server", 1, "embodied.server", "gwp", 1215.0, "kgCO2e/unit"),
        Factor("embodied-server-adpe", 1, "embodied.server", "adpe", 0.2, "kgSbeq/unit"),
    ]
    return assets, World({}, {site.id: site}, Catalogue(factors), NOW)


def measure_factor(stack: Stack, org: str) -> Figure:
    """Give the organisation an electricity factor of its own for all years and wait until every asset that it touches is computed again."""
    body = {
        "org": org,
        "id": "own-electricity",
        "activity": "electricity",
        "name": {"fr": "Électricité", "en": "Electricity"},
        "criterion": "gwp",
        "stage": "use",
        "region": "FR",
        "perimeter": "production",
        "valid_from": "2020-01-01",
        "value": 0.05,
        "unit": "kgCO2e/kWh",
        "published_year": 2026,
        "source": {"name": "Benchmark", "link": "benchmark", "licence": "own", "year": 2026},
        "reason": "benchmark",
    }
    now, begun = datetime.now(UTC), perf_counter()
    answer = httpx.post(
        f"{stack.services['factors']}/v1/overrides", json=body, headers={"Authorization": f"Bearer {stack.token}"}
    )
    answer.raise_for_status()
    asyncio.run(settle(stack.postgres, stack.kafka, _TIMEOUT_S))
    seconds = perf_counter() - begun
    months, changed = asyncio.run(_months(stack, org, now))
    return Figure(
        "one electricity factor → all assets of an organisation computed again",
        f"{seconds:.1f} s",
        "100,000 assets × 12 months ≤ 60 s",
        f"{months:,} asset-months, {months / seconds:,.0f} a second; {changed:,} came out differently, were written and told",
    )


async def _months(stack: Stack, org: str, since: datetime) -> tuple[int, int]:
    """How many asset-months the organisation has, and how many of them were written since a moment."""
    connection = await asyncpg.connect(stack.postgres)
    try:
        query = (
            "SELECT count(*), count(*) FILTER (WHERE computed_at >= $2) FROM footprint.asset_months WHERE org_id = $1"
        )
        (row,) = await connection.fetch(query, org, since)
        return row[0], row[1]
    finally:
        await connection.close()
