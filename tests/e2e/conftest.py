"""The stack of all end-to-end tests, and the example organisation in it."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from examples import demo
from tests.e2e.running import MONTH, Running, running_stack

ACME = Path(__file__).parents[2] / "examples" / "acme"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One stack for the session."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def demonstration(running: Running) -> str:
    """Load the example organisation as `make demo` does; what that prints."""
    output = io.StringIO()
    demo.run(Console(file=output, width=120), running.stack, ACME, MONTH)
    return output.getvalue()
