"""Which grid a site stands on: that of its region, that of its country only where the region stands on it, never another."""

from dataclasses import replace
from datetime import date

import pytest
from footprint.domain.catalogue import Catalogue, Factor, Source
from footprint.domain.engine import compute
from footprint.domain.estimates import Period, estimate
from footprint.domain.notices import Notice
from footprint.domain.regions import grids_of, place_of
from footprint.domain.results import AssetMonth

from .factors import RECORDS, grid
from .makers import SITE, server, world

BRITTANY = grid("FR-BRE", 0.5, 2024)
MARCH = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("country", "region", "place"),
    [
        ("FR", None, "FR"),
        ("FR", "FR-BRE", "FR-BRE"),
        ("FR", "FR-20R", "FR-20R"),
        ("FR", "GP", "GP"),
        ("FR", "FR-971", "GP"),
        ("FR", "Corse", "Corse"),
        ("FR", "DE", "FR/DE"),
        ("DE", "GP", "DE/GP"),
        ("US", "US-CA", "US-CA"),
    ],
)
def test_electricity_is_looked_up_in_the_region_and_overseas_france_is_known_by_its_own_codes(
    country: str, region: str | None, place: str
) -> None:
    assert place_of(country, region) == place


@pytest.mark.parametrize("region", ["FR-20R", "FR-2A", "FR-971", "GP", "RE", "FR-XYZ", "US-CA", "ES-CN", "FR/DE", "FR"])
def test_a_part_that_is_not_known_to_stand_on_the_grid_of_its_country_stands_alone(region: str) -> None:
    assert grids_of(region) == (region,)


@pytest.mark.parametrize(("region", "country"), [("FR-BRE", "FR"), ("FR-01", "FR"), ("FR-75C", "FR"), ("DE-BY", "DE")])
def test_a_part_of_the_mainland_stands_on_the_grid_of_its_country(region: str, country: str) -> None:
    assert grids_of(region) == (region, country)


def test_the_factor_of_a_region_goes_before_that_of_its_country_which_is_said_where_it_stands_in() -> None:
    alone, own = Catalogue(RECORDS), Catalogue([*RECORDS, BRITTANY])
    found = alone.electricity("FR-BRE", MARCH)
    assert found is not None
    assert found.used.notices == Notice.EARLIER_YEAR_FACTOR | Notice.COUNTRY_FACTOR
    assert Notice.COUNTRY_FACTOR in found.notices
    found = own.electricity("FR-BRE", MARCH)
    assert found is not None
    assert found.used.notices == Notice.EARLIER_YEAR_FACTOR
    assert Notice.COUNTRY_FACTOR not in found.notices
    assert own.electricity("FR-20R", MARCH) is None
    assert (alone.knows_grid("FR-BRE"), alone.knows_grid("FR-20R")) == (True, False)


def test_what_was_chosen_in_the_country_is_chosen_again_although_the_region_has_a_factor_since() -> None:
    fr = next(each for each in RECORDS if each.id == "electricity-fr-2024-production")
    later = Catalogue([*RECORDS, BRITTANY, replace(BRITTANY, id="de", region="DE")])
    pinned = later.pinned([fr])
    found = pinned.electricity("FR-BRE", MARCH)
    assert found is not None
    assert found.used.factor == fr
    assert pinned.electricity("DE", MARCH) is not None
    again = later.pinned([fr, BRITTANY]).electricity("FR-BRE", MARCH)
    assert again is not None
    assert again.used.factor == BRITTANY


def test_something_done_in_a_region_takes_the_factor_of_its_country_before_one_tied_to_no_place() -> None:
    anywhere = Factor("any", 1, "transport.train", "gwp", 0.02, "kgCO2e/km", source=Source("test"))
    catalogue = Catalogue([anywhere, replace(anywhere, id="fr", value=0.002, region="FR")])
    found = {region: catalogue.activity("transport.train", region, MARCH) for region in ("FR-BRE", "FR-20R", None)}
    assert {region: each.factor.id for region, each in found.items() if each} == {
        "FR-BRE": "fr",
        "FR-20R": "any",
        None: "any",
    }
    assert {region: each.notices for region, each in found.items() if each} == {
        "FR-BRE": Notice.COUNTRY_FACTOR,
        "FR-20R": Notice(0),
        None: Notice(0),
    }


def _march(region: str) -> AssetMonth:
    """A server of 400 W at a PUE of 1.5 at a site of `region`."""
    results = compute([server()], world(sites=(replace(SITE, region=region),))).results()
    return next(each for each in results if each.month == 2026 * 12 + 2)


@pytest.mark.parametrize(
    ("region", "kg", "said"),
    [
        ("FR", 743 * 0.4 * 1.5 * 0.0442, Notice(0)),
        ("FR-BRE", 743 * 0.4 * 1.5 * 0.0442, Notice.COUNTRY_FACTOR),
        ("RE", 743 * 0.4 * 1.5 * 0.5252, Notice(0)),
        ("FR-20R", None, Notice.NO_ELECTRICITY_FACTOR),
        ("GP", None, Notice.NO_ELECTRICITY_FACTOR),
    ],
)
def test_a_month_takes_the_grid_of_the_region_and_says_what_stood_in(
    region: str, kg: float | None, said: Notice
) -> None:
    found = _march(region)
    used = [each.value for each in found.figures if each.stage == "use" and each.basis == "location"]
    assert used == ([] if kg is None else [pytest.approx(kg, rel=1e-12)])
    asked = Notice.COUNTRY_FACTOR | Notice.NO_ELECTRICITY_FACTOR
    assert found.notices & asked == said


def test_an_estimate_takes_what_the_pipeline_takes_and_says_the_same() -> None:
    period = Period.between(date(2026, 3, 1), date(2026, 4, 1))
    item = {"kind": "server", "country": "FR", "region": "FR-BRE", "energy": {"average_w": 400.0}, "pue": 1.5}
    answer = estimate(item, period, ["gwp"], Catalogue(RECORDS))
    assert answer["stages"]["use"]["gwp"]["value"] == pytest.approx(744 * 0.4 * 1.5 * 0.0442, rel=1e-12)
    assert "country_factor" in {each["code"] for each in answer["warnings"]}
