"""Importing through the API: a dry run changes nothing, an import is one release, twice is once."""

import asyncio
from typing import Any

from common.testing.harness import RunningService
from factors.settings import FactorsSettings
from httpx import Response

Factors = RunningService[FactorsSettings]

EMBER = """country_code,country_or_region,year,latest_year,emissions_intensity_gco2_per_kwh
FRA,France,2024,2025,44.18
FRA,France,2025,2025,40.5
CAF,Central African Republic (the),2025,2025,0.0
ZZZ,Nowhere,2025,2025,100
"""

SOURCE = {"source_name": "Ember", "source_link": "Ember, 2025", "source_licence": "CC BY 4.0", "source_year": "2025"}


async def send(service: Factors, text: str = EMBER, *, source: dict[str, str] | None = None, **query: str) -> Response:
    form = SOURCE if source is None else source
    params = {"format": "ember"} | query
    return await service.client.post("/v1/imports", params=params, files={"file": ("file.csv", text)}, data=form)


async def test_a_dry_run_says_what_would_change_and_changes_nothing(french: Factors) -> None:
    answer = (await send(french, dry_run="true")).json()
    assert (answer["added"], answer["revised"], answer["unchanged"], answer["rejected"]) == (1, 1, 0, 1)
    assert answer["added_ids"] == ["electricity-fr-2025-ember"]
    [revision] = answer["revisions"]
    assert (revision["id"], revision["before_version"]) == ("electricity-fr-2024-ember", 1)
    assert {"field": "value", "before": 0.0442, "after": 0.04418} in revision["changes"]
    assert [(reject["line"], reject["field"]) for reject in answer["rejects"]] == [(5, "country_code")]
    assert sum(answer["skipped"].values()) == 1

    assert (await french.client.get("/v1/factors/electricity-fr-2025-ember")).status_code == 404
    assert await french.outbox() == []


async def test_an_import_publishes_as_one_release_and_twice_is_once(french: Factors) -> None:
    first = (await send(french, release="ember-2025")).json()
    assert (first["added"], first["revised"], first["release"]) == (1, 1, "ember-2025")
    told = [event.key for event in await french.take_outbox()]
    assert sorted(told) == ["electricity-fr-2024-ember", "electricity-fr-2025-ember", "ember-2025/1"]
    published = (await french.client.get("/v1/factors")).json()["items"]
    assert (await french.client.get("/v1/releases/ember-2025")).json()["size"] == len(published)
    history = (await french.client.get("/v1/factors/electricity-fr-2024-ember")).json()
    assert (history["version"], history["reason"], history["author"]) == (2, "import release ember-2025", "tests")

    second = (await send(french, release="ember-2025-again")).json()
    assert (second["added"], second["revised"], second["unchanged"]) == (0, 0, 2)
    assert [event.key for event in await french.outbox()] == ["ember-2025-again/1"]


async def test_of_imports_of_one_release_at_once_one_is_published(french: Factors) -> None:
    answers = await asyncio.gather(*(send(french, release="ember-2025") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_a_table_that_cannot_be_read_is_refused_naming_the_line(french: Factors) -> None:
    answer = await send(french, EMBER + "FRA," + "x" * 200_000 + ",2025,2025,1\n", dry_run="true")
    assert answer.status_code == 422
    assert "line 6" in answer.json()["errors"][0]["detail"]


async def test_an_import_needs_a_release_a_source_and_staff(french: Factors) -> None:
    assert [error["field"] for error in (await send(french)).json()["errors"]] == ["release"]
    assert [error["field"] for error in (await send(french, source={}, dry_run="true")).json()["errors"]] == [
        "source_name"
    ]
    assert (await send(french, "", dry_run="true")).status_code == 422
    assert (await send(french, release="ember-2025")).status_code == 200
    assert (await send(french, release="ember-2025")).status_code == 409
    async with french.client_for(["acme"]) as customer:
        files: Any = {"file": ("file.csv", EMBER)}
        refused = await customer.post(
            "/v1/imports", params={"format": "ember", "dry_run": "true"}, files=files, data=SOURCE
        )
    assert refused.status_code == 403


async def test_an_imported_model_is_found_by_its_maker_and_name(empty: Factors) -> None:
    text = "manufacturer,name,subcategory,gwp_total,gwp_manufacturing_ratio\nDell,PowerEdge R740,Server,8640,0.152\n"
    assert (await send(empty, text, format="boavizta", release="boavizta-2023")).status_code == 200
    page = (await empty.client.get("/v1/factors", params={"q": "poweredge r740"})).json()
    assert [item["activity"] for item in page["items"]] == ["embodied.server.dell.poweredge-r740"]


async def test_every_model_that_is_taken_up_can_be_asked_for(empty: Factors) -> None:
    """Makers give models names of up to some 130 characters; what is longer than can be asked for is rejected."""
    header = "manufacturer,name,subcategory,gwp_total,gwp_manufacturing_ratio"
    long, longer = " ".join(["Mac Pro"] * 15), " ".join(["iMac"] * 60)
    rows = [f"Apple,{name},Desktop,700,0.8" for name in (long, longer)]
    answer = (await send(empty, "\n".join([header, *rows, ""]), format="boavizta", release="models")).json()
    assert (answer["added"], [(reject["line"], reject["code"]) for reject in answer["rejects"]]) == (
        1,
        [(3, "too_long")],
    )

    [factor] = (await empty.client.get("/v1/factors")).json()["items"]
    question = {"activity": factor["activity"], "date": "2026-01-01"}
    assert len(factor["activity"]) > 120
    assert (await empty.client.get("/v1/resolve", params=question)).json()["factor"]["id"] == factor["id"]
