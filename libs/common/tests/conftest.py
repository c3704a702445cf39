"""The sample service, its contracts, and helpers of these tests."""

import shutil
from pathlib import Path

import pytest
from common.testing.contracts import Contracts
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.servers import KafkaServer
from sample import SAMPLE


@pytest.fixture(scope="session")
def contracts(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Contracts:
    """The sample's contracts beside the real one of dead letters."""
    folder = tmp_path_factory.mktemp("contracts") / "contracts"
    shutil.copytree(Path(__file__).parent / "sample_service/contracts", folder)
    shutil.copytree(pytestconfig.rootpath / "contracts/events/common", folder / "events/common")
    return Contracts(folder)


@pytest.fixture
async def sample(make_service: MakeService) -> RunningService:
    """The sample service without a broker."""
    return await make_service(SAMPLE)


@pytest.fixture
async def connected(make_service: MakeService, kafka: KafkaServer) -> RunningService:
    """The sample service on the real broker."""
    return await make_service(SAMPLE, broker=kafka)
