"""What every generated inventory keeps, whatever its seed and size."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, islice, pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from examples.dates import LAST_DAY, LAST_SERVER_CHANGE, midnight
from examples.generate import SEED, SERVERS, rows, rows_of_assets, write_inventory
from examples.rows import COLUMNS, Row, write_csv

seeds = st.integers(0, 10_000)
server_counts = st.integers(1, 120)


def identity(row: Row) -> tuple[str, str]:
    return row.source, row.external_id


def last_states(inventory: Sequence[Row]) -> list[Row]:
    return [list(history)[-1] for _, history in groupby(inventory, identity)]


def test_committed_organisation_is_what_the_seed_generates(tmp_path: Path) -> None:
    write_inventory(tmp_path, rows(SEED, SERVERS))
    committed = Path(__file__).parents[2] / "examples" / "acme"
    for name in ("organisations.json", "sites.json", "inventory.csv"):
        assert (tmp_path / name).read_bytes() == (committed / name).read_bytes(), name


def test_example_organisation_ends_with_fifty_servers_in_service_two_off_and_some_three_hundred_machines() -> None:
    states = last_states(list(rows(SEED, SERVERS)))
    assert Counter(row.status for row in states if row.kind == "server") == {"in_service": 50, "off": 2, "retired": 2}
    assert 280 <= sum(row.kind == "virtual_machine" and row.status != "retired" for row in states) <= 320
    assert {row.site for row in states} == {"nanterre-1", "lyon-1", "fort-de-france-1"}


@given(seed=seeds, servers=server_counts)
@settings(max_examples=25, deadline=None)
def test_any_count_of_servers_is_met_exactly(seed: int, servers: int) -> None:
    states = last_states(list(rows(seed, servers)))
    assert sum(row.kind == "server" and row.status != "retired" for row in states) == servers


@given(seed=seeds, assets=st.integers(1, 900))
@settings(max_examples=25, deadline=None)
def test_any_count_of_assets_is_met_exactly_and_each_host_precedes_its_machines(seed: int, assets: int) -> None:
    inventory = list(rows_of_assets(seed, assets))
    assert len({identity(row) for row in inventory}) == assets
    assert len(last_states(inventory)) == assets, "the rows of one asset follow one another"
    seen: set[tuple[str, str]] = set()
    for row in inventory:
        seen.add(identity(row))
        if row.host_source is not None and row.host_external_id is not None:
            assert (row.host_source, row.host_external_id) in seen


@given(seed=seeds, servers=server_counts)
@settings(max_examples=25, deadline=None)
def test_histories_move_forward_and_end_before_the_stated_days(seed: int, servers: int) -> None:
    for _, history in groupby(rows(seed, servers), identity):
        states = list(history)
        dates = [row.effective_from or "" for row in states]
        assert dates == sorted(set(dates))
        assert dates[-1] <= midnight(LAST_SERVER_CHANGE if states[0].kind == "server" else LAST_DAY)


@given(seed=seeds, servers=server_counts)
@settings(max_examples=25, deadline=None)
def test_no_host_ever_carries_more_vcpu_than_it_has_cores(seed: int, servers: int) -> None:
    inventory = list(rows(seed, servers))
    cores = {row.external_id: (row.cpu_units or 0) * (row.cpu_cores or 0) for row in inventory if row.kind == "server"}
    held: Counter[str] = Counter()
    previous: dict[tuple[str, str], Row] = {}
    machines = [row for row in inventory if row.kind == "virtual_machine"]
    for _, day in groupby(sorted(machines, key=lambda row: row.effective_from or ""), lambda row: row.effective_from):
        for row in day:
            before = previous.get(identity(row))
            if before is not None and before.status != "retired":
                held[before.host_external_id or ""] -= before.vcpu or 0
            if row.status != "retired":
                held[row.host_external_id or ""] += row.vcpu or 0
            previous[identity(row)] = row
        assert all(held[host] <= cores[host] for host in held)


def test_history_holds_purchases_resizes_moves_switch_offs_and_a_retirement() -> None:
    pairs = [pair for _, history in groupby(rows(SEED, SERVERS), identity) for pair in pairwise(list(history))]
    servers = [(a, b) for a, b in pairs if a.kind == "server"]
    machines = [(a, b) for a, b in pairs if a.kind == "virtual_machine"]
    assert any(b.status == "retired" for _, b in servers)
    assert sum(b.status == "off" for _, b in servers) == 2
    assert any(a.site != b.site for a, b in servers)
    assert any(a.ram_units != b.ram_units for a, b in servers)
    assert any(a.vcpu != b.vcpu for a, b in machines)
    assert any(a.host_external_id != b.host_external_id for a, b in machines)
    assert any((row.acquired_on or "") >= "2025-10-01" for row in rows(SEED, SERVERS) if row.kind == "server")


def test_written_file_reads_back_as_the_same_rows() -> None:
    stream = io.StringIO()
    some = [replace(row, name='a, "quoted"\nname') for row in islice(rows(SEED, SERVERS), 5)]
    assert write_csv(stream, some) == 5
    stream.seek(0)
    read = list(csv.DictReader(stream))
    assert tuple(read[0]) == COLUMNS
    for line, row in zip(read, some, strict=True):
        assert line == {name: "" if (value := getattr(row, name)) is None else str(value) for name in COLUMNS}
