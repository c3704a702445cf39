"""Machines of one organisation in applications of another: told apart with their owner, and said with who claims them."""

from typing import Any
from uuid import UUID

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_periods import ask
from services.footprint.tests.world import (
    ORG,
    application,
    asset,
    claim,
    foundations,
    id_of,
    organisation,
    segment,
    site,
)

OWNER = "hoster"
MONTH = "from=2026-02&to=2026-02"


async def lent(pipeline: Pipeline) -> None:
    """Two servers of a hoster, of which two applications of a customer claim one together; a third application has a server of its own."""
    theirs: dict[str, Any] = {"org": OWNER, "timeline": [segment(site_id=str(id_of("room")))]}
    await pipeline.service.handle(
        *foundations(),
        organisation(OWNER, role="provider"),
        site("room", org=OWNER),
        asset("lent", **theirs),
        asset("kept", **theirs),
        asset("own"),
        application("erp", claim("lent")),
        application("web", claim("lent", weight=3.0), claim("own", "2026-05-01T00:00:00+02:00")),
        application("crm", claim("own")),
    )
    await pipeline.settle()


async def test_what_others_use_of_an_organisation_is_told_apart_by_the_ids_of_their_applications(
    pipeline: Pipeline,
) -> None:
    await lent(pipeline)
    path = f"/totals?org={OWNER}&{MONTH}"
    whole = await ask(pipeline, "GET", f"{path}&group_by=application")
    groups = {each["application"]: each for each in whole["groups"]}
    assert len(groups) == len(whole["groups"]) == 3
    erp, web = str(id_of("erp")), str(id_of("web"))
    assert {name: each["of_another_organisation"] for name, each in groups.items()} == {
        erp: True,
        web: True,
        None: False,
    }
    assert 2 * groups[erp]["value"] < groups[web]["value"]
    assert sum(each["value"] for each in whole["groups"]) == whole["total"]
    pairs = (await ask(pipeline, "GET", f"{path}&group_by=application,stage"))["groups"]
    assert len({(each["application"], each["stage"]) for each in pairs}) == len(pairs) == 6
    alone = await ask(pipeline, "GET", f"{path}&group_by=application&application={erp}")
    assert [(each["application"], each["value"]) for each in alone["groups"]] == [(erp, groups[erp]["value"])]
    for name in (UUID(int=1), "erp"):
        await ask(pipeline, "GET", f"{path}&group_by=application&application={name}", 422)
    own = await ask(pipeline, "GET", f"/totals?org={ORG}&{MONTH}&group_by=application")
    assert [(each["application"], each["of_another_organisation"]) for each in own["groups"]] == [("crm", False)]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "1 machine that is claimed belongs to another organisation: its kg are counted with its owner, not here"),
        ("fr", "1 machine utilisée appartient à une autre organisation : ses kg sont comptés chez son propriétaire, "
               "et non ici"),
    ],
)  # fmt: skip
async def test_who_claims_a_machine_of_another_is_told_that_it_counts_with_its_owner(
    pipeline: Pipeline, language: str, said: str
) -> None:
    await lent(pipeline)

    async def warned(path: str) -> list[str]:
        document = await ask(pipeline, "GET", f"{path}&lang={language}")
        return [each["detail"] for each in document["warnings"] if each["code"] == "foreign_machines"]

    for code in ("erp", "web"):
        assert await warned(f"/applications/{code}/sheet?org={ORG}&year=2026") == [said]
        assert await warned(f"/totals?org={ORG}&{MONTH}&group_by=month&application={code}") == [said]
    both = f"/totals?org={ORG}&{MONTH}&group_by=application&application=erp&application=web"
    assert await warned(both) == [said]
    assert await warned(f"/totals?org={ORG}&from=2025-11&to=2025-12&group_by=month&application=erp") == []
    assert await warned(f"/applications/crm/sheet?org={ORG}&year=2026") == []
    assert await warned(f"/totals?org={OWNER}&{MONTH}&group_by=application") == []


async def test_who_sees_the_claimant_alone_is_told_as_well_and_learns_nothing_of_the_owner(pipeline: Pipeline) -> None:
    await lent(pipeline)
    async with pipeline.service.client_for([ORG], ["footprint:read"]) as client:
        answer = await client.get(f"/v1/applications/erp/sheet?org={ORG}&year=2026&lang=en")
    assert "foreign_machines" in {each["code"] for each in answer.json()["warnings"]}
    assert OWNER not in answer.text
    assert str(id_of("lent")) not in answer.text
