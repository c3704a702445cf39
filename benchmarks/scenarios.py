"""The engine of scenarios, alone: no HTTP, no database."""

import resource
from time import perf_counter, process_time

import numpy as np
from scenarios.domain.engine import World
from scenarios.domain.fleet import Fleet, Horizon
from scenarios.domain.levers import Action, ExtendLife, Kit, MoveToShared, Placement, Refurbish, Renew, RightSize
from scenarios.domain.outcome import Prices, compare

from benchmarks.figures import Figure

ASSETS = 100_000
YEARS = 10


def measure() -> list[Figure]:
    """A reference and four alternatives over 100,000 assets and ten years, in yearly steps."""
    everything = np.arange(ASSETS)
    reference: list[Action] = [
        Renew(
            Placement(everything[first::4], first), Kit(annual_kwh_ratio=0.7, embodied_kg=1313.28, price_cents=900_000)
        )
        for first in range(4)
    ]
    alternatives: list[tuple[str, list[Action]]] = [
        ("longer", [ExtendLife(Placement(everything), 3.0)]),
        ("refurbished", [Refurbish(Placement(everything[first::4], first), 3.0) for first in range(4)]),
        ("shared", [MoveToShared(Placement(everything, 1), 1.3, 0.75, 0.5)]),
        ("stacked", [RightSize(Placement(everything), 0.1), RightSize(Placement(everything, 3), 0.1)]),
    ]
    world = World(Horizon(YEARS), np.full((YEARS, 1), 0.0569))
    fleet = _fleet()
    begun, used = perf_counter(), process_time()
    compare(fleet, reference, alternatives, world, Prices())
    wall, processor = perf_counter() - begun, process_time() - used
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Figure(
            f"scenario: {ASSETS:,} assets × {YEARS} years × {len(alternatives)} alternatives",
            f"{wall:.2f} s",
            "≤ 2 s",
            f"{processor:.2f} s of processor; peak of this process {peak_mib:.0f} MiB",
        )
    ]


def _fleet() -> Fleet:
    chance = np.random.default_rng(1)
    return Fleet(
        quantity=chance.integers(1, 5, ASSETS).astype(np.float64),
        annual_kwh=chance.uniform(100, 3000, ASSETS),
        pue=np.full(ASSETS, 1.58),
        embodied_kg=chance.uniform(50, 1500, ASSETS),
        life_years=chance.uniform(3, 7, ASSETS),
        age_years=chance.uniform(0, 8, ASSETS),
        maintenance_kg_per_year=np.zeros(ASSETS),
        opex_cents_per_year=np.full(ASSETS, 35_000),
        price_cents=np.full(ASSETS, 500_000),
        virtual=chance.random(ASSETS) < 0.3,
        vcpu=np.zeros(ASSETS),
        ram_gib=np.zeros(ASSETS),
    )
