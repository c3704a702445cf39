"""What migrations make of stored rows."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

from common import json
from common.testing.databases import Databases, before
from inventory.events import site_changed
from inventory.main import SERVICE
from inventory.store import places

TOLD: Final = "0012_regions_told.sql"
"""The migration that tells sites with a region again."""


async def test_sites_with_a_region_are_told_again_as_they_are_told_whenever_they_change(
    databases: Databases, tmp_path: Path
) -> None:
    async with before(databases, SERVICE, TOLD, tmp_path) as (connection, bring_up_to_date):
        await connection.set_type_codec(
            "jsonb", encoder=lambda each: json.dumps(each).decode(), decoder=json.loads, schema="pg_catalog"
        )
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
        assert await bring_up_to_date()
        told = await connection.fetch("SELECT *, convert_from(value, 'UTF8')::jsonb AS data FROM outbox ORDER BY id")
        stored = [each async for each in _sites(connection)]
        expected = [site_changed(each) for each in stored if each.site.region is not None]
        # Rules by day came with the migration after: who told none had none.
        assert [
            (row["topic"], row["type"], row["key"], row["subject"], {**row["data"], "allocations": []}) for row in told
        ] == [(each.topic, each.type, each.key, each.subject, each.data) for each in expected]
        assert all("allocations" not in row["data"] for row in told)
        assert [row["data"]["region"] for row in told] == ["GP", "FR-BRE"]


async def _sites(connection: Any) -> Any:
    async with connection.transaction():
        async for each in places.stream_sites(connection):
            yield each
