"""From an inventory file to a dashboard that adds up."""

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.settling import wait_until_settled
from tests.e2e.conftest import ACME
from tests.e2e.running import MONTH, Running

PARTS = ("construction_kg", "electricity_kg", "maintenance_and_sale_kg")
WORKBOOKS = Path(__file__).parents[2] / "services" / "inventory" / "tests" / "data"


@pytest.fixture(scope="module")
def dashboard(running: Running, demonstration: str) -> dict[str, Any]:
    with running.platform(["acme"]) as acme:
        answer: dict[str, Any] = acme.get("/footprint/v1/dashboard", org="acme", month=MONTH)
        return answer


def example_rows() -> list[dict[str, str]]:
    with (ACME / "inventory.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_row_of_the_example_is_taken_and_the_dashboard_is_printed(demonstration: str) -> None:
    assert "0 rows rejected" in demonstration
    assert "Acme Mutuelle" in demonstration
    assert f"Month {MONTH}" in demonstration
    assert "Servers: 50 in service, 2 off" in demonstration


def test_dashboard_parts_add_up_to_every_total_as_printed(running: Running, demonstration: str) -> None:
    with running.platform(["acme"]) as acme:
        printed = acme.text("/footprint/v1/dashboard", org="acme", month=MONTH)
    dashboard = json.loads(printed, parse_float=Decimal)
    assert sum(dashboard["parts"][part] for part in PARTS) == dashboard["total_kg"]
    assert all(dashboard["parts"][part] > 0 for part in PARTS)
    months = {each["month"]: each for each in dashboard["months"]}
    assert list(months) == [f"2026-{month:02d}" for month in range(1, 13)]
    assert months[MONTH]["parts"] == dashboard["parts"]
    assert [each["projected"] for each in dashboard["months"]] == [False] * 10 + [True] * 2
    year = dashboard["year"]
    assert year["elapsed_kg"] + year["forecast_kg"] == year["estimate_kg"]
    elapsed = sum(sum(each["parts"].values()) for each in dashboard["months"] if not each["projected"])
    assert year["elapsed_kg"] == elapsed


def test_dashboard_counts_the_servers_of_the_example(dashboard: dict[str, Any]) -> None:
    assert (dashboard["servers"]["in_service"], dashboard["servers"]["off"]) == (50, 2)


@pytest.mark.parametrize("group", ["site", "kind", "stage", "scope", "month"])
def test_every_way_of_grouping_has_the_same_total(running: Running, dashboard: dict[str, Any], group: str) -> None:
    with running.platform(["acme"]) as acme:
        query = {"org": "acme", "from": MONTH, "to": MONTH, "group_by": group}
        totals = acme.get("/footprint/v1/totals", **query)
    assert totals["total"] == dashboard["total_kg"]
    assert sum(each["value"] for each in totals["groups"]) == pytest.approx(totals["total"], rel=1e-12)


def test_each_asset_of_the_file_is_known_once_to_every_service_that_hears_it(
    running: Running, demonstration: str
) -> None:
    expected = Counter(kind for _, kind in {(row["external_id"], row["kind"]) for row in example_rows()})
    with running.platform(["acme"]) as acme:
        stored: Counter[str] = Counter()
        cursor = None
        while True:
            page = acme.get("/inventory/v1/assets", org="acme", limit=200, cursor=cursor)
            stored.update(each["kind"] for each in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert stored == expected


def test_importing_the_same_file_again_changes_nothing(running: Running, dashboard: dict[str, Any]) -> None:
    with running.platform(["acme"]) as acme:
        report = acme.imported(acme.import_file(ACME / "inventory.csv", org="acme"))
        assert (report["accepted"], report["rejected"]) == (0, 0)
        assert report["unchanged"] == len(example_rows())
        wait_until_settled(running.stack, 60)
        assert acme.get("/footprint/v1/dashboard", org="acme", month=MONTH) == dashboard


@pytest.mark.parametrize("name", ["rvtools-small-complete.xlsx", "rvtools-4x-anonymised.xlsx"])
def test_a_workbook_of_rvtools_becomes_a_dashboard_and_its_bad_rows_come_back(running: Running, name: str) -> None:
    org = name.split(".")[0]
    with running.platform() as platform:
        platform.ensure("/inventory/v1/organizations", {"id": org, "name": org, "role": "customer"})
        site = {
            "org": org,
            "code": "hall-1",
            "name": "Hall 1",
            "kind": "datacenter",
            "country": "FR",
            "operator": "own",
        }
        platform.ensure("/inventory/v1/sites", site)
        import_id = platform.import_file(
            WORKBOOKS / name, org=org, file_format="rvtools", site="hall-1", effective_from="2026-01-01"
        )
        report = platform.imported(import_id)
        assert report["accepted"] > 0
        wait_until_settled(running.stack, 60)
        dashboard = platform.get("/footprint/v1/dashboard", org=org, month=MONTH)
        assert dashboard["total_kg"] == sum(dashboard["parts"].values())
        rejects = platform.text(f"/inventory/v1/imports/{import_id}/rejects.csv").splitlines()
        assert len(rejects) - 1 >= report["rejected"]
