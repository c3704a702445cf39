"""The worked cases that others have published, through the code that the pipeline and the API run."""

import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from footprint.domain import uncertainty
from footprint.domain.catalogue import Catalogue
from footprint.domain.configuration import read_configuration
from footprint.domain.embodied import bottom_up_embodied
from footprint.domain.engine import compute
from footprint.domain.formulas import embodied_kg, facility_energy_kwh, use_kg
from footprint.domain.inventory import Convention, Organisation
from footprint.domain.months import month_at
from footprint.domain.uncertainty import Ratings

from .factors import CATALOGUE, RECORDS, record
from .makers import PARIS, at, server, world

CASES = json.loads((Path(__file__).parent.parent / "cases" / "method.json").read_text())["cases"]


def case(identifier: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and expected values of a case of method.json."""
    found = next(each for each in CASES if each["id"] == identifier)
    return found["inputs"], found["expected"]


def test_c01_use_phase_of_a_server_with_and_without_the_pue() -> None:
    given, expected = case("C01")
    facility_kwh = facility_energy_kwh(given["it_energy_kwh"], given["pue"])
    assert facility_kwh == pytest.approx(expected["facility_energy_kwh"], rel=1e-9)
    assert use_kg(given["it_energy_kwh"], given["ef_kgco2e_per_kwh"]) == pytest.approx(
        expected["use_it_only_kgco2e"], rel=1e-6
    )
    assert use_kg(facility_kwh, given["ef_kgco2e_per_kwh"]) == pytest.approx(expected["use_with_pue_kgco2e"], rel=1e-6)


def test_c03_straight_line_gives_a_quarter_of_four_years_each_year() -> None:
    given, expected = case("C03")
    manufacturing = given["total_kgco2e"] * given["manufacturing_ratio"]
    yearly = embodied_kg(1.0, manufacturing, 365.0, given["life_years"] * 365.0)
    assert yearly == pytest.approx(expected["bilan_carbone_per_year"], rel=1e-6)


def test_c04_an_extended_life_spreads_the_same_total_over_more_years() -> None:
    given, expected = case("C04")
    yearly = embodied_kg(1.0, given["manufacturing_kgco2e"], 365.0, given["actual_life"] * 365.0)
    assert yearly == pytest.approx(expected["lca_annualised_kgco2e"], rel=1e-6)
    assert yearly * given["actual_life"] == pytest.approx(expected["sum_either_view"], rel=1e-6)


def charged_yearly(convention: Convention) -> list[float]:
    """What the laptop of C07 is charged with in each of its years of second use, refurbishing included."""
    given, _ = case("C07")
    first = date(2021, 1, 1)  # three years of 365 days from here are calendar years
    turns = [first + timedelta(days=365 * year) for year in range(given["use_years_after"] + 1)]
    start, end = (at(each.year, each.month, each.day) for each in (turns[0], turns[-1]))
    laptop = server(
        start=start,
        end=end,
        kind="laptop",
        condition="refurbished",
        acquired_on=first,
        age_years=float(given["age_at_acquisition"]),
        planned_life_years=float(given["life_years"]),
        embodied_kg=float(given["embodied_new_kgco2e"]),
    )
    refurbishing = record("refurbishing.laptop", float(given["refurb_overhead_kgco2e"]))
    known = world(
        catalogue=Catalogue([*RECORDS, refurbishing]), organisations=(Organisation("acme", refurbished=convention),)
    )
    months = list(compute([laptop], known).results())
    years = [0.0] * len(turns)
    for one in months:
        place = sum(month_at(PARIS, at(each.year, each.month, each.day)) <= one.month for each in turns) - 1
        years[place] += sum(each.value for each in one.figures if each.stage == "manufacturing")
    return years


def test_c07_what_remains_is_charged_in_the_years_left_with_the_refurbishing_in_the_first_and_then_nothing() -> None:
    _, expected = case("C07")
    yearly = charged_yearly(Convention.REMAINING)
    for number in (1, 2, 3, 4):
        assert yearly[number - 1] == pytest.approx(expected[f"year{number}_kgco2e"], rel=1e-6, abs=1e-9), number
    assert sum(yearly) == pytest.approx(expected["total_kgco2e"], rel=1e-6)


@pytest.mark.parametrize(
    ("convention", "total"),
    [
        (Convention.REMAINING, "total_kgco2e"),
        (Convention.CUT_OFF, "cut_off_total_kgco2e"),
        (Convention.SHARED_LIFE, "shared_over_whole_life_total_kgco2e"),
    ],
)
def test_c07_each_convention_carries_its_own_total_and_all_of_them_the_refurbishing(
    convention: Convention, total: str
) -> None:
    assert sum(charged_yearly(convention)) == pytest.approx(case("C07")[1][total], rel=1e-6)


def test_c11_a_server_summed_up_from_its_parts() -> None:
    given, expected = case("C11")
    cpu = given["cpu"]
    configuration = read_configuration(
        {
            "cpu": {"units": cpu["units"], "cores": cpu["cores"], "die_mm2": cpu["cores"] * cpu["die_mm2_per_core"]},
            "ram": [
                {"units": each["units"], "gib": each["gb"], "density_gb_cm2": each["density"]} for each in given["ram"]
            ],
            "disks": [
                {
                    "units": given["ssd"]["units"],
                    "type": "ssd",
                    "gib": given["ssd"]["gb"],
                    "density_gb_cm2": given["ssd"]["density"],
                },
                {"units": given["hdd_units"], "type": "hdd"},
            ],
            "psu": given["psu"],
            "case": "rack",
        }
    )
    embodied = bottom_up_embodied(CATALOGUE, configuration)
    assert embodied is not None
    assert embodied.unit_kg == pytest.approx(expected["total_kgco2e"], rel=1e-6)


class TestUncertaintyOfC13:
    """Log-normal intervals after Bilan Carbone."""

    expected = case("C13")[1]

    def test_missing_ratings_are_the_worst(self) -> None:
        assert uncertainty.gsd2(None) == pytest.approx(self.expected["all_missing"], rel=1e-12)

    def test_ratings_give_the_published_spreads(self) -> None:
        rated = Ratings(technical=1, reliability=2, temporal=5, completeness=4, geographic=3)
        assert uncertainty.gsd2(rated) == pytest.approx(self.expected["r2_te1_g3_ti5_c4"], rel=1e-9)
        partly = Ratings(completeness=4, geographic=3)
        assert uncertainty.gsd2(partly) == pytest.approx(self.expected["c4_g3_rest_missing"], rel=1e-9)

    def test_a_product_of_factor_and_activity(self) -> None:
        factor = uncertainty.ln_gsd2(Ratings(reliability=4, technical=4, geographic=5, temporal=4, completeness=4))
        activity = uncertainty.ln_gsd2(Ratings(reliability=5, technical=5, geographic=5, temporal=4, completeness=5))
        assert math.exp(factor) == pytest.approx(self.expected["factor_gsd2_44544_order_r_te_g_ti_c"], rel=1e-9)
        assert math.exp(activity) == pytest.approx(self.expected["activity_gsd2_55545"], rel=1e-9)
        assert math.exp(uncertainty.ln_product(factor, activity)) == pytest.approx(
            self.expected["source_gsd2"], rel=1e-9
        )

    def test_a_sum_of_independent_figures_and_its_interval(self) -> None:
        spread = uncertainty.ln_sum([100.0, 300.0], [math.log(1.2), math.log(1.5)])
        assert math.exp(spread) == pytest.approx(self.expected["sum_100@1.2_300@1.5"], rel=1e-9)
        bounds = uncertainty.interval(400.0, spread)
        assert bounds.low == pytest.approx(self.expected["interval_low"], rel=1e-9)
        assert bounds.high == pytest.approx(self.expected["interval_high"], rel=1e-9)

    def test_the_classes_end_at_the_published_bounds(self) -> None:
        for rating, bound in zip((5, 4, 3, 2), self.expected["thresholds_5_4_3_2"], strict=True):
            assert uncertainty.quality(math.log(bound)) == rating
            assert uncertainty.quality(math.log(bound + 1e-4)) == rating - 1
