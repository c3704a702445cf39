"""Fixtures of the local stack's tests: its own servers on free ports, in scratch folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_stack.ports import free_port
from local_stack.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def embedded_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of the local stack, even where the other tests use containers."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), free_port(), durable=False) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scratch folder for one stack."""
    return tmp_path / "stack"
