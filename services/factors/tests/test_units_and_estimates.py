"""Units are converted when the dimensions agree and refused when they do not."""

from datetime import date

import pytest
from factors.domain import units
from factors.domain.catalogue import Catalogue
from factors.domain.estimate import QuantityError, estimate
from factors.domain.records import FactorVersion
from factors.domain.regions import Regions
from factors.domain.resolve import Question, resolve
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def french_electricity(catalogue: Catalogue, regions: Regions) -> FactorVersion:
    return resolve(catalogue, regions, Question("electricity", date(2021, 6, 1), "FR")).factor


@pytest.mark.parametrize(
    ("quantity", "unit", "kg"),
    [(1760.3, "kWh", 100.16107), (1.7603, "MWh", 100.16107), (6337.08, "MJ", 100.16107), (0, "kWh", 0)],
)
def test_energy_is_converted_to_the_factor_s_unit(
    french_electricity: FactorVersion, quantity: float, unit: str, kg: float
) -> None:
    computed = estimate(french_electricity, quantity, unit)
    assert computed.value == pytest.approx(kg, rel=1e-12)
    assert computed.unit == "kgCO2e"


@pytest.mark.parametrize("unit", ["L", "kg", "1", "kW", "EUR", "kgCO2e"])
def test_another_dimension_is_refused_with_both_units_named(french_electricity: FactorVersion, unit: str) -> None:
    with pytest.raises(units.UnitError, match="kWh"):
        estimate(french_electricity, 12, unit)


@pytest.mark.parametrize(
    ("spelled", "unit", "many"),
    [("t.km", "tonne*km", 1), ("tkm", "tonne*km", 1), ("k€", "EUR", 1000), ("€", "EUR", 1), ("pers.km", "person*km", 1),
     ("jours", "hour", 24), ("session", "unit", 1)],
)  # fmt: skip
def test_units_are_read_as_people_spell_them(spelled: str, unit: str, many: float) -> None:
    assert units.conversion(spelled, unit) == many


@pytest.mark.parametrize("unit", ["", "kwatth", "2*kWh", "kWh kWh kWh ("])
def test_text_that_is_no_unit_is_refused(unit: str) -> None:
    with pytest.raises(units.UnitError):
        units.parse(unit)


@pytest.mark.parametrize(
    "unit", ["kWh**9999999", "kWh^99", "(kWh)**9", "kWh**2**2", "9**9**9 kWh", "1e999999999 kWh", "a " * 99]
)
def test_a_text_that_would_have_to_be_computed_is_no_unit(unit: str) -> None:
    with pytest.raises(units.UnitError, match="powers up to 9"):
        units.parse(unit)


@pytest.mark.parametrize(
    ("quantity", "code"), [(-1.0, "negative"), (float("nan"), "not_finite"), (float("inf"), "not_finite")]
)
def test_impossible_quantities_are_refused(french_electricity: FactorVersion, quantity: float, code: str) -> None:
    with pytest.raises(QuantityError) as refusal:
        estimate(french_electricity, quantity, "kWh")
    assert refusal.value.code == code


def test_several_quotients_in_a_factor_s_unit_are_refused() -> None:
    with pytest.raises(units.UnitError, match="several quotients"):
        units.check_factor_unit("kgCO2e/person/km")
    units.check_factor_unit("kgCO2e/(person*km)")


@given(st.sampled_from(["kWh", "MWh", "GJ", "Wh"]), st.sampled_from(["kWh", "MWh", "GJ", "Wh"]))
def test_conversions_there_and_back_are_neutral(one: str, other: str) -> None:
    assert units.conversion(one, other) * units.conversion(other, one) == pytest.approx(1, rel=1e-12)
