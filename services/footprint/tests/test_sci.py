"""The software carbon intensity of an application and of an organisation: each states the boundary of its own figure."""

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_insights import SPAN, ask
from services.footprint.tests.world import ORG, application, claim, foundations, guest, host, machine


@pytest.mark.parametrize(
    ("language", "inside", "of_its_rule"),
    [
        (
            "fr",
            "les parts inoccupées des hôtes y sont",
            "des parts inoccupées d’un hôte n’y est que ce que cette règle",
        ),
        ("en", "idle shares of hosts are inside", "of a host's idle shares only what that rule lays on its machines"),
    ],
)
async def test_the_sci_of_an_application_leaves_unsold_shares_of_hosts_outside_and_says_so(
    pipeline: Pipeline, language: str, inside: str, of_its_rule: str
) -> None:
    await pipeline.service.handle(
        *foundations(), host("a"), machine("vm1", guest("a", 4)), machine("vm2", guest("a", 8)),
        application("erp", claim("vm1"), claim("vm2")),
    )  # fmt: skip
    await pipeline.settle()
    asked = f"functional_units=1000&lang={language}"
    sheet = (await ask(pipeline, f"/applications/erp/sheet?org={ORG}&year=2026&{asked}"))["sci"]
    whole = (await ask(pipeline, f"/ratios?{SPAN}&{asked}"))["sci"]
    parts = (await ask(pipeline, f"/totals?{SPAN}&group_by=application,stage"))["groups"]
    use = {each["application"]: each["value"] for each in parts if each["stage"] == "use"}
    assert (sheet["operational_kg"], whole["operational_kg"]) == (use["erp"], use["erp"] + use[None])
    assert use[None] > 0
    assert (inside in sheet["boundary"], of_its_rule in sheet["boundary"]) == (False, True)
    assert (inside in whole["boundary"], of_its_rule in whole["boundary"]) == (True, False)
