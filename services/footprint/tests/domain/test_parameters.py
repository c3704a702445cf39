"""Parameters of the method: read in the unit that it computes in, and left out where they cannot be what they say."""

from dataclasses import replace
from datetime import date

import pytest
from footprint.domain.catalogue import Catalogue
from footprint.domain.engine import compute
from footprint.domain.results import AssetMonth

from .factors import RECORDS, record
from .makers import SITE, at, server, world

PUE = record("pue", 1.58, "parameter", "world")
OF_2023 = replace(PUE, id="pue-2023", valid_from=date(2023, 1, 1), valid_to=date(2024, 1, 1), published_year=2023)
BARE = replace(SITE, pue=())


@pytest.mark.parametrize(
    ("activity", "value", "unit", "read"),
    [
        ("life.server", 60.0, "month", 5.0),
        ("life.server", 1825.0, "day", pytest.approx(5.0, rel=1e-15)),
        ("energy.server", 2.0, "MWh/year", 2000.0),
        ("energy.server", 200.0, "W", pytest.approx(1752.0, rel=1e-15)),
        ("component.ram_density", 12.444, "MB/mm2", pytest.approx(1.2444, rel=1e-15)),
        ("component.psu_mass", 2990.0, "g/unit", pytest.approx(2.99, rel=1e-15)),
        ("pue", 1.4, "1", 1.4),
        ("life.server", 5.0, "kg", None),
        ("life.server", 0.0, "year", None),
        ("component.ram_density", 0.0, "GB/cm2", None),
        ("cloud.aws.host_vcpu", 0.0, "1", None),
        ("cloud.aws.pue", 0.5, "1", None),
        ("pue", 11.0, "1", None),
    ],
)
def test_a_parameter_is_brought_to_the_unit_of_the_method_or_is_none(
    activity: str, value: float, unit: str, read: float | None
) -> None:
    region = "world" if activity == "pue" else None
    catalogue = Catalogue([replace(record(activity, value, "parameter", region), unit=unit)])
    found = catalogue.default_pue(date(2026, 1, 1)) if activity == "pue" else catalogue.parameter(activity)
    assert (None if found is None else found.value) == read


def test_an_impact_is_brought_to_what_its_criterion_is_counted_in() -> None:
    journey = replace(record("transport.car", 0.0002), unit="tCO2e/km")
    found = Catalogue([journey]).activity("transport.car", None, date(2026, 1, 1))
    assert found is not None
    assert (found.factor.value, found.factor.unit) == (0.2, "kgCO2e/km")


def test_a_life_of_nothing_leaves_the_next_one_to_count() -> None:
    catalogue = Catalogue([*RECORDS, replace(record("life.server", 0.0, "parameter"), own=True, id="own")])
    assert catalogue.parameter("life.server") == record("life.server", 5.0, "parameter")


def _use(found: list[AssetMonth], month: int) -> float:
    (kwh,) = (each.kwh for each in found if each.month == month)
    assert kwh is not None
    return kwh


def test_a_default_pue_holds_on_its_days_only() -> None:
    own = replace(PUE, id="own", value=1.2, valid_from=date(2026, 7, 1), own=True)
    later = replace(PUE, id="later", value=1.9, valid_from=date(2027, 1, 1), own=True)
    without = [each for each in RECORDS if each.activity != "pue"]
    catalogue = Catalogue([*without, OF_2023, own, later])
    found = list(compute([server(start=at(2022), site=BARE)], world(sites=(BARE,), catalogue=catalogue)).results())
    june, july, early = 2026 * 12 + 5, 2026 * 12 + 6, 2022 * 12
    assert _use(found, june) == pytest.approx(720 * 0.4 * 1.58, rel=1e-12)
    assert _use(found, july) == pytest.approx(744 * 0.4 * 1.2, rel=1e-12)
    assert _use(found, early) == pytest.approx(744 * 0.4 * 1.58, rel=1e-12)


@pytest.mark.parametrize(
    ("day", "chosen"),
    [
        (date(2020, 1, 1), "pue-2023"),
        (date(2023, 6, 1), "pue-2023"),
        (date(2026, 6, 30), "pue-2025"),
        (date(2027, 1, 1), "own"),
    ],
)
def test_without_a_default_of_the_day_the_latest_before_it_holds_and_before_all_the_first(
    day: date, chosen: str
) -> None:
    of_2025 = replace(PUE, id="pue-2025", valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1), published_year=2025)
    own = replace(PUE, id="own", value=1.2, valid_from=date(2027, 1, 1), own=True)
    found = Catalogue([own, of_2025, OF_2023]).default_pue(day)
    assert found is not None
    assert found.id == chosen
