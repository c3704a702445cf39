"""Tests that share what is costly to start are handed to one process."""

import pytest


def test_a_file_stays_together(request: pytest.FixtureRequest, worker_id: str) -> None:
    if worker_id == "master":
        pytest.skip("one process runs everything")
    assert request.node.nodeid.endswith("@tests/support/test_groups.py")
