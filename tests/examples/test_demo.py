"""What the demonstration says when it cannot go on, and which month it looks at."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from examples.demo import last_complete_month
from examples.platform import Platform, PlatformError, Stack

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("today", "month"),
    [(date(2026, 11, 23), "2026-10"), (date(2027, 1, 1), "2026-12"), (date(2028, 3, 31), "2028-02")],
)
def test_dashboard_is_of_the_month_before(today: date, month: str) -> None:
    assert last_complete_month(today) == month


def test_without_a_stack_it_says_so_in_one_sentence_and_fails(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == "No stack is described in .local/stack.json: start one with `make demo`.\n"
    assert "Traceback" not in done.stderr


def test_a_description_that_is_not_one_is_refused(tmp_path: Path) -> None:
    description = tmp_path / "stack.json"
    description.write_text('{"base_url": "http://127.0.0.1:1"}')
    with pytest.raises(PlatformError, match="does not describe a stack"):
        Stack.read(description)


def test_a_platform_that_is_down_is_one_clear_sentence() -> None:
    with Platform("http://127.0.0.1:1", "token") as platform, pytest.raises(PlatformError, match="is the stack up"):
        platform.get("/inventory/v1/assets")
