"""A new offer is data: one more document of the catalogue, and everything works with it that works with the others."""

from typing import Any

import pytest
from scenarios.catalogue import offers_by_id, shipped_offers
from scenarios.domain.applying import Catalogue
from scenarios.domain.description import Refused
from scenarios.domain.estimate import AlternativeSpec, EstimateRequest, estimate
from scenarios.domain.montecarlo import MonteCarloRequest, run_monte_carlo
from scenarios.domain.offers import read_catalogue
from scenarios.domain.optimum import OptimumRequest, run_optimum
from scenarios.domain.plan import adopted
from scenarios.domain.run import ComparisonRequest, run_comparison
from scenarios.domain.study import StudyDefinition

from services.scenarios.tests.conftest import study
from services.scenarios.tests.test_optimum import SNAPSHOT

FREE_COOLING = """
[[offers]]
id = "free-cooling"
name = { fr = "Refroidissement par air libre", en = "Free cooling" }
effect = { fr = "Le PUE du site baisse.", en = "The site's PUE falls." }
levers = ["service"]
effect_class = "eer"
source = "a test"
kinds = ["server", "storage"]
excludes = []

[offers.parameters.pue]
text = { fr = "PUE atteint", en = "PUE that is reached" }
unit = "ratio"
expected = 1.2
low = 1.1
high = 1.4
basis = "assumption"
source = "a test"

[offers.parameters.once_eur]
text = { fr = "travaux", en = "works" }
unit = "EUR"
expected = 2000.0
low = 1000.0
high = 9000.0
basis = "assumption"
source = "a test"

[[offers.prerequisites]]
id = "own_site"
text = { fr = "le site est au client", en = "the site is the customer's own" }

[[offers.actions]]
action = { lever = "set", with = { pue = "$pue" }, once_eur = "$once_eur" }
"""
USE = {"offer": "free-cooling", "on": {"sites": ["nanterre-1"]}}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped offers and the new one."""
    [new] = read_catalogue(FREE_COOLING)
    return {**offers_by_id(), new.id: new}


def _definition(**changes: Any) -> StudyDefinition:
    reference = {"description": "nothing", "actions": []}
    fields = {
        "scope": {},
        "reference": reference,
        "electricity": {"gwp": 0.0569},
        "years": 4,
        "confirmed": ["own_site"],
    }
    return StudyDefinition.model_validate(study(**(fields | changes)))


def _alternative() -> AlternativeSpec:
    return AlternativeSpec.model_validate({"name": "cool", "offers": [USE]})


def _told(done: int, total: int) -> None:
    return


def test_it_is_not_shipped() -> None:
    assert "free-cooling" not in {offer.id for offer in shipped_offers()}


def test_it_avoids_what_its_lever_saves_and_costs_what_its_parameter_says(catalogue: Catalogue) -> None:
    run = run_comparison(_definition(), [_alternative()], SNAPSHOT, catalogue, ComparisonRequest(waterfall=True), _told)
    [cooled] = run.alternatives
    # Four servers at Nanterre of 2,200 kWh, from a PUE of 1.58 to 1.2, over four years.
    assert cooled.avoided.total_kg == pytest.approx(4 * 2200 * (1.58 - 1.2) * 0.0569 * 4, rel=1e-12)
    assert cooled.cost_eur - run.reference.cost_eur == 2000
    assert run.waterfalls is not None
    assert [bar.label for bar in run.waterfalls[0].bars][1:] == ["free-cooling, year 0"]


def test_its_prerequisite_is_asked_for_and_its_range_kept(catalogue: Catalogue) -> None:
    with pytest.raises(Refused, match="the site is the customer's own"):
        run_comparison(_definition(confirmed=[]), [_alternative()], SNAPSHOT, catalogue, ComparisonRequest(), _told)
    beyond = AlternativeSpec.model_validate({"name": "cool", "offers": [USE | {"parameters": {"pue": 1.0}}]})
    with pytest.raises(Refused, match=r"1\.0 is not from 1\.1 to 1\.4"):
        run_comparison(_definition(), [beyond], SNAPSHOT, catalogue, ComparisonRequest(), _told)


def test_its_parameter_is_drawn_in_monte_carlo(catalogue: Catalogue) -> None:
    result = run_monte_carlo(_definition(), [_alternative()], SNAPSHOT, catalogue, MonteCarloRequest(draws=200), _told)
    assert "free-cooling.pue" in {driver.id for driver in result.drivers}
    assert "free-cooling.pue" in {bar.driver for bar in result.uncertain[0].tornado}
    assert "free-cooling.once_eur" not in {driver.id for driver in result.drivers}


def test_the_optimum_chooses_it_and_a_plan_can_be_made_of_it(catalogue: Catalogue) -> None:
    request = OptimumRequest.model_validate({"budget_eur": "3000", "start_years": [0]})
    found = run_optimum(_definition(), SNAPSHOT, catalogue, request, _told, lambda: 0.0)
    assert "free-cooling" in {action.offer for action in found.optimum.actions}
    plan = adopted(found.alternative, _definition(), {asset.ref: asset for asset in SNAPSHOT.assets}, catalogue)
    assert "free-cooling" in {action.label for action in plan}


def test_the_stateless_estimate_takes_it(catalogue: Catalogue) -> None:
    document = {
        "start": "2027-01-01",
        "years": 1,
        "electricity": {"gwp": 0.0569},
        "assets": [{"ref": "a", "kind": "server", "annual_kwh": 1000, "pue": 1.5, "embodied_kg": 0, "life_years": 4}],
        "reference": {"actions": []},
        "alternatives": [{"name": "cool", "offers": [{"offer": "free-cooling"}]}],
        "confirmed": ["own_site"],
    }
    [cooled] = estimate(EstimateRequest.model_validate(document), catalogue).alternatives
    assert cooled.avoided.eer_kg == pytest.approx(1000 * 0.3 * 0.0569, rel=1e-12)
