"""Fixtures for every test of the repository, and which tests stay together when several processes share them out."""

from pathlib import Path

import pytest

pytest_plugins = ["common.testing.plugin"]

STARTED_ONCE = ("tests/faults", "tests/e2e", "deploy/local/tests")
"""Folders whose tests share servers of their own: one process runs all of a folder, and these begin first, being the longest. Elsewhere
a file stays together."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Name each test's group, for `pytest -n … --dist loadgroup`, and put the long groups first; before xdist reads the names."""
    long: list[pytest.Item] = []
    short: list[pytest.Item] = []
    for item in items:
        path = item.path.relative_to(config.rootpath)
        folder = next((folder for folder in STARTED_ONCE if path.is_relative_to(Path(folder))), None)
        item.add_marker(pytest.mark.xdist_group(folder or str(path)))
        (short if folder is None else long).append(item)
    items[:] = [*long, *short]
