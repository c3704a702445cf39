"""What migrations make of what was heard of machines and their hosts, and what they have computed again."""

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from common.events import Event
from common.testing.databases import Databases, before
from footprint.documents import asset_document
from footprint.events import AssetChanged
from footprint.main import SERVICE

from services.footprint.tests.world import ORG, asset, guest, host, id_of, machine, payloads, segment

MACHINES: Final = next(each.name for each in SERVICE.migrations.glob("*_machines.sql"))
"""The migration since which machines count with their quantity."""


async def heard_before(connection: Any, *machines: Event) -> None:
    """Machines as they were kept before: with stays of one each."""
    for each in map(AssetChanged.model_validate, payloads(machines)):
        await connection.execute(
            """
            INSERT INTO assets (id, org_id, version, deleted, kind, site_ids, has_support, document)
            VALUES ($1, $2, 1, false, $3, '{}', $4, $5)
            """,
            each.id, each.org, each.kind, each.support is not None, json.dumps(asset_document(each), default=str),
        )  # fmt: skip
        await connection.executemany(
            "INSERT INTO placements (vm_id, host_id, starts, ends, org_id, vcpu, ram_gib) VALUES ($1, $2, 0, NULL, $3, 2, 8)",
            [(each.id, part.host_id, each.org) for part in each.timeline if part.host_id is not None],
        )


async def test_machines_heard_before_hold_their_quantity_and_what_counts_otherwise_is_computed_again(
    databases: Databases, tmp_path: Path
) -> None:
    at_cloud = {"instance_type": "m5.xlarge", "region": "eu-west-3"}
    declared = {"annual_kwh": 500, "average_w": None, "embodied_kg": None}
    support = {"kind": "third_party", "eur_per_year": "365.00"}
    async with before(databases, SERVICE, MACHINES, tmp_path, last="0020") as (connection, bring_up_to_date):
        await heard_before(
            connection,
            machine("three", guest("a", 2), quantity=3),
            machine("one", guest("b", 2)),
            machine("paid", guest("b", 2), support=support),
            machine("declared", guest("b", 2), declared=declared),
            machine("quiet", segment(site_id=None, allocation={"cloud": at_cloud | {"provider": "aws"}})),
            machine("loud", segment(site_id=None, allocation={"cloud": at_cloud | {"provider": "AWS"}})),
            machine("sited", segment(allocation={"cloud": at_cloud | {"provider": "aws"}})),
            machine("many", segment(site_id=None, allocation={"cloud": at_cloud | {"provider": "aws"}}), quantity=2),
        )
        assert await bring_up_to_date()
        held = {row["vm_id"]: (row["vcpu"], row["ram_gib"]) for row in await connection.fetch("TABLE placements")}
        assert held == {id_of("three"): (6.0, 24.0)} | {id_of(each): (2.0, 8.0) for each in ("one", "paid", "declared")}
        replaced = await connection.fetch("SELECT vm_id, vcpu FROM replaced_placements")
        assert [tuple(row) for row in replaced] == [(id_of("three"), 2.0)]
        marks = await connection.fetch("SELECT asset_id, since, cause FROM marks")
        assert sorted(tuple(row) for row in marks) == sorted(
            (id_of(each), 0, "method") for each in ("three", "a", "paid", "declared", "loud", "sited", "many")
        )


async def test_electricity_of_activities_and_machines_at_public_clouds_are_computed_again(
    databases: Databases, tmp_path: Path
) -> None:
    cloud = {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"}
    async with before(databases, SERVICE, "0021", tmp_path, last="0026") as (connection, bring_up_to_date):
        await heard_before(
            connection,
            machine("cloudy", segment(site_id=None, allocation={"cloud": cloud})),
            machine("hosted", guest("a", 2)),
        )
        await connection.executemany(
            """
            INSERT INTO activities (id, org_id, home_id, activity, deleted, version, starts, ends, document)
            VALUES ($1, $2, $3, $4, $5, 1, '2026-03-01', '2026-04-01', '{}')
            """,
            [
                (id_of("bought"), ORG, id_of("charged"), "electricity", False),
                (id_of("undone"), ORG, id_of("idle"), "electricity", True),
                (id_of("journey"), ORG, id_of("car"), "transport.car", False),
            ],
        )
        assert await bring_up_to_date()
        marks = await connection.fetch("SELECT asset_id, priority, since, cause FROM marks")
        assert sorted(tuple(row) for row in marks) == sorted(
            (id_of(each), 1, 0, "method") for each in ("cloudy", "charged")
        )


async def test_machines_are_found_from_their_hosts_and_what_is_done_of_them_is_computed_again(
    databases: Databases, tmp_path: Path
) -> None:
    bare = segment("2026-02-01T00:00:00+01:00", site_id=None, host_id=str(id_of("a")), allocation={"ram_gib": 4.0})
    left = segment("2026-03-01T00:00:00+01:00", site_id=None, host_id=str(id_of("b")), status="retired")
    supported = {"kind": "third_party", "eur_per_year": "365.00"}
    async with before(databases, SERVICE, "0027", tmp_path) as (connection, bring_up_to_date):
        await heard_before(
            connection,
            machine("bare", bare | {"to": left["from"]}, left, quantity=2),
            machine("supported", guest("a", 2), support=supported),
            asset("server", support=supported),
        )
        await connection.execute("DELETE FROM placements WHERE vm_id = $1", id_of("bare"))
        await connection.executemany(
            """
            INSERT INTO activities (id, org_id, home_id, activity, deleted, version, starts, ends, document)
            VALUES ($1, $2, $3, 'transport.car', $4, 1, '2026-03-01', '2026-04-01', '{}')
            """,
            [(id_of("journey"), ORG, id_of("bare"), False), (id_of("undone"), ORG, id_of("idle"), True)],
        )
        assert await bring_up_to_date()
        placed = await connection.fetch(
            "SELECT vm_id, host_id, starts, ends, vcpu, ram_gib FROM placements WHERE vcpu = 'NaN'"
        )
        (row,) = placed
        february, march = (int(datetime.fromisoformat(each).timestamp()) for each in (bare["from"], left["from"]))
        assert tuple(row)[:4] == (id_of("bare"), id_of("a"), february, march)
        assert math.isnan(row["vcpu"])
        assert row["ram_gib"] == 8.0
        marks = await connection.fetch("SELECT asset_id, priority, since, cause, org_id FROM marks")
        assert sorted(tuple(row) for row in marks) == sorted(
            (id_of(each), 1, 0, "method", ORG) for each in ("bare", "supported")
        )


SEASONS: Final = next(each.name for each in SERVICE.migrations.glob("*_seasons.sql"))
"""The migration since which what is measured goes on as it was measured."""


async def test_what_is_measured_and_hosts_of_others_machines_are_computed_again(
    databases: Databases, tmp_path: Path
) -> None:
    async with before(databases, SERVICE, SEASONS, tmp_path) as (connection, bring_up_to_date):
        await heard_before(
            connection,
            *(host("a"), host("b"), asset("loud"), asset("still"), machine("ours", guest("b", 1))),
            machine("theirs", guest("a", 1), org="globex"),
        )
        await connection.execute(
            """
            INSERT INTO measurement_months (asset_id, month, org_id, version, deleted, time_zone, document)
            SELECT $1, 24313 + number, $2, 1, false, 'Europe/Paris', '{"days": []}' FROM generate_series(1, 2) AS numbers (number)
            """,
            id_of("loud"),
            ORG,
        )
        assert await bring_up_to_date()
        marks = await connection.fetch("SELECT asset_id, priority, since, cause FROM marks")
        assert sorted(tuple(row) for row in marks) == sorted((id_of(each), 1, 0, "method") for each in ("loud", "a"))


WHAT_WAITS: Final = next(each.name for each in SERVICE.migrations.glob("*_what_waits.sql"))
"""The migration since which marks tell whose assets wait."""


async def test_marks_and_assets_of_before_are_told_to_be_whose_they_are(databases: Databases, tmp_path: Path) -> None:
    async with before(databases, SERVICE, WHAT_WAITS, tmp_path) as (connection, bring_up_to_date):
        await heard_before(connection, asset("ours"), asset("theirs", org="globex"))
        await connection.execute("INSERT INTO homes (home_id, org_id) VALUES ($1, $2)", id_of("nanterre"), ORG)
        named = ["ours", "theirs", "nanterre", "unheard"]
        await connection.execute(
            "INSERT INTO calculations (asset_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING",
            [id_of(each) for each in named[:3]],
        )
        await connection.execute(
            "INSERT INTO marks (asset_id, priority) SELECT unnest($1::uuid[]), 0", [id_of(each) for each in named]
        )
        assert await bring_up_to_date()
        whose = {id_of("ours"): ORG, id_of("theirs"): "globex", id_of("nanterre"): ORG}
        assert dict(await connection.fetch("SELECT asset_id, org_id FROM calculations")) == whose
        assert dict(await connection.fetch("SELECT asset_id, org_id FROM marks")) == {**whose, id_of("unheard"): None}
