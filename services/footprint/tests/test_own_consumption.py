"""An own electricity factor of consumption changes no figure, and whoever reads one is told."""

from typing import Any

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_insights import SPAN, ask
from services.footprint.tests.world import ORG, asset, factor, foundations, id_of, override

CODE = "consumption_not_taken"


def own(version: int, perimeter: str) -> Any:
    """An organisation's own factor of the grid of its site, without end."""
    return override(
        "supplier",
        "electricity",
        0.5,
        version,
        region="FR",
        unit="kgCO2e/kWh",
        perimeter=perimeter,
        valid_from="2026-01-01",
    )


def ended() -> Any:
    """The public factor of the same grid, which ended two years before."""
    return factor(
        "electricity-fr-2026", "electricity", 0.05, 2, region="FR", unit="kgCO2e/kWh", perimeter="production",
        valid_from="2024-01-01", valid_to="2025-01-01",
    )  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_an_own_factor_of_consumption_is_not_taken_and_totals_months_and_explanations_say_so(
    pipeline: Pipeline, language: str
) -> None:
    month = f"/assets/{id_of('srv')}/months/2026-10"
    await pipeline.service.handle(*foundations(), ended(), asset("srv"))
    await pipeline.settle()
    before = await ask(pipeline, f"/totals?{SPAN}")
    await pipeline.service.handle(own(1, "consumption"))
    await pipeline.settle()
    answers = [
        await ask(pipeline, f"{path}lang={language}")
        for path in (f"/totals?{SPAN}&", f"/dashboard?org={ORG}&month=2026-10&", f"{month}?")
    ]
    assert answers[0]["total"] == before["total"]
    answer = await pipeline.service.client.get(
        f"/v1{month}/explanation?lang={language}", headers={"Accept": "application/json"}
    )
    explained = answer.json()
    for each in (*answers, explained):
        [said] = [warning["detail"] for warning in each["warnings"] if warning["code"] == CODE]
        assert {"fr": "n’est pas retenu", "en": "is not taken"}[language] in said
    rungs = {each["evidence"]: each for each in explained["evidence_ladder"]["electricity"]}
    assert (rungs["region"]["because"], rungs["earlier_year"]["chosen"]) == ("not_usable", True)
    await pipeline.service.handle(own(2, "production"))
    await pipeline.settle()
    after = await ask(pipeline, f"/totals?{SPAN}")
    assert after["total"] > before["total"]
    assert CODE not in {each["code"] for each in after["warnings"]}
