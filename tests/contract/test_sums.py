"""Who hears a footprint adds its stages up to what the footprint says: upstream and losses are in the sum once, on neither basis twice."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from billing.events import AssetMonthChanged as BillingMonth
from common import json
from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset, Contract, Operator, Pue, Segment, Site, Status
from footprint.domain.months import local_midnight
from footprint.events import describe
from scenarios.events import AssetMonthChanged as ScenariosMonth

START = local_midnight("Europe/Paris", 2026, 1, 1)
KG = {"direct": 0.02, "upstream": 0.015, "losses": 0.004}


def _told(operator: Operator) -> dict[str, Any]:
    """January of a server of 400 W under guarantees of origin for half of its electricity, as the topic has it."""
    site = Site(UUID(int=1), "acme", "a", "datacenter", "FR", (Pue(1.5),), operator, contracts=(Contract(0.5, 0.06),))
    factors = [
        Factor(name, 1, "electricity", "gwp", value, "kgCO2e/kWh", "use", "FR", date(2026, 1, 1), None, 2026, name)
        for name, value in KG.items()
    ]
    server = Asset(
        UUID(int=2), "acme", "server", (Segment(START, None, Status.IN_SERVICE, site.id),), annual_kwh=3504.0
    )
    world = World({}, {site.id: site}, Catalogue(factors), datetime(2026, 11, 23, tzinfo=UTC))
    january = next(compute([server], world).results())
    document: dict[str, Any] = json.loads(json.dumps(describe(january) | {"version": 1, "deleted": False}))
    return document


@pytest.mark.parametrize("reader", [BillingMonth, ScenariosMonth])
@pytest.mark.parametrize("operator", Operator)
def test_readers_count_upstream_and_losses_once(
    operator: Operator, reader: type[BillingMonth] | type[ScenariosMonth]
) -> None:
    document = _told(operator)
    assert {each["basis"] for each in document["stages"]} == {None, "location", "market"}
    assert reader.model_validate(document).gwp_kg == pytest.approx(446.4 * sum(KG.values()))
