"""Worked cases C09 (gases under five sets) and C13 (uncertainty) of the method, to their stated tolerance."""

import json
from pathlib import Path
from typing import Any

import pytest
from factors.catalogue import reader
from factors.domain import uncertainty
from factors.domain.gases import GasError
from factors.domain.records import GwpSet, Ratings
from hypothesis import given
from hypothesis import strategies as st

CASES = {
    case["id"]: case for case in json.loads((Path(__file__).parent / "cases" / "method.json").read_text())["cases"]
}


@pytest.mark.parametrize(
    ("expected", "gwp_set", "methane"),
    [
        ("SAR", GwpSet.SAR, "CH4"),
        ("AR4", GwpSet.AR4, "CH4"),
        ("AR5", GwpSet.AR5, "CH4"),
        ("AR5_fossil_CH4", GwpSet.AR5, "CH4_fossil"),
        ("AR6_nonfossil_CH4", GwpSet.AR6, "CH4"),
        ("AR6_fossil_CH4", GwpSet.AR6, "CH4_fossil"),
        ("AR6_IPCC_27.9", GwpSet.AR6, "CH4_unspecified"),
    ],
)
def test_c09_one_mixture_under_each_set(expected: str, gwp_set: GwpSet, methane: str) -> None:
    case = CASES["C09"]
    inputs = case["inputs"]
    masses = {"CO2": inputs["co2_kg"], methane: inputs["ch4_kg"], "N2O": inputs["n2o_kg"]}
    computed = reader.gases().co2e(masses, gwp_set)
    assert computed.co2e_kg == pytest.approx(case["expected"][expected], rel=case["rel_tolerance"])


@pytest.mark.parametrize(("gwp_set", "kg"), [(GwpSet.AR4, 4175), (GwpSet.AR5, 3847), (GwpSet.AR6, 4511)])
def test_two_kilograms_of_r410a_weigh_the_mean_of_their_two_gases(gwp_set: GwpSet, kg: float) -> None:
    assert reader.gases().co2e({"R-410A": 2}, gwp_set).co2e_kg == pytest.approx(kg, rel=1e-12)


def test_biogenic_and_non_kyoto_gases_are_reported_apart() -> None:
    computed = reader.gases().co2e({"CO2": 1, "CO2_biogenic": 5, "HCFC-22": 1}, GwpSet.AR6)
    assert (computed.co2e_kg, computed.biogenic_co2_kg, computed.outside_kyoto_co2e_kg) == (1, 5, 1960)


@pytest.mark.parametrize(
    ("masses", "gwp_set", "code"),
    [
        ({"CO3": 1}, GwpSet.AR6, "unknown_gas"),
        ({"CO2": -1}, GwpSet.AR6, "negative"),
        ({"CO2": float("nan")}, GwpSet.AR6, "not_finite"),
        ({"SF6": 1}, GwpSet.SAR, "no_potential"),
    ],
)
def test_what_cannot_be_computed_is_refused(masses: dict[str, float], gwp_set: GwpSet, code: str) -> None:
    with pytest.raises(GasError) as refusal:
        reader.gases().co2e(masses, gwp_set)
    assert refusal.value.code == code


@given(st.dictionaries(st.sampled_from([gas.code for gas in reader.gases().all]), st.floats(0, 1e6)), st.floats(0, 100))
def test_the_equivalent_grows_in_proportion_with_the_masses(masses: dict[str, float], times: float) -> None:
    single = reader.gases().co2e(masses, GwpSet.AR6)
    scaled = reader.gases().co2e({gas: mass * times for gas, mass in masses.items()}, GwpSet.AR6)
    assert scaled.co2e_kg == pytest.approx(single.co2e_kg * times, rel=1e-9, abs=1e-9)


def c13() -> Any:
    return CASES["C13"]["expected"]


def test_c13_spread_of_five_ratings_a_missing_one_being_the_worst() -> None:
    expected = c13()
    assert uncertainty.of_ratings(None) == pytest.approx(expected["all_missing"], rel=1e-9)
    rated = Ratings(reliability=2, technical=1, geographic=3, temporal=5, completeness=4)
    assert uncertainty.of_ratings(rated) == pytest.approx(expected["r2_te1_g3_ti5_c4"], rel=1e-9)
    partly = Ratings(completeness=4, geographic=3)
    assert uncertainty.of_ratings(partly) == pytest.approx(expected["c4_g3_rest_missing"], rel=1e-9)


def test_c13_thresholds_of_uniform_ratings() -> None:
    uniform = [uncertainty.of_ratings(Ratings(n, n, n, n, n)) for n in (4, 3, 2, 1)]
    assert uniform == pytest.approx(c13()["thresholds_5_4_3_2"], abs=1e-4)
    assert uncertainty.of_ratings(Ratings(5, 5, 5, 5, 5)) == 1


def test_c13_product_sum_and_interval() -> None:
    expected = c13()
    factor = uncertainty.of_ratings(Ratings(reliability=4, technical=4, geographic=5, temporal=4, completeness=4))
    activity = uncertainty.of_ratings(Ratings(reliability=5, technical=5, geographic=5, temporal=4, completeness=5))
    assert factor == pytest.approx(expected["factor_gsd2_44544_order_r_te_g_ti_c"], rel=1e-9)
    assert activity == pytest.approx(expected["activity_gsd2_55545"], rel=1e-9)
    assert uncertainty.of_product(factor, activity) == pytest.approx(expected["source_gsd2"], rel=1e-9)
    total = uncertainty.of_sum([(100, 1.2), (300, 1.5)])
    assert total == pytest.approx(expected["sum_100@1.2_300@1.5"], rel=1e-9)
    assert uncertainty.interval(400, total) == pytest.approx(
        (expected["interval_low"], expected["interval_high"]), rel=1e-9
    )


def test_c13_quadrature_of_the_ipcc() -> None:
    expected = c13()
    assert uncertainty.quadrature_product(5, 10) == pytest.approx(expected["quadrature_product_5pct_10pct"], rel=1e-9)
    summed = uncertainty.quadrature_sum([(100, 10), (200, 20)])
    assert summed == pytest.approx(expected["quadrature_sum_100@10pct_200@20pct"], rel=1e-9)
