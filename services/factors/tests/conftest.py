"""What the tests of factors share: the platform's catalogue in memory and in services, and a draft to change."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from common.organisations import EVERY
from common.testing.contracts import Contracts
from common.testing.databases import Databases
from common.testing.harness import RunningService, running_service
from common.testing.plugin import MakeService
from common.testing.tokens import Issuer
from factors.catalogue import reader
from factors.domain.catalogue import Catalogue
from factors.domain.records import FactorVersion, Status
from factors.domain.regions import Regions
from factors.loading import load
from factors.main import SERVICE
from factors.settings import FactorsSettings

NOW = datetime(2026, 11, 1, tzinfo=UTC)

Factors = RunningService[FactorsSettings]


@pytest.fixture(scope="session")
def regions() -> Regions:
    """The tree of places of the catalogue."""
    return reader.regions()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Every factor of the catalogue, published as version 1."""
    return Catalogue(
        FactorVersion(entry.id, 1, Status.PUBLISHED, entry.content, "catalogue", "test", NOW)
        for entry in reader.entries()
    )


@pytest_asyncio.fixture(scope="session")
async def shared(databases: Databases, issuer: Issuer, contracts: Contracts) -> AsyncIterator[Factors]:
    """The service with the platform's whole catalogue, for tests that only read, or whose writes are refused."""
    name = await databases.create(SERVICE)
    async with running_service(SERVICE, issuer, contracts, databases.url(SERVICE.name, name), {}) as service:
        async with service.database.transaction(EVERY) as unit:
            await load(unit, reader.entries(), "test", NOW)
        yield service
    await databases.drop(name)


@pytest_asyncio.fixture
async def empty(make_service: MakeService) -> Factors:
    """The service with nothing in its catalogue."""
    return await make_service(SERVICE)


@pytest_asyncio.fixture
async def french(empty: Factors) -> Factors:
    """The service with the catalogue's electricity of France, its events taken from the outbox."""
    entries = [entry for entry in reader.entries() if entry.id.startswith("electricity-fr-")]
    async with empty.database.transaction(EVERY) as unit:
        await load(unit, entries, "test", NOW)
    await empty.take_outbox()
    return empty


@pytest.fixture
def draft() -> dict[str, Any]:
    """The body of a draft that nothing is wrong with: electricity of France in 2025, of which the catalogue has none."""
    return {
        "id": "electricity-fr-2025-example",
        "activity": "electricity",
        "name": {"fr": "Électricité, France, 2025", "en": "Electricity, France, 2025"},
        "value": 0.05,
        "unit": "kgCO2e/kWh",
        "region": "FR",
        "valid_from": "2025-01-01",
        "valid_to": "2026-01-01",
        "published_year": 2025,
        "perimeter": "consumption",
        "source": {"name": "Example", "link": "Example, table 3", "licence": "CC BY 4.0", "year": 2026},
        "reason": "yearly update",
    }
