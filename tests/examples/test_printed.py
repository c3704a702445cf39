"""What the demo prints adds up as printed: every line and every total."""

import io
import random
import re
from decimal import Decimal

import pytest
from rich.console import Console

from examples.scenario import avoided_tonnes
from examples.terminal import show

PARTS = ("construction_kg", "electricity_kg", "maintenance_and_sale_kg")


def printed(seed: int, restated: float = 0.0) -> str:
    """A dashboard of figures by chance as the demo prints it; `restated` of the months ahead corrects closed ones."""
    chance = random.Random(seed)
    parts = [{name: chance.uniform(0, 3000) for name in PARTS} for _ in range(12)]
    months = [
        {"month": f"2026-{place + 1:02d}", "parts": each, "projected": place > 9} for place, each in enumerate(parts)
    ]
    dashboard = {
        "month": "2026-10", "parts": parts[9], "total_kg": sum(parts[9].values()), "months": months, "recommendations": [],
        "servers": {"in_service": 1, "off": 0},
        "year": {"estimate_kg": sum(sum(each.values()) for each in parts) + 83.2, "restated_kg": restated},
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=120)
    show(console, "test", dashboard)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("seed", range(20))
def test_every_printed_line_of_the_dashboard_adds_up(seed: int) -> None:
    masses = [Decimal(each) for each in re.findall(r"(-?\d+\.\d\d) t CO2e", printed(seed))]
    month, parts, months, year = masses[0], masses[1:4], masses[4:16], masses[16:19]
    season = masses[19] if len(masses) > 19 else Decimal(0)
    assert abs(season - Decimal("0.08")) <= Decimal("0.01")
    assert sum(parts) == month == months[9]
    assert year == [sum(months) + season, sum(months[:10]), sum(months[10:]) + season]
    shares = [Decimal(each) for each in re.findall(r"(\d+\.\d)%", printed(seed))]
    assert sum(shares) == 100


@pytest.mark.parametrize("seed", range(5))
def test_corrections_of_closed_months_stand_beside_the_forecast_and_add_up(seed: int) -> None:
    plain, text = printed(seed), printed(seed, -216.4)
    assert "restated of closed months" not in plain
    assert "+ -0.22 t CO2e restated of closed months" in " ".join(re.sub("│", " ", text).split())
    masses = [Decimal(each) for each in re.findall(r"(-?\d+\.\d\d) t CO2e", text)]
    whole, elapsed, corrections, forecast = masses[16:20]
    assert whole == elapsed + corrections + forecast


@pytest.mark.parametrize(("eer", "eema"), [(13_640.0, 77_340.0), (12_460.0, 32_260.0), (740.0, -6_440.0), (0.0, 0.0)])
def test_what_an_offer_avoids_by_class_adds_up(eer: float, eema: float) -> None:
    one, other, both = avoided_tonnes({"eer_kg": eer, "eema_kg": eema, "total_kg": eer + eema})
    assert Decimal(one) + Decimal(other) == Decimal(both)
