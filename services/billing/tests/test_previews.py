"""`POST /previews`: what it shows, and what it refuses."""

from typing import Any

import pytest
from billing.main import SERVICE
from common.testing.plugin import MakeService

EVENT = {
    "id": "e1",
    "time": "2026-11-01T00:00:00+01:00",
    "resource": "vm-a",
    "type": "started",
    "vcpu": 4,
    "ram_gib": 16,
}
REQUEST: dict[str, Any] = {
    "period": ["2026-11-01", "2026-12-01"],
    "time_zone": "Europe/Paris",
    "month_basis": "calendar",
    "vat": {"territory": "FR"},
    "now": None,
    "prices": {"vcpu": {"model": "unit", "price": "7.90"}, "ram_gib": {"model": "unit", "price": "1.50"}},
    "events": [EVENT],
}


async def answer_to(make_service: MakeService, **changes: Any) -> Any:
    billing = await make_service(SERVICE)
    return await billing.client.post("/v1/previews", json=REQUEST | changes)


async def shown(make_service: MakeService, **changes: Any) -> dict[str, Any]:
    answer = await answer_to(make_service, **changes)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_the_example_of_the_documentation_is_answered_as_documented(make_service: MakeService) -> None:
    document = await shown(make_service)
    lines = [{name: line[name] for name in ("meter", "label", "unit_hours", "amount")} for line in document["lines"]]
    assert lines == [
        {"meter": "vcpu", "label": "unit", "unit_hours": "2880.0000", "amount": "31.60"},
        {"meter": "ram_gib", "label": "unit", "unit_hours": "11520.0000", "amount": "24.00"},
    ]
    assert (document["period_hours"], document["net"], document["vat"], document["gross"]) == (
        720,
        "55.60",
        "11.12",
        "66.72",
    )
    assert document["projection"] == {"state_based_net": "55.60", "linear_net": "55.60"}


async def test_halfway_the_lines_are_to_date_and_both_projections_are_the_whole_month(
    make_service: MakeService,
) -> None:
    document = await shown(make_service, now="2026-11-16T00:00:00+01:00")
    assert document["net"] == "27.80"
    assert document["projection"] == {"state_based_net": "55.60", "linear_net": "55.60"}


async def test_a_machine_started_late_is_projected_by_state_above_and_by_mean_below(make_service: MakeService) -> None:
    late = EVENT | {"time": "2026-11-11T00:00:00+01:00"}
    document = await shown(make_service, events=[late], now="2026-11-16T00:00:00+01:00")
    assert document["net"] == "9.27"
    assert document["projection"] == {"state_based_net": "37.07", "linear_net": "18.53"}


@pytest.mark.parametrize(
    ("month", "end", "hours"), [("2026-03-01", "2026-04-01", 743), ("2026-10-01", "2026-11-01", 745)]
)
async def test_a_full_month_costs_exactly_the_price_when_the_clock_changes(
    make_service: MakeService, month: str, end: str, hours: int
) -> None:
    document = await shown(make_service, period=[month, end], events=[EVENT | {"time": "2026-01-01T00:00:00Z"}])
    assert (document["period_hours"], document["net"]) == (hours, "55.60")


async def test_on_730_hours_a_long_month_costs_more_than_the_price(make_service: MakeService) -> None:
    december = ["2026-12-01", "2027-01-01"]
    document = await shown(
        make_service, period=december, month_basis="h730", prices={"vcpu": REQUEST["prices"]["vcpu"]}
    )
    assert document["net"] == "32.21"


async def test_packages_are_begun_and_paid_whole(make_service: MakeService) -> None:
    price = {"model": "package", "package": "3", "price": "20.00"}
    document = await shown(make_service, prices={"vcpu": price})
    assert [(line["label"], line["unit_hours"], line["amount"]) for line in document["lines"]] == [
        ("package", "2880.0000", "40.00")
    ]


async def test_a_discount_is_a_line_of_its_own(make_service: MakeService) -> None:
    document = await shown(make_service, discounts=[{"label": "loyalty", "percent": "10", "meter": "vcpu"}])
    assert [line["amount"] for line in document["lines"]] == ["31.60", "24.00", "-3.16"]
    assert document["net"] == "52.44"


async def test_what_does_not_fit_together_is_said(make_service: MakeService) -> None:
    stray = {"id": "e0", "time": "2026-11-02T00:00:00Z", "resource": "vm-b", "type": "stopped"}
    document = await shown(make_service, events=[EVENT, stray])
    assert document["warnings"] == [{"code": "stopped_while_stopped", "resource": "vm-b", "event": "e0"}]


@pytest.mark.parametrize("instant", ["2026-10-31T23:00:00Z", "2026-10-31T18:00:00-05:00", "2026-11-01T04:30:00+05:30"])
async def test_the_offset_in_which_an_instant_is_written_changes_nothing(
    make_service: MakeService, instant: str
) -> None:
    assert (await shown(make_service, events=[EVENT | {"time": instant}]))["hash"] == (await shown(make_service))[
        "hash"
    ]


async def test_many_events_are_rated_as_few_are(make_service: MakeService) -> None:
    many = [EVENT | {"id": f"e{n}", "resource": f"vm-{n}"} for n in range(1000)]
    assert (await shown(make_service, events=many))["net"] == "55600.00"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"period": ["2026-12-01", "2026-11-01"]}, "in order"),
        ({"period": ["1980-01-01", "1980-02-01"]}, "1990"),
        ({"period": ["2026-01-01", "2028-01-01"]}, "366"),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"month_basis": "lunar"}, "h730"),
        ({"vat": {"territory": "XX"}}, "XX"),
        ({"prices": {"gpu": {"model": "unit", "price": "1"}}}, "vcpu"),
        ({"prices": {"vcpu": {"model": "unit", "price": "-1"}}}, "greater than or equal to 0"),
        ({"prices": {"vcpu": {"model": "unit", "price": "NaN"}}}, "finite"),
        ({"prices": {"vcpu": {"model": "graduated", "tiers": [["10", "1"], ["5", "1"], [None, "1"]]}}}, "rise"),
        ({"prices": {"vcpu": {"model": "volume", "tiers": [["10", "1"]]}}}, "no upper bound"),
        ({"events": [EVENT | {"time": "2026-11-01T00:00:00"}]}, "timezone"),
        ({"events": [EVENT | {"vcpu": -1}]}, "greater than or equal to 0"),
        ({"events": [EVENT | {"vcpu": 1.5}]}, "vcpu 1.5 is not a multiple"),
        ({"events": [EVENT | {"type": "paused"}]}, "stopped"),
        ({"events": [EVENT, EVENT | {"vcpu": 5}]}, "'e1' came twice"),
        ({"now": "soon"}, "datetime"),
    ],
)
async def test_what_cannot_be_billed_is_refused_by_name(
    make_service: MakeService, changes: dict[str, Any], says: str
) -> None:
    answer = await answer_to(make_service, **changes)
    assert answer.status_code == 422, answer.text
    assert says in answer.text


async def test_a_price_may_be_for_730_hours_beside_one_for_the_month(make_service: MakeService) -> None:
    december = ["2026-12-01", "2027-01-01"]
    prices = {
        "vcpu": {"model": "unit", "price": "7.30", "month_basis": "h730"},
        "ram_gib": {"model": "unit", "price": "7.44"},
    }
    events = [
        {"id": "1", "time": "2026-12-01T00:00:00+01:00", "resource": "a", "type": "started", "vcpu": 1, "ram_gib": 1}
    ]
    answer = await shown(make_service, period=december, prices=prices, events=events)
    assert [(line["amount"], line["base_hours"]) for line in answer["lines"]] == [
        ("7.44", "730.0000"),
        ("7.44", "744.0000"),
    ]
