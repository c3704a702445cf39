"""What migrations make of stored rows."""

from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any, Final
from uuid import UUID

import asyncpg
from common import json
from common.migrations import migrate
from common.testing.databases import Databases
from inventory.events import site_changed
from inventory.main import SERVICE
from inventory.store import places

TOLD: Final = "0012_regions_told.sql"
"""The migration that tells sites with a region again."""


async def test_sites_with_a_region_are_told_again_as_they_are_told_whenever_they_change(
    databases: Databases, tmp_path: Path
) -> None:
    for file in sorted(SERVICE.migrations.glob("*.sql")):
        if file.name < TOLD:
            copy(file, tmp_path)
    own = Databases(databases.admin_url("postgres"))
    name = await own.create(replace(SERVICE, migrations=tmp_path))
    connection: Any = await asyncpg.connect(own.admin_url(name))
    try:
        await connection.set_type_codec(
            "jsonb", encoder=lambda each: json.dumps(each).decode(), decoder=json.loads, schema="pg_catalog"
        )
        await connection.execute("SET search_path TO inventory")
        await connection.execute(
            """
            INSERT INTO organisations (org_id, name, role, time_zone, refurbished_convention, version, recorded_at)
            VALUES ('acme', 'Acme', 'customer', 'Europe/Paris', 'remaining', 1, now())
            """
        )
        for number, region in enumerate((None, "GP", "FR-BRE"), 1):
            await connection.execute(
                """
                INSERT INTO sites (id, org_id, code, name, kind, country, region, pue, operator, operators, allocation_rule, electricity,
                                   version, recorded_at, allocation_by)
                VALUES ($1, 'acme', $2, 'Site « 1 »', 'datacenter', 'FR', $3, $4, 'hosted', $5, 'sold', $6, 7, now(), 'ram')
                """,
                UUID(int=number),
                f"site-{number}",
                region,
                [{"from": None, "to": "2026-04-01", "value": 1.58}],
                [{"from": None, "to": None, "operator": "hosted"}],
                {"guarantee_of_origin_share": 0.4, "residual_kg_per_kwh": None, "contracts": []},
            )
        assert await migrate(own.owner_url("inventory", name), "inventory", SERVICE.migrations)
        told = await connection.fetch("SELECT *, convert_from(value, 'UTF8')::jsonb AS data FROM outbox ORDER BY id")
        stored = [each async for each in _sites(connection)]
        expected = [site_changed(each) for each in stored if each.site.region is not None]
        assert [(row["topic"], row["type"], row["key"], row["subject"], row["data"]) for row in told] == [
            (each.topic, each.type, each.key, each.subject, each.data) for each in expected
        ]
        assert [row["data"]["region"] for row in told] == ["GP", "FR-BRE"]
    finally:
        await connection.close()
        await own.drop(name)


async def _sites(connection: Any) -> Any:
    async with connection.transaction():
        async for each in places.stream_sites(connection):
            yield each
