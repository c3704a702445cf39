"""What a row may say, and how each broken rule is named."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from inventory.domain.configuration import PARTS_OF
from inventory.domain.defects import Refused
from inventory.domain.description import Description
from inventory.domain.quantities import instant
from inventory.domain.record import AssetChange, AssetKey, host_key, read_record
from inventory.domain.vocabulary import Kind

SERVER: dict[str, Any] = {
    "source": "cmdb",
    "external_id": "SN-88F2",
    "org": "acme",
    "kind": "server",
    "site": "nanterre-1",
    "status": "in_service",
    "quantity": 1,
    "model": {"maker": "Dell", "name": "PowerEdge R740"},
    "acquired": {"on": "2021-03-15", "condition": "new", "price_eur": "9800.00"},
    "planned_life_years": 6,
    "configuration": {
        "cpu": {"units": 2, "cores": 24, "die_mm2": 400, "tdp_w": 150, "model": "Xeon Gold 6248R"},
        "ram": [{"units": 12, "gib": 32}],
        "disks": [{"units": 2, "type": "ssd", "gib": 960}],
        "psu": {"units": 2, "kg": 2.5},
        "case": "rack",
    },
    "declared": {"annual_kwh": 2400},
    "support": {"kind": "third_party", "eur_per_year": "650.00"},
}
MACHINE: dict[str, Any] = {
    "source": "vcenter-nanterre",
    "external_id": "vm-1042",
    "org": "acme",
    "kind": "virtual_machine",
    "name": "erp-db-2",
    "host": {"source": "vcenter-nanterre", "external_id": "host-7"},
    "effective_from": "2026-03-01T00:00:00+01:00",
    "allocation": {"vcpu": 8, "ram_gib": 32, "disk_gib": 200},
    "plan": "cloud-like",
}


def defects(row: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        read_record(row)
    return [(defect.field, defect.code) for defect in refused.value.defects]


def with_(row: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    return {**row, head: with_(row.get(head, {}), rest, value) if rest else value}


def test_the_rows_of_the_api_page_are_read_as_they_stand() -> None:
    server, machine = read_record(SERVER), read_record(MACHINE)
    assert server.key == AssetKey("acme", "cmdb", "SN-88F2")
    assert server.configuration is not None
    assert server.configuration.ram is not None
    assert server.configuration.ram[0].gib == 32
    assert server.acquired is not None
    assert str(server.acquired.price_eur) == "9800.00"
    assert machine.host is not None
    assert host_key(machine.host, machine.org) == AssetKey("acme", "vcenter-nanterre", "host-7")
    assert machine.effective_from == datetime(2026, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("kind", "toaster", "kind", "unknown_kind"),
        ("status", "running", "status", "unknown_status"),
        ("status", None, "status", "unknown_status"),
        ("acquired.condition", "stolen", "acquired.condition", "unknown_condition"),
        ("support.kind", "friend", "support.kind", "unknown_kind"),
        ("configuration.case", "tower", "configuration.case", "unknown_case"),
        ("configuration.disks", [{"units": 1, "type": "tape"}], "configuration.disks.0.type", "unknown_disk_type"),
        ("quantity", 0, "quantity", "too_small"),
        ("quantity", -3, "quantity", "too_small"),
        ("quantity", True, "quantity", "wrong_type"),
        ("quantity", "2", "quantity", "wrong_type"),
        ("quantity", 1.5, "quantity", "wrong_type"),
        ("quantity", None, "quantity", "wrong_type"),
        ("quantity", 10**9, "quantity", "too_large"),
        ("planned_life_years", 0, "planned_life_years", "not_positive"),
        ("planned_life_years", -4, "planned_life_years", "negative"),
        ("planned_life_years", 101, "planned_life_years", "too_large"),
        ("planned_life_years", float("nan"), "planned_life_years", "not_finite"),
        ("declared.annual_kwh", -1, "declared.annual_kwh", "negative"),
        ("declared.annual_kwh", float("inf"), "declared.annual_kwh", "not_finite"),
        ("declared", {"annual_kwh": 1, "average_w": 1}, "declared", "either_or"),
        ("configuration.cpu.tdp_w", -150, "configuration.cpu.tdp_w", "negative"),
        ("configuration.cpu.tdp_w", 0, "configuration.cpu.tdp_w", "not_positive"),
        ("configuration.cpu.units", 0, "configuration.cpu.units", "too_small"),
        ("configuration.ram", [{"gib": 32}], "configuration.ram.0.units", "missing"),
        ("acquired.price_eur", "-1.00", "acquired.price_eur", "negative"),
        ("acquired.price_eur", "1.005", "acquired.price_eur", "too_many_decimals"),
        ("acquired.price_eur", "NaN", "acquired.price_eur", "not_finite"),
        ("acquired.on", "1989-12-31", "acquired.on", "before_1990"),
        ("acquired.on", "15/03/2021", "acquired.on", "not_a_date"),
        ("acquired.on", "2021-02-30", "acquired.on", "not_a_date"),
        ("acquired.on", 44270, "acquired.on", "wrong_type"),
        ("effective_from", "1989-12-31", "effective_from", "before_1990"),
        ("effective_from", "2101-01-01", "effective_from", "after_2100"),
        ("effective_from", "2026-03-01T00:00:00", "effective_from", "no_offset"),
        ("effective_from", "yesterday", "effective_from", "not_a_date"),
        ("effective_to", "2026-03-01", "effective_from", "missing"),
        ("source", "", "source", "empty"),
        ("source", "  ", "source", "empty"),
        ("external_id", "x" * 201, "external_id", "too_long"),
        ("name", "a\x00b", "name", "malformed"),
        ("org", "Acme", "org", "malformed"),
        ("site", "nanterre 1", "site", "malformed"),
        ("model", {"maker": "Dell"}, "model.name", "missing"),
        ("colour", "blue", "colour", "unknown_field"),
        ("tags", {f"k{n}": "v" for n in range(51)}, "tags", "too_many"),
        ("host", {"source": "a", "external_id": "b"}, "host", "only_for_virtual_machines"),
        ("allocation", {"vcpu": 2}, "allocation", "only_for_virtual_machines"),
    ],
)
def test_a_broken_rule_of_a_server_names_the_field_and_the_rule(path: str, value: Any, field: str, code: str) -> None:
    assert (field, code) in defects(with_(SERVER, path, value))


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("host", {"source": "vcenter-nanterre", "external_id": "vm-1042"}, "host", "hosted_by_itself"),
        ("host", {"source": "v", "external_id": "vm-1042", "org": "acme"}, "", ""),
        ("configuration", {"case": "rack"}, "configuration", "not_for_virtual_machines"),
        ("allocation.vcpu", 0, "allocation.vcpu", "too_small"),
        ("allocation.cloud", {"provider": "aws", "region": "eu-west-3"}, "host", "cloud_with_host"),
        ("allocation.cloud", {"region": "eu-west-3"}, "allocation.cloud.provider", "missing"),
        ("allocation.ram_gib", -1, "allocation.ram_gib", "negative"),
        ("allocation", {"ram_gib": 4}, "allocation.vcpu", "missing"),
        ("effective_to", "2026-02-28T22:00:00Z", "effective_to", "not_after_start"),
    ],
)
def test_a_broken_rule_of_a_virtual_machine_names_the_field_and_the_rule(
    path: str, value: Any, field: str, code: str
) -> None:
    row = with_(MACHINE, path, value)
    if not field:
        assert read_record(row).key == AssetKey("acme", "vcenter-nanterre", "vm-1042")
    else:
        assert (field, code) in defects(row)


WHOLE: dict[str, Any] = {
    "cpu": {"units": 1},
    "ram": [{"units": 1, "gib": 8}],
    "disks": [{"units": 1, "type": "ssd"}],
    "gpus": [{"units": 1}],
    "psu": {"units": 1},
    "case": "rack",
    "ports": 48,
    "screen_inches": 27,
}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.VIRTUAL_MACHINE])
def test_each_kind_takes_the_parts_that_it_can_have_and_names_each_that_it_cannot(kind: Kind) -> None:
    row = {"source": "cmdb", "external_id": "1", "org": "acme", "kind": kind}
    possible = {name: value for name, value in WHOLE.items() if name in PARTS_OF[kind]}
    assert read_record({**row, "configuration": possible}).configuration is not None
    if kind is not Kind.OTHER:
        found = defects({**row, "configuration": WHOLE})
        assert found == [(f"configuration.{name}", "not_for_kind") for name in WHOLE if name not in possible]


def test_a_machine_at_a_public_cloud_needs_no_host() -> None:
    row = {name: value for name, value in MACHINE.items() if name != "host"}
    cloud = {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"}
    allocation = read_record({**row, "allocation": {"vcpu": 4, "cloud": cloud}}).allocation
    assert allocation is not None
    assert allocation.model_dump()["cloud"] == cloud


def test_every_defect_of_a_row_is_told_at_once() -> None:
    row = {**SERVER, "kind": "toaster", "quantity": 0, "planned_life_years": 0}
    assert {code for _, code in defects(row)} == {"unknown_kind", "too_small", "not_positive"}


@pytest.mark.parametrize("row", [None, [], "text", 7])
def test_a_row_that_is_not_an_object_is_refused(row: Any) -> None:
    assert defects(row) == [("", "wrong_type")]


def test_what_a_change_leaves_out_stays_and_what_it_nulls_is_cleared() -> None:
    known = Description(name="old", planned_life_years=6.0, tags={"role": "hypervisor"})
    change = AssetChange.model_validate({"name": "new", "planned_life_years": None})
    assert change.describe(known) == Description(name="new", tags={"role": "hypervisor"})


def test_a_calendar_day_means_its_first_moment_where_the_organisation_is() -> None:
    assert instant(date(2026, 7, 1), ZoneInfo("Europe/Paris")) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert instant(date(2026, 7, 1), ZoneInfo("America/Martinique")) == datetime(2026, 7, 1, 4, tzinfo=UTC)
