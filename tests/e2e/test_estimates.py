"""The published cases through the edge."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Running

CASES = json.loads((Path(__file__).parent / "cases" / "footprint.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_published_case_comes_out_to_a_billionth(running: Running, case: dict[str, Any]) -> None:
    with running.platform(["nobody"], ["footprint:read"]) as caller:
        answer = caller.post(
            "/footprint/v1/estimates", {"period": case["period"], "criteria": ["gwp"], "items": [case["item"]]}
        )
    expected = dict(case["expected"])
    error = expected.pop("error", None)
    if error is not None:
        assert [each["field"].split(".")[0] for each in answer["errors"]] == [error["field"]]
        assert answer["items"] == []
        return
    assert answer["errors"] == []
    stages = {stage: figures["gwp"]["value"] for stage, figures in answer["items"][0]["stages"].items()}
    assert {stage: stages[stage] for stage in expected} == pytest.approx(expected, rel=1e-9)
