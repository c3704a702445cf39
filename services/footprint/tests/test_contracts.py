"""The reader models against the owners' examples, and our own examples against what we would publish."""

import json
from pathlib import Path

import pytest
from common.testing.contracts import Contracts
from footprint import events
from pydantic import BaseModel

from services.footprint.tests.world import (
    activity,
    application,
    asset,
    claim,
    electricity,
    foundations,
    guest,
    host,
    id_of,
    machine,
    measured,
    override,
    release,
)

CONTRACTS = Path(__file__).parents[3] / "contracts" / "events"

READERS: dict[str, type[BaseModel]] = {
    "inventory/organization.changed": events.OrganisationChanged,
    "inventory/site.changed": events.SiteChanged,
    "inventory/asset.changed": events.AssetChanged,
    "inventory/measurement-month.changed": events.MeasurementMonthChanged,
    "inventory/activity.changed": events.ActivityChanged,
    "inventory/application.changed": events.ApplicationChanged,
    "factors/factor.changed": events.FactorChanged,
    "factors/override.changed": events.OverrideChanged,
    "factors/release.frozen": events.ReleaseFrozen,
}

EXAMPLES = [(name, path) for name in READERS for path in sorted((CONTRACTS / name / "examples").glob("*.json"))]


@pytest.mark.parametrize(("name", "path"), EXAMPLES, ids=lambda value: value if isinstance(value, str) else value.stem)
def test_every_example_of_the_owners_is_read(name: str, path: Path) -> None:
    document = READERS[name].model_validate_json(path.read_bytes())
    sent = json.loads(path.read_bytes())
    named = next(each for each in ("id", "asset_id", "name") if each in sent)
    assert document.model_dump(mode="json")[named] == sent[named]


def test_all_nine_owners_give_examples() -> None:
    assert {name for name, _ in EXAMPLES} == set(READERS)


def test_what_the_other_tests_send_is_what_the_owners_promise(contracts: Contracts) -> None:
    for event in (
        *foundations(),
        asset("srv"),
        host("a"),
        machine("vm", guest("a", 4)),
        electricity("DE", 0.3, status="withdrawn"),
        measured("srv", kwh=7.0),
        activity("trip", asset_id=str(id_of("srv"))),
        application("erp", claim("vm", weight=2.0)),
        override("own", "embodied.server", 900.0),
        release("2026.1", electricity("FR", 0.04)),
    ):
        contracts.check(event)


def test_fields_that_are_not_known_yet_are_passed_over() -> None:
    for name, path in EXAMPLES:
        extended = json.loads(path.read_bytes()) | {"a_field_of_next_year": {"deep": [1]}}
        READERS[name].model_validate(extended)
