"""What recommendations list is what they count and value."""

from typing import Any

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_insights import ask, month_of_load
from services.footprint.tests.world import ORG, foundations, guest, host, id_of, machine, segment


async def over_allocated(pipeline: Pipeline) -> dict[str, Any] | None:
    """The recommendation of October on machines with more vCPUs than they need."""
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    return next((each for each in board["recommendations"] if each["code"] == "over_allocated"), None)


def at_aws(name: str, vcpu: int) -> Any:
    """A machine at a public cloud."""
    cloud = {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"}
    return machine(name, segment(site_id=None, allocation={"vcpu": vcpu, "cloud": cloud}))


async def test_a_machine_of_a_single_vcpu_is_not_among_those_with_too_many(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), host("a"), machine("one", guest("a", 1)), month_of_load("one", 0.1))
    await pipeline.settle()
    assert await over_allocated(pipeline) is None
    await pipeline.service.handle(machine("large", guest("a", 8)), month_of_load("large", 0.2))
    await pipeline.settle()
    found = await over_allocated(pipeline)
    assert found is not None
    assert found["assets"] == [str(id_of("large"))]
    assert found["evidence"][0].startswith("1 virtual machine stays")
    assert "4 freed" in found["evidence"][1]


async def test_what_a_public_cloud_takes_back_has_no_price_of_cloud_like_and_stays_on_no_host(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), at_aws("far", 4), month_of_load("far", 0.1))
    await pipeline.settle()
    found = await over_allocated(pipeline)
    assert found is not None
    assert (found["assets"], found["eur_per_year"]) == ([str(id_of("far"))], None)
    assert not [line for line in found["evidence"] + found["evidence_fr"] if "Cloud Like" in line or "idle" in line]
    assert any("2 at public clouds" in line for line in found["evidence"])
    assert any("2 dans des clouds publics" in line for line in found["evidence_fr"])

    await pipeline.service.handle(host("a"), machine("near", guest("a", 8)), month_of_load("near", 0.1))
    await pipeline.settle()
    both = await over_allocated(pipeline)
    assert both is not None
    assert sorted(both["assets"]) == sorted(str(id_of(each)) for each in ("far", "near"))
    assert both["eur_per_year"] == f"{4 * 7.9 * 12:.2f}"
    said = " ".join(both["evidence"])
    assert "6 freed" in said
    assert "4 on hosts, worth 7.9 €" in said
    assert "2 at public clouds" in said
