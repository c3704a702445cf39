"""The use cases beside the dashboard: sheets of assets and applications, ratios, equivalents, and the map of data quality."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import EVERY, Organisations

from footprint.bounds import by_month, interval_kg, ratio, with_parts
from footprint.claimed import claimed_elsewhere
from footprint.documents import asset_name
from footprint.domain.catalogue import Catalogue
from footprint.domain.countries import COUNTRIES
from footprint.domain.dashboard import Parts, estimated, parts_by_month, year_split
from footprint.domain.insights import MAKING, equivalents, held, sci, widening
from footprint.domain.months import current_month, format_month, month_start, months_of_year
from footprint.domain.notices import Notice
from footprint.domain.seasons import Season, in_seasons, seasons_of
from footprint.domain.sums import billionths, exact
from footprint.site_names import site_names
from footprint.store import answers
from footprint.store import insights as store
from footprint.store import totals as rolled
from footprint.store.catalogues import CatalogueReader
from footprint.store.notices import machines_of, notices_of_assets
from footprint.store.seasons import moved_by_month
from footprint.store.totals import Question
from footprint.totals import interval_of, rolled_row
from footprint.trace_words import Language
from footprint.wording import sentence_text, warning, warning_of, warnings_of


class Insights:
    """What is asked of figures beside their sums."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._catalogue = CatalogueReader()

    async def asset_sheet(
        self, organisations: Organisations, asset: UUID, year: int, language: Language
    ) -> dict[str, Any]:
        """A year of an asset: its months with their parts, evidence and state, the year's estimate, and in what its figures rest.

        Also of a site or an organisation with activities of its own, under its id. Raises `NotFound`.
        """
        async with self._database.snapshot(organisations) as connection:
            row = await store.asset(connection, asset) or await store.home(connection, asset)
            if row is None:
                raise NotFound("asset", asset)
            zone = await _zone(connection, row["org_id"])
            now = current_month(zone, self._clock())
            seasons = await _seasons(connection, row["org_id"], year, now)
            question = Question(row["org_id"], year * 12, year * 12 + 11, groups=("asset", "month", "stage"))
            rows = _known(await rolled.totals_of_assets(connection, question, [asset]))
            carried = await notices_of_assets(connection, question, [asset])
            stored = {
                each["month"]: each for each in await store.asset_year(connection, asset, year * 12, year * 12 + 11)
            }
        document = row["document"]
        return {
            **asset_name(row),
            "org": row["org_id"],
            "kind": row["kind"],
            "quantity": document["quantity"],
            "acquired_on": document["acquired_on"],
            "planned_life_years": document["planned_life_years"],
            "kwh": _kwh(stored.values()),
            **_year(rows, year, now, seasons),
            "evidence": [
                {
                    "month": format_month(month),
                    "status": each["status"],
                    "kwh": each["kwh"],
                    "embodied": each["embodied_evidence"],
                    "energy": each["energy_evidence"],
                    "electricity": each["electricity_evidence"],
                    "explanation": f"/v1/assets/{asset}/months/{format_month(month)}/explanation",
                }
                for month, each in stored.items()
            ],
            "warnings": [*warnings_of(carried, language), *_unknown(rows, year, language)],
        }

    async def application_sheet(
        self,
        organisations: Organisations,
        org: str,
        code: str,
        year: int,
        units: float | None,
        unit: str,
        language: Language,
    ) -> dict[str, Any]:
        """A year of an application: its months with their parts, by user, and its software carbon intensity where the functional units
        of the year are stated. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            zone = await _zone(connection, org)
            row = await store.application(connection, org, code)
            if row is None:
                raise NotFound("application", code)
            question = Question(org, year * 12, year * 12 + 11, groups=("month", "stage"))
            rows = _known(await rolled.totals_of_applications(connection, question, [row["id"]]))
            carried = await notices_of_assets(
                connection, question, await machines_of(connection, question, [row["id"]])
            )
            now = current_month(zone, self._clock())
            seasons = await _seasons(connection, org, year, now)
        elsewhere = await claimed_elsewhere(self._database, organisations, question, [row["id"]], language)
        total = _sum(rows)
        return {
            "org": org,
            "application": code,
            "name": row["name"],
            "users": row["users"],
            **_year(rows, year, now, seasons),
            "kg_per_user": total / row["users"] if row["users"] else None,
            "kg_per_user_interval": ratio(rows, row["users"]),
            "sci": _sci(rows, units, unit, sentence_text("boundary_sci_application", language)),
            "warnings": [*elsewhere, *warnings_of(carried, language), *_unknown(rows, year, language)],
        }

    async def ratios(
        self,
        organisations: Organisations,
        org: str,
        first: int,
        last: int,
        employees: int | None,
        units: float | None,
        unit: str,
        language: Language,
    ) -> dict[str, Any]:
        """Intensities of a span of months: per virtual machine, per vCPU, per employee, and the software carbon intensity of the whole."""
        async with self._database.snapshot(organisations) as connection:
            zone = await _zone(connection, org)
            unknown = await store.hosts_unknown(connection, org, first, last)
            without = [store.Without(each, month_start(zone, at), month_start(zone, at + 1)) for each, at in unknown]
            ran = await store.powered(connection, org, month_start(zone, first), month_start(zone, last + 1), without)
            rows = _known(await rolled.totals(connection, Question(org, first, last, groups=("kind", "stage"))))
        machines, vcpus = held(ran, await self._catalogue_of(org))
        total = _sum(rows)
        of_machines = [row for row in rows if row["kind"] == "virtual_machine"]
        virtual = _sum(of_machines)
        return {
            "org": org,
            "from": format_month(first),
            "to": format_month(last),
            "total_kg": exact(sum(int(row["billionths"]) for row in rows)) if rows else None,
            "interval": interval_kg(rows),
            "virtual_machines": {
                "kg": virtual if machines else None,
                "mean_machines": machines,
                "mean_vcpus": vcpus,
                "kg_per_machine": virtual / machines if machines else None,
                "kg_per_vcpu": virtual / vcpus if vcpus else None,
                "intervals": {
                    "kg": ratio(of_machines, 1.0 if machines else None),
                    "kg_per_machine": ratio(of_machines, machines),
                    "kg_per_vcpu": ratio(of_machines, vcpus),
                },
                "boundary": sentence_text("boundary_machines", language),
            },
            "employees": {
                "count": employees,
                "kg_per_employee": total / employees if employees and rows else None,
                "intervals": {"kg_per_employee": ratio(rows, employees)},
                "boundary": sentence_text("boundary_employees", language),
            },
            "sci": _sci(rows, units, unit, sentence_text("boundary_sci", language)) if rows else None,
            "warnings": [
                *([] if rows else [warning("no_figures", "no_ratios", language)]),
                *([warning_of("vcpus_unknown", language)] if vcpus is None else []),
                *warnings_of(int(Notice.HOST_UNKNOWN) if unknown else 0, language),
            ],
        }

    async def equivalents(
        self, organisations: Organisations, org: str, first: int, last: int, region: str | None, language: Language
    ) -> dict[str, Any]:
        """The total of a span of months in things that people know, with the factors and sources; by default of the region where most
        assets stand."""
        async with self._database.snapshot(organisations) as connection:
            await _zone(connection, org)
            rows = _known(await rolled.totals(connection, Question(org, first, last)))
            place = await store.main_region(connection, org) if region is None else region
        amount = sum(int(row["billionths"]) for row in rows)
        catalogue = await self._catalogue_of(org)
        if region is not None and region.partition("-")[0] not in COUNTRIES and not catalogue.knows_grid(region):
            rule = f"region {region!r} is not known: an ISO 3166-1 alpha-2 country (FR), a part of one, or a region of the catalogue"
            raise Unprocessable(rule, [FieldError("region", "unknown", rule)])
        day = date(last // 12, last % 12 + 1, 1)
        return {
            "org": org,
            "from": format_month(first),
            "to": format_month(last),
            "total_kg": exact(amount) if rows else None,
            "region": place,
            "equivalents": equivalents(catalogue, amount / 1e9, place, day) if amount > 0 else [],
            "warnings": [] if rows else [warning("no_figures", "no_total", language)],
        }

    async def data_quality(
        self, organisations: Organisations, org: str, first: int, last: int, language: Language
    ) -> dict[str, Any]:
        """The map of data quality: by site, kind and stage the figure, its interval and class; and what widens the whole interval most."""
        async with self._database.snapshot(organisations) as connection:
            await _zone(connection, org)
            groups = ("site", "kind", "stage")
            rows = _known(await rolled.totals(connection, Question(org, first, last, groups=groups)))
        names = await site_names(self._database, org, {row["site_id"] for row in rows if row["site_id"]})
        cells: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
        for row in rows:
            cells.setdefault((names.get(row["site_id"]), row["kind"], row["stage"]), []).append(row)
        ordered = sorted(cells.items(), key=lambda each: -abs(_sum(each[1])))
        classes: dict[int, int] = {}
        described = []
        for (site, kind, stage), found in ordered:
            bounds = interval_of(found)
            amount = sum(int(row["billionths"]) for row in found)
            if bounds["quality"] is not None:
                classes[int(bounds["quality"])] = classes.get(int(bounds["quality"]), 0) + amount
            described.append({"site": site, "kind": kind, "stage": stage, "value": exact(amount), **bounds})
        everything = [rolled_row(row) for row in rows]
        return {
            "org": org,
            "from": format_month(first),
            "to": format_month(last),
            "total_kg": exact(sum(int(row["billionths"]) for row in rows)) if rows else None,
            **interval_of(rows),
            "classes": [
                {"quality": quality, "value": exact(classes[quality])} for quality in sorted(classes, reverse=True)
            ],
            "cells": described,
            "widening": widening(everything)[:20],
            "warnings": [] if rows else [warning("no_figures", "no_total", language)],
        }

    async def _catalogue_of(self, org: str) -> Catalogue:
        async with self._database.snapshot(EVERY) as connection:
            return (await self._catalogue.read(connection)).of(org)


async def _zone(connection: Connection, org: str) -> str:
    zone = await answers.organisation_zone(connection, org)
    if zone is None:
        raise NotFound("organisation", org)
    return zone


def _known(rows: Sequence[Any]) -> list[Any]:
    return [row for row in rows if row["billionths"] is not None]


def _sum(rows: Sequence[Mapping[str, Any]]) -> float:
    return float(exact(sum(int(row["billionths"]) for row in rows)))


def _sci(rows: Sequence[Mapping[str, Any]], units: float | None, unit: str, boundary: str) -> dict[str, Any] | None:
    if units is None:
        return None
    used = [row for row in rows if row["stage"] == "use"]
    made = [row for row in rows if row["stage"] in MAKING]
    return {
        **sci(_sum(used), _sum(made), units, unit),
        "boundary": boundary,
        "interval": ratio([*used, *made], units),
    }


def _kwh(asset_months: Iterable[Mapping[str, Any]]) -> Decimal | None:
    """The energy of some asset-months at the meters of their sites, None where none is known."""
    known = [billionths(each["kwh"]) for each in asset_months if each["kwh"] is not None]
    return exact(sum(known)) if known else None


def _unknown(rows: Sequence[Mapping[str, Any]], year: int, language: Language) -> list[dict[str, str]]:
    """What must be said of the months of a sheet that have no figure, whose zeros are none."""
    known = {row["month"] for row in rows}
    lacking = [month for month in months_of_year(year) if month not in known]
    if not lacking:
        return []
    asked = str(year) if not known else ", ".join(map(format_month, lacking))
    return [warning("no_figures", "no_figure_of", language, asked=asked)]


async def _seasons(connection: Connection, org: str, year: int, now: int) -> dict[int, Season]:
    """The seasons of an organisation in the months of `year` that are not over."""
    moved = await moved_by_month(connection, org, max(now, year * 12), year * 12 + 11)
    if not moved:
        return {}
    asked = Question(org, min(moved), max(moved), groups=("month", "stage"))
    return seasons_of(_known(await rolled.totals(connection, asked)), moved)


def _year(rows: Sequence[Mapping[str, Any]], year: int, now: int, seasons: Mapping[int, Season]) -> dict[str, Any]:
    """Months with their parts, and the year: elapsed, restated and forecast, as on the dashboard, each with its interval."""
    parts = parts_by_month((row["month"], row["stage"], int(row["billionths"])) for row in rows)
    months = []
    of_months = by_month(rows)
    restated = dict.fromkeys(months_of_year(year), 0)
    for row in rows:
        restated[row["month"]] += int(row["restated"])
    for month in months_of_year(year):
        of_month = parts.get(month, Parts())
        months.append(
            {
                "month": format_month(month),
                "total_kg": exact(of_month.total),
                "parts": of_month.printed(),
                "restated_kg": exact(restated[month]),
                "projected": month >= now,
                **with_parts(of_months.get(month, [])),
            }
        )
    plain = year_split({month: each.total for month, each in parts.items()}, restated, now - 1)
    seasonal = in_seasons(rows, seasons, (each for each in months_of_year(year) if each >= now))
    found = estimated(plain, parts, restated, interval_kg(rows), seasonal)
    return {"year": {"year": year, **found, **found["interval"]}, "months": months}


def span(first: int, last: int) -> None:
    """Raises `Unprocessable` for months in the wrong order."""
    if last < first:
        rule = f"to {format_month(last)} must not be before from {format_month(first)}"
        raise Unprocessable(rule, [FieldError("to", "before_from", rule)])
