"""Sites with a region: heard, stored, found again by new factors, and told again by an inventory that said it before."""

from pathlib import Path
from typing import Final

import asyncpg
import pytest
from common.organisations import EVERY
from common.testing.databases import Databases, before
from footprint.main import SERVICE

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import ORG, asset, electricity, foundations, id_of, override, segment, site

KWH: Final = 400 * 743 / 1000 * 1.5
"""What a server of the tests uses in March at a PUE of 1.5."""

REGIONS: Final = "0016_regions_of_sites.sql"
"""The migration that tells regions from countries."""


async def used(pipeline: Pipeline, name: str, month: str = "2026-03") -> tuple[float | None, set[str]]:
    """The electricity of an asset's month, location-based, and the codes of its warnings."""
    answer = await pipeline.service.client.get(f"/v1/assets/{id_of(name)}/months/{month}")
    assert answer.status_code == 200, answer.text
    found = [
        each["value"] for each in answer.json()["figures"] if (each["stage"], each["basis"]) == ("use", "location")
    ]
    return (found[0] if found else None), {each["code"] for each in answer.json()["warnings"]}


async def at_sites(pipeline: Pipeline, **regions: str | None) -> None:
    """A server at a site of each region of France."""
    for name, region in regions.items():
        timeline = [segment(site_id=str(id_of(f"site-{name}")))]
        await pipeline.service.handle(site(f"site-{name}", region=region), asset(name, timeline=timeline))
    await pipeline.settle()


async def test_electricity_is_that_of_the_region_of_the_site_and_never_of_another_grid(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations())
    await at_sites(pipeline, whole=None, brittany="FR-BRE", corsica="FR-20R", guadeloupe="GP")
    kg, warnings = await used(pipeline, "whole")
    assert kg == pytest.approx(KWH * 0.05, rel=1e-12)
    assert "country_factor" not in warnings
    kg, warnings = await used(pipeline, "brittany")
    assert kg == pytest.approx(KWH * 0.05, rel=1e-12)
    assert "country_factor" in warnings
    for name in ("corsica", "guadeloupe"):
        kg, warnings = await used(pipeline, name)
        assert kg is None
        assert "no_electricity_factor" in warnings


async def test_a_new_factor_of_a_region_or_of_its_country_reaches_what_stands_there(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations())
    await at_sites(pipeline, brittany="FR-BRE", corsica="FR-20R", guadeloupe="GP")
    await pipeline.service.handle(electricity("FR", 0.06, version=2), electricity("GP", 0.5))
    await pipeline.settle()
    assert (await used(pipeline, "brittany"))[0] == pytest.approx(KWH * 0.06, rel=1e-12)
    assert (await used(pipeline, "guadeloupe"))[0] == pytest.approx(KWH * 0.5, rel=1e-12)
    await pipeline.service.handle(electricity("FR-20R", 0.4), electricity("FR-BRE", 0.02))
    await pipeline.settle()
    assert (await used(pipeline, "corsica"))[0] == pytest.approx(KWH * 0.4, rel=1e-12)
    kg, warnings = await used(pipeline, "brittany")
    assert kg == pytest.approx(KWH * 0.02, rel=1e-12)
    assert "country_factor" not in warnings


async def test_an_own_factor_of_a_region_counts_at_its_sites_alone(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations())
    await at_sites(pipeline, whole=None, brittany="FR-BRE")
    await pipeline.service.handle(
        override(
            "own-bre", "electricity", 0.5, valid_from="2026-01-01", unit="kgCO2e/kWh", region="FR-BRE", stage="use", perimeter="production",
        )
    )  # fmt: skip
    await pipeline.settle()
    assert (await used(pipeline, "brittany"))[0] == pytest.approx(KWH * 0.5, rel=1e-12)
    assert (await used(pipeline, "whole"))[0] == pytest.approx(KWH * 0.05, rel=1e-12)


async def test_a_site_heard_before_its_region_was_kept_gets_it_at_the_same_version(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), electricity("GP", 0.5))
    await at_sites(pipeline, island="GP", whole=None)
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("UPDATE sites SET region = document ->> 'country'")
    await pipeline.service.handle(asset("island", 2, [segment(site_id=str(id_of("site-island")))], quantity=2))
    await pipeline.settle()
    assert (await used(pipeline, "island"))[0] == pytest.approx(2 * KWH * 0.05, rel=1e-12)
    await pipeline.service.handle(site("site-island", region="GP"), site("site-whole", region=None))
    await pipeline.settle()
    assert (await used(pipeline, "island"))[0] == pytest.approx(2 * KWH * 0.5, rel=1e-12)
    assert (await used(pipeline, "whole"))[0] == pytest.approx(KWH * 0.05, rel=1e-12)


async def test_sites_stored_before_keep_their_country_and_a_consumer_of_before_waits(
    databases: Databases, tmp_path: Path
) -> None:
    heard = "INSERT INTO sites (id, org_id, version, deleted, region, document) VALUES ($1, $2, 1, false, 'FR', '{}')"
    async with before(databases, SERVICE, REGIONS, tmp_path) as (connection, bring_up_to_date):
        await connection.execute(heard, id_of("nanterre"), ORG)
        await bring_up_to_date()
        assert await connection.fetchval("SELECT region FROM sites") == "FR"
        with pytest.raises(asyncpg.SerializationError):
            await connection.execute(heard, id_of("nanterre"), ORG)
