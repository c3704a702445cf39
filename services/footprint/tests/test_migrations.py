"""What migrations make of stored rows: closed months keep their amounts to the last digit."""

from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from common.testing.databases import Databases, before
from footprint.main import SERVICE

from services.footprint.tests.test_migrations_of_machines import heard_before
from services.footprint.tests.world import ORG, guest, id_of, machine

SITED: Final = "sites_of_applications"
"""The migration that tells what applications use by site and kind."""

WIDENED: Final = "room_for_warnings"
"""The migration that makes room for more warnings."""

KWH: Final = {"still": 200.0, "abroad": 90.5, "moved": 10.000000001, "dark": 7.25}
"""The energy of servers, of which the last stands where no electricity factor is known."""

MONTHS: Final = {"closed": 2026 * 12 + 3, "open": 2026 * 12 + 4}
LINE: Final = ("use", "gwp", "location", "own", 2, "2", "2.1")


CLOSE: Final = "INSERT INTO periods (org_id, month, version, closed_at, closed_by, method_version) VALUES ($1, $2, 1, now(), 't', '2026.2')"


async def asset_month(connection: Any, name: str, month: int, notices: int = 0, kwh: float | None = None) -> None:
    """A stored month of a server."""
    await connection.execute(
        """
        INSERT INTO asset_months (
            asset_id, month, org_id, version, removed, published, digest, kind, quantity, status, embodied_evidence,
            energy_evidence, electricity_evidence, notices, factor_ids, factor_versions, method_version, claims_digest,
            kwh
        )
        VALUES (
            $1, $2, $3, 1, false, true, 'd', 'server', 1, 'in_service', 'none', 'none', 'none', $4, '{}', '{}', '2026.2', 'c', $5
        )
        """,
        id_of(name), month, ORG, notices, kwh,
    )  # fmt: skip


async def figure(connection: Any, name: str, month: int, site: str, value: float, factor: str) -> None:
    """A stored figure of 2.1."""
    await connection.execute(
        """
        INSERT INTO figures (
            asset_id, month, org_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, value, ln_gsd2, factor,
            factor_ln_gsd2, source, source_ln_gsd2
        )
        VALUES ($1, $2, $3, 'server', $4, $5, $6, $7, $8, $9, $10, $11, $12, 0.5, $13, 0.4, '', 0.3)
        """,
        id_of(name), month, ORG, id_of(site), *LINE, value, factor,
    )  # fmt: skip


async def claimed(connection: Any, name: str, month: int, application: str, billionths: int, factor: str) -> None:
    """What an application uses of it, as it was stored before."""
    await connection.execute(
        """
        INSERT INTO application_figures (
            asset_id, month, org_id, application_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source,
            billionths, factor_ln_gsd2, source_ln_gsd2
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', $13, 0.4, 0.3)
        """,
        id_of(name), month, ORG, id_of(application), *LINE, factor, billionths,
    )  # fmt: skip


async def stored(connection: Any) -> None:
    """A server at one site, shared by two applications; one that moved between factors; one that moved under one factor; in both months."""
    await connection.execute("SELECT ensure_month_partitions($1, $2)", *MONTHS.values())
    for month in MONTHS.values():
        for name in KWH:
            await asset_month(connection, name, month, kwh=KWH[name])
        await figure(connection, "still", month, "nanterre", 10.0, "fr")
        await claimed(connection, "still", month, "erp", 3_333_333_333, "fr")
        await claimed(connection, "still", month, "crm", 6_666_666_667, "fr")
        for site, factor, value in (("nanterre", "fr", 4.0), ("berlin", "de", 30.000000001)):
            await figure(connection, "abroad", month, site, value, factor)
            await claimed(connection, "abroad", month, "erp", round(value * 1e9), factor)
        for site, value in (("nanterre", 1.000000001), ("lyon", 2.000000002)):
            await figure(connection, "moved", month, site, value, "fr")
            await claimed(connection, "moved", month, "erp", round(value * 1e9), "fr")
    await connection.execute(CLOSE, ORG, MONTHS["closed"])


async def years_tell_their_months(connection: Any) -> None:
    """The roll-up by years holds, month by month, what the one by months held; of a year, closed months never change and others do."""
    about = "org_id, month, application_id, kind, site_id, factor, billionths, figures, factor_weighted, source_weighted, source_squares"
    years = await connection.fetch(f"SELECT {about} FROM applications_by_month WHERE figures > 0 ORDER BY {about}")
    assert {row["month"] for row in years} == set(MONTHS.values())
    assert years == await connection.fetch(f"SELECT {about} FROM application_months ORDER BY {about}")
    closed, opened = (month % 12 + 1 for month in MONTHS.values())
    for change in (
        f"UPDATE application_years SET billionths_{closed} = billionths_{closed} + 1",
        f"UPDATE application_years SET figures_{closed} = 0",
        "DELETE FROM application_years",
    ):
        with pytest.raises(asyncpg.CheckViolationError, match="closed"):
            await connection.execute(change)
    await connection.execute(f"UPDATE application_years SET billionths_{opened} = billionths_{opened} + 1")
    # A calculator of the version before rolls up by months: it is made to wait, not to fail.
    with pytest.raises(asyncpg.SerializationError):
        await connection.execute("INSERT INTO application_months TABLE application_months LIMIT 1")


async def every_sum_has_its_kwh(connection: Any) -> None:
    """Figures, claims and both roll-ups, in closed months too; what has no factor stands for itself, computed where the month is open."""
    for month in MONTHS.values():
        figures = await connection.fetch(
            "SELECT asset_id, criterion, sum(kwh)::bigint AS kwh FROM figures WHERE month = $1 GROUP BY asset_id, criterion",
            month,
        )
        expected = {(id_of(name), "gwp"): round(kwh * 1e9) for name, kwh in KWH.items() if name != "dark"}
        if month == MONTHS["closed"]:
            expected[id_of("dark"), "energy"] = round(KWH["dark"] * 1e9)
        assert {(row["asset_id"], row["criterion"]): row["kwh"] for row in figures} == expected
        moved = await connection.fetch(
            "SELECT site_id, kwh FROM figures WHERE month = $1 AND asset_id = $2", month, id_of("moved")
        )
        third = KWH["moved"] * 1e9 / 3.000000003
        assert {row["site_id"]: row["kwh"] for row in moved} == {
            id_of("nanterre"): pytest.approx(third * 1.000000001, abs=1),
            id_of("lyon"): pytest.approx(third * 2.000000002, abs=1),
        }
        rolled = await connection.fetch(
            "SELECT criterion, sum(kwh)::bigint AS kwh FROM organisation_months WHERE month = $1 GROUP BY criterion",
            month,
        )
        sums: dict[str, int] = {}
        for (_, criterion), kwh in expected.items():
            sums[criterion] = sums.get(criterion, 0) + kwh
        assert {row["criterion"]: row["kwh"] for row in rolled} == sums
        used = await connection.fetch(
            "SELECT application_id, sum(kwh)::bigint AS kwh FROM applications_by_month WHERE month = $1 GROUP BY application_id",
            month,
        )
        of_still = round(KWH["still"] * 1e9)
        assert {row["application_id"]: row["kwh"] for row in used} == {
            id_of("crm"): pytest.approx(of_still * 2 / 3, rel=1e-9),
            id_of("erp"): pytest.approx(sums["gwp"] - of_still * 2 / 3, rel=1e-9),
        }
        # A claim that was cut by site tells its kg to a billionth, so its kWh to what that comes to.
        assert sums["gwp"] - 5 <= sum(row["kwh"] for row in used) <= sums["gwp"]
    # A calculator of the version before tells no kWh: it is made to wait, not to fail.
    with pytest.raises(asyncpg.SerializationError, match="kWh"):
        await connection.execute(
            """
            INSERT INTO organisation_months (
                org_id, month, kind, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, billionths, figures
            )
            VALUES ($1, $2, 'server', 'use', 'gwp', 'location', 'own', 2, '2', '2.1', 'fr', '', 1, 1)
            """,
            ORG,
            MONTHS["open"],
        )


async def test_what_applications_used_before_gets_its_site_and_keeps_its_last_digit(
    databases: Databases, tmp_path: Path
) -> None:
    async with before(databases, SERVICE, SITED, tmp_path, last="0022") as (connection, bring_up_to_date):
        await stored(connection)
        await connection.execute("SET app.orgs TO '*'")
        assert await bring_up_to_date()
        for month in MONTHS.values():
            found = {
                (row["asset_id"], row["application_id"], row["site_id"]): row["billionths"]
                for row in await connection.fetch(
                    """
                    SELECT asset_id, application_id, site_id, sum(billionths) AS billionths
                    FROM application_figures
                    WHERE month = $1 AND kind = 'server'
                    GROUP BY asset_id, application_id, site_id
                    """,
                    month,
                )
            }
            assert found == {
                (id_of("still"), id_of("erp"), id_of("nanterre")): 3_333_333_333,
                (id_of("still"), id_of("crm"), id_of("nanterre")): 6_666_666_667,
                (id_of("abroad"), id_of("erp"), id_of("nanterre")): 4_000_000_000,
                (id_of("abroad"), id_of("erp"), id_of("berlin")): 30_000_000_001,
                (id_of("moved"), id_of("erp"), id_of("nanterre")): pytest.approx(1_000_000_001, abs=1),
                (id_of("moved"), id_of("erp"), id_of("lyon")): pytest.approx(2_000_000_002, abs=1),
            }
            assert (
                sum(found[id_of("moved"), id_of("erp"), id_of(each)] for each in ("nanterre", "lyon")) == 3_000_000_003
            )
            rolled = await connection.fetch(
                "SELECT site_id, sum(billionths) AS billionths FROM application_months WHERE month = $1 GROUP BY site_id",
                month,
            )
            summed: dict[Any, int] = {}
            for (_, _, site), billionths in found.items():
                summed[site] = summed.get(site, 0) + billionths
            assert {row["site_id"]: row["billionths"] for row in rolled} == summed
        await every_sum_has_its_kwh(connection)
        await years_tell_their_months(connection)
        # What was cut in proportion is computed to the second where that is still open.
        marked = {row["asset_id"] for row in await connection.fetch("SELECT asset_id FROM marks")}
        assert marked == {id_of(name) for name in ("moved", "abroad", "dark")}
        forgotten = await connection.fetch("SELECT asset_id, month FROM asset_months WHERE digest = ''")
        assert {tuple(row) for row in forgotten} == {(id_of(name), MONTHS["open"]) for name in ("abroad", "dark")}
        digests = await connection.fetch("SELECT asset_id, month, claims_digest FROM asset_months")
        assert {(row["asset_id"], row["month"]) for row in digests if row["claims_digest"] != b"c"} == {
            (id_of("moved"), MONTHS["open"])
        }
        # A calculator of the version before tells no site: it is made to wait, not to fail.
        with pytest.raises(asyncpg.SerializationError):
            await claimed(connection, "still", MONTHS["open"], "erp", 1, "fr")
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("DELETE FROM application_months WHERE month = $1", MONTHS["closed"])


async def test_warnings_keep_their_bits_in_a_wider_column_closed_months_included(
    databases: Databases, tmp_path: Path
) -> None:
    """What was stored stays; a process of the version before goes on writing integers; a bit that an integer has no room for fits."""
    async with before(databases, SERVICE, WIDENED, tmp_path) as (connection, bring_up_to_date):
        await connection.execute("SELECT ensure_month_partitions($1, $2)", *MONTHS.values())
        every = 2**31 - 1
        for month in MONTHS.values():
            await asset_month(connection, "still", month, every)
        await connection.execute(CLOSE, ORG, MONTHS["closed"])
        await connection.execute("SET app.orgs TO '*'")
        assert await bring_up_to_date()
        stored = await connection.fetch("SELECT notices FROM asset_months")
        assert [row["notices"] for row in stored] == [every, every]
        await connection.execute("UPDATE asset_months SET notices = $1::integer WHERE month = $2", 1, MONTHS["open"])
        await connection.execute("UPDATE asset_months SET notices = $1 WHERE month = $2", 2**34, MONTHS["open"])
        types = await connection.fetch(
            """
            SELECT DISTINCT format_type(atttypid, atttypmod) AS kind
            FROM pg_attribute
            JOIN pg_class ON pg_class.oid = attrelid
            WHERE attname = 'notices' AND relkind IN ('r', 'p') AND relnamespace = 'footprint'::regnamespace
            """
        )
        assert [row["kind"] for row in types] == ["bigint"]
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE asset_months SET notices = 0 WHERE month = $1", MONTHS["closed"])


RESTATED: Final = next(each.name for each in SERVICE.migrations.glob("*_restated_applications.sql"))
"""The migration since which corrections of closed months reach applications."""

RESTATEMENT: Final = """
INSERT INTO restatements (
    org_id, asset_id, month, counted_in, digest, removed, kind, quantity, embodied_evidence, energy_evidence, electricity_evidence, notices,
    factor_ids, factor_versions, method_version, causes, figures
)
VALUES ($1, $2, $3, $4, 'd', false, 'server', 1, 'none', 'none', 'none', 0, '{}', '{}', '2026.4', '{inventory}', '{}')
"""
"""How a version before records a restatement."""


async def test_what_applications_use_of_closed_months_is_compared_once_with_what_is_known(
    databases: Databases, tmp_path: Path
) -> None:
    """Of what was used when it was closed, and of what is claimed now; a calculator of the version before restates nothing meanwhile."""
    async with before(databases, SERVICE, RESTATED, tmp_path) as (connection, bring_up_to_date):
        await connection.execute("SELECT ensure_month_partitions($1, $2)", *MONTHS.values())
        await heard_before(
            connection, *(machine(name, guest("a", 2)) for name in ("used", "claimed", "plain", "abroad"))
        )
        await connection.execute("UPDATE assets SET org_id = 'globex' WHERE id = $1", id_of("abroad"))
        for name in ("used", "plain"):
            await asset_month(connection, name, MONTHS["closed"])
        await connection.execute("UPDATE asset_months SET claims_digest = NULL WHERE asset_id = $1", id_of("plain"))
        await connection.executemany(
            "INSERT INTO claims (application_id, asset_id, org_id, starts, weight) VALUES ($1, $2, $3, 0, 1)",
            [(id_of("erp"), id_of(name), ORG) for name in ("claimed", "abroad")],
        )
        await connection.execute(CLOSE, ORG, MONTHS["closed"])
        await connection.execute("SET app.orgs TO '*'")
        marks = {row["asset_id"] for row in await connection.fetch("SELECT asset_id FROM marks")}
        assert await bring_up_to_date()
        marked = {row["asset_id"] for row in await connection.fetch("SELECT asset_id FROM marks")}
        assert marked - marks == {id_of("used"), id_of("claimed")}
        about = (ORG, id_of("used"), MONTHS["closed"], MONTHS["open"])
        with pytest.raises(asyncpg.SerializationError):
            await connection.execute(RESTATEMENT, *about)
