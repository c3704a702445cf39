"""What a batch would do, given what is known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.domain.asset import Asset
from inventory.domain.description import Description
from inventory.domain.hosting import Stay
from inventory.domain.planning import HostFacts, Plan, Row, World, plan
from inventory.domain.record import AssetKey, read_record
from inventory.domain.timeline import Change, begin
from inventory.domain.vocabulary import Kind, Status

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
SITE = UUID(int=7)
EMPTY = World({"acme": ZoneInfo("Europe/Paris")}, {("acme", "nanterre-1"): SITE}, {}, {})


def server(external_id: str, **more: Any) -> Row:
    return Row(read_record({"source": "cmdb", "external_id": external_id, "org": "acme", "kind": "server", **more}))


def machine(external_id: str, host: str | None = None, **more: Any) -> Row:
    on = {"host": {"source": "cmdb", "external_id": host}} if host else {}
    row = {"source": "cmdb", "external_id": external_id, "org": "acme", "kind": "virtual_machine", **on, **more}
    return Row(read_record(row))


def planned(*rows: Row, world: World = EMPTY) -> Plan:
    ids = count(100)
    return plan(rows, world, unsaid=lambda zone: NOW, recorded_at=NOW, new_id=lambda: UUID(int=next(ids)))


def codes(plan: Plan) -> dict[int, list[str]]:
    return {position: [defect.code for defect in defects] for position, defects in plan.defects.items()}


def world_after(plan: Plan) -> World:
    assets = {revision.after.key: revision.after for revision in plan.revisions.values()}
    hosts = {key: HostFacts(asset.id, asset.kind) for key, asset in assets.items()}
    return World(EMPTY.zones, EMPTY.sites, assets, hosts)


def test_hosts_may_stand_anywhere_in_the_batch() -> None:
    result = planned(machine("vm-1", "srv-1"), server("srv-1"))
    assert result.defects == {}
    assert result.assets[0].timeline.segments[0].state.host_id == result.assets[1].id


def test_rows_under_two_names_of_one_asset_all_count() -> None:
    world = world_after(planned(server("srv-1", effective_from="2026-01-01")))
    [known] = world.assets.values()
    world = replace(world, assets={**world.assets, AssetKey("acme", "cmdb", "2217"): known})
    result = planned(
        server("srv-1", effective_from="2026-03-01", status="off"),
        server("2217", effective_from="2026-02-01", site="nanterre-1"),
        server("2217", effective_from="2026-03-01", status="standby"),
        world=world,
    )
    assert codes(result) == {2: ["duplicate"]}
    [revision] = result.revisions.values()
    assert [(piece.state.status, piece.state.site_id) for piece in revision.after.timeline.segments] == [
        (Status.IN_SERVICE, None),
        (Status.IN_SERVICE, SITE),
        (Status.OFF, SITE),
    ]


def test_a_dated_row_that_changes_what_holds_for_the_whole_life_is_told_so() -> None:
    fleet = {"quantity": 10, "declared": {"annual_kwh": 800}}
    world = world_after(planned(server("srv-1", effective_from="2026-01-01", **fleet)))
    said = {"quantity": 5, "declared": {"annual_kwh": 400}, "support": {"kind": "third_party", "eur_per_year": 365}}
    result = planned(server("srv-1", effective_from="2026-10-01", status="off", **said), world=world)
    assert result.defects == {}
    assert [(warning.field, warning.code) for warning in result.warnings[0]] == [
        ("quantity", "not_dated"),
        ("declared", "not_dated"),
        ("support", "not_dated"),
    ]
    assert "not from 2026-10-01 on" in result.warnings[0][0].detail
    [revision] = result.revisions.values()
    assert revision.after.description.quantity == 5, "it counts all the same"


def test_rows_that_say_nothing_new_of_the_whole_life_or_no_date_are_told_nothing() -> None:
    world = world_after(planned(server("srv-1", effective_from="2026-01-01", quantity=10)))
    assert planned(server("srv-1", effective_from="2026-10-01", quantity=10, status="off"), world=world).warnings == {}
    assert planned(server("srv-1", quantity=5), world=world).warnings == {}
    assert planned(server("srv-2", effective_from="2026-10-01", quantity=5), world=world).warnings == {}


def test_the_same_batch_again_changes_nothing() -> None:
    rows = [
        server("srv-1", site="nanterre-1", planned_life_years=6),
        machine("vm-1", "srv-1", effective_from="2026-01-01", allocation={"vcpu": 4}),
        machine("vm-1", "srv-1", effective_from="2026-03-01", allocation={"vcpu": 8}, status="off"),
    ]
    first = planned(*rows)
    assert len(first.revisions) == 2
    again = planned(*rows, world=world_after(first))
    assert again.revisions == {}
    assert again.defects == {}
    assert set(again.assets) == {0, 1, 2}


def test_the_rows_of_one_asset_are_its_history_in_the_order_of_their_dates() -> None:
    result = planned(
        server("srv-1", effective_from="2026-06-01", status="off"),
        server("srv-1", effective_from="2026-01-01", status="in_service", name="old name"),
        server("srv-1", effective_from="2026-09-01", status="retired", name="new name"),
    )
    asset = result.assets[0]
    assert [piece.state.status for piece in asset.timeline.segments] == [Status.IN_SERVICE, Status.OFF, Status.RETIRED]
    assert asset.description.name == "new name"
    assert asset.version == 1


def test_a_second_row_for_the_same_moment_is_refused_and_the_first_counts() -> None:
    result = planned(server("srv-1", name="one"), server("srv-1", name="two"))
    assert codes(result) == {1: ["duplicate"]}
    assert result.assets[0].description.name == "one"


def test_a_virtual_machine_on_a_host_that_nobody_knows_is_refused_and_the_others_are_in() -> None:
    result = planned(machine("vm-1", "srv-9"), server("srv-1"), machine("vm-2", "srv-1"))
    assert codes(result) == {0: ["unknown_host"]}
    assert set(result.assets) == {1, 2}


def test_what_runs_on_a_refused_host_is_refused_with_it_however_deep() -> None:
    result = planned(
        machine("inner", "middle"), machine("middle", "srv-1"), server("srv-1", site="elsewhere"), machine("other")
    )
    assert codes(result) == {0: ["unknown_host"], 1: ["unknown_host"], 2: ["unknown_site"]}
    assert set(result.assets) == {3}


def test_two_machines_hosting_each_other_are_refused_both() -> None:
    result = planned(machine("a", "b"), machine("b", "a"), machine("c"))
    assert codes(result) == {0: ["unknown_host"], 1: ["host_cycle"]}
    assert set(result.assets) == {2}


def test_a_cycle_through_what_is_already_known_is_refused() -> None:
    known = planned(machine("a"), machine("b", "a"))
    a, b = known.assets[0], known.assets[1]
    world = world_after(known)
    world = World(world.zones, world.sites, world.assets, world.hosts, {b.id: [Stay(a.id, NOW, None)]})
    result = planned(machine("a", "b"), world=world)
    assert codes(result) == {0: ["host_cycle"]}


def test_only_servers_and_virtual_machines_host() -> None:
    printer = Row(read_record({"source": "cmdb", "external_id": "p", "org": "acme", "kind": "printer"}))
    assert codes(planned(printer, machine("vm-1", "p"))) == {1: ["not_a_host"]}


def test_unknown_organisations_sites_and_changed_kinds_are_refused_by_name() -> None:
    known = planned(server("srv-1"))
    elsewhere = Row(read_record({"source": "cmdb", "external_id": "x", "org": "nobody", "kind": "server"}))
    result = planned(elsewhere, server("srv-2", site="lyon-1"), machine("srv-1"), world=world_after(known))
    assert codes(result) == {0: ["unknown_organisation"], 1: ["unknown_site"], 2: ["kind_changed"]}
    assert result.revisions == {}


def test_the_past_of_an_asset_that_is_not_known_cannot_be_corrected_up_to_a_date() -> None:
    result = planned(server("srv-1", effective_from="2026-01-01", effective_to="2026-02-01"), machine("vm-1", "srv-1"))
    assert codes(result) == {0: ["not_known_yet"], 1: ["unknown_host"]}


def test_an_end_on_the_day_of_the_start_is_refused_where_only_the_time_zone_tells() -> None:
    result = planned(server("s", effective_from="2026-01-01", effective_to="2025-12-31T23:00:00Z"))
    assert codes(result) == {0: ["not_after_start"]}


def test_a_timeline_has_a_limit_and_the_row_beyond_it_is_refused() -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    rows = [
        server("s", effective_from=start + timedelta(days=day), status="off" if day % 2 else "in_service")
        for day in range(1001)
    ]
    result = planned(*rows)
    assert codes(result) == {1000: ["timeline_too_long"]}
    assert len(result.assets[0].timeline.segments) == 1000


def test_a_changed_asset_has_the_next_version_and_is_recorded_later_than_the_one_before() -> None:
    ahead = NOW + timedelta(minutes=5)
    key = AssetKey("acme", "cmdb", "srv-1")
    known = Asset(UUID(int=1), key, Kind.SERVER, Description(), begin(NOW, Change()), 4, ahead)
    result = planned(server("srv-1", name="renamed"), world=World(EMPTY.zones, EMPTY.sites, {key: known}, {}))
    assert result.assets[0].version == 5
    assert result.assets[0].recorded_at > ahead


def test_a_final_retirement_drops_what_was_known_for_later_and_a_plain_row_does_not() -> None:
    history = [
        server("srv-1", effective_from="2026-01-01", status="in_service"),
        server("srv-1", effective_from="2026-06-01", status="off"),
    ]
    world = world_after(planned(*history))
    retirement = server("srv-1", effective_from="2026-05-01", status="retired")
    plain = planned(retirement, world=world).assets[0].timeline
    final = planned(Row(retirement.record, final=True), world=world).assets[0].timeline
    assert [piece.state.status for piece in plain.segments] == [Status.IN_SERVICE, Status.RETIRED, Status.OFF]
    assert [piece.state.status for piece in final.segments] == [Status.IN_SERVICE, Status.RETIRED]


def test_a_final_retirement_before_the_asset_is_known_is_refused() -> None:
    world = world_after(planned(server("srv-1", effective_from="2026-01-01")))
    early = Row(server("srv-1", effective_from="2025-01-01", status="retired").record, final=True)
    assert codes(planned(early, world=world)) == {0: ["before_known"]}


def test_a_moved_machine_leaves_its_host_by_a_null() -> None:
    world = world_after(planned(server("srv-1"), machine("vm-1", "srv-1", effective_from="2026-01-01")))
    off = Row(
        read_record(
            {
                "source": "cmdb",
                "external_id": "vm-1",
                "org": "acme",
                "kind": "virtual_machine",
                "host": None,
                "effective_from": "2026-02-01",
            }
        )
    )
    states = [piece.state.host_id for piece in planned(off, world=world).assets[0].timeline.segments]
    assert states[0] is not None
    assert states[1] is None


def test_a_machine_on_a_host_goes_to_a_public_cloud_only_when_it_leaves_its_host() -> None:
    world = world_after(planned(server("srv-1"), machine("vm-1", "srv-1", effective_from="2026-01-01")))
    cloud = {"vcpu": 4, "cloud": {"provider": "aws"}}
    both = machine("vm-1", allocation=cloud, effective_from="2026-03-01")
    assert codes(planned(both, world=world)) == {0: ["cloud_with_host"]}
    row = {**both.record.model_dump(exclude_unset=True), "host": None}
    assert planned(Row(read_record(row)), world=world).defects == {}


def test_the_year_1990_begins_where_the_organisation_is() -> None:
    in_paris = "1989-12-31T23:30:00Z"
    elsewhere = "1990-01-01T00:30:00+14:00"
    result = planned(server("srv-1", effective_from=in_paris), server("srv-2", effective_from=elsewhere))
    assert codes(result) == {1: ["before_1990"]}


def statuses(result: Plan, position: int = 0) -> list[tuple[str, str]]:
    segments = result.assets[position].timeline.segments
    return [(piece.start.isoformat(), piece.state.status) for piece in segments]


def test_a_new_asset_has_been_there_since_it_began_and_a_known_one_is_told_from_now() -> None:
    row = replace(server("srv-1", site="nanterre-1"), begins=date(2021, 3, 15))
    first = planned(row)
    assert statuses(first) == [("2021-03-14T23:00:00+00:00", "in_service")]
    off = replace(server("srv-1", status="off"), begins=date(2021, 3, 15))
    later = planned(off, world=world_after(first))
    assert statuses(later) == [("2021-03-14T23:00:00+00:00", "in_service"), (NOW.isoformat(), "off")]


def test_an_asset_that_left_before_it_was_told_has_left_and_stays_so() -> None:
    row = replace(server("srv-1", status="in_service"), begins=date(2020, 7, 8), retired_from=date(2023, 1, 1))
    first = planned(row)
    life = [("2020-07-07T22:00:00+00:00", "in_service"), ("2022-12-31T23:00:00+00:00", "retired")]
    assert statuses(first) == life
    again = planned(row, world=world_after(first))
    assert (again.revisions, statuses(again)) == ({}, life)


def test_a_new_asset_that_has_left_without_a_date_left_by_now_and_was_there_before() -> None:
    result = planned(replace(server("srv-1", status="retired"), begins=date(2012, 2, 1)))
    assert statuses(result) == [("2012-01-31T23:00:00+00:00", "in_service"), (NOW.isoformat(), "retired")]


def test_a_machine_may_be_taken_without_a_host_that_nobody_knows() -> None:
    rows = [replace(machine("vm-1", "srv-9"), host_required=False), machine("vm-2", "srv-9")]
    result = planned(*rows)
    assert codes(result) == {1: ["unknown_host"]}
    assert list(result.hostless) == [0]
    assert result.assets[0].timeline.segments[0].state.host_id is None


def test_tags_may_be_added_to_those_that_are_known() -> None:
    first = planned(server("srv-1", tags={"team": "a", "serial": "1"}))
    added = planned(replace(server("srv-1", tags={"serial": "2"}), adds_tags=True), world=world_after(first))
    assert added.assets[0].description.tags == {"team": "a", "serial": "2"}
    same = planned(replace(server("srv-1", tags={"serial": "1"}), adds_tags=True), world=world_after(first))
    assert same.revisions == {}
