"""Fixtures of the footprint service."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest_asyncio
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from footprint.calculators import Calculator
from footprint.main import SERVICE
from footprint.settings import FootprintSettings

from services.footprint.tests.world import NOW


class Pipeline:
    """The service under test with a calculator that is stepped by hand, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.service: RunningService[FootprintSettings]
        self.calculator: Calculator

    def clock(self) -> datetime:
        """The time that the service sees."""
        return self.now

    async def settle(self) -> None:
        """Compute until nothing waits."""
        while await self.calculator.step():
            continue


@pytest_asyncio.fixture
async def pipeline(make_service: MakeService) -> AsyncIterator[Pipeline]:
    """The service on a fresh database, at noon of 23 November 2026."""
    made = Pipeline()
    made.service = await make_service(SERVICE, clock=made.clock)
    made.calculator = Calculator(made.service.database, made.clock)
    yield made
