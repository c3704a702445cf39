"""A study of the example organisation through the whole stack: from imported rows to what each offer avoids, and a plan of it."""

from typing import Any

import pytest

from tests.e2e.running import Running


@pytest.fixture(scope="module")
def study(running: Running, demonstration: str) -> dict[str, Any]:
    """The study that the demonstration has made, as its own organisation sees it."""
    with running.platform(["acme"]) as acme:
        [found] = acme.get("/scenarios/v1/studies", org="acme")["items"]
    return dict(found)


@pytest.fixture(scope="module")
def comparison(running: Running, study: dict[str, Any]) -> dict[str, Any]:
    """The result of its comparison."""
    with running.platform(["acme"]) as acme:
        runs = acme.get(f"/scenarios/v1/studies/{study['id']}/runs")["items"]
        [run] = [each["id"] for each in runs if each["kind"] == "comparison"]
        return dict(acme.get(f"/scenarios/v1/runs/{run}")["result"])


def test_the_demonstration_prints_every_offer_with_its_sign_and_the_best_plan(demonstration: str) -> None:
    assert "All offers of the catalogue, 2027–2031" in demonstration
    assert "Cloud Like" in demonstration
    [kept] = [line for line in demonstration.splitlines() if "Long Life Support, fort-de-france-1" in line]
    assert "-" in kept.partition("only")[2], "old servers on that grid avoid less than nothing, and that is printed"
    assert "optimal, proven" in demonstration


def test_all_kit_of_the_example_but_the_retired_is_in_the_study(running: Running, study: dict[str, Any]) -> None:
    with running.platform(["acme"]) as acme:
        snapshot = acme.get(f"/scenarios/v1/studies/{study['id']}/snapshot")
    assert len(snapshot["assets"]) > 70
    assert set(snapshot["left_out_by_reason"]) <= {"retired before the start"}
    assert {asset["evidence"]["energy"] for asset in snapshot["assets"] if asset["kind"] == "laptop"} == {
        "footprint of 12 months"
    }


def test_what_is_avoided_is_the_reference_less_the_alternative_in_every_row(comparison: dict[str, Any]) -> None:
    reference = comparison["reference"]["total_kg"]
    assert len(comparison["alternatives"]) == 10
    for each in comparison["alternatives"]:
        avoided = each["avoided"]
        assert avoided["total_kg"] == pytest.approx(reference - each["total_kg"], rel=1e-9, abs=1e-6)
        assert avoided["eer_kg"] + avoided["eema_kg"] == pytest.approx(avoided["total_kg"], rel=1e-12)


def test_another_organisation_sees_no_study(running: Running, study: dict[str, Any]) -> None:
    with running.platform(["other-customer"]) as other:
        assert other.get("/scenarios/v1/studies")["items"] == []
        assert other.get("/scenarios/v1/plans")["items"] == []
