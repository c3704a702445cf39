"""The use case of `GET /totals`: any grouping and filter, exact sums."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from common.api.problems import NotFound
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.claimed import claimed_elsewhere
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.groups import Column, Pairs, Roots, Sums, Whole, grouped, less, together, whole
from footprint.domain.months import format_month
from footprint.domain.notices import ABSENT, Notice, concerning
from footprint.domain.rollup import Rolled, ln_gsd2_of_rolled, ln_gsd2_of_terms, ln_gsd2s_of_terms
from footprint.domain.sums import BILLION, all_printed, exact, printed, units
from footprint.domain.uncertainty import interval, intervals, qualities, quality
from footprint.filtering import Filters, application_ids, check, resolved
from footprint.site_names import site_names, sites_named
from footprint.store import answers, energy, failures, notices
from footprint.store import totals as store
from footprint.store.pages import page_of_assets
from footprint.store.totals import Question
from footprint.trace_words import Language
from footprint.wording import NO_RESIDUAL_MIX, assets_failed, warning, warning_of, warnings_of

GROUPS: Final = (
    "month", "site", "kind", "application", "stage", "scope", "ghg_category", "beges_item", "share", "asset",
)  # fmt: skip
GROUPS_OF_PAGE: Final = 2_000
"""How many groups an answer by application has at most: some 450 kB, and what is put together in a tenth of a second."""
ASSET_MONTHS_OF_PAGE: Final = 2_400
MONTHS_OF_PAGE: Final = 700
"""How many months of assets a page has at most, and how many where each is told apart: what is read and added up in a tenth of a second."""
_ROUNDED: Final = BILLION // 1000
"""Billionths of a kWh: what the rounding of some millions of figures, each to a billionth, may come to. A watt-hour."""
UNITS: Final[Mapping[str, str]] = {"gwp": "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}
_ROLLED: Final = itemgetter(
    "month", "factor", "source", "billionths", "restated", "factor_weighted", "source_weighted", "source_squares"
)


class Totals:
    """Totals of organisations."""

    def __init__(self, database: Database, groups_of_page: int = GROUPS_OF_PAGE) -> None:
        self._database = database
        self._groups_of_page = groups_of_page

    async def answer(
        self,
        organisations: Organisations,
        question: Question,
        filters: Filters,
        language: Language,
        after: UUID | None = None,
        limit: int = 100,
    ) -> tuple[dict[str, Any], UUID | None]:
        """The totals, and of a page where the next one begins. Raises `NotFound`, and `Unprocessable` for a filter that names nothing."""
        check(question, filters)
        sites = await sites_named(self._database, question.org, filters.sites)
        async with self._database.snapshot(organisations) as connection:
            convention = await answers.refurbished_convention(connection, question.org)
            if convention is None:
                raise NotFound("organisation", question.org)
            question = replace(question, filters=await resolved(connection, question.org, filters, sites))
            wanted = await application_ids(connection, question.org, filters.applications)
            page, following = await _page(connection, question, filters.assets, wanted, after, limit)
            source = _Source(connection, page, wanted)
            portion = await _portion(source, question, after, self._groups_of_page)
            if portion is None:
                sums, counted = await source.sums(question)
            else:
                sums, counted = await source.portion(question, portion)
                following = portion.following
            is_page = portion is not None or "asset" in question.groups
            every = await _every(connection, question, filters.assets, wanted) if is_page else None
            all_told = counted if every is None else every
            is_known = all_told.billionths is not None
            reason = None if is_known else await _reason(connection, question, language)
            codes = await _codes_of_applications(connection, question)
            about = counted if portion is None or every is None else every
            earlier = await store.earlier_year(connection, about.factors)
            stages = await store.stages(connection, question)
            failed = await failures.failed(connection, question.org)
            carried = await _carried(connection, question, filters.assets, wanted)
            kwh = await source.known_kwh(question)
            known = kwh
            if question.basis == "market" and page is not None:
                known = await _Source(connection, filters.assets or None, wanted).known_kwh(question)
        codes |= await site_names(self._database, question.org, _sites(question, sums))
        document = _document(question, sums, codes, counted)
        document |= {"kwh": _kwh(counted), "kwh_without_factor": _without_factor(kwh, about)}
        lacks = question.basis == "market" and _lacks_market(known, all_told)
        document["warnings"] = [warning_of(NO_RESIDUAL_MIX["code"], language)] if lacks else []
        document["warnings"] += warnings_of(int(Notice.EARLIER_YEAR_FACTOR), language) if earlier else []
        document["warnings"] += _absent(stages, filters.others.get("stage"), language)
        document["warnings"] += assets_failed(failed, language)
        said = _to_say(carried, question) if is_known or question.criterion == "gwp" else 0
        if question.criterion == "gwp" and question.basis == "location" and document["kwh_without_factor"]:
            said |= Notice.NO_ELECTRICITY_FACTOR
        document["warnings"] += warnings_of(int(said), language)
        document["warnings"] += await claimed_elsewhere(self._database, organisations, question, wanted, language)
        document["total_of"] = "whole" if every is None else "page"
        if every is not None:
            document["whole"] = {"total": _total(every), **_interval(every), "kwh": _kwh(every)}
        if reason is not None:
            document["warnings"].append(reason)
        return {**document, "refurbished_convention": convention}, following


def _absent(known: Collection[str], wanted: Sequence[str] | None, language: Language) -> list[dict[str, str]]:
    """What must be said of the stages asked for of which the organisation has no figure at all, though something was made for it."""
    if MANUFACTURING not in known:
        return []
    lacking = {
        stage: notice for stage, notice in ABSENT.items() if stage not in known and (not wanted or stage in wanted)
    }
    return [document for notice in lacking.values() for document in warnings_of(int(notice), language)]


async def _carried(
    connection: Connection, question: Question, assets: Sequence[UUID], applications: Sequence[UUID] | None
) -> int:
    """The warnings of all asset-months that a question is about."""
    if assets or applications is not None:
        about = assets or await notices.machines_of(connection, question, applications or ())
        return await notices.notices_of_assets(connection, question, about)
    return await notices.notices_of_months(connection, question)


_TOLD_APART: Final = Notice.EARLIER_YEAR_FACTOR | Notice.NO_TRANSPORT | Notice.NO_END_OF_LIFE
"""What is told of the factors and stages of a total itself."""


_OF_GRID: Final = (
    Notice.UPSTREAM_INSIDE
    | Notice.NO_UPSTREAM
    | Notice.NO_LOSSES
    | Notice.GRID_YEARS_DIFFER
    | Notice.CONSUMPTION_NOT_TAKEN
)
"""What is told of the electricity's effect on the climate, and of no other criterion."""


def _to_say(carried: int, question: Question) -> int:
    """What of the warnings matters to the stages and the basis that are asked for."""
    told = _TOLD_APART if question.basis == "market" else _TOLD_APART | Notice.RESIDUAL_OF_SUPPLIER
    told |= Notice(0) if question.criterion == "gwp" else _OF_GRID
    return concerning(carried, question.filters.get("stage") or ()) & ~int(told)


async def _every(
    connection: Connection, question: Question, assets: Sequence[UUID], applications: Sequence[UUID] | None
) -> Whole:
    """All that a question is about, beyond its page."""
    _, every = await _Source(connection, assets or None, applications).sums(replace(question, groups=()))
    return every


async def _codes_of_applications(connection: Connection, question: Question) -> dict[UUID, str]:
    """How the applications of an answer are told."""
    return await store.applications(connection, question.org) if "application" in question.groups else {}


def _sites(question: Question, sums: Sums) -> list[UUID]:
    """The sites that an answer tells."""
    if "site" not in question.groups:
        return []
    return [site for site in sums.keys[question.groups.index("site")].values if site is not None]


def _lacks_market(known: int | None, every: Whole) -> bool:
    """Whether of all that a question is about, beyond its page, more electricity is known than stands behind market-based figures: what
    lacks such figures stands on no page of them."""
    return known is not None and known - (every.kwh or 0) > _ROUNDED


async def _reason(connection: Connection, question: Question, language: Language) -> dict[str, str]:
    """The warning why nothing is there to be told of a question."""
    asked = {"first": format_month(question.first), "last": format_month(question.last)}
    others = await store.totals(connection, replace(question, criterion="gwp", groups=()))
    if question.criterion != "gwp" and others:
        return warning("no_figures", "no_criterion", language, criterion=question.criterion, **asked)
    return warning("no_figures", "no_figure_filtered", language, **asked)


def _total(every: Whole) -> Decimal | None:
    """The exact sum; None of nothing."""
    return None if every.billionths is None else exact(every.billionths)


async def _page(
    connection: Connection,
    question: Question,
    assets: Sequence[UUID],
    applications: Sequence[UUID] | None,
    after: UUID | None,
    limit: int,
) -> tuple[list[UUID] | None, UUID | None]:
    """The assets that are asked for, None for all together, and after which one the next page begins."""
    if "asset" not in question.groups:
        if not assets:
            return None, None
        return await page_of_assets(connection, question, assets, None, None, len(assets)), None
    most = min(limit, assets_of_page(question))
    page = await page_of_assets(connection, question, assets or None, applications, after, most + 1)
    return page[:most], page[most - 1] if len(page) > most else None


def assets_of_page(question: Question) -> int:
    """How many assets have room on a page, by the months that are asked for."""
    room = MONTHS_OF_PAGE if "month" in question.groups else ASSET_MONTHS_OF_PAGE
    return max(1, room // (question.last - question.first + 1))


@dataclass(frozen=True, slots=True)
class _Portion:
    """The applications of a page, none for the page of what none uses, and after which one the next page begins."""

    applications: Sequence[UUID]
    following: UUID | None


async def _portion(source: "_Source", question: Question, after: UUID | None, room: int) -> _Portion | None:
    """The page of applications that is asked for; None where the groups of all of them have room on one."""
    if "application" not in question.groups or source.page is not None:
        return None
    counts = await store.groups_of_applications(source.connection, question, source.applications)
    if after is None and sum(counts.values()) <= room:
        return None
    rest = [each for each in counts if after is None or each > after]
    taken, told = 0, 0
    while taken < len(rest) and (not taken or told + counts[rest[taken]] <= room):
        told += counts[rest[taken]]
        taken += 1
    is_last = not rest or (taken == len(rest) and source.applications is not None)
    return _Portion(rest[:taken], None if is_last else rest[taken - 1])


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the sums of an answer are read: by asset for those of a page, else in the roll-ups; of some applications, or of all that is."""

    connection: Connection
    page: Sequence[UUID] | None
    applications: Sequence[UUID] | None

    async def sums(self, question: Question) -> tuple[Sums, Whole]:
        """The groups, and the whole. By application, what none uses is among them, so that they add up to the whole."""
        if self.applications is not None:
            parts = await self._used(question)
            return grouped(*parts), whole(*parts)
        if "application" not in question.groups:
            parts = await self._whole(question)
            return grouped(*parts), whole(*parts)
        others = _without_application(question)
        used = grouped(*await self._used(question))
        parts = await self._whole(others, with_roots=False)
        return _with_unused(question, used, grouped(*parts)), whole(*parts)

    async def portion(self, question: Question, portion: "_Portion") -> tuple[Sums, Whole]:
        """The groups of a page, and what they come to."""
        if portion.applications or self.applications is not None:
            parts = await store.sums_of_applications(self.connection, question, portion.applications)
            return grouped(*parts), whole(*parts)
        others = _without_application(question)
        used = grouped(*await store.sums_of_applications(self.connection, others, None, with_roots=False))
        every = grouped(*await self._whole(others, with_roots=False))
        left = less(every, used, range(len(others.groups)))
        return _of_no_application(question, left), together(left)

    async def _used(self, question: Question) -> tuple[Pairs, Roots]:
        if self.page is None:
            return await store.sums_of_applications(self.connection, question, self.applications)
        return await store.sums_used_of_assets(self.connection, question, self.page, self.applications)

    async def known_kwh(self, question: Question) -> int | None:
        """Billionths of all the kWh that are known, whatever the criterion and basis."""
        if self.page is None:
            return await energy.known(self.connection, question, self.applications)
        return await energy.known_of_assets(self.connection, question, self.page, self.applications)

    async def _whole(self, question: Question, *, with_roots: bool = True) -> tuple[Pairs, Roots]:
        if self.page is None:
            return await store.sums(self.connection, question, with_roots=with_roots)
        return await store.sums_of_assets(self.connection, question, self.page)


def _without_application(question: Question) -> Question:
    return replace(question, groups=tuple(name for name in question.groups if name != "application"))


def _with_unused(question: Question, used: Sums, every: Sums) -> Sums:
    """What applications use and, of no application, what none of them does: all there is, by the other groups, less what is used."""
    place = question.groups.index("application")
    left = less(every, used, [index for index in range(len(question.groups)) if index != place])
    return used.and_then(_of_no_application(question, left))


def _of_no_application(question: Question, left: Sums) -> Sums:
    """Groups without their application as those of none."""
    place, nothing = question.groups.index("application"), Column.of([None] * len(left.billionths))
    return replace(left, keys=[*left.keys[:place], nothing, *left.keys[place:]])


def _document(question: Question, sums: Sums, codes: Mapping[UUID, str], counted: Whole) -> dict[str, Any]:
    """The answer, from its groups and the whole."""
    return {
        "org": question.org,
        "from": format_month(question.first),
        "to": format_month(question.last),
        "group_by": ",".join(question.groups),
        "criterion": question.criterion,
        "basis": question.basis,
        "unit": UNITS[question.criterion],
        "groups": _groups(question.groups, sums, codes),
        "total": _total(counted),
        **_interval(counted),
    }


def _groups(names: Sequence[str], sums: Sums, codes: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """The groups in the order of their keys, what has none last: column by column, for there may be ten thousand of them."""
    columns = {name: _labels(name, key, codes) for name, key in zip(names, sums.keys, strict=True)}
    if "application" in names:
        columns["of_another_organisation"] = _of_others(sums.keys[names.index("application")], codes)
    columns["value"] = all_printed(sums.billionths)
    columns |= _intervals(sums)
    columns["restated"] = all_printed(sums.restated)
    columns["kwh"] = _where(sums.electric, all_printed(sums.kwh))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _labels(name: str, key: Column, codes: Mapping[UUID, str]) -> list[Any]:
    labels = [_label(name, value, codes) for value in key.values]
    return list(map(labels.__getitem__, key.places.tolist()))


def _of_others(key: Column, codes: Mapping[UUID, str]) -> list[Any]:
    """Whether each group is of an application that is not the organisation's own."""
    told = [value is not None and value not in codes for value in key.values]
    return list(map(told.__getitem__, key.places.tolist()))


def _intervals(sums: Sums) -> dict[str, list[Any]]:
    """`low`, `high` and `quality` of each group, as `_interval`."""
    totals = units(sums.billionths - sums.restated)
    told = (totals > 0) & ~np.isnan(sums.shared)
    spreads = np.zeros(len(totals))
    spreads[told] = ln_gsd2s_of_terms(totals[told], sums.shared[told], sums.independent[told])
    low, high = intervals(totals, spreads)
    moved = units(sums.restated)
    return {
        "low": _where(told, (low + moved).tolist()),
        "high": _where(told, (high + moved).tolist()),
        "quality": _where(told, qualities(spreads).tolist()),
    }


def _where(told: npt.NDArray[np.bool_], values: list[Any]) -> list[Any]:
    """The values that are told, None for others."""
    for index in np.flatnonzero(~told).tolist():
        values[index] = None
    return values


def _kwh(every: Whole) -> float | Decimal | None:
    """The exact kWh behind a sum; None of what is not electricity."""
    return None if every.kwh is None else printed(every.kwh)


def _without_factor(known: int | None, counted: Whole) -> float | Decimal | None:
    """The kWh that are known and behind no figure of a sum; None where none is known."""
    return None if known is None else printed(known - (counted.kwh or 0))


def _interval(every: Whole) -> dict[str, float | int | None]:
    """`{low, high, quality}` of a sum; all null of nothing, and of a difference."""
    if every.billionths is None or math.isnan(every.shared):
        return _bounds(0.0, 0.0, 0)
    total = (every.billionths - every.restated) / BILLION
    return _bounds(total, ln_gsd2_of_terms(total, every.shared, every.independent), every.restated)


def _label(name: str, value: Any, codes: Mapping[UUID, str]) -> Any:
    if value is None:
        return None
    if name == "month":
        return format_month(value)
    if name == "asset":
        return str(value)
    return codes.get(value, str(value)) if name in ("application", "site") else value


def rolled_row(row: Mapping[str, Any]) -> Rolled:
    """The figures of a row of the store as `rollup` takes them, without corrections of closed months."""
    month, factor, source, billionths, restated, factor_weighted, source_weighted, source_squares = _ROLLED(row)
    own = (int(billionths) - int(restated)) / BILLION
    return Rolled(month, factor, source, own, factor_weighted, source_weighted, source_squares)


def interval_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | int | None]:
    """`{low, high, quality}` of a sum of rows of the store: the interval of the figures themselves, moved by what of the sum corrects
    closed months (corrections carry no spread of their own). All null where nothing positive is there: a log-normal interval has none."""
    own = [rolled_row(row) for row in rows]
    total = math.fsum([row.value for row in own])
    return _bounds(total, ln_gsd2_of_rolled(own), sum(int(row["restated"]) for row in rows))


def _bounds(total: float, spread: float, restated: int) -> dict[str, float | int | None]:
    if total <= 0:
        return {"low": None, "high": None, "quality": None}
    bounds = interval(total, spread)
    moved = restated / BILLION
    return {"low": bounds.low + moved, "high": bounds.high + moved, "quality": quality(spread)}
