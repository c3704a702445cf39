"""Months closed on the way, whatever is heard in whatever order: what is known in the end is what it would be had none been closed."""

import random

import pytest
from common.organisations import EVERY
from common.testing.harness import RunningService, received
from common.testing.plugin import MakeService
from footprint.calculators import Calculator
from footprint.domain.months import format_month
from footprint.main import SERVICE
from footprint.settings import FootprintSettings

from services.footprint.tests.derived import DERIVED, RECORDED, differences, known, mark_everything, picture
from services.footprint.tests.test_convergence import derived, history, metering, settle
from services.footprint.tests.world import NOW

CLOSINGS = [2026 * 12 + number for number in (1, 4, 6, 9)]


async def close(service: RunningService[FootprintSettings], month: int) -> None:
    """Close a month of both organisations with all before it, of one that is known by then."""
    for org in ("acme", "globex"):
        answer = await service.client.post(f"/v1/periods/{format_month(month)}/close?org={org}&earlier=true")
        assert answer.status_code in (200, 404, 422), answer.text


@pytest.mark.parametrize("seed", range(3))
async def test_closings_on_the_way_leave_what_is_known_as_it_would_be_without_any(
    make_service: MakeService, seed: int
) -> None:
    random_ = random.Random(f"closed/{seed}")
    events = [*history(random_), *metering(random_, leaves=False)]
    straight = await make_service(SERVICE, clock=lambda: NOW)
    await straight.handle(*events)
    await settle(Calculator(straight.database, lambda: NOW))

    closing = await make_service(SERVICE, clock=lambda: NOW)
    calculator = Calculator(closing.database, lambda: NOW)
    heard = [received(event) for event in [*events, *random_.sample(events, len(events) // 3)]]
    random_.shuffle(heard)
    closed_at = dict(zip(sorted(random_.sample(range(1, len(heard) // 5), len(CLOSINGS))), CLOSINGS, strict=True))
    for number in range(len(heard) // 5 + 1):
        await closing.handle(*heard[5 * number : 5 * number + 5])
        if number in closed_at:
            await settle(calculator)
            await close(closing, closed_at[number])
        elif random_.random() < 0.5:
            await calculator.step()
    await settle(calculator)

    async with straight.database.snapshot(EVERY) as one, closing.database.snapshot(EVERY) as other:
        assert differences(await known(other), await known(one)) == {}
    found, expected = await derived(closing), await derived(straight)
    assert [table.name for table in DERIVED if not found[table.name]] == []
    for name in ("seasons", "organisation_seasons"):
        assert found[name] == expected[name]


async def test_what_is_computed_once_more_is_what_it_was_whatever_was_closed(make_service: MakeService) -> None:
    random_ = random.Random("again")
    service = await make_service(SERVICE, clock=lambda: NOW)
    calculator = Calculator(service.database, lambda: NOW)
    first, second, *events = [*history(random_), *metering(random_)]
    await service.handle(first, second)  # the organisations, whose months are to be closed each time
    random_.shuffle(events)
    for number, month in enumerate(CLOSINGS):
        await service.handle(*events[number :: len(CLOSINGS)])
        await settle(calculator)
        await close(service, month)
    async with service.database.transaction(EVERY) as unit:
        before = await picture(unit.connection, *DERIVED, *RECORDED)
        await mark_everything(unit.connection)
    await settle(calculator)
    async with service.database.snapshot(EVERY) as connection:
        assert differences(await picture(connection, *DERIVED, *RECORDED), before) == {}
    assert [table.name for table in (*DERIVED, *RECORDED) if not before[table.name]] == ["organisation_settings"]
