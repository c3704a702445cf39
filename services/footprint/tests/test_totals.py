"""Totals answer every combination of groups and filters, and all of them tell the same to the last digit."""

import csv
import io
import json
from collections import defaultdict
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from common.organisations import EVERY
from footprint.filtering import Filters
from footprint.store import totals as rolled
from footprint.store.totals import Question
from footprint.totals import GROUPS, Totals, interval_of

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    ORG,
    activity,
    application,
    asset,
    claim,
    electricity,
    factor,
    foundations,
    guest,
    host,
    id_of,
    machine,
    organisation,
    segment,
    site,
)

SPAN = f"org={ORG}&from=2026-04&to=2026-07"
CAR = factor("car", "transport.car", 0.2, unit="kgCO2e/km", stage="maintenance_and_sale")
MOVED = "2026-06-11T07:00:00+02:00"
"""Within a month, and not at the full day."""


async def world(pipeline: Pipeline) -> None:
    """Two sites under one factor; a server that moves between them and machines, claimed wholly, in part, in turn and not at all; what a
    site and the organisation do themselves; a closed month of which more became known, and an asset without any figure."""
    pipeline.now = pipeline.now.replace(month=7, day=20)
    lyon = str(id_of("lyon"))
    moving = [segment(end=MOVED), segment(MOVED, site_id=lyon)]
    bare = [segment(site_id=lyon, configuration={"cpu": {"units": 1, "cores": 8}})]
    await pipeline.service.handle(
        *foundations(), CAR, site("lyon"), host("a"), asset("b", timeline=bare),
        asset("moving", timeline=moving), asset("laptop", kind="laptop"), asset("idle"),
        machine("vm1", guest("a", 4)), machine("vm2", guest("a", 3, end=MOVED), guest("b", 3, MOVED)),
        asset("later", timeline=[segment("2026-10-01T00:00:00+02:00")]),
        activity("trip"),
        activity("visit", site_id=lyon),
    )  # fmt: skip
    await pipeline.service.handle(
        application("erp", claim("moving"), claim("vm1", weight=2.0), claim("vm2", end="2026-06-20T00:00:00+02:00")),
        application("crm", claim("vm1"), claim("vm2", "2026-06-03T00:00:00+02:00"), claim("laptop", weight=0.3)),
    )
    await pipeline.settle()
    closing = await pipeline.service.client.post(f"/v1/periods/2026-05/close?org={ORG}&earlier=true")
    assert closing.status_code == 200
    await pipeline.service.handle(
        electricity("FR", 0.06, version=2),
        factor("embodied-server", "embodied.server", 1100.0, 2, stage="manufacturing"),
    )
    await pipeline.settle()


async def ask(pipeline: Pipeline, query: str) -> Any:
    """An answer of `/totals` with its numbers as printed."""
    return await ask_of(pipeline, f"{SPAN}&{query}")


async def ask_of(pipeline: Pipeline, query: str) -> Any:
    """An answer of `/totals` about another span."""
    answer = await pipeline.service.client.get(f"/v1/totals?{query}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


def by(document: Any, *names: str) -> dict[tuple[Any, ...], tuple[Decimal, Decimal]]:
    """Value and what of it corrects closed months, added up by some of the groups; groups that come to nothing left out."""
    found: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for each in document["groups"]:
        amounts = found[tuple(each[name] for name in names)]
        amounts[0] += each["value"] or 0
        amounts[1] += each["restated"]
    return {key: (value, restated) for key, (value, restated) in found.items() if value or restated}


def kwh_by(document: Any, *names: str) -> dict[tuple[Any, ...], Decimal]:
    """The kWh added up by some of the groups; groups that come to none left out."""
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for each in document["groups"]:
        found[tuple(each[name] for name in names)] += each["kwh"] or 0
    return {key: amount for key, amount in found.items() if amount}


@pytest.mark.parametrize("basis", ["location", "market"])
async def test_every_combination_of_groups_tells_the_same_to_the_last_digit(pipeline: Pipeline, basis: str) -> None:
    await world(pipeline)
    by_stage = await ask(pipeline, f"group_by=stage&basis={basis}")
    whole, kwh = by_stage["total"], by_stage["kwh"]
    assert {each["kwh"] for each in by_stage["groups"] if each["stage"] != "use"} == {None}
    drawn = await ask(pipeline, "group_by=stage")
    assert drawn["kwh"] > 0 == drawn["kwh_without_factor"]
    assert (kwh or 0) + by_stage["kwh_without_factor"] == drawn["kwh"]
    alone = {name: await ask(pipeline, f"group_by={name}&basis={basis}") for name in GROUPS}
    single = {name: by(document, name) for name, document in alone.items()}
    energy = {name: kwh_by(document, name) for name, document in alone.items()}
    assert basis == "market" or {("erp",), ("crm",), (None,)} == set(energy["application"])
    assert set(single["application"]) == {("erp",), ("crm",), (None,)}
    assert {key for (key,) in single["site"]} >= {"nanterre", "lyon"}
    assert any(restated for _, restated in single["month"].values())
    combined = 0
    for size in range(2, len(GROUPS) + 1):
        for names in combinations(GROUPS, size):
            found = await ask(pipeline, f"group_by={','.join(names)}&basis={basis}")
            assert found["total"] == whole == sum(each["value"] or 0 for each in found["groups"]), names
            assert found["kwh"] == kwh, names
            assert (kwh or 0) == sum(each["kwh"] or 0 for each in found["groups"]), names
            for name in names:
                assert by(found, name) == single[name], (names, name)
                assert kwh_by(found, name) == energy[name], (names, name)
            combined += 1
    assert combined == 2 ** len(GROUPS) - 1 - len(GROUPS)


async def test_every_combination_of_filters_tells_what_its_groups_tell(pipeline: Pipeline) -> None:
    await world(pipeline)
    names = ("application", "site", "kind", "asset", "stage")
    every = await ask(pipeline, f"group_by={','.join(names)}")
    cells, energy = by(every, *names), kwh_by(every, *names)
    for size in range(1, len(names) + 1):
        for some in combinations(names, size):
            summed: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
            electricity: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
            for cell, (value, _) in cells.items():
                key = tuple(cell[names.index(name)] for name in some)
                summed[key] += value
                electricity[key] += energy.get(cell, Decimal())
            for key, value in summed.items():
                if None not in key:
                    query = "&".join(f"{name}={each}" for name, each in zip(some, key, strict=True))
                    told = await ask(pipeline, query)
                    assert told["total"] == value, query
                    assert (told["kwh"] or 0) == electricity[key], query
    missing = await ask(pipeline, f"application=erp&asset={id_of('idle')}&group_by=site")
    assert (missing["total"], missing["groups"]) == (None, [])


async def test_a_machine_claimed_throughout_is_used_to_the_last_digit_at_each_site_it_stood_at(
    pipeline: Pipeline,
) -> None:
    await world(pipeline)
    found = await ask(pipeline, f"group_by=site,month,stage,application&asset={id_of('moving')}")
    used = [each for each in found["groups"] if each["application"] == "erp"]
    assert {each["site"] for each in used if each["month"] == "2026-06"} == {"nanterre", "lyon"}
    unused = [each for each in found["groups"] if each["application"] is None]
    assert all(each["value"] == each["restated"] for each in unused)


async def test_a_page_by_asset_of_an_application_holds_the_assets_that_it_uses(pipeline: Pipeline) -> None:
    await world(pipeline)
    pages, cursor = [], ""
    while cursor is not None:
        document = await ask(pipeline, f"application=crm&group_by=asset&limit=1{f'&cursor={cursor}' if cursor else ''}")
        pages.append({each["asset"]: each["value"] for each in document["groups"]})
        cursor = document["next_cursor"]
    assert all(len(page) == 1 for page in pages)
    seen = [asset for page in pages for asset in page]
    assert seen == sorted(str(id_of(name)) for name in ("vm1", "vm2", "laptop"))
    whole = (await ask(pipeline, "application=crm"))["total"]
    assert sum(value for page in pages for value in page.values()) == whole > 0
    both = await ask(pipeline, "application=crm&application=erp&group_by=asset,application")
    assert {(each["asset"], each["application"]) for each in both["groups"]} == {
        (str(id_of(name)), code)
        for name, code in (("moving", "erp"), ("vm1", "erp"), ("vm1", "crm"), ("vm2", "erp"), ("vm2", "crm"), ("laptop", "crm"))
    }  # fmt: skip
    assert all(each["low"] < each["value"] < each["high"] for each in both["groups"])


async def test_an_application_that_begins_in_the_middle_of_a_year_is_none_of_the_months_before(
    pipeline: Pipeline,
) -> None:
    since = "2026-06-01T00:00:00+02:00"
    await pipeline.service.handle(
        *foundations(), asset("s1"), asset("s2"), application("a", claim("s1")), application("b", claim("s2", since))
    )
    await pipeline.settle()
    for others in ("", ",stage", ",site", ",kind", ",scope", ",month"):
        for month, codes in (("2026-02", {"a", None}), ("2026-06", {"a", "b"})):
            asked = f"org={ORG}&from={month}&to={month}&group_by=application{others}"
            found = (await ask_of(pipeline, asked))["groups"]
            assert {each["application"] for each in found} == codes, asked
            whole = (await ask_of(pipeline, f"org={ORG}&from={month}&to={month}"))["total"]
            assert sum(each["value"] for each in found) == whole > 0


async def hosted_at_two(pipeline: Pipeline) -> None:
    """A customer with a server at its own hall, one nowhere, and machines on hosts in a hall of each of two providers."""
    cores: dict[str, Any] = {"configuration": {"cpu": {"units": 1, "cores": 8}}}
    for number, provider in enumerate(("north", "south"), 1):
        hall, carrier = f"hall of {provider}", f"host of {provider}"
        await pipeline.service.handle(
            *(foundations() if number == 1 else ()), organisation(org=provider), site(hall, org=provider, code="hall"),
            asset(carrier, org=provider, timeline=[segment(site_id=str(id_of(hall)), **cores)]),
            machine(f"vm{number}", guest(carrier, 2 * number)),
        )  # fmt: skip
    await pipeline.service.handle(
        site("hall"), site("void", org="north"), asset("own", timeline=[segment(site_id=str(id_of("hall")))]),
        asset("carried", timeline=[segment(site_id=None)]),
    )  # fmt: skip
    await pipeline.settle()


@pytest.mark.parametrize("seen", [[ORG], "*"])
async def test_sites_of_other_organisations_are_groups_and_filters_under_one_name_whoever_asks(
    pipeline: Pipeline, seen: list[str] | str
) -> None:
    await hosted_at_two(pipeline)
    asked = f"org={ORG}&from=2026-04&to=2026-04"
    async with pipeline.service.client_for(seen) as client:

        async def told(path: str, status: int = 200) -> Any:
            answer = await client.get(f"/v1/{path}")
            assert answer.status_code == status, answer.text
            return answer

        groups = json.loads((await told(f"totals?{asked}&group_by=site")).content, parse_float=Decimal)["groups"]
        by_site = {each["site"]: each["value"] for each in groups}
        assert len(groups) == len(by_site)
        assert set(by_site) == {"hall", "north/hall", "south/hall", None}
        for name in by_site.keys() - {None}:
            alone = json.loads((await told(f"totals?{asked}&site={name}")).content, parse_float=Decimal)
            assert alone["total"] == by_site[name] > 0, name
        for name in ("north/void", "north/nothing", "elsewhere/hall", f"{ORG}/hall", "void"):
            refused = (await told(f"totals?{asked}&site={name}", 422)).json()
            assert [(each["field"], each["code"]) for each in refused["errors"]] == [("site", "unknown")], name
        cells = (await told(f"data-quality?{asked}")).json()["cells"]
        keys = [(each["site"], each["kind"], each["stage"]) for each in cells]
        assert len(set(keys)) == len(keys)
        assert {site for site, _, _ in keys} == set(by_site)
        report = (await told(f"reports/{ORG}/2026.csv?lang=en")).content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(report)))
        assert {row["site"] for row in rows} == {name or "" for name in by_site}


async def test_what_a_site_and_the_organisation_do_stands_among_the_assets(pipeline: Pipeline) -> None:
    await world(pipeline)
    found = by(await ask(pipeline, "group_by=asset,kind"), "asset", "kind")
    assert found[str(id_of("lyon")), "site"][0] == 20
    assert [value for (_, kind), (value, _) in found.items() if kind == "organisation"] == [20]


def bounds(document: Any) -> tuple[Any, ...]:
    """The interval of a total or a group, as printed."""
    return document["low"], document["high"], document["quality"]


@pytest.mark.parametrize("basis", ["location", "market"])
async def test_an_interval_is_the_same_to_the_last_digit_by_whatever_groups_or_filters_it_is_asked_for(
    pipeline: Pipeline, basis: str
) -> None:
    await world(pipeline)
    whole = bounds(await ask(pipeline, f"basis={basis}"))
    assert None not in whole
    for size in range(1, 4):
        for names in combinations(GROUPS, size):
            assert bounds(await ask(pipeline, f"basis={basis}&group_by={','.join(names)}")) == whole, names
    names = ("application", "site", "kind", "stage")
    cells = (await ask(pipeline, f"basis={basis}&group_by={','.join(names)}"))["groups"]
    used = [each for each in cells if each["application"] is not None and each["value"] > each["restated"]]
    assert used
    for each in used:
        query = "&".join(f"{name}={each[name]}" for name in names)
        assert bounds(await ask(pipeline, f"basis={basis}&{query}")) == bounds(each), query
        assert bounds(await ask(pipeline, f"basis={basis}&group_by=asset,month&{query}")) == bounds(each), query


@pytest.mark.parametrize(("applications", "pages"), [((), 3), (("erp", "crm"), 2)])
async def test_groups_of_applications_that_have_no_room_on_one_page_come_on_several(
    pipeline: Pipeline, applications: tuple[str, ...], pages: int
) -> None:
    await world(pipeline)
    question = Question(ORG, 2026 * 12 + 3, 2026 * 12 + 6, groups=("month", "application", "site", "stage"))
    filters = Filters(applications=applications)
    every, following = await Totals(pipeline.service.database).answer(EVERY, question, filters, "en")
    assert (every["total_of"], following) == ("whole", None)
    found: list[dict[str, Any]] = []
    after = None
    while after is not None or not found:
        page, after = await Totals(pipeline.service.database, groups_of_page=5).answer(
            EVERY, question, filters, "en", after
        )
        assert page["whole"] == {name: every[name] for name in page["whole"]}
        assert page["total"] == sum(Decimal(str(each["value"])) for each in page["groups"])
        assert [page[name] for name in ("warnings", "kwh_without_factor")] == [
            every[name] for name in ("warnings", "kwh_without_factor")
        ]
        assert len({each["application"] for each in page["groups"]}) == 1
        found.append(page)
    assert [page["total_of"] for page in found] == ["page"] * pages
    together = [each for page in found for each in page["groups"]]
    assert len(together) == len(every["groups"])
    assert all(each in together for each in every["groups"])
    assert sum(page["total"] for page in found) == every["total"]


async def test_a_page_of_assets_without_any_figure_tells_no_total(pipeline: Pipeline) -> None:
    await world(pipeline)
    found = await ask(pipeline, "group_by=asset&criterion=water")
    assert (found["groups"], found["total"], found["low"], found["whole"]["total"]) == ([], None, None, None)
    assert "no_figures" in {each["code"] for each in found["warnings"]}


async def test_an_interval_follows_from_factors_sources_and_months(pipeline: Pipeline) -> None:
    await world(pipeline)
    await pipeline.service.handle(
        factor("energy-server", "energy.server", 9000.0, criterion="parameter", unit="kWh/year"),
        asset("silent", declared={}),
    )
    await pipeline.settle()
    async with pipeline.service.database.snapshot(EVERY) as connection:
        rows = await rolled.totals(connection, Question(ORG, 2026 * 12 + 3, 2026 * 12 + 6, groups=("site",)))
    assert len({row["factor"] for row in rows}) > 1
    assert {bool(row["source"]) for row in rows} == {True, False}
    of_sites: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        of_sites[row["site_id"]].append(row)
    found = await ask(pipeline, "group_by=site")
    expected = [interval_of(rows), *(interval_of(each) for each in of_sites.values())]
    assert sorted(float(each["low"]) for each in [found, *found["groups"]]) == pytest.approx(
        sorted(each["low"] for each in expected), rel=1e-12
    )
