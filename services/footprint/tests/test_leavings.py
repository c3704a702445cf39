"""A leaving, or a shorter life, that becomes known after its months were closed loses nothing of the making."""

import json
from decimal import Decimal
from typing import Any

import pytest
from common.events import Event

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import ORG, asset, foundations, id_of, segment
from tests.support.formulas import value_of

WHOLE = 1313.28


async def ask(pipeline: Pipeline, method: str, path: str) -> Any:
    """An answer with its numbers as printed."""
    answer = await pipeline.service.client.request(method, f"/v1{path}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


def server(version: int, left: str | None = None, years: float = 4) -> Event:
    """A server of 1,313.28 kg, new in January 2022; retired on the day that it left."""
    timeline = [segment("2022-01-01T00:00:00+01:00", left)]
    if left is not None:
        timeline.append(segment(left, None, status="retired"))
    return asset(
        "srv",
        version,
        timeline,
        planned_life_years=years,
        acquired={"on": "2022-01-01", "condition": "new", "price_eur": None, "age_years": None},
        declared={"annual_kwh": 3504, "average_w": None, "embodied_kg": WHOLE},
    )


async def closed(pipeline: Pipeline, month: str = "2025-12") -> None:
    """The server, its months closed to that one."""
    await pipeline.service.handle(*foundations(), server(1))
    await pipeline.settle()
    await ask(pipeline, "POST", f"/periods/{month}/close?org={ORG}&earlier=true")


async def making(pipeline: Pipeline, first: str = "2022-01", last: str = "2026-12") -> Decimal:
    """What making it weighs over its life, closed figures and restatements together."""
    found = await ask(pipeline, "GET", f"/totals?org={ORG}&from={first}&to={last}&stage=manufacturing")
    total: Decimal = found["total"]
    return total


async def restatements(pipeline: Pipeline, month: str) -> Any:
    """The restatements of a closed month."""
    return (await ask(pipeline, "GET", f"/periods/{month}/restatements?org={ORG}"))["items"]


@pytest.mark.parametrize(
    "left",
    [
        "2022-01-11T00:00:00+01:00",
        "2024-07-01T00:00:00+02:00",
        "2025-12-31T00:00:00+01:00",
        "2026-01-01T00:00:00+01:00",
        "2026-01-02T00:00:00+01:00",
    ],
)
async def test_closed_figures_and_restatements_add_up_to_the_whole_of_the_making(pipeline: Pipeline, left: str) -> None:
    await closed(pipeline, "2024-12")
    await ask(pipeline, "POST", f"/periods/2025-12/close?org={ORG}&earlier=true")
    before = await ask(pipeline, "GET", f"/assets/{id_of('srv')}/months/2024-06")
    await pipeline.service.handle(server(2, left))
    await pipeline.settle()
    assert float(await making(pipeline)) == pytest.approx(WHOLE, abs=1e-7)
    after = await ask(pipeline, "GET", f"/assets/{id_of('srv')}/months/2024-06")
    assert (after["figures"], after["version"]) == (before["figures"], before["version"]), "closed months never change"
    await pipeline.service.handle(server(3, "2023-05-17T00:00:00+02:00"))
    await pipeline.settle()
    assert float(await making(pipeline)) == pytest.approx(WHOLE, abs=1e-7)
    await pipeline.service.handle(server(4, years=5))
    await pipeline.settle()
    assert float(await making(pipeline)) == pytest.approx(WHOLE, abs=1e-7)


async def test_what_was_left_is_restated_in_the_month_of_the_leaving_and_explained_bit_for_bit(
    pipeline: Pipeline,
) -> None:
    await closed(pipeline)
    await pipeline.service.handle(server(2, "2024-07-01T00:00:00+02:00"))
    await pipeline.settle()
    assert await restatements(pipeline, "2024-05") == []
    (june,) = await restatements(pipeline, "2024-06")
    charged = float(await making(pipeline, last="2024-06"))
    assert float(june["difference_kg"]) == pytest.approx(WHOLE - charged, abs=1e-7)
    assert (june["reasons"], june["counted_in"]) == ({"inventory": june["difference_kg"]}, "2026-01")
    explained = await ask(
        pipeline, "GET", f"/assets/{id_of('srv')}/months/2024-06/explanation?restatement={june['id']}"
    )
    assert explained["up_to_date"]
    lines = [line for each in explained["trace"] if each["stage"] == "manufacturing" for line in each["lines"]]
    assert all(value_of(line["formula"]) == float(line["value"]) for line in lines)
    assert float(sum(line["value"] for line in lines)) == pytest.approx(WHOLE - charged + charged / 912 * 30, rel=1e-3)


async def test_a_life_that_had_ended_by_then_is_carried_by_the_first_open_month(pipeline: Pipeline) -> None:
    await closed(pipeline, "2024-12")
    charged = float(await making(pipeline, last="2024-12"))
    await pipeline.service.handle(server(2, years=2))
    await pipeline.settle()
    assert float(await making(pipeline, last="2024-12")) == charged, "nothing is restated"
    assert float(await making(pipeline, "2025-01", "2025-01")) == pytest.approx(WHOLE - charged, abs=1e-7)
    assert float(await making(pipeline)) == pytest.approx(WHOLE, abs=1e-7)
    await ask(pipeline, "POST", f"/periods/2025-02/close?org={ORG}&earlier=true")
    await pipeline.service.handle(server(3, "2025-02-11T00:00:00+01:00", years=2))
    await pipeline.settle()
    assert float(await making(pipeline)) == pytest.approx(WHOLE, abs=1e-7)
