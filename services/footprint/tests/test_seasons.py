"""Seasons in dashboards and sheets: read from a measured year, kept up to date by what is computed, and of no correction or purchase."""

from typing import Any

import pytest
from common.events import Event
from common.organisations import EVERY
from common.testing.plugin import MakeService
from footprint.calculators import Calculator
from footprint.calendar_watch import Calendar
from footprint.main import SERVICE

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_insights import ask
from services.footprint.tests.test_periods import close
from services.footprint.tests.world import (
    ORG,
    activity,
    asset,
    electricity,
    foundations,
    id_of,
    measured,
    metered,
    segment,
)

SINCE_2025 = [segment("2025-01-01T00:00:00+01:00")]


def flat(version: int = 1, kwh: float = 3504.0, since: str = "2025-01-01T00:00:00+01:00", name: str = "flat") -> Event:
    """A server that draws the same all the time."""
    declared = {"annual_kwh": kwh, "average_w": None, "embodied_kg": None}
    return asset(name, version, [segment(since)], declared=declared)


def start() -> list[Event]:
    """Two servers with two years of history; one is measured, and draws twice as much in the cold."""
    cold = asset("cold", timeline=SINCE_2025)
    return [*foundations(), electricity("FR", 0.05, 2025), flat(), cold, *metered("cold", 9.6, winter=19.2)]


async def year(pipeline: Pipeline, month: str = "2026-10") -> Any:
    """The year of a dashboard."""
    return (await ask(pipeline, f"/dashboard?org={ORG}&month={month}"))["year"]


async def told(pipeline: Pipeline, *events: Event) -> Any:
    """The year after some events."""
    await pipeline.service.handle(*events)
    await pipeline.settle()
    return await year(pipeline)


async def test_the_measured_part_of_the_months_ahead_is_in_its_seasons(pipeline: Pipeline) -> None:
    found = await told(pipeline, *start())
    assert found["forecast_basis"] == "seasonal"
    # Both draw 400 W: the measured half is doubled.
    assert [float(each["index"]) for each in found["seasonal"]["months"]] == pytest.approx([1.5, 1.5], rel=1e-9)
    # 30 and 31 days of 9.6 kWh at a PUE of 1.5 and 0.05 kg.
    assert float(found["seasonal"]["adjustment_kg"]) == pytest.approx(61 * 9.6 * 1.5 * 0.05, rel=1e-9)
    assert found["estimate_kg"] == found["state_based"]["estimate_kg"] + found["seasonal"]["adjustment_kg"]
    assert await year(pipeline, "2026-03") != found
    assert (await year(pipeline, "2026-03"))["seasonal"]["adjustment_kg"] == found["seasonal"]["adjustment_kg"]


async def test_a_purchase_a_one_off_and_a_correction_are_no_season(pipeline: Pipeline) -> None:
    once: dict[str, Any] = {
        "activity": "electricity", "kind": "other", "site_id": str(id_of("nanterre")), "quantity": 1000.0, "unit": "kWh",
        "from": "2025-11-03", "to": "2025-11-04",
    }  # fmt: skip
    found = await told(
        pipeline,
        *foundations(),
        electricity("FR", 0.05, 2025),
        flat(),
        flat(name="bought", since="2026-07-01T00:00:00+02:00"),
        asset("even", timeline=SINCE_2025),
        *metered("even", 9.6),
        activity("once", **once),
    )
    assert found["forecast_basis"] == "seasonal"
    assert [float(each["index"]) for each in found["seasonal"]["months"]] == pytest.approx([1.0, 1.0], abs=1e-12)
    assert abs(found["seasonal"]["adjustment_kg"]) < 1e-8


@pytest.mark.parametrize("kwh", [17520.0, 35.04])
async def test_where_nothing_is_measured_there_are_no_seasons_closed_and_corrected_or_not(
    pipeline: Pipeline, kwh: float
) -> None:
    await told(pipeline, *foundations(), electricity("FR", 0.05, 2025), flat())
    await close(pipeline)
    found = await told(pipeline, flat(2, kwh))
    assert (found["forecast_basis"], found["seasonal"]) == ("state_based", None)


@pytest.mark.parametrize("closed", ["2026-09", "2026-10"])
async def test_seasons_are_those_of_a_computation_without_any_closing(
    pipeline: Pipeline, make_service: MakeService, closed: str
) -> None:
    straight = Pipeline()
    straight.service = await make_service(SERVICE, clock=pipeline.clock)
    straight.calculator = Calculator(straight.service.database, pipeline.clock)
    late = list(metered("cold", 8.0, winter=24.0, version=2))
    expected = (await told(straight, *start(), *late))["seasonal"]
    await told(pipeline, *start())
    await close(pipeline, closed)
    found = (await told(pipeline, *late))["seasonal"]
    assert [each["index"] for each in found["months"]] == [each["index"] for each in expected["months"]]
    assert found["adjustment_kg"] == expected["adjustment_kg"] > 0


async def test_the_roll_up_is_the_sum_of_the_assets_whatever_came_and_went(pipeline: Pipeline) -> None:
    other = [asset("warm", timeline=SINCE_2025), *metered("warm", 12.0, winter=6.0)]
    await told(pipeline, *start(), *other)
    steps: list[list[Event]] = [
        [measured("cold", "2026-11", kwh=19.2)],
        [measured("cold", "2025-12", 2, deleted=True)],
        [asset("warm", 2, timeline=SINCE_2025, deleted=True)],
        list(metered("cold", 9.6, winter=19.2, version=3)),
    ]
    for events in steps:
        await told(pipeline, *events)
        async with pipeline.service.database.snapshot(EVERY) as connection:
            rolled = await connection.fetch("SELECT * FROM organisation_seasons WHERE assets > 0 ORDER BY month")
            added = await connection.fetch(
                """
                SELECT org_id, month, sum(billionths) AS billionths, count(*) AS assets
                FROM seasons
                GROUP BY org_id, month
                ORDER BY month
                """
            )
        assert list(map(dict, rolled)) == list(map(dict, added))


async def test_sheets_in_the_seasons_of_the_organisation_add_up_to_its_dashboard(pipeline: Pipeline) -> None:
    board = await told(pipeline, *start())
    sheets = [(await ask(pipeline, f"/assets/{id_of(each)}/sheet?year=2026"))["year"] for each in ("flat", "cold")]
    assert sum(each["seasonal"]["adjustment_kg"] for each in sheets) == board["seasonal"]["adjustment_kg"]


async def test_when_a_month_is_over_seasons_need_it_measured_too(pipeline: Pipeline) -> None:
    await told(pipeline, *start())
    pipeline.now = pipeline.now.replace(month=12, day=15)
    assert await Calendar(pipeline.service.database, pipeline.clock).look() == [ORG]
    await pipeline.settle()
    assert (await year(pipeline, "2026-11"))["forecast_basis"] == "state_based"
    await told(pipeline, *metered("cold", 9.6, winter=19.2, months=["2026-11"]))
    found = await year(pipeline, "2026-11")
    assert found["forecast_basis"] == "seasonal"
    # What runs now was measured in November, which draws as December does.
    assert [float(each["index"]) for each in found["seasonal"]["months"]] == pytest.approx([1.0], abs=1e-12)
