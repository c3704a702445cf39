"""`python -m benchmarks.totals`: totals by every grouping on a database of many assets and months, made by a generator.

The rows are what calculators would write, made inside Postgres: assets of five kinds at eight sites, with six sets of warnings, three
figures an asset-month, and the roll-up that follows from them by the same sums. Each virtual machine is used by one of 300 applications, at
four sites each, to two thirds: what they use has its roll-up too. The service answers from it in this process, with the event loop and the
garbage collection of a service's process: what is measured is the answer, without a network between. Of an answer in pages the first and
the next are measured, and by application the last, of what none uses. The groupings are the usual ones and, of all combinations of groups
and filters, those that take longest; pages of 1,000 assets are no aim, and are measured to be known.
"""

import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import asyncpg
import httpx
import typer
import uvloop
from common import json
from common.process import ease_collection
from common.testing.contracts import Contracts
from common.testing.databases import Databases
from common.testing.harness import running_service
from common.testing.servers import postgres_server
from common.testing.tokens import Issuer
from footprint.main import SERVICE
from footprint.store.claims import monthly
from rich.console import Console

from benchmarks import machine
from benchmarks.figures import Figure, table

ORG = "benchmark"
FIRST = 2025 * 12
QUERIES = (
    "group_by=month", "group_by=site", "group_by=kind", "group_by=stage", "group_by=scope", "group_by=month,site,kind,stage",
    "group_by=application", "group_by=month&site=site-3&kind=server", "group_by=asset&limit=100",
    "group_by=application,site", "group_by=application,kind", "group_by=application&site=site-3", "group_by=site,kind&application=app-7",
    "group_by=application,month,site,kind,stage&site=site-3", "group_by=application,asset&limit=100",
    "group_by=asset&application=app-7&limit=100", "group_by=application,site&asset=00000000-0000-0000-0000-000000000006",
    "group_by=application,stage", "group_by=application,site,kind,stage", "group_by=application,month",
    "group_by=application,month&application=app-7", "group_by=month,kind,application&stage=use", "group_by=month,application,stage",
    "group_by=month,site,application", "group_by=month,site,application&stage=use", "group_by=month,site,kind,application,stage",
    "group_by=month,site,kind,application,stage&basis=market",
    "group_by=month,site,kind,application,stage,scope,ghg_category,beges_item,share", "group_by=asset,month&limit=100",
    "group_by=asset,month,site,kind,stage&limit=100", "group_by=application,asset,month,site,kind,stage&limit=100",
    "group_by=asset&limit=1000", "group_by=application,asset,month,site,kind,stage&limit=1000",
)  # fmt: skip

_MAKE = """
INSERT INTO organisations (org_id, version, deleted, role, time_zone, convention)
VALUES ('benchmark', 1, false, 'customer', 'Europe/Paris', 'remaining');
INSERT INTO sites (id, org_id, version, deleted, region, document)
SELECT ('00000000-0000-0000-0001-' || lpad(n::text, 12, '0'))::uuid, 'benchmark', 1, false, 'FR',
    jsonb_build_object('code', 'site-' || n, 'country', 'FR', 'region', NULL)
FROM generate_series(0, 7) AS n;
CREATE TEMP TABLE made AS
SELECT
    ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid AS id,
    (ARRAY['server', 'virtual_machine', 'virtual_machine', 'laptop', 'storage'])[n %% 5 + 1] AS kind,
    ('00000000-0000-0000-0001-' || lpad((n %% 8)::text, 12, '0'))::uuid AS site_id,
    1 + (n %% 97) / 10.0::double precision AS size
FROM generate_series(1, {assets}) AS n;
INSERT INTO assets (id, org_id, version, deleted, kind, site_ids, has_support, document)
SELECT id, 'benchmark', 1, false, kind, ARRAY[site_id], true, '{{}}' FROM made;
SELECT ensure_month_partitions({first}, {last});
INSERT INTO asset_months (
    asset_id, month, org_id, version, removed, published, digest, kind, quantity, status, site_id, embodied_evidence, energy_evidence,
    electricity_evidence, notices, factor_ids, factor_versions, method_version
)
SELECT id, month, 'benchmark', 1, false, true, '', kind, 1, 'in_service', site_id, 'kind', 'declared', 'region',
    805306368 + (ARRAY[0, 4, 16, 128, 8192, 131072])[right(id::text, 12)::bigint %% 6 + 1], '{{}}', '{{}}', 'benchmark'
FROM made, generate_series({first}, {last}) AS month;
INSERT INTO figures (
    asset_id, month, org_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, value, ln_gsd2, factor,
    factor_ln_gsd2, source, source_ln_gsd2, kwh
)
SELECT id, month, 'benchmark', kind, site_id, stage, 'gwp', basis, 'own', scope, ghg, beges, size * share, 0.5, factor, 0.4, source, 0.3,
    CASE stage WHEN 'use' THEN billionths(size * 42) ELSE 0 END
FROM made, generate_series({first}, {last}) AS month, (VALUES
    ('manufacturing', 'both', 3, '3.2', '4.2', 1.7, 'component', ''),
    ('use', 'location', 2, '2', '2.1', 2.1, 'electricity-fr', 'energy-server'),
    ('maintenance_and_sale', 'both', 3, '3.1', '4.5', 0.3, 'maintenance', '')
) AS line (stage, basis, scope, ghg, beges, share, factor, source);
INSERT INTO organisation_months (
    org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, billionths, figures,
    factor_weighted, source_weighted, source_squares, kwh
)
SELECT org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source,
    sum(billionths(value)), count(*), sum(billionths(value * factor_ln_gsd2)),
    sum(CASE WHEN source = '' THEN 0 ELSE billionths(value * source_ln_gsd2) END),
    sum(CASE WHEN source = '' THEN square_billionths(value * source_ln_gsd2) ELSE 0 END), sum(kwh)
FROM figures
GROUP BY org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source;
INSERT INTO applications (id, org_id, version, deleted, code, name)
SELECT ('00000000-0000-0000-0002-' || lpad(n::text, 12, '0'))::uuid, 'benchmark', 1, false, 'app-' || n, 'application ' || n
FROM generate_series(0, 299) AS n;
INSERT INTO claims (application_id, asset_id, org_id, starts, ends, weight)
SELECT ('00000000-0000-0000-0002-' || lpad((right(id::text, 12)::bigint / 5 %% 300)::text, 12, '0'))::uuid, id, 'benchmark', 0, NULL, 1
FROM made
WHERE kind = 'virtual_machine';
INSERT INTO application_figures (
    asset_id, month, org_id, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source,
    billionths, factor_ln_gsd2, source_ln_gsd2, kwh
)
SELECT
    asset_id, month, org_id,
    ('00000000-0000-0000-0002-' || lpad((right(asset_id::text, 12)::bigint / 5 %% 300)::text, 12, '0'))::uuid,
    kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, div(billionths(value) * 2, 3),
    factor_ln_gsd2, source_ln_gsd2, div(kwh * 2, 3)
FROM figures
WHERE kind = 'virtual_machine';
INSERT INTO application_years (
    org_id, year, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, {amounts}
)
SELECT
    org_id, month / 12, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source,
    {sums}
FROM (
    SELECT *, month %% 12 + 1 AS number, 1 AS figures, round((billionths * factor_ln_gsd2)::numeric) AS factor_weighted,
        CASE WHEN source = '' THEN 0 ELSE round((billionths * source_ln_gsd2)::numeric) END AS source_weighted,
        CASE WHEN source = '' THEN square_billionths(billionths * source_ln_gsd2 / 1e9) ELSE 0 END AS source_squares
    FROM application_figures
) AS used
GROUP BY org_id, month / 12, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source;
ANALYZE;
"""  # fmt: skip


def main(
    assets: Annotated[int, typer.Option(min=1, help="Assets of the database.")] = 100_000,
    months: Annotated[int, typer.Option(min=1, max=120, help="Months of each.")] = 24,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each question is asked.")] = 30,
) -> None:
    """Make the database, ask, and print a table."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    described = machine.describe()
    with TemporaryDirectory(prefix="constellation-totals-") as folder:
        figures = uvloop.run(_measured(Path(folder), assets, months, rounds))
    console.print(table(described, figures))


async def _measured(folder: Path, assets: int, months: int, rounds: int) -> list[Figure]:
    issuer, contracts = Issuer(folder), Contracts(Path(__file__).parents[1] / "contracts")
    (folder / "servers").mkdir()
    with postgres_server(folder / "servers") as server:
        databases = Databases(server.admin_url)
        name = await databases.create(SERVICE)
        begun = time.perf_counter()
        await _make(databases.admin_url(name), assets, months)
        made = f"made in {time.perf_counter() - begun:.0f} s"
        async with running_service(SERVICE, issuer, contracts, databases.url("footprint", name), {}) as service:
            ease_collection()
            answers = [await _ask(service.client, query, assets, months, rounds, made) for query in QUERIES]
            return [figure for figures in answers for figure in figures]


async def _make(url: str, assets: int, months: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET search_path TO footprint; SET row_security = off")
        script = _MAKE.format(
            assets=assets,
            first=FIRST,
            last=FIRST + months - 1,
            amounts=monthly("{0}_{1}"),
            sums=monthly("coalesce(sum({0}) FILTER (WHERE number = {1}), 0)"),
        ).replace("%%", "%")
        for statement in script.split(";\n"):
            if statement.strip():
                await connection.execute(statement)
    finally:
        await connection.close()


async def _ask(client: httpx.AsyncClient, query: str, assets: int, months: int, rounds: int, note: str) -> list[Figure]:
    last = FIRST + months - 1
    path = f"/v1/totals?org={ORG}&from={FIRST // 12}-01&to={last // 12}-{last % 12 + 1:02d}&{query}"
    what = f"totals of {assets:,} assets × {months} months, {query}"
    figure, following = await _timed(client, path, what, rounds, note)
    figures = [figure]
    if following is not None:
        figure, following = await _timed(client, f"{path}&cursor={following}", f"{what}, next page", rounds, note)
        figures.append(figure)
    if following is not None and "asset" not in query:
        while following is not None:
            page = f"{path}&cursor={following}"
            following = json.loads(await _page(client, page))["next_cursor"]
        figure, _ = await _timed(client, page, f"{what}, last page", rounds, note)
        figures.append(figure)
    return figures


async def _timed(client: httpx.AsyncClient, path: str, what: str, rounds: int, note: str) -> tuple[Figure, str | None]:
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        page = await _page(client, path)
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    measured = f"p50 {statistics.median(taken):.0f} ms, max {taken[-1]:.0f} ms"
    told = json.loads(page)
    figure = Figure(
        what, measured, "≤ 100 ms", f"{rounds} times; {len(told['groups']):,} groups, {len(page):,} bytes; {note}"
    )
    return figure, told.get("next_cursor")


async def _page(client: httpx.AsyncClient, path: str) -> bytes:
    answer = await client.get(path)
    answer.raise_for_status()
    return answer.content


if __name__ == "__main__":
    typer.run(main)
