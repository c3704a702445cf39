"""Factors hold on their dates: of support contracts month by month, of what makes a thing on the day it came."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.engine import compute
from footprint.domain.inventory import Asset, Segment, Status
from footprint.domain.notices import Notice
from footprint.domain.results import AssetMonth

from .factors import RECORDS, grid, record
from .makers import SITE, at, server, world
from .test_explanation import check

THERE = replace(SITE, id=UUID(int=2), code="warsaw", region="PL")
NEXT_YEAR: dict[str, Any] = {"valid_from": date(2027, 1, 1), "valid_to": date(2028, 1, 1)}
SUPPORT = "maintenance.it_hardware"


def own(activity: str, value: float, **fields: Any) -> Factor:
    """An organisation's own factor."""
    given: dict[str, Any] = {"id": f"acme/{activity}-{value}", "own": True} | fields
    return replace(record(activity, value, given.pop("criterion", "gwp")), **given)


def by_month(asset: Asset, stage: str, *factors: Factor) -> dict[int, tuple[float, AssetMonth]]:
    """What a stage weighs in the months of 2026, by calendar month."""
    seen = world(sites=(SITE, THERE), catalogue=Catalogue([*RECORDS, record(SUPPORT, 0.4), *factors]))
    assert check(asset, seen) > 5
    results = [each for each in compute([asset], seen).results() if each.month // 12 == 2026]
    return {
        each.month % 12 + 1: (
            sum(one.value for one in each.figures if (one.stage, one.criterion) == (stage, "gwp")),
            each,
        )
        for each in results
    }


def test_a_support_contract_is_weighed_by_the_factor_of_each_month() -> None:
    asset = server(support_eur_per_year=365.0)
    july = own(SUPPORT, 1.0, valid_from=date(2026, 6, 2), valid_to=date(2026, 8, 1))
    later = own(SUPPORT, 9.0, **NEXT_YEAR)
    months = by_month(asset, "maintenance_and_sale", july, later)
    assert months[6][0] == pytest.approx(30 * 0.4, rel=1e-12), "the first day of June has the public one"
    assert months[7][0] == pytest.approx(31 * 1.0, rel=1e-12)
    assert months[8][0] == pytest.approx(31 * 0.4, rel=1e-12)
    named = {month: {each.id for each in result.references} for month, (_, result) in months.items()}
    assert july.id in named[7]
    assert not any(july.id in ids for month, ids in named.items() if month != 7)
    assert not any(later.id in ids for ids in named.values())


def test_a_support_contract_takes_the_factor_of_where_the_asset_stands_and_says_an_earlier_year() -> None:
    (first,) = server().segments
    moved = (
        replace(first, end=at(2026, 4, 9)),
        Segment(at(2026, 4, 9), None, Status.IN_SERVICE, THERE.id),
    )
    asset = server(support_eur_per_year=365.0, segments=moved)
    there = own(SUPPORT, 2.0, region="PL", valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1))
    months = by_month(asset, "maintenance_and_sale", there)
    assert months[4][0] == pytest.approx(30 * 0.4, rel=1e-12)
    assert months[5][0] == pytest.approx(31 * 2.0, rel=1e-12)
    assert months[5][1].notices & Notice.EARLIER_YEAR_FACTOR


def test_a_contract_without_a_factor_of_its_time_is_said_and_never_zero() -> None:
    asset = server(support_eur_per_year=365.0)
    seen = world(catalogue=Catalogue([*RECORDS, own(SUPPORT, 9.0, **NEXT_YEAR)]))
    for each in compute([asset], seen).results():
        assert each.notices & Notice.NO_MAINTENANCE_FACTOR
        assert not any(one.stage == "maintenance_and_sale" for one in each.figures)


def test_what_makes_a_thing_is_known_by_the_factors_of_the_day_it_came() -> None:
    made, life = own("embodied.server", 500.0, **NEXT_YEAR), own("life.server", 1.0, criterion="parameter", **NEXT_YEAR)
    asset = server(acquired_on=date(2026, 1, 1), planned_life_years=None)
    months = by_month(asset, "manufacturing", made, life)
    assert months[1][0] == pytest.approx(1215 * 31 / 1825, rel=1e-12)
    came = replace(asset, acquired_on=date(2027, 1, 1))
    seen = world(catalogue=Catalogue([*RECORDS, made, life]), now=world().now.replace(year=2027))
    january = next(each for each in compute([came], seen).results() if each.month == 2027 * 12)
    (figure,) = [each for each in january.figures if each.stage == "manufacturing"]
    assert figure.value == pytest.approx(500 * 31 / 365, rel=1e-12)
    assert "acme/embodied.server-500.0" in {each.id for each in january.references}
    old = [
        own("embodied.server", 700.0, valid_to=date(2022, 1, 1)),
        own("embodied.server", 800.0, valid_to=date(2020, 1, 1)),
    ]
    assert by_month(asset, "manufacturing", *old)[1][0] == pytest.approx(1215 * 31 / 1825, rel=1e-12)
    without = Catalogue([*(each for each in RECORDS if each.activity != "embodied.server"), *old])
    found = next(iter(compute([asset], world(catalogue=without)).results())).figures
    assert next(each.value for each in found if each.stage == "manufacturing") == pytest.approx(
        700 * 31 / 1825, rel=1e-12
    )
    assert without.coefficient("embodied.server", day=date(2027, 1, 1)) is None


def test_electricity_whose_factor_has_ended_within_the_year_is_said_and_weighs_the_same() -> None:
    until_may = own("electricity", 0.5, region="FR", perimeter="production", valid_from=date(2026, 3, 15))
    until_may = replace(until_may, unit="kgCO2e/kWh", valid_to=date(2026, 6, 15))
    months = by_month(server(), "use", until_may)
    said = {
        month: (bool(each.notices & Notice.EARLIER_YEAR_FACTOR), each.electricity_evidence)
        for month, (_, each) in months.items()
    }
    assert said == {
        month: ((False, "region") if month in (4, 5, 6) else (True, "earlier_year")) for month in range(1, 13)
    }
    assert [months[month][0] for month in (7, 12)] == [pytest.approx(31 * 24 * 0.4 * 1.5 * 0.5, rel=1e-12)] * 2


def test_support_whose_factor_has_ended_within_the_year_is_said() -> None:
    there = own(SUPPORT, 2.0, region="FR", valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 15))
    months = by_month(server(support_eur_per_year=365.0), "maintenance_and_sale", there, record_of_2026())
    said = [month for month, (_, each) in months.items() if each.notices & Notice.EARLIER_YEAR_FACTOR]
    assert said == [7, 8, 9, 10, 11, 12]
    assert months[7][0] == pytest.approx(31 * 2.0, rel=1e-12)


def record_of_2026() -> Factor:
    """Electricity that holds all year."""
    return grid("FR", 0.05, 2026)
