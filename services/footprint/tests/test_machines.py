"""Virtual machines as they are counted: a quantity of equal ones, at public clouds, and with contracts of their own."""

from typing import Any

import pytest
from common.events import Event

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_insights import SPAN, ask
from services.footprint.tests.world import (
    ORG,
    activity,
    asset,
    factor,
    foundations,
    guest,
    host,
    id_of,
    machine,
    measured,
    segment,
)

AWS = {
    "min_w_per_vcpu": 0.74,
    "max_w_per_vcpu": 3.5,
    "pue": 1.135,
    "host_vcpu": 96.0,
}


def coefficients() -> list[Event]:
    """Those of a public cloud."""
    return [
        factor(f"cloud-aws-{name}", f"cloud.aws.{name}", value, criterion="parameter", unit="1")
        for name, value in AWS.items()
    ]


def instance(start: str = "2026-01-01T00:00:00+01:00", end: str | None = None, **cloud: Any) -> dict[str, Any]:
    """A segment of a machine at a public cloud, of 4 vCPUs by its type."""
    stated = {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"} | cloud
    return segment(start, end, site_id=None, allocation={"cloud": stated})


async def figures(pipeline: Pipeline, name: str, month: str = "2026-01") -> dict[tuple[str, str, str | None], float]:
    """The stored figures of an asset and month, by stage, share and basis."""
    answer = await pipeline.service.client.get(f"/v1/assets/{id_of(name)}/months/{month}")
    assert answer.status_code == 200, answer.text
    return {(each["stage"], each["share"], each["basis"]): each["value"] for each in answer.json()["figures"]}


async def test_so_many_equal_machines_hold_as_many_times_what_one_holds_and_the_host_adds_up(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(
        *foundations(), host("a", 16), machine("three", guest("a", 2), quantity=3), machine("one", guest("a", 4))
    )
    await pipeline.service.handle(host("b", 16), machine("alone", guest("b", 6)))
    await pipeline.settle()
    three, one, idle = [await figures(pipeline, name) for name in ("three", "one", "a")]
    assert three == await figures(pipeline, "alone")
    for stage, basis in (("manufacturing", None), ("use", "location")):
        whole = 1000 * 31 / 1825 if stage == "manufacturing" else 0.4 * 744 * 1.5 * 0.05
        shares = [three[stage, "own", basis], one[stage, "own", basis], idle[stage, "idle", basis]]
        assert [each / whole for each in shares] == pytest.approx([6 / 16, 4 / 16, 6 / 16], rel=1e-12)
    text = await pipeline.service.client.get(f"/v1/assets/{id_of('three')}/months/2026-01/explanation")
    assert text.json()["up_to_date"]


async def test_ratios_divide_by_all_machines_that_have_figures_with_their_quantity(pipeline: Pipeline) -> None:
    july = "2026-07-01T00:00:00+02:00"
    await pipeline.service.handle(
        *foundations(), *coefficients(), host("a"), machine("guest", guest("a", 2), quantity=3),
        machine("cloud", instance(end=july), instance(july, provider="AWS"), quantity=10),
        machine("stated", segment(site_id=None, allocation={"vcpu": 16, "cloud": {"provider": "aws"}})),
        machine("nimbus", instance(provider="nimbus")), machine("nowhere", segment(allocation={"vcpu": 64})),
        machine("unsized", instance(instance_type="zz.99")),
    )  # fmt: skip
    await pipeline.settle()
    ratios = await ask(pipeline, f"/ratios?{SPAN}")
    found = ratios["virtual_machines"]
    kg = (await ask(pipeline, f"/totals?{SPAN}&kind=virtual_machine"))["total"]
    assert found["kg"] == kg > 0
    assert float(found["mean_machines"]) == pytest.approx(3 + 10 + 1)
    assert float(found["mean_vcpus"]) == pytest.approx(3 * 2 + 10 * 4 + 16)
    assert float(found["kg_per_machine"]) == pytest.approx(float(kg) / 14)
    assert float(found["kg_per_vcpu"]) == pytest.approx(float(kg) / 62)
    assert [each["code"] for each in ratios["warnings"]] == ["host_unknown"]


async def test_a_machine_without_vcpus_counts_in_the_months_in_which_something_was_done_of_it(
    pipeline: Pipeline,
) -> None:
    bare = guest("a", 1) | {"allocation": None}
    days: dict[str, Any] = {"from": "2026-03-01", "to": "2026-04-01"}
    march = activity("call", asset_id=str(id_of("bare")), **days)
    await pipeline.service.handle(*foundations(), host("a"), machine("vm", guest("a", 2)), machine("bare", bare), march)
    await pipeline.settle()
    for month, machines, vcpus in (("2026-02", 1.0, 2.0), ("2026-03", 2.0, None), ("2026-04", 1.0, 2.0)):
        ratios = await ask(pipeline, f"/ratios?org={ORG}&from={month}&to={month}")
        found = ratios["virtual_machines"]
        assert (found["mean_machines"], found["mean_vcpus"]) == (machines, vcpus), month
        assert float(found["kg_per_machine"]) == pytest.approx(float(found["kg"]) / machines)
        assert [each["code"] for each in ratios["warnings"]] == (["vcpus_unknown"] if vcpus is None else [])


async def test_a_machine_whose_host_is_not_known_is_not_among_those_that_carry_something_and_that_is_said(
    pipeline: Pipeline,
) -> None:
    july = "2026-07-01T00:00:00+02:00"
    cores = {"cpu": {"units": 2, "cores": 16}}
    late = asset("late", timeline=[segment(july, configuration=cores)])
    gone = asset("gone", timeline=[segment(end=july, configuration=cores), segment(july, status="retired")])
    on_a_guest = machine("inside", guest("steady", 8))
    await pipeline.service.handle(
        *foundations(), host("a"), late, gone, machine("steady", guest("a", 2)), machine("early", guest("late", 4)),
        machine("left", guest("gone", 4), quantity=2), on_a_guest,
    )  # fmt: skip
    await pipeline.settle()
    ratios = await ask(pipeline, f"/ratios?{SPAN}")
    found = ratios["virtual_machines"]
    second, first = 184 / 365, 181 / 365
    assert float(found["mean_machines"]) == pytest.approx(1 + second + 2 * first, abs=0.001)
    assert float(found["mean_vcpus"]) == pytest.approx(2 + 4 * second + 8 * first, abs=0.005)
    assert [each["code"] for each in ratios["warnings"]] == ["host_unknown"]
    june = (await ask(pipeline, f"/ratios?org={ORG}&from=2026-06&to=2026-06"))["virtual_machines"]
    assert float(june["mean_machines"]) == pytest.approx(1 + 2)
    assert float(june["kg_per_machine"]) == pytest.approx(float(june["kg"]) / 3)


async def test_an_organisation_with_cloud_machines_alone_has_ratios(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), *coefficients(), machine("cloud", instance()))
    await pipeline.settle()
    found = (await ask(pipeline, f"/ratios?{SPAN}"))["virtual_machines"]
    assert float(found["mean_machines"]) == pytest.approx(1.0)
    assert found["kg_per_machine"] == found["kg"] > 0


async def test_kg_per_vcpu_is_absent_and_said_where_a_machine_that_counts_states_no_vcpus(pipeline: Pipeline) -> None:
    declared = {"annual_kwh": 500, "average_w": None, "embodied_kg": None}
    await pipeline.service.handle(
        *foundations(), host("a"), machine("guest", guest("a", 2)), machine("own", segment(), declared=declared)
    )
    await pipeline.settle()
    ratios = await ask(pipeline, f"/ratios?{SPAN}")
    found = ratios["virtual_machines"]
    assert float(found["mean_machines"]) == pytest.approx(2.0)
    assert float(found["kg_per_machine"]) == pytest.approx(float(found["kg"]) / 2)
    assert (found["mean_vcpus"], found["kg_per_vcpu"]) == (None, None)
    assert [each["code"] for each in ratios["warnings"]] == ["vcpus_unknown"]


@pytest.mark.parametrize(("language", "words"), [("fr", "n’est pas comptée"), ("en", "is not counted")])
async def test_what_was_measured_of_a_machine_and_tells_nothing_of_its_share_is_said(
    pipeline: Pipeline, language: str, words: str
) -> None:
    await pipeline.service.handle(*foundations(), host("a"), machine("vm", guest("a", 2)))
    await pipeline.settle()
    path = f"/v1/assets/{id_of('vm')}/months/"
    before = (await pipeline.service.client.get(f"{path}2026-03")).json()
    await pipeline.service.handle(measured("vm", "2026-03", kwh=2.0))
    await pipeline.settle()
    for month, said in (("2026-03", True), ("2026-04", False)):
        answer = (await pipeline.service.client.get(f"{path}{month}?lang={language}")).json()
        told = {each["code"]: each["detail"] for each in answer["warnings"]}
        assert ("measured_on_host" in told) == said
        if said:
            assert answer["figures"] == before["figures"]
            assert words in told["measured_on_host"]


async def test_the_contract_of_a_machine_on_a_host_counts_and_what_it_declares_is_said_not_to(
    pipeline: Pipeline,
) -> None:
    declared = {"annual_kwh": 500, "average_w": None, "embodied_kg": None}
    support = {"kind": "third_party", "eur_per_year": "365.00"}
    await pipeline.service.handle(
        *foundations(), factor("maintenance", "maintenance.it_hardware", 0.216, unit="kgCO2e/EUR"), host("a"),
        machine("vm", guest("a", 2), declared=declared, support=support),
    )  # fmt: skip
    await pipeline.settle()
    found = await figures(pipeline, "vm")
    assert found["maintenance_and_sale", "own", None] == pytest.approx(0.216 * 31)
    answer = (await pipeline.service.client.get(f"/v1/assets/{id_of('vm')}/months/2026-01")).json()
    assert "declared_on_host" in {each["code"] for each in answer["warnings"]}
    assert "no_embodied_evidence" not in {each["code"] for each in answer["warnings"]}
    told = await pipeline.service.client.get(f"/v1/assets/{id_of('vm')}/months/2026-01/explanation?lang=fr")
    assert "une machine sur un hôte a sa part de l’hôte" in told.text
