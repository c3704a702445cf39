"""A yearly factor through its hours: its shape changes, its mean does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.testing.harness import RunningService
from factors.domain.hourly import Intensity, NoShapeError, mean_intensity, shaped
from factors.settings import FactorsSettings
from httpx import Response
from hypothesis import given
from hypothesis import strategies as st

Factors = RunningService[FactorsSettings]

START = datetime(2024, 1, 1, tzinfo=UTC)


def series(values: list[float], minutes: list[int] | None = None) -> list[Intensity]:
    found, start = [], START
    for value, length in zip(values, minutes or [60] * len(values), strict=True):
        end = start + timedelta(minutes=length)
        found.append(Intensity(start, end, value))
        start = end
    return found


@given(
    st.lists(st.tuples(st.just(0.0) | st.floats(0.1, 2000), st.sampled_from([15, 30, 60])), min_size=1, max_size=200),
    st.floats(0.001, 2),
)
def test_the_mean_over_time_of_the_hourly_factors_is_the_yearly_factor(
    each: list[tuple[float, int]], yearly: float
) -> None:
    intensities = series([value for value, _ in each], [length for _, length in each])
    if not any(one.value * one.seconds for one in intensities):
        return
    hours = shaped(yearly, mean_intensity(intensities), intensities)
    seconds = sum(one.seconds for one in intensities)
    mean = sum(hour.value * one.seconds for hour, one in zip(hours, intensities, strict=True)) / seconds
    assert mean == pytest.approx(yearly, rel=1e-9)


@pytest.mark.parametrize("values", [[], [0.0, 0.0]])
def test_intensities_without_a_shape_are_refused(values: list[float]) -> None:
    with pytest.raises(NoShapeError):
        mean_intensity(series(values))


def csv_of(intensities: list[Intensity]) -> str:
    lines = [f"{one.start.isoformat()},{one.end.isoformat()},{one.value}" for one in intensities]
    return "\n".join(["from,to,carbon_intensity", *lines])


async def send(service: Factors, text: str, region: str = "FR") -> Response:
    form = {"source_name": "Grid operator", "source_link": "Grid operator, 2024"}
    return await service.client.post(
        "/v1/intensities", params={"region": region}, files={"file": ("ci.csv", text)}, data=form
    )


async def hourly(service: Factors, **more: str) -> Response:
    question = {"region": "FR", "from": "2024-01-01T01:00:00+01:00", "to": "2024-01-01T05:00:00+01:00"}
    return await service.client.get("/v1/electricity/hourly", params=question | more)


async def test_hours_follow_the_series_and_say_how_much_of_the_year_is_known(french: Factors) -> None:
    stored = (await send(french, csv_of(series([20.0, 40.0, 60.0, 40.0, 40.0])))).json()
    assert (stored["intervals"], stored["replaced"], stored["rejects"]) == (5, 0, [])
    answer = (await hourly(french)).json()
    assert [hour["value"] for hour in answer["hours"]] == pytest.approx([0.0221, 0.0442, 0.0663, 0.0442], rel=1e-12)
    assert (answer["factor"]["id"], answer["mean_intensity_g_kwh"]) == ("electricity-fr-2024-ember", 40)
    assert answer["coverage"] == pytest.approx(5 / (366 * 24))
    assert len(answer["warnings"]) == 1
    assert answer["series_sources"] == ["Grid operator, 2024"]


async def test_a_dry_run_of_a_series_changes_nothing(french: Factors) -> None:
    form = {"source_name": "Grid operator", "source_link": "Grid operator, 2024"}
    answer = await french.client.post(
        "/v1/intensities",
        params={"region": "FR", "dry_run": "true"},
        files={"file": ("ci.csv", csv_of(series([20.0, 40.0])))},
        data=form,
    )
    assert (answer.json()["intervals"], answer.json()["dry_run"]) == (2, True)
    assert (await hourly(french)).status_code == 404


async def test_hours_of_an_own_value_are_the_organisation_s_and_a_masked_one_is_not_shown(french: Factors) -> None:
    await send(french, csv_of(series([20.0, 40.0, 60.0, 40.0, 40.0])))
    own = {
        "org": "acme", "id": "contract", "activity": "electricity", "name": {"fr": "Contrat", "en": "Contract"}, "value": 0.01,
        "unit": "kgCO2e/kWh", "region": "FR", "perimeter": "production", "valid_from": "2024-01-01", "valid_to": "2025-01-01",
        "published_year": 2024, "reason": "contract",
        "source": {"name": "Supplier", "link": "Contract 7", "licence": "secret", "year": 2024, "displayable": False},
    }  # fmt: skip
    assert (await french.client.post("/v1/overrides", json=own)).status_code == 201
    mine = (await hourly(french, org="acme")).json()
    assert (mine["factor"]["id"], mine["factor"]["value"]) == ("contract", None)
    assert {hour["value"] for hour in mine["hours"]} == {None}
    assert (await hourly(french)).json()["factor"]["id"] == "electricity-fr-2024-ember"


async def test_a_second_series_replaces_the_first_over_its_time_only(french: Factors) -> None:
    await send(french, csv_of(series([20.0, 40.0, 60.0])))
    assert (await send(french, csv_of(series([30.0, 30.0], [30, 30])))).json()["replaced"] == 1
    answer = (await hourly(french)).json()
    assert len(answer["hours"]) == 4
    assert answer["mean_intensity_g_kwh"] == pytest.approx((30 + 40 + 60) / 3)


async def test_bad_rows_are_rejected_and_the_others_are_in(french: Factors) -> None:
    text = csv_of(series([20.0, 40.0])) + "\n".join([
        "",
        "2024-01-01T00:30:00+00:00,2024-01-01T01:30:00+00:00,10",
        "2024-01-02T00:00:00,2024-01-02T01:00:00+00:00,10",
        "2024-01-02T00:00:00+00:00,2024-01-02T03:00:00+00:00,10",
        "2024-01-03T00:00:00+00:00,2024-01-03T01:00:00+00:00,-10",
        "2024-01-03T01:00:00+00:00,2024-01-03T02:00:00+00:00,1e308",
        "0001-01-01T00:00:00+14:00,0001-01-01T01:00:00+14:00,10",
        "9999-12-31T22:00:00-14:00,9999-12-31T23:00:00-14:00,10",
    ])  # fmt: skip
    answer = (await send(french, text)).json()
    assert answer["intervals"] == 2
    assert [(reject["line"], reject["code"]) for reject in answer["rejects"]] == [
        (4, "overlap"),
        (5, "no_offset"),
        (6, "length"),
        (7, "negative"),
        (8, "too_large"),
        (9, "out_of_range"),
        (10, "out_of_range"),
    ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"region": "ZZ"}, 404),
        ({"region": "DE"}, 404),
        ({"from": "2024-01-01T00:00:00"}, 422),
        ({"to": "2023-12-31T00:00:00+01:00"}, 422),
        ({"to": "2024-06-01T00:00:00+01:00"}, 422),
        ({"time_zone": "Mars/Olympus"}, 422),
        ({"from": "1704063600"}, 422),
        ({"from": "0001-01-01T00:00:00+14:00", "to": "0001-01-01T01:00:00+14:00"}, 422),
        ({"from": "9999-12-31T22:00:00-14:00", "to": "9999-12-31T23:00:00-14:00"}, 422),
        ({"from": "1980-01-01T00:00:00Z", "to": "1980-01-01T01:00:00Z"}, 422),
    ],
)
async def test_what_has_no_hours_is_refused(shared: Factors, change: dict[str, Any], status: int) -> None:
    assert (await hourly(shared, **change)).status_code == status
