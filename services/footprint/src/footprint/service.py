"""The use cases of the API, one snapshot each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import EVERY, Organisations

from footprint.documents import read_figure, read_site
from footprint.domain import dashboard, recommendations
from footprint.domain.catalogue import Catalogues
from footprint.domain.dashboard import Counted
from footprint.domain.engine import compute
from footprint.domain.explanation import explain
from footprint.domain.inventory import Site
from footprint.domain.months import current_month, format_month, parse_month
from footprint.domain.notices import Notice, sentences
from footprint.domain.recommendations import Machine
from footprint.domain.results import figure_order
from footprint.domain.sums import exact
from footprint.domain.uncertainty import interval, quality
from footprint.store import answers, period_answers, periods, work
from footprint.store.catalogues import CatalogueReader

MOST_RECOMMENDED = 100
"""Servers looked at for a recommendation; their figures are computed when the dashboard is asked for."""


def read_month(text: str, field: str = "month") -> int:
    """A month of a query. Raises `Unprocessable` naming the field."""
    try:
        return parse_month(text)
    except ValueError as error:
        raise Unprocessable(str(error), [FieldError(field, "malformed", str(error))]) from error


class Answers:
    """What the API answers from stored results."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._catalogue = CatalogueReader()

    async def dashboard(self, organisations: Organisations, org: str, month: int) -> dict[str, Any]:
        """The dashboard of an organisation and month. Raises `NotFound`, and `Unprocessable` after the end of the current year."""
        async with self._database.snapshot(organisations) as connection:
            zone = await self._zone(connection, org)
            self._within_projection(zone, month)
            first = month // 12 * 12
            rows = await answers.stages_by_month(connection, org, first, first + 11)
            parts = dashboard.parts_by_month((row["month"], row["stage"], int(row["billionths"])) for row in rows)
            counted = await self._counted(connection, org, first)
            restated: dict[int, int] = {}
            for each in counted:
                restated[each.counted_in] = restated.get(each.counted_in, 0) + each.billionths
            servers = await answers.servers(connection, org, month)
            notices = await answers.month_warnings(connection, org, month)
            return {
                "org": org,
                **dashboard.year_document(month, parts, restated),
                "restatements": dashboard.restatements_document(
                    month, parts.get(month, dashboard.Parts()).total, counted
                ),
                "servers": {
                    "in_service": servers.get("in_service", 0) + servers.get("standby", 0),
                    "off": servers.get("off", 0),
                },
                "recommendations": await self._recommendations(connection, org, month),
                "warnings": sentences(notices),
            }

    async def _counted(self, connection: Connection, org: str, first: int) -> list[Counted]:
        """What the months of the year that begins with `first` count of earlier, closed ones."""
        return [
            Counted(row["counted_in"], row["month"], row["stage"], row["reason"], int(row["billionths"]))
            for row in await period_answers.counted(connection, org, first, first + 11)
        ]

    async def totals(
        self, organisations: Organisations, org: str, first: int, last: int, group: str, criterion: str, basis: str
    ) -> dict[str, Any]:
        """Totals of the months from the first to the last, both included, by group."""
        async with self._database.snapshot(organisations) as connection:
            await self._zone(connection, org)
            rows = await answers.totals(connection, org, first, last, group, criterion, basis)
            labels = (
                await answers.site_codes(connection, [row["key"] for row in rows if row["key"]])
                if group == "site"
                else {}
            )
        groups = [
            {
                group: _label(group, row["key"], labels),
                "value": exact(int(row["billionths"])),
                "restated": exact(int(row["restated"])),
            }
            for row in rows
            if row["billionths"] is not None
        ]
        incomplete = any(row["incomplete"] for row in rows)
        detail = (
            "electricity without guarantee of origin and without a residual mix in the catalogue is not in this total"
        )
        return {
            "groups": groups,
            "total": exact(sum(int(row["billionths"] or 0) for row in rows)),
            "warnings": [{"code": "no_residual_mix", "detail": detail}] if incomplete else [],
        }

    async def totals_by_asset(
        self,
        organisations: Organisations,
        org: str,
        months: tuple[int, int],
        criterion: str,
        basis: str,
        after: UUID | None,
        limit: int,
    ) -> dict[str, Any]:
        """A page of totals by asset, in the order of their ids."""
        async with self._database.snapshot(organisations) as connection:
            await self._zone(connection, org)
            rows = await answers.totals_by_asset(connection, org, *months, criterion, basis, after, limit + 1)
        page = rows[:limit]
        return {
            "groups": [
                {
                    "asset": row["key"],
                    "value": None if row["billionths"] is None else exact(int(row["billionths"])),
                    "restated": exact(int(row["restated"])),
                }
                for row in page
            ],
            "total": exact(sum(int(row["billionths"] or 0) for row in page)),
            "warnings": [],
            "last": page[-1]["key"] if len(rows) > limit else None,
        }

    async def asset_month(self, organisations: Organisations, asset: UUID, month: int) -> dict[str, Any]:
        """The stored result of an asset and month. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            return await self._stored(connection, asset, month)

    async def explanation(self, organisations: Organisations, asset: UUID, month: int) -> dict[str, Any]:
        """The stored result with the trace that gives it back. Raises `NotFound`.

        The trace may rest on assets of other organisations (a host of the provider): what is shown of them is what weighed here.
        """
        async with self._database.snapshot(organisations) as connection:
            stored = await self._stored(connection, asset, month)
        async with self._database.snapshot("*") as connection:
            assets = await work.read_assets(connection, [asset])
            world = await work.read_world(connection, assets, await self._catalogue.read(connection), self._clock())
            world = await periods.with_closed_lives(connection, world, assets)
        explanation = explain(assets[0], month, world) if assets else None
        if explanation is None:
            return {**stored, "up_to_date": False, "evidence_chosen": [], "trace": []}
        recomputed = [figure.value for figure in explanation.result.figures]
        return {
            **stored,
            "up_to_date": not stored["pending"] and recomputed == [each["value"] for each in stored["figures"]],
            "evidence_chosen": explanation.evidence,
            "trace": explanation.figures,
        }

    async def _stored(self, connection: Connection, asset: UUID, month: int) -> dict[str, Any]:
        row = await answers.asset_month(connection, asset, month)
        if row is None:
            raise NotFound("figures of asset and month", f"{asset}/{format_month(month)}")
        figures = sorted(
            map(read_figure, (await answers.figures(connection, [(asset, month)]))[asset, month]), key=figure_order
        )
        return {
            "asset_id": asset,
            "month": format_month(month),
            "org": row["org_id"],
            "version": row["version"],
            "kind": row["kind"],
            "quantity": row["quantity"],
            "status": row["status"],
            "site_id": row["site_id"],
            "host_id": row["host_id"],
            "kwh": row["kwh"],
            "projected": not row["published"],
            "figures": [
                {
                    **each._asdict(),
                    "basis": None if each.basis == "both" else each.basis,
                    "low": interval(each.value, each.ln_gsd2).low,
                    "high": interval(each.value, each.ln_gsd2).high,
                    "quality": quality(each.ln_gsd2),
                }
                for each in figures
            ],
            "evidence": {
                "embodied": row["embodied_evidence"],
                "energy": row["energy_evidence"],
                "electricity": row["electricity_evidence"],
            },
            "factors": await answers.factor_documents(connection, row["factor_ids"], row["factor_versions"]),
            "warnings": sentences(row["notices"]),
            "method_version": row["method_version"],
            "computed_at": row["computed_at"],
            "pending": await answers.is_marked(connection, asset),
        }

    async def _read_catalogues(self) -> Catalogues:
        """The catalogues of all organisations, which a transaction of some of them does not see."""
        async with self._database.snapshot(EVERY) as connection:
            return await self._catalogue.read(connection)

    async def _zone(self, connection: Connection, org: str) -> str:
        zone = await answers.organisation_zone(connection, org)
        if zone is None:
            raise NotFound("organisation", org)
        return zone

    def _within_projection(self, zone: str, month: int) -> None:
        last = current_month(zone, self._clock()) // 12 * 12 + 11
        if month > last:
            rule = f"month {format_month(month)} is after {format_month(last)}, the end of the projection"
            raise Unprocessable(rule, [FieldError("month", "too_late", rule)])

    async def _recommendations(self, connection: Connection, org: str, month: int) -> list[dict[str, Any]]:
        catalogues = await self._read_catalogues()
        catalogue = catalogues.of(org)
        off = await answers.servers_off(connection, org, month, MOST_RECOMMENDED)
        old = await answers.servers_past_life(connection, org, month, int(Notice.PAST_LIFE), MOST_RECOMMENDED)
        machines = await self._machines(connection, [*off, *old], month, catalogues)
        found = [
            recommendations.powered_off([machines[each] for each in off if each in machines]),
            *recommendations.past_life([machines[each] for each in old if each in machines], catalogue),
        ]
        threshold = catalogue.default_pue()
        if threshold is not None:
            for row in await answers.electricity_by_site(connection, org, month):
                site = read_site(row)
                pue = _pue_in(site, month)
                found.append(recommendations.high_pue(site, pue, row["kg"], threshold.value) if pue else None)
        return sorted((each for each in found if each), key=lambda each: -each["kg_per_year"])

    async def _machines(
        self, connection: Connection, ids: list[UUID], month: int, catalogues: Catalogues
    ) -> dict[UUID, Machine]:
        """Servers computed by the engine as if nobody shared them."""
        if not ids:
            return {}
        assets = await work.read_assets(connection, ids)
        world = await work.read_world(connection, assets, catalogues, self._clock())
        alone = replace(world, hosts={}, placements=(), claims={})
        return {
            result.asset.id: Machine(result.asset, result)
            for result in compute(assets, alone).results()
            if result.month == month
        }


def _label(group: str, key: Any, labels: dict[UUID, str]) -> Any:
    if group == "month":
        return format_month(key)
    return labels.get(key) if group == "site" else key


def _pue_in(site: Site, month: int) -> float | None:
    """The PUE of a site on the first day of a month, None where it states none."""
    day = date(month // 12, month % 12 + 1, 1)
    return next(
        (each.value for each in site.pue if (not each.start or each.start <= day) and (not each.end or day < each.end)),
        None,
    )
