"""The use case of `GET /totals`: any grouping and filter, exact sums."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.claimed import claimed_elsewhere
from footprint.domain.dashboard import PARTS
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.inventory import KINDS
from footprint.domain.months import format_month
from footprint.domain.notices import ABSENT, Notice, concerning
from footprint.domain.rollup import Rolled, ln_gsd2_of_rolled, ln_gsd2_of_terms
from footprint.domain.sums import BILLION, exact, printed
from footprint.domain.uncertainty import interval, quality
from footprint.store import answers, energy, failures, notices
from footprint.store import totals as store
from footprint.store.strangers import others_applications
from footprint.store.totals import Question
from footprint.trace_words import Language
from footprint.wording import NO_RESIDUAL_MIX, assets_failed, warning, warning_of, warnings_of

GROUPS: Final = (
    "month", "site", "kind", "application", "stage", "scope", "ghg_category", "beges_item", "share", "asset",
)  # fmt: skip
UNITS: Final[Mapping[str, str]] = {"gwp": "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}
_KNOWN: Final[Mapping[str, Sequence[Any]]] = {
    "kind": sorted(KINDS | {"site", "organisation"}),
    "stage": list(PARTS),
    "scope": [1, 2, 3],
    "share": ["own", "idle", "sold"],
}
"""The values that a filter may name, where they are few."""

_ROLLED: Final = itemgetter(
    "month", "factor", "source", "billionths", "restated", "factor_weighted", "source_weighted", "source_squares"
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is counted: empty lists leave nothing out."""

    sites: Sequence[str] = ()
    applications: Sequence[str] = ()
    assets: Sequence[UUID] = ()
    others: Mapping[str, Sequence[Any]] = field(default_factory=dict)


class Totals:
    """Totals of organisations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(
        self,
        organisations: Organisations,
        question: Question,
        filters: Filters,
        language: Language,
        after: UUID | None = None,
        limit: int = 100,
    ) -> tuple[dict[str, Any], UUID | None]:
        """The totals, and by asset where the next page begins. Raises `NotFound`, and `Unprocessable` for a filter that names nothing."""
        _check(question, filters)
        async with self._database.snapshot(organisations) as connection:
            convention = await answers.refurbished_convention(connection, question.org)
            if convention is None:
                raise NotFound("organisation", question.org)
            question = replace(question, filters=await _resolved(connection, question.org, filters))
            wanted = await _application_ids(connection, question.org, filters.applications)
            page, following = await _page(connection, question, filters.assets, wanted, after, limit)
            source = _Source(connection, page, wanted)
            rows, whole = await source.rows(question)
            every = await _every(connection, question, filters.assets, wanted) if "asset" in question.groups else None
            is_known = (whole if every is None else every)["billionths"] is not None
            reason = None if is_known else await _reason(connection, question, language)
            sites = {row["site_id"] for row in rows if "site" in question.groups and row["site_id"]}
            codes = await store.site_codes(connection, sorted(sites)) if sites else {}
            if "application" in question.groups:
                codes |= await store.applications(connection, question.org)
            lacks = question.basis == "market" and await _lacks_market(connection, question, page, wanted)
            earlier = await store.earlier_year(connection, dict(zip(whole["factors"], whole["months"], strict=True)))
            stages = await store.stages(connection, question)
            failed = await failures.failed(connection, question.org)
            carried = await _carried(connection, question, filters.assets, wanted)
            kwh = await source.known_kwh(question)
        document = _document(question, rows, codes, whole)
        document |= {"kwh": _kwh(whole), "kwh_without_factor": _without_factor(kwh, whole)}
        document["warnings"] = [warning_of(NO_RESIDUAL_MIX["code"], language)] if lacks else []
        document["warnings"] += warnings_of(int(Notice.EARLIER_YEAR_FACTOR), language) if earlier else []
        if question.criterion == "gwp" and question.basis == "location" and document["kwh_without_factor"]:
            document["warnings"] += warnings_of(int(Notice.NO_ELECTRICITY_FACTOR), language)
        document["warnings"] += _absent(stages, filters.others.get("stage"), language)
        document["warnings"] += assets_failed(failed, language)
        if is_known or question.criterion == "gwp":
            document["warnings"] += warnings_of(_to_say(carried, question), language)
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
        about = assets or await notices.machines_of(connection, applications or ())
        return await notices.notices_of_assets(connection, question, about)
    return await notices.notices_of_months(connection, question)


_TOLD_APART: Final = Notice.EARLIER_YEAR_FACTOR | Notice.NO_TRANSPORT | Notice.NO_END_OF_LIFE
"""What is told of the factors and stages of a total itself."""


_OF_GRID: Final = Notice.UPSTREAM_INSIDE | Notice.NO_UPSTREAM | Notice.NO_LOSSES | Notice.GRID_YEARS_DIFFER
"""What is told of the electricity's effect on the climate, and of no other criterion."""


def _to_say(carried: int, question: Question) -> int:
    """What of the warnings matters to the stages and the basis that are asked for."""
    told = _TOLD_APART if question.basis == "market" else _TOLD_APART | Notice.RESIDUAL_OF_SUPPLIER
    told |= Notice(0) if question.criterion == "gwp" else _OF_GRID
    return concerning(carried, question.filters.get("stage") or ()) & ~int(told)


async def _every(
    connection: Connection, question: Question, assets: Sequence[UUID], applications: Sequence[UUID] | None
) -> Mapping[str, Any]:
    """The row of all that a question by asset is about, beyond its page."""
    _, whole = await _Source(connection, assets or None, applications).rows(replace(question, groups=()))
    return whole


async def _lacks_market(
    connection: Connection, question: Question, page: Sequence[UUID] | None, applications: Sequence[UUID] | None
) -> bool:
    if page is None:
        return await store.lacks_market(connection, question, applications)
    return await store.lacks_market_of_assets(connection, question, page)


async def _reason(connection: Connection, question: Question, language: Language) -> dict[str, str]:
    """The warning why nothing is there to be told of a question."""
    asked = {"first": format_month(question.first), "last": format_month(question.last)}
    others = await store.totals(connection, replace(question, criterion="gwp", groups=()))
    if question.criterion != "gwp" and others:
        return warning("no_figures", "no_criterion", language, criterion=question.criterion, **asked)
    return warning("no_figures", "no_figure_filtered", language, **asked)


def _total(row: Mapping[str, Any]) -> Decimal | None:
    """The exact sum of a row; None of nothing."""
    return None if row["billionths"] is None else exact(int(row["billionths"]))


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
        return await store.page_of_assets(connection, question, assets, None, None, len(assets)), None
    page = await store.page_of_assets(connection, question, assets or None, applications, after, limit + 1)
    return page[:limit], page[limit - 1] if len(page) > limit else None


async def _application_ids(connection: Connection, org: str, codes: Sequence[str]) -> list[UUID] | None:
    """The applications named, None where none is. Raises `Unprocessable` for one that is not known."""
    if not codes:
        return None
    ids = {code: each for each, code in (await store.applications(connection, org)).items()}
    if unknown := [code for code in codes if code not in ids]:
        ids |= await others_applications(connection, org, unknown)
    if unknown := [code for code in unknown if code not in ids]:
        rule = f"application {unknown[0]!r} is not known in {org}"
        raise Unprocessable(rule, [FieldError("application", "unknown", rule)])
    return [ids[code] for code in codes]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the rows of an answer are read: by asset for those of a page, else in the roll-ups; of some applications, or of all that is."""

    connection: Connection
    page: Sequence[UUID] | None
    applications: Sequence[UUID] | None

    async def rows(self, question: Question) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
        """The rows of the groups, and that of the whole. By application, what none uses is among them, so that they add up to the whole."""
        if self.applications is not None:
            rows, whole = _apart(question, await self._used(question))
        elif "application" in question.groups:
            others = _without_application(question)
            used = await self._used(question)
            every, whole = _apart(others, await self._whole(others))
            rows = [*used, *_unused(others, every, used)]
        else:
            rows, whole = _apart(question, await self._whole(question))
        return rows, whole

    async def _used(self, question: Question) -> list[Any]:
        if self.page is None:
            return await store.sums_of_applications(self.connection, question, self.applications)
        return await store.sums_used_of_assets(self.connection, question, self.page, self.applications)

    async def known_kwh(self, question: Question) -> int | None:
        """Billionths of all the kWh that are known, whatever the criterion and basis."""
        if self.page is None:
            return await energy.known(self.connection, question, self.applications)
        return await energy.known_of_assets(self.connection, question, self.page, self.applications)

    async def _whole(self, question: Question) -> list[Any]:
        if self.page is None:
            return await store.sums(self.connection, question)
        return await store.sums_of_assets(self.connection, question, self.page)


def _apart(question: Question, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """The rows of the groups, and that of the whole, which without groups is the only one."""
    whole = next(row for row in rows if row["is_whole"])
    groups = [row for row in rows if not row["is_whole"]] if question.groups else [whole]
    return [row for row in groups if row["billionths"] is not None], whole


def _without_application(question: Question) -> Question:
    return replace(question, groups=tuple(name for name in question.groups if name != "application"))


def _unused(
    question: Question, whole: Sequence[Mapping[str, Any]], used: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of what no application uses: the whole less what is used, by the other groups; of a difference no interval is told."""
    columns = [_column(name) for name in question.groups]
    left: dict[tuple[Any, ...], list[int]] = {}
    electric: set[tuple[Any, ...]] = set()
    for rows, sign in ((whole, 1), (used, -1)):
        for key, row in zip(_rows_of(_key_columns(question.groups, rows), len(rows)), rows, strict=True):
            amounts = left.setdefault(key, [0, 0, 0])
            if row["kwh"] is not None:
                electric.add(key)
                amounts[2] += sign * int(row["kwh"])
            amounts[0] += sign * int(row["billionths"])
            amounts[1] += sign * int(row["restated"])
    return [
        {
            **dict(zip(columns, key, strict=True)),
            "application_id": None,
            "billionths": amount,
            "restated": restated,
            "kwh": kwh if key in electric else None,
            "shared": None,
        }
        for key, (amount, restated, kwh) in left.items()
        if amount or restated or kwh
    ]


def _check(question: Question, filters: Filters) -> None:
    if len(set(question.groups)) < len(question.groups):
        rule = f"group_by {','.join(question.groups)} names a group twice"
        raise Unprocessable(rule, [FieldError("group_by", "twice", rule)])
    for name, wanted in filters.others.items():
        unknown = [each for each in wanted if name in _KNOWN and each not in _KNOWN[name]]
        if unknown:
            rule = f"{name} {unknown[0]!r} is not one of {', '.join(map(str, _KNOWN[name]))}"
            raise Unprocessable(rule, [FieldError(name, "unknown", rule)])


async def _resolved(connection: Connection, org: str, filters: Filters) -> Mapping[str, Sequence[Any]]:
    found: dict[str, Sequence[Any]] = {name: wanted for name, wanted in filters.others.items() if wanted}
    if filters.sites:
        ids = await store.site_ids(connection, org, filters.sites)
        unknown = [code for code in filters.sites if code not in ids]
        if unknown:
            rule = f"site {unknown[0]!r} is not known in {org}"
            raise Unprocessable(rule, [FieldError("site", "unknown", rule)])
        found["site"] = list(ids.values())
    strangers = sorted(set(filters.assets) - await store.known_assets(connection, org, filters.assets))
    if strangers:
        rule = f"asset {strangers[0]} is not known in {org}"
        raise Unprocessable(rule, [FieldError("asset", "unknown", rule)])
    return found


def _document(
    question: Question, rows: Sequence[Mapping[str, Any]], codes: Mapping[UUID, str], whole: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer, from the rows of its groups and that of the whole."""
    return {
        "org": question.org,
        "from": format_month(question.first),
        "to": format_month(question.last),
        "group_by": ",".join(question.groups),
        "criterion": question.criterion,
        "basis": question.basis,
        "unit": UNITS[question.criterion],
        "groups": _groups(question.groups, rows, codes),
        "total": _total(whole),
        **_interval(whole),
    }


def _groups(names: Sequence[str], rows: Sequence[Mapping[str, Any]], codes: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """The groups in the order of their keys, what has none last.

    There may be ten thousands of them: how a value of a key is printed, and its place among the others, is found once for each value.
    """
    columns = _key_columns(names, rows)
    values = [set(column) for column in columns]
    labels = _rows_of(
        [
            map({value: _label(name, value, codes) for value in found}.__getitem__, column)
            for name, column, found in zip(names, columns, values, strict=True)
        ],
        len(rows),
    )
    places = _rows_of(
        [map(_places(found).__getitem__, column) for column, found in zip(columns, values, strict=True)], len(rows)
    )
    groups = [_group(dict(zip(names, label, strict=True)), row) for label, row in zip(labels, rows, strict=True)]
    if "application" in names:
        for group, row in zip(groups, rows, strict=True):
            group["of_another_organisation"] = row["application_id"] not in codes and row["application_id"] is not None
    return [groups[index] for index in sorted(range(len(groups)), key=places.__getitem__)]


def _group(keys: dict[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    restated = int(row["restated"])
    return keys | {
        "value": printed(int(row["billionths"])),
        **_interval(row),
        "restated": printed(restated),
        "kwh": _kwh(row),
    }


def _kwh(row: Mapping[str, Any]) -> float | Decimal | None:
    """The exact kWh behind a sum; None of what is not electricity."""
    return None if row["kwh"] is None else printed(int(row["kwh"]))


def _without_factor(known: int | None, whole: Mapping[str, Any]) -> float | Decimal | None:
    """The kWh that are known and behind no figure of a sum; None where none is known."""
    return None if known is None else printed(known - int(whole["kwh"] or 0))


def _key_columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [list(map(itemgetter(_column(name)), rows)) for name in names]


def _rows_of(columns: Sequence[Iterable[Any]], count: int) -> list[tuple[Any, ...]]:
    """Columns as rows; as many empty ones where there is no column."""
    return list(zip(*columns, strict=True)) if columns else [()] * count


def _places(values: Collection[Any]) -> dict[Any, int]:
    ordered = sorted(value for value in values if value is not None)
    return {value: place for place, value in enumerate([*ordered, None])}


def _interval(row: Mapping[str, Any]) -> dict[str, float | int | None]:
    """`{low, high, quality}` of a sum; all null of nothing, and of a difference."""
    if row["billionths"] is None or row["shared"] is None:
        return _bounds(0.0, 0.0, 0)
    restated = int(row["restated"])
    total = (int(row["billionths"]) - restated) / BILLION
    return _bounds(total, ln_gsd2_of_terms(total, row["shared"], row["independent"]), restated)


def _column(name: str) -> str:
    return {"asset": "asset_id", "application": "application_id", **store.ROLLED}[name]


def _label(name: str, value: Any, codes: Mapping[UUID, str]) -> Any:
    if value is None:
        return None
    if name == "month":
        return format_month(value)
    if name == "asset":
        return str(value)
    if name == "application":
        return codes.get(value, str(value))
    return codes.get(value) if name == "site" else value


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
