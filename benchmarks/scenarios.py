"""The engine of scenarios alone, and a whole study with offers: no HTTP, no database."""

import resource
from decimal import Decimal
from time import perf_counter, process_time

import numpy as np
from scenarios.catalogue import offers_by_id
from scenarios.domain.engine import World
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.fleet import Fleet, Horizon
from scenarios.domain.levers import Action, ExtendLife, Kit, MoveToShared, Placement, Refurbish, Renew, RightSize
from scenarios.domain.outcome import Prices, compare
from scenarios.domain.run import ComparisonRequest, run_comparison
from scenarios.domain.snapshot import Snapshot, SnapshotAsset
from scenarios.domain.study import StudyDefinition

from benchmarks.figures import Figure

ASSETS = 100_000
YEARS = 10
OFFERS = ("long-life-support", "refurbished-hardware", "cloud-like", "carbonops-for-infrastructure")


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
    what = f"scenario: {ASSETS:,} assets × {YEARS} years × {len(alternatives)} alternatives"
    return [Figure(what, f"{wall:.2f} s", "≤ 2 s", _note(processor)), _study()]


def _study() -> Figure:
    """The same size as a run of a study computes it: all renewed when due, and four offers put to use asset by asset."""
    fleet = _fleet()
    assets = [
        SnapshotAsset(
            ref=f"asset-{index}",
            kind="server",
            annual_kwh=annual_kwh,
            embodied_kg=embodied_kg,
            life_years=5.0,
            age_years=age_years,
            price_eur=Decimal("9000.00"),
            vcpu=8.0,
            ram_gib=64.0,
            electricity=None,
            evidence={},
            tags={},
        )
        for index, (annual_kwh, embodied_kg, age_years) in enumerate(
            zip(fleet.annual_kwh.tolist(), fleet.embodied_kg.tolist(), fleet.age_years.tolist(), strict=True)
        )
    ]
    alternatives = [AlternativeSpec.model_validate({"name": name, "offers": [{"offer": name}]}) for name in OFFERS]
    snapshot = Snapshot(assets=assets, left_out=[], factors=[])
    begun, used = perf_counter(), process_time()
    run_comparison(_definition(), alternatives, snapshot, offers_by_id(), ComparisonRequest(), lambda done, total: None)
    wall, processor = perf_counter() - begun, process_time() - used
    what = f"the same as a study: renewed when due, {len(OFFERS)} offers asset by asset"
    return Figure(what, f"{wall:.2f} s", "", _note(processor))


def _definition() -> StudyDefinition:
    renewed = {"lever": "renew", "on": {"kinds": ["server"]}, "when_due": True, "with": {"annual_kwh_ratio": 0.7}}
    return StudyDefinition.model_validate(
        {
            "org": "acme",
            "name": "benchmark",
            "start": "2027-01-01",
            "years": YEARS,
            "electricity": {"gwp": 0.0569},
            "reference": {"description": "renewed when due", "actions": [renewed]},
            "effect_class": "eema",
            "eligibility": "all",
            "assumptions": [{"text": "a new server uses 30 % less", "source": "assumption"}],
            "confirmed": ["software_supported", "spare_parts", "eligible_use", "needs_determined"],
        }
    )


def _note(processor_s: float) -> str:
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{processor_s:.2f} s of processor; peak of this process {peak_mib:.0f} MiB"


def _fleet() -> Fleet:
    chance = np.random.default_rng(1)
    return Fleet(
        quantity=chance.integers(1, 5, ASSETS).astype(np.float64),
        annual_kwh=chance.uniform(100, 3000, ASSETS),
        pue=np.full(ASSETS, 1.58),
        embodied_kg=chance.uniform(50, 1500, ASSETS),
        embodied_left_kg=np.full(ASSETS, np.nan),
        life_years=chance.uniform(3, 7, ASSETS),
        age_years=chance.uniform(0, 8, ASSETS),
        maintenance_kg_per_year=np.zeros(ASSETS),
        opex_cents_per_year=np.full(ASSETS, 35_000),
        price_cents=np.full(ASSETS, 500_000),
        virtual=chance.random(ASSETS) < 0.3,
        vcpu=np.zeros(ASSETS),
        ram_gib=np.zeros(ASSETS),
    )
