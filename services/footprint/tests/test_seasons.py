"""A correction of closed months is no season: seasons are read from what is known now of each month, wherever that is counted."""

from decimal import Decimal
from typing import Any

import pytest
from common.events import Event
from common.testing.plugin import MakeService
from footprint.calculators import Calculator
from footprint.main import SERVICE

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_insights import ask
from services.footprint.tests.test_periods import close
from services.footprint.tests.world import ORG, asset, electricity, foundations, measured, segment

SINCE_2025 = [segment("2025-01-01T00:00:00+01:00")]


def flat(version: int = 1, kwh: float = 3504.0) -> Event:
    """A server that draws the same all the time, since January 2025."""
    return asset("flat", version, SINCE_2025, declared={"annual_kwh": kwh, "average_w": None, "embodied_kg": None})


def start() -> list[Event]:
    """Two servers with two years of history; one draws the more in the cold."""
    cold = [measured("cold", f"2025-{number}", kwh=20.0) for number in (11, 12)]
    return [*foundations(), electricity("FR", 0.05, 2025), flat(), asset("cold", timeline=SINCE_2025), *cold]


async def year(pipeline: Pipeline) -> Any:
    """The year of the dashboard of October 2026."""
    return (await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10"))["year"]


async def told(pipeline: Pipeline, *events: Event) -> Any:
    """The year after some events."""
    await pipeline.service.handle(*events)
    await pipeline.settle()
    return await year(pipeline)


@pytest.mark.parametrize("kwh", [17520.0, 35.04])
async def test_a_correction_of_closed_months_gives_what_runs_flat_no_seasons(pipeline: Pipeline, kwh: float) -> None:
    await told(pipeline, *foundations(), electricity("FR", 0.05, 2025), flat())
    await close(pipeline)
    found = await told(pipeline, flat(2, kwh))
    assert found["forecast_basis"] == "seasonal"
    assert [float(each["index"]) for each in found["seasonal"]["months"]] == pytest.approx([1.0, 1.0], abs=1e-9)
    assert abs(found["seasonal"]["adjustment_kg"]) <= Decimal("1e-7")


@pytest.mark.parametrize("closed", ["2026-09", "2026-10"])
@pytest.mark.parametrize("kwh", [35040.0, 35.04])
async def test_seasons_are_those_of_a_computation_without_any_closing(
    pipeline: Pipeline, make_service: MakeService, closed: str, kwh: float
) -> None:
    straight = Pipeline()
    straight.service = await make_service(SERVICE, clock=pipeline.clock)
    straight.calculator = Calculator(straight.service.database, pipeline.clock)
    expected = (await told(straight, *start(), flat(2, kwh)))["seasonal"]
    await told(pipeline, *start())
    await close(pipeline, closed)
    found = (await told(pipeline, flat(2, kwh)))["seasonal"]
    assert [each["index"] for each in found["months"]] == [each["index"] for each in expected["months"]]
    assert found["adjustment_kg"] == expected["adjustment_kg"] > 0
    assert max(each["index"] for each in found["months"]) > 1


async def test_months_heard_of_only_after_they_were_closed_are_history_too(pipeline: Pipeline) -> None:
    late = asset("late", timeline=[segment("2026-09-01T00:00:00+02:00")])
    await told(pipeline, *foundations(), electricity("FR", 0.05, 2025), late)
    assert (await close(pipeline))["status"] == "closed"
    assert (await year(pipeline))["forecast_basis"] == "state_based"
    assert (await told(pipeline, flat()))["forecast_basis"] == "seasonal"
