"""Assets are named as their owners know them, and a name weighs nothing."""

from typing import Any

import pytest
from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_said import ask
from services.footprint.tests.world import ORG, asset, foundations, guest, host, id_of, machine, segment

MODEL = {"maker": "Dell", "name": "PowerEdge R740"}
MONTH = "months/2026-10/explanation"


async def text(pipeline: Pipeline, name: str, language: str) -> str:
    """The explanation of an asset's October as text."""
    answer = await pipeline.service.client.get(f"/v1/assets/{id_of(name)}/{MONTH}?lang={language}")
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize(
    ("language", "known"), [("fr", "Ce que l’on sait de h · Dell"), ("en", "What is known of h · Dell")]
)
async def test_explanations_sheets_and_recommendations_name_assets_as_their_source_and_maker_do(
    pipeline: Pipeline, language: str, known: str
) -> None:
    off = asset("off", timeline=[segment(status="off")])
    await pipeline.service.handle(*foundations(), host("h", model=MODEL), machine("vm", guest("h", 4)), off)
    await pipeline.settle()
    told = await text(pipeline, "vm", language)
    assert f"vm · {id_of('vm')}" in told
    [line] = [each for each in told.splitlines() if each.strip().startswith(known)]
    kind = {"fr": "serveur, quantité", "en": "server, quantity"}[language]
    assert f"h · Dell PowerEdge R740 · {id_of('h')} ({kind} 1)" in line
    sheet = await ask(pipeline, f"/assets/{id_of('h')}/sheet?year=2026")
    assert (sheet["source"], sheet["external_id"], sheet["model"]) == ("test", "h", MODEL)
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    for each in board["recommendations"]:
        assert [named["asset_id"] for named in each["named_assets"]] == each["assets"]
        assert all(named["source"] == "test" for named in each["named_assets"])
    assert any(each["named_assets"] for each in board["recommendations"])


async def stored(pipeline: Pipeline) -> list[Any]:
    """All that was computed, with when."""
    async with pipeline.service.database.snapshot(EVERY) as connection:
        rows: list[Any] = await connection.fetch("SELECT * FROM asset_months ORDER BY asset_id, month")
    return [dict(row) for row in rows]


async def test_another_name_alone_has_nothing_computed_again(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    before = await stored(pipeline)
    await pipeline.service.handle(asset("srv", 2, external_id="SN-88F2", source="cmdb"))
    assert await pipeline.calculator.step() == 0
    assert await stored(pipeline) == before
    assert f"SN-88F2 · {id_of('srv')}" in await text(pipeline, "srv", "en")


async def test_what_was_stored_without_a_name_goes_by_its_id_until_inventory_publishes_it_again(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("UPDATE assets SET document = document - 'source' - 'external_id'")
    before = await stored(pipeline)
    assert f"asset {id_of('srv')}\n" in await text(pipeline, "srv", "en")
    assert (await ask(pipeline, f"/assets/{id_of('srv')}/sheet?year=2026"))["external_id"] is None
    await pipeline.service.handle(asset("srv"))
    assert await pipeline.calculator.step() == 0
    assert await stored(pipeline) == before
    assert f"asset srv · {id_of('srv')}\n" in await text(pipeline, "srv", "en")
