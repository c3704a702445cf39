"""The command line against the whole stack, with the example organisation in it."""

import json
import re

import pytest
from constellation_cli.main import app
from typer.testing import CliRunner

from tests.e2e.running import MONTH, Running


def test_the_command_line_prints_the_dashboard_that_the_demonstration_prints(
    running: Running, demonstration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSTELLATION_URL", running.stack.base_url)
    monkeypatch.setenv("CONSTELLATION_TOKEN", running.stack.token)
    monkeypatch.setenv("COLUMNS", "160")
    asked = ["dashboard", "--org", "acme", "--month", MONTH]
    found = json.loads(CliRunner().invoke(app, ["--json", *asked]).stdout)
    assert sum(found["parts"].values()) == pytest.approx(found["total_kg"])
    assert f"{found['total_kg'] / 1000:,.2f} t" in demonstration
    printed = CliRunner().invoke(app, asked)
    assert printed.exit_code == 0, printed.stderr
    total = re.search(rf"acme {MONTH}: ([\d,]+\.\d{{3}}) kg", printed.stdout)
    assert total is not None
    assert abs(float(total[1].replace(",", "")) - found["total_kg"]) < 0.001, "rounded up or down to a gram"
    assert f"{found['servers']['in_service']} in service" in printed.stdout
    assert all(each["code"].replace("_", " ") in printed.stdout for each in found["recommendations"])
    stranger = CliRunner().invoke(app, ["dashboard", "--org", "nobody", "--month", MONTH])
    assert (stranger.exit_code, stranger.stdout) == (5, "")
