"""Parameters that were published before the catalogue refused them, and assets that cannot be computed: answers stand, and say so."""

from typing import Any, Final

import pytest
from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import ORG, asset, factor, foundations, id_of, override, segment

CONFIGURED: Final = {
    "cpu": {"units": 2, "cores": 24, "die_mm2": 400, "tdp_w": 150},
    "ram": [{"units": 12, "gib": 32}],
}
_PARTS: Final = {
    "cpu_die_per_mm2": 0.0197, "cpu_base": 9.14, "ram_per_cm2": 2.20, "ram_base": 5.22, "motherboard": 66.1, "case_rack": 150.0,
    "assembly": 6.68,
}  # fmt: skip
COMPONENTS: Final = [
    *(factor(f"c-{name}", f"component.{name}", value) for name, value in _PARTS.items()),
    factor("density", "component.ram_density", 1.2444, criterion="parameter", unit="GB/cm2"),
]
MADE: Final = 2 * (400 * 0.0197 + 9.14) + 12 * (32 / 1.2444 * 2.20 + 5.22) + 66.1 + 150.0 + 6.68


async def ask(pipeline: Pipeline, path: str, **query: str) -> dict[str, Any]:
    """What the API answers."""
    answer = await pipeline.service.client.get(f"/v1{path}", params=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def codes(document: dict[str, Any]) -> set[str]:
    """The codes of its warnings."""
    return {each["code"] for each in document["warnings"]}


async def test_parameters_in_another_unit_are_converted_and_those_that_divide_by_nothing_are_none(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(
        *foundations(), *COMPONENTS,
        override("own-density", "component.ram_density", 0.0, criterion="parameter", unit="GB/cm2"),
        override("own-life", "life.server", 48.0, criterion="parameter", unit="month"),
        override("own-r740", "energy.server.dell.r740", 2.0, criterion="parameter", unit="MWh/year"),
        override("own-pue", "pue", 0.5, criterion="parameter", unit="1", region="world"),
        asset("srv", timeline=[segment(configuration=CONFIGURED, site_id=None)], declared=None, planned_life_years=None,
              model={"maker": "Dell", "name": "R740"}),
    )  # fmt: skip
    await pipeline.settle()
    month = await ask(pipeline, f"/assets/{id_of('srv')}/months/2026-01")
    assert month["kwh"] == pytest.approx(2000 / 8760 * 744 * 1.58, rel=1e-12)
    made = [each["value"] for each in month["figures"] if each["stage"] == "manufacturing"]
    assert made == [pytest.approx(MADE * 31 / (4 * 365), rel=1e-12)]
    progress = await ask(pipeline, "/recomputation", org=ORG)
    assert progress["failed"] == 0


async def set_aside(pipeline: Pipeline, *names: str) -> None:
    """Say that assets could not be computed, as a calculator does."""
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            "INSERT INTO failed_marks (asset_id, reason) SELECT unnest($1::uuid[]), 'test'",
            [id_of(each) for each in names],
        )


async def test_a_dashboard_totals_and_a_report_say_how_many_assets_could_not_be_computed(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"), asset("bad"))
    await pipeline.settle()
    questions: dict[str, dict[str, str]] = {
        "/dashboard": {"org": ORG, "month": "2026-10"},
        "/totals": {"org": ORG, "from": "2026-10", "to": "2026-10", "group_by": "asset"},
    }
    for path, query in questions.items():
        assert "assets_failed" not in codes(await ask(pipeline, path, **query))
    await set_aside(pipeline, "bad")
    for path, query in questions.items():
        document = await ask(pipeline, path, **query)
        (said,) = (each["detail"] for each in document["warnings"] if each["code"] == "assets_failed")
        assert said.startswith("1 actif n’a pas pu être calculé")
    for form in ("xlsx", "pdf"):
        answer = await pipeline.service.client.get(f"/v1/reports/{ORG}/2026.{form}")
        assert answer.status_code == 200, answer.text


async def test_an_asset_that_cannot_be_computed_takes_no_dashboard_down(pipeline: Pipeline) -> None:
    """Past their life they are looked at for a recommendation; what then fails is left out, set aside already or not, and the others are
    told."""
    old: dict[str, Any] = {"acquired": {"on": "2015-01-01", "condition": "new", "price_eur": None, "age_years": None}}
    made = [segment(configuration=CONFIGURED)]
    await pipeline.service.handle(
        *foundations(), *COMPONENTS, *(asset(each, 1, made, **old) for each in ("old", "bad", "worse"))
    )
    await pipeline.settle()
    path, query = "/dashboard", {"org": ORG, "month": "2026-10"}
    before = str((await ask(pipeline, path, **query))["recommendations"])
    assert all(str(id_of(each)) in before for each in ("old", "bad", "worse"))
    change = "UPDATE assets SET document = jsonb_set(document, $2::text[], $3) WHERE id = $1"
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute(change, id_of("worse"), ["segments", "0", "status"], "unheard of")
        density = ["segments", "0", "configuration", "ram", "0", "density_gb_cm2"]
        await unit.connection.execute(change, id_of("bad"), density, 0.0)
    await set_aside(pipeline, "worse")
    document = await ask(pipeline, path, **query)
    told = str(document["recommendations"])
    assert [str(id_of(each)) in told for each in ("old", "bad", "worse")] == [True, False, False]
    assert "assets_failed" in codes(document)


async def test_a_month_is_not_closed_while_an_asset_of_it_could_not_be_computed(pipeline: Pipeline) -> None:
    november = [segment("2026-11-01T00:00:00+01:00")]
    await pipeline.service.handle(*foundations(), asset("srv"), asset("bad"), asset("later", timeline=november))
    await pipeline.settle()
    await set_aside(pipeline, "bad", "later")
    client = pipeline.service.client
    refused = await client.post("/v1/periods/2026-09/close", params={"org": ORG, "earlier": "true"})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "assets-failed")
    assert str(id_of("bad")) in refused.json()["detail"]
    assert str(id_of("later")) not in refused.json()["detail"]
    await pipeline.service.handle(asset("bad", version=2, quantity=2))
    await pipeline.settle()
    closed = await client.post("/v1/periods/2026-09/close", params={"org": ORG, "earlier": "true"})
    assert closed.status_code == 200, closed.text
