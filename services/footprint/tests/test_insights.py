"""Sheets, ratios, equivalents, data quality and recommendations: they add up with the totals, and say what they rest on."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from common.organisations import EVERY
from footprint.domain import uncertainty
from footprint.domain.sums import billionths

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_api import farm
from services.footprint.tests.world import (
    ORG,
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
    measured,
    metered,
    segment,
)


async def ask(pipeline: Pipeline, path: str, status: int = 200) -> Any:
    """An answer with its numbers as printed."""
    answer = await pipeline.service.client.get(f"/v1{path}")
    assert answer.status_code == status, answer.text
    return json.loads(answer.content, parse_float=Decimal)


SPAN = f"org={ORG}&from=2026-01&to=2026-12"


@pytest.mark.parametrize(
    "groups",
    ["site,stage", "month,kind,scope", "kind,month,stage,site", "asset,stage", "scope,ghg_category,beges_item"],
)
async def test_any_combination_of_groups_adds_up_to_the_same_total(pipeline: Pipeline, groups: str) -> None:
    await farm(pipeline)
    whole = (await ask(pipeline, f"/totals?{SPAN}&group_by=month"))["total"]
    found = await ask(pipeline, f"/totals?{SPAN}&group_by={groups}")
    assert found["total"] == whole == sum(each["value"] for each in found["groups"])
    names = groups.split(",")
    keys = [tuple(each[name] for name in names) for each in found["groups"]]
    assert len(set(keys)) == len(keys) > 1


async def test_filters_leave_out_and_their_complements_add_up(pipeline: Pipeline) -> None:
    await farm(pipeline)
    whole = (await ask(pipeline, f"/totals?{SPAN}"))["total"]
    for one, other in (
        ("site=hot", "site=nanterre"),
        ("stage=use", "stage=manufacturing"),
        ("scope=2", "scope=1&scope=3"),
        ("kind=server", "kind=virtual_machine"),
    ):
        parts = [(await ask(pipeline, f"/totals?{SPAN}&{each}"))["total"] for each in (one, other)]
        assert sum(parts) == whole
        assert min(parts) > 0
    (warm,) = (await ask(pipeline, f"/totals?{SPAN}&group_by=asset&asset={id_of('warm')}"))["groups"]
    assert warm["value"] == (await ask(pipeline, f"/totals?{SPAN}&group_by=month&asset={id_of('warm')}"))["total"]
    for query in ("site=nowhere", "stage=party", "scope=4", "kind=toaster", "application=none", "group_by=month,month"):
        await ask(pipeline, f"/totals?{SPAN}&{query}", 422)


async def test_what_applications_use_and_what_none_uses_add_up(pipeline: Pipeline) -> None:
    await farm(pipeline)
    await pipeline.service.handle(
        application("erp", claim("vm1")), application("crm", claim("vm1"), claim("vm2", weight=0.5))
    )
    await pipeline.settle()
    everything = await ask(pipeline, f"/totals?{SPAN}")
    whole = everything["total"]
    found = await ask(pipeline, f"/totals?{SPAN}&group_by=application,stage")
    for bound in ("low", "high"):
        assert float(found[bound]) == pytest.approx(float(everything[bound]))
    assert found["total"] == whole == sum(each["value"] for each in found["groups"])
    assert {each["application"] for each in found["groups"]} == {"erp", "crm", None}
    sheet = await ask(pipeline, f"/applications/erp/sheet?org={ORG}&year=2026&functional_units=1000&unit=order")
    erp = sum(each["value"] for each in found["groups"] if each["application"] == "erp")
    assert sheet["year"]["estimate_kg"] == erp == sum(each["total_kg"] for each in sheet["months"])
    assert float(sheet["sci"]["value"]) == pytest.approx(float(erp) / 1000)
    assert sheet["sci"]["unit"] == "kgCO2e/order"
    assert "PUE" in sheet["sci"]["boundary"]
    await ask(pipeline, f"/applications/none/sheet?org={ORG}&year=2026", 404)


async def test_an_intervals_bounds_hold_the_figure_everywhere(pipeline: Pipeline) -> None:
    await farm(pipeline)
    for groups in ("month", "site,stage", "asset"):
        for each in (await ask(pipeline, f"/totals?{SPAN}&group_by={groups}"))["groups"]:
            if each["value"]:
                assert each["low"] < each["value"] < each["high"]
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    assert board["interval"]["low_kg"] < board["total_kg"] < board["interval"]["high_kg"]
    assert board["year"]["interval"]["low_kg"] < board["year"]["estimate_kg"] < board["year"]["interval"]["high_kg"]


def same(told: dict[str, Any], totals: dict[str, Any]) -> bool:
    """Whether an interval in kg is the one that `/totals` gives: a sum in another order may differ in its last bits."""
    bounds = [float(totals["low"]), float(totals["high"])]
    return [float(told["low_kg"]), float(told["high_kg"])] == pytest.approx(bounds, rel=1e-12) and (
        told["quality"] == totals["quality"]
    )


async def test_parts_and_months_of_dashboard_and_sheets_have_the_intervals_of_the_totals(pipeline: Pipeline) -> None:
    await farm(pipeline)
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    months = (await ask(pipeline, f"/totals?{SPAN}&group_by=month"))["groups"]
    told = {each["month"]: each["interval"] for each in board["months"]}
    assert len(months) == 12
    for each in months:
        bounds = told[each["month"]]
        assert same(bounds, each)
    october = next(each for each in board["months"] if each["month"] == "2026-10")
    assert (october["interval"], october["part_intervals"]) == (board["interval"], board["part_intervals"])
    stages = await ask(pipeline, f"/totals?org={ORG}&from=2026-10&to=2026-10&group_by=stage")
    of_stage = {each["stage"]: each for each in stages["groups"]}
    assert same(board["part_intervals"]["electricity_kg"], of_stage["use"])
    assert same(board["part_intervals"]["construction_kg"], of_stage["manufacturing"])
    assert list(board["part_intervals"]["maintenance_and_sale_kg"].values()) == [None, None, None]
    sheet = await ask(pipeline, f"/assets/{id_of('warm')}/sheet?year=2026")
    for each in sheet["months"]:
        assert each["interval"]["low_kg"] < each["total_kg"] < each["interval"]["high_kg"]
        assert each["part_intervals"]["electricity_kg"]["quality"] is not None


async def test_the_kwh_of_a_dashboard_are_those_of_its_asset_months(pipeline: Pipeline) -> None:
    await farm(pipeline)
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    assets = (await ask(pipeline, f"/totals?org={ORG}&from=2026-10&to=2026-10&group_by=asset"))["groups"]
    kept = [(await ask(pipeline, f"/assets/{each['asset']}/months/2026-10"))["kwh"] for each in assets]
    assert len(kept) > 3
    assert float(board["kwh"]) == pytest.approx(float(sum(kept)), abs=1e-6)
    assert (await ask(pipeline, f"/dashboard?org={ORG}&month=2019-10"))["kwh"] is None
    sheet = await ask(pipeline, f"/assets/{id_of('warm')}/sheet?year=2026")
    assert float(sheet["kwh"]) == pytest.approx(float(sum(each["kwh"] for each in sheet["evidence"])), abs=1e-6)
    assert (await ask(pipeline, f"/assets/{id_of('warm')}/sheet?year=2019"))["kwh"] is None


async def test_ratios_have_the_interval_of_what_they_divide(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), host("host"), machine("vm", guest("host", 8)))
    await pipeline.settle()
    found = await ask(pipeline, f"/ratios?{SPAN}&employees=4&functional_units=1000")
    whole = await ask(pipeline, f"/totals?{SPAN}")
    assert same(found["interval"], whole)
    per = found["employees"]["intervals"]["kg_per_employee"]
    assert float(per["low"]) == pytest.approx(float(whole["low"]) / 4)
    assert float(per["high"]) == pytest.approx(float(whole["high"]) / 4)
    assert per["low"] < found["employees"]["kg_per_employee"] < per["high"]
    machines = found["virtual_machines"]
    for name in ("kg", "kg_per_machine", "kg_per_vcpu"):
        assert machines["intervals"][name]["low"] < machines[name] < machines["intervals"][name]["high"]
    assert found["sci"]["interval"]["low"] < found["sci"]["value"] < found["sci"]["interval"]["high"]
    bare = await ask(pipeline, f"/ratios?{SPAN}")
    assert set(bare["employees"]["intervals"]["kg_per_employee"].values()) == {None}


async def test_the_spread_that_a_source_states_goes_before_the_one_of_ratings(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"), electricity("FR", 0.05, version=2, gsd2=1.2))
    await pipeline.settle()
    query = f"/totals?org={ORG}&from=2026-03&to=2026-03&group_by=stage&stage=use"
    (use,) = (await ask(pipeline, query))["groups"]
    spread = math.exp(math.hypot(math.log(1.2), uncertainty.ln_gsd2(uncertainty.Ratings.all(4))))
    assert (float(use["low"]), float(use["high"])) == pytest.approx(
        (float(use["value"]) / spread, float(use["value"]) * spread), rel=1e-6
    )


async def test_an_asset_sheet_adds_up_and_leads_to_the_explanations(pipeline: Pipeline) -> None:
    await farm(pipeline)
    sheet = await ask(pipeline, f"/assets/{id_of('a')}/sheet?year=2026")
    totals = await ask(pipeline, f"/totals?{SPAN}&group_by=asset&asset={id_of('a')}")
    assert sheet["year"]["estimate_kg"] == totals["total"] == sheet["year"]["elapsed_kg"] + sheet["year"]["forecast_kg"]
    assert all(sum(each["parts"].values()) == each["total_kg"] for each in sheet["months"])
    await ask(pipeline, sheet["evidence"][0]["explanation"].removeprefix("/v1"))


async def test_ratios_divide_by_means_over_the_time(pipeline: Pipeline) -> None:
    july = "2026-07-01T00:00:00+02:00"
    await pipeline.service.handle(
        *foundations(), host("a"), machine("vm1", guest("a", 4)), machine("vm2", guest("a", 8, july))
    )
    await pipeline.settle()
    found = await ask(pipeline, f"/ratios?{SPAN}&employees=10&functional_units=500")
    machines = found["virtual_machines"]
    assert float(machines["mean_machines"]) == pytest.approx(1 + 184 / 365, abs=0.001)
    assert float(machines["mean_vcpus"]) == pytest.approx(4 + 8 * 184 / 365, abs=0.01)
    assert float(machines["kg_per_vcpu"]) == pytest.approx(float(machines["kg"]) / float(machines["mean_vcpus"]))
    assert float(found["employees"]["kg_per_employee"]) == pytest.approx(float(found["total_kg"]) / 10)
    parts = float(found["sci"]["operational_kg"]) + float(found["sci"]["embodied_kg"])
    assert parts == pytest.approx(float(found["total_kg"]))
    assert float(found["sci"]["value"]) == pytest.approx(parts / 500)


async def test_equivalents_come_from_the_catalogue_with_their_source(pipeline: Pipeline) -> None:
    await farm(pipeline)
    await pipeline.service.handle(factor("car", "transport.car", 0.2, unit="kgCO2e/km"))
    found = await ask(pipeline, f"/equivalents?{SPAN}")
    (car,) = [each for each in found["equivalents"] if each["activity"] == "transport.car"]
    assert float(car["quantity"]) == pytest.approx(float(found["total_kg"]) / 0.2)
    assert (car["unit"], car["factor"]["id"], car["source"]["name"]) == ("km", "car", "test")


async def test_the_map_of_data_quality_adds_up_and_names_what_widens_most(pipeline: Pipeline) -> None:
    await farm(pipeline)
    found = await ask(pipeline, f"/data-quality?{SPAN}")
    assert (
        found["total_kg"]
        == sum(each["value"] for each in found["cells"])
        == sum(each["value"] for each in found["classes"])
    )
    assert float(sum(each["share"] for each in found["widening"])) == pytest.approx(1.0)
    shares = [each["share"] for each in found["widening"]]
    assert shares == sorted(shares, reverse=True)


def month_of_load(name: str, mean: float, days: int = 31) -> Any:
    """Measured loads of October."""
    return measured(
        name,
        month="2026-10",
        days=[
            {
                "day": f"2026-10-{day:02d}", "seconds": 90_000 if day == 25 else 86_400, "energy": [],
                "utilisation": {"covered": [[0, 86_400]], "bands": [{"mean": mean, "seconds": 86_400}]},
            }
            for day in range(1, days + 1)
        ],
    )  # fmt: skip


async def test_idle_and_over_allocated_machines_are_told_once_they_were_measured_for_thirty_days(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(
        *foundations(), host("a"), *(machine(name, guest("a", 8)) for name in ("lazy", "large", "busy", "short"))
    )
    await pipeline.service.handle(
        month_of_load("lazy", 0.01),
        month_of_load("large", 0.2),
        month_of_load("busy", 0.8),
        month_of_load("short", 0.01, 9),
    )
    await pipeline.settle()
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    found = {each["code"]: each for each in board["recommendations"]}
    assert found["idle"]["assets"] == [str(id_of("lazy"))]
    assert found["over_allocated"]["assets"] == [str(id_of("large"))]
    assert found["over_allocated"]["eur_per_year"] == f"{4 * 7.9 * 12:.2f}"
    lazy = await ask(pipeline, f"/totals?org={ORG}&from=2026-10&to=2026-10&group_by=asset&asset={id_of('lazy')}")
    assert float(found["idle"]["kg_per_year"]) == pytest.approx(float(lazy["total"]) * 12, abs=0.001)
    for each in found.values():
        assert len(each["evidence"]) == len(each["evidence_fr"]) > 0


async def test_servers_due_and_fleets_past_their_life_are_told_with_what_reuse_saves(pipeline: Pipeline) -> None:
    soon = {"on": "2022-01-15", "condition": "new", "price_eur": "10000.00", "age_years": None}
    laptops = {"on": "2020-01-01", "condition": "new", "price_eur": "1000.00", "age_years": None}
    await pipeline.service.handle(
        *foundations(), factor("embodied-laptop", "embodied.laptop", 181.0),
        factor("life-laptop", "life.laptop", 4.0, criterion="parameter", unit="year"),
        asset("due", acquired=soon), asset("later"), asset("fleet", kind="laptop", quantity=20, acquired=laptops, planned_life_years=None),
    )  # fmt: skip
    await pipeline.settle()
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    found = {each["code"]: each for each in board["recommendations"]}
    assert found["due_for_renewal"]["assets"] == [str(id_of("due"))]
    assert float(found["due_for_renewal"]["kg_per_year"]) == pytest.approx(1000 / 5)
    assert found["due_for_renewal"]["eur_per_year"] == f"{10000 * 0.3 / 5:.2f}"
    assert float(found["fleet_due_for_reconditioning"]["kg_per_year"]) == pytest.approx(20 * 181 / 4)


async def test_missing_data_names_what_it_stands_for_and_saves_nothing(pipeline: Pipeline) -> None:
    energy = factor("energy-server", "energy.server", 9000.0, criterion="parameter", unit="kWh/year")
    await pipeline.service.handle(*foundations(), energy, asset("stated"), asset("silent", declared={}))
    await pipeline.settle()
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    [missing] = [each for each in board["recommendations"] if each["code"] == "missing_data"]
    assert missing == board["recommendations"][-1]
    assert missing["assets"] == [str(id_of("silent"))]
    assert (missing["kg_per_year"], missing["eur_per_year"]) == (None, None)
    narrower = missing["evidence"][2]
    low, high = (float(each) for each in narrower.split(" is ")[1].split(" kg ")[0].split("–"))
    assert float(board["interval"]["low_kg"]) < low < high < float(board["interval"]["high_kg"])


async def test_an_even_load_has_no_seasons_whatever_the_lengths_of_its_months(pipeline: Pipeline) -> None:
    timeline = [segment("2025-01-01T00:00:00+01:00")]
    server = asset("srv", timeline=timeline)
    await pipeline.service.handle(*foundations(), electricity("FR", 0.05, 2025), server, *metered("srv", 9.6))
    await pipeline.settle()
    year = (await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10"))["year"]
    assert [each["month"] for each in year["seasonal"]["months"]] == ["2026-11", "2026-12"]
    assert [float(each["index"]) for each in year["seasonal"]["months"]] == pytest.approx([1.0, 1.0], abs=1e-9)
    assert abs(year["seasonal"]["adjustment_kg"]) <= Decimal("1e-8")


async def test_a_year_of_history_gives_the_estimate_its_seasons_and_says_so(pipeline: Pipeline) -> None:
    timeline = [segment("2025-01-01T00:00:00+01:00")]
    cold = metered("srv", 9.6, winter=20.0)
    await pipeline.service.handle(*foundations(), electricity("FR", 0.05, 2025), asset("srv", timeline=timeline), *cold)
    await pipeline.settle()
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    year = board["year"]
    assert year["forecast_basis"] == "seasonal"
    assert (
        year["forecast_kg"] == year["seasonal"]["forecast_kg"] == sum(e["total_kg"] for e in year["seasonal"]["months"])
    )
    assert year["forecast_kg"] > year["state_based"]["forecast_kg"] == sum(e["total_kg"] for e in board["months"][10:])
    assert year["estimate_kg"] == year["elapsed_kg"] + year["forecast_kg"]
    assert year["estimate_kg"] == year["state_based"]["estimate_kg"] + year["seasonal"]["adjustment_kg"]
    assert year["interval"]["low_kg"] < year["estimate_kg"] < year["interval"]["high_kg"]
    sheet = (await ask(pipeline, f"/assets/{id_of('srv')}/sheet?year=2026"))["year"]
    assert {name: sheet[name] for name in year} == year
    young = (await ask(pipeline, f"/dashboard?org={ORG}&month=2025-06"))["year"]
    assert (young["forecast_basis"], young["seasonal"]) == ("state_based", None)
    assert young["estimate_kg"] == young["state_based"]["estimate_kg"]


async def test_every_route_beside_the_dashboard_is_the_tenants_own(pipeline: Pipeline) -> None:
    await farm(pipeline)
    async with pipeline.service.client_for(["globex"]) as client:
        for path in (
            f"/ratios?{SPAN}", f"/equivalents?{SPAN}", f"/data-quality?{SPAN}", f"/totals?{SPAN}",
            f"/applications/erp/sheet?org={ORG}&year=2026",
            f"/reports/{ORG}/2026.csv", f"/periods?org={ORG}", f"/periods/2026-01?org={ORG}", f"/periods/2026-01/comparison?org={ORG}",
            f"/periods/2026-01/restatements?org={ORG}", f"/dashboard?org={ORG}&month=2026-10", f"/changes?org={ORG}",
        ):  # fmt: skip
            assert (await client.get(f"/v1{path}")).status_code == 403, path
        for path in (
            f"/assets/{id_of('vm1')}/sheet?year=2026",
            f"/assets/{id_of('vm1')}/months/2026-10/explanation?lang=fr",
        ):
            assert (await client.get(f"/v1{path}")).status_code == 404, path


async def test_totals_above_nine_thousand_tonnes_keep_their_last_digit_and_add_up(pipeline: Pipeline) -> None:
    await farm(pipeline)
    await pipeline.service.handle(asset("huge", quantity=123_456.7, declared=None), asset("vast", quantity=76_543.3))
    await pipeline.settle()
    found = await ask(pipeline, f"/totals?{SPAN}&group_by=asset,stage")
    whole = await ask(pipeline, f"/totals?{SPAN}&group_by=month,kind,site,stage")
    assert found["total"] > 9_100_000
    assert sum(each["value"] or 0 for each in found["groups"]) == found["total"] == whole["total"]
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    assert board["year"]["estimate_kg"] == whole["total"] == sum(each["total_kg"] for each in board["months"])
    assert float(whole["total"]) * 1e9 > 2**53


async def test_figures_are_counted_in_billionths_the_same_in_python_and_in_the_database(pipeline: Pipeline) -> None:
    values = [
        0.0,
        1e-9,
        0.5e-9,
        1.5e-9,
        2.5e-9,
        22.35,
        -3.3,
        123_456.789012345678,
        9_007_199.254740993,
        1e8 / 3,
        4.2e11,
    ]
    async with pipeline.service.database.snapshot(EVERY) as connection:
        rows = await connection.fetch(
            "SELECT billionths(value) AS found FROM unnest($1::double precision[]) AS value", values
        )
    assert [int(row["found"]) for row in rows] == [billionths(each) for each in values]


async def test_an_explanation_is_told_in_the_reader_s_language_climate_first_and_in_the_units_of_each_criterion(
    pipeline: Pipeline,
) -> None:
    energy = factor(
        "electricity-pe-fr", "electricity", 11.289, criterion="pe", unit="MJ/kWh", region="FR", stage="use",
        perimeter="production", valid_from="2026-01-01", valid_to="2027-01-01",
    )  # fmt: skip
    await pipeline.service.handle(*foundations(), energy, asset("srv"))
    await pipeline.settle()
    text = {}
    for language in ("fr", "en"):
        answer = await pipeline.service.client.get(
            f"/v1/assets/{id_of('srv')}/months/2026-10/explanation?lang={language}"
        )
        text[language] = answer.text
    assert "fabrication (défaut du type) : 1000.0 kg par unité [embodied-server v1]" in text["fr"]
    assert "puissance (déclarée)" in text["fr"]
    assert "exploitant l’organisation, répartition capacité (invendu à part)" in text["fr"]
    assert "(durée prévue)" in text["fr"]
    assert not [word for word in ("embodied (", "power (", "planned", "per unit") if word in text["fr"]]
    assert "embodied (kind): 1000.0 kg per unit [embodied-server v1]" in text["en"]
    for language, name in (("fr", "énergie primaire"), ("en", "primary energy")):
        lines = text[language].splitlines()
        assert any(" × 11.289 MJ = " in line and line.endswith(" MJ") for line in lines)
        climate = next(place for place, line in enumerate(lines) if "kgCO2e (" in line)
        assert climate < next(place for place, line in enumerate(lines) if name in line)


async def test_sheets_estimate_the_year_in_the_seasons_of_the_organisation_and_add_up_to_its_dashboard(
    pipeline: Pipeline,
) -> None:
    timeline = [segment("2025-01-01T00:00:00+01:00")]
    cold = metered("srv", 9.6, winter=20.0)
    servers = asset("srv", timeline=timeline), asset("even", timeline=timeline)
    await pipeline.service.handle(*foundations(), electricity("FR", 0.05, 2025), *servers, *cold)
    await pipeline.settle()
    board = (await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10"))["year"]
    sheets = [(await ask(pipeline, f"/assets/{id_of(each)}/sheet?year=2026"))["year"] for each in ("srv", "even")]
    assert {each["forecast_basis"] for each in sheets} == {"seasonal"}
    assert abs(sum(each["estimate_kg"] for each in sheets) - board["estimate_kg"]) <= Decimal("1e-8")
    assert sum(each["state_based"]["estimate_kg"] for each in sheets) == board["state_based"]["estimate_kg"]
    assert all(each["low_kg"] < each["estimate_kg"] < each["high_kg"] for each in sheets)
    over = (await ask(pipeline, f"/assets/{id_of('srv')}/sheet?year=2025"))["year"]
    assert (over["forecast_basis"], over["forecast_kg"]) == ("state_based", 0)


async def test_a_dashboard_of_january_has_the_seasons_of_the_year_before(pipeline: Pipeline) -> None:
    pipeline.now = pipeline.now.replace(month=1, day=15)
    timeline = [segment("2024-12-01T00:00:00+01:00")]
    before = ["2024-12", *(f"2025-{number:02d}" for number in range(1, 13))]
    server = asset("srv", timeline=timeline), *metered("srv", 9.6, winter=20.0, months=before)
    await pipeline.service.handle(*foundations(), electricity("FR", 0.05, 2025), *server)
    await pipeline.settle()
    year = (await ask(pipeline, f"/dashboard?org={ORG}&month=2026-01"))["year"]
    assert len(year["seasonal"]["months"]) == 12
    # What runs now was measured in December: it goes on in January and February, November and December, and falls to 48 % between.
    assert [float(each["index"]) for each in year["seasonal"]["months"]] == pytest.approx([1, 1, *[0.48] * 8, 1, 1])
