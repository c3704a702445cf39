"""The use case of `GET /totals`: any grouping and filter, exact sums."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.domain.dashboard import PARTS
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.inventory import KINDS
from footprint.domain.months import format_month
from footprint.domain.notices import ABSENT, Notice, sentences
from footprint.domain.rollup import Rolled, ln_gsd2_of_rolled
from footprint.domain.sums import BILLION, exact
from footprint.domain.uncertainty import interval, quality
from footprint.store import answers
from footprint.store import totals as store
from footprint.store.totals import Question
from footprint.wording import NO_RESIDUAL_MIX

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

_ROLLED: Final = itemgetter("month", "factor", "source", "billionths", "restated", *store.SPREADS)


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
        after: UUID | None = None,
        limit: int = 100,
    ) -> tuple[dict[str, Any], UUID | None]:
        """The totals, and by asset where the next page begins. Raises `NotFound`, and `Unprocessable` for a filter that names nothing."""
        _check(question, filters)
        async with self._database.snapshot(organisations) as connection:
            if await answers.organisation_zone(connection, question.org) is None:
                raise NotFound("organisation", question.org)
            question = replace(question, filters=await _resolved(connection, question.org, filters))
            wanted = await _application_ids(connection, question.org, filters.applications)
            page, following = await _page(connection, question, filters.assets, wanted, after, limit)
            source = _Source(connection, page, wanted)
            rows, whole = await source.rows(question)
            every = await _every(connection, question, filters.assets, wanted) if "asset" in question.groups else None
            reason = None if _known(rows if every is None else every) else await _reason(connection, question)
            sites = {row["site_id"] for row in rows if "site" in question.groups and row["site_id"]}
            codes = await store.site_codes(connection, sorted(sites)) if sites else {}
            if "application" in question.groups:
                codes |= await store.applications(connection, question.org)
            convention = await answers.refurbished_convention(connection, question.org)
            of_assets = page is not None and question.basis == "market"
            lacks = of_assets and await store.lacks_market(connection, question, page or ())
            earlier = await store.earlier_year(connection, _factors(rows if whole is None else whole))
            stages = await store.stages(connection, question)
        document = _document(question, rows, codes, whole)
        document["warnings"] += [NO_RESIDUAL_MIX] if lacks else []
        document["warnings"] += sentences(int(Notice.EARLIER_YEAR_FACTOR)) if earlier else []
        document["warnings"] += _absent(stages, filters.others.get("stage"))
        document["total_of"] = "whole" if every is None else "page"
        if every is not None:
            document["whole"] = {"total": _total(every), **interval_of(_known(every))}
        if reason is not None:
            document["warnings"].append({"code": "no_figures", "detail": reason})
        return {**document, "refurbished_convention": convention}, following


def _absent(known: Collection[str], wanted: Sequence[str] | None) -> list[dict[str, str]]:
    """What must be said of the stages asked for of which the organisation has no figure at all, though something was made for it."""
    if MANUFACTURING not in known:
        return []
    lacking = {
        stage: notice for stage, notice in ABSENT.items() if stage not in known and (not wanted or stage in wanted)
    }
    return [document for notice in lacking.values() for document in sentences(int(notice))]


async def _every(
    connection: Connection, question: Question, assets: Sequence[UUID], applications: Sequence[UUID] | None
) -> list[Any]:
    """Rows of all that a question by asset is about, beyond its page."""
    source = _Source(connection, assets or None, applications)
    rows, whole = await source.rows(replace(question, groups=()))
    return rows if whole is None else whole


async def _reason(connection: Connection, question: Question) -> str:
    """Why nothing is there to be told of a question."""
    asked = f"{format_month(question.first)} to {format_month(question.last)}"
    others = await store.totals(connection, replace(question, criterion="gwp", groups=()))
    if question.criterion != "gwp" and _known(others):
        return f"no figure of criterion {question.criterion} from {asked}: neither catalogue nor customer gives one for what was counted"
    return f"no figure from {asked} for these filters: nothing of it was in service, or what was lacks evidence; a total is absent, not 0"


def _total(rows: Sequence[Mapping[str, Any]]) -> Decimal | None:
    """The exact sum of rows; None of nothing."""
    known = _known(rows)
    return exact(sum(int(row["billionths"]) for row in known)) if known else None


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
    unknown = [code for code in codes if code not in ids]
    if unknown:
        rule = f"application {unknown[0]!r} is not known in {org}"
        raise Unprocessable(rule, [FieldError("application", "unknown", rule)])
    return [ids[code] for code in codes]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the rows of an answer are read: by asset for those of a page, else in the roll-ups; of some applications, or of all that is."""

    connection: Connection
    page: Sequence[UUID] | None
    applications: Sequence[UUID] | None

    async def rows(self, question: Question) -> tuple[list[Mapping[str, Any]], list[Any] | None]:
        """The rows by group. By application, what none uses is among them, so that the groups add up to the whole, whose rows come too."""
        whole: list[Any] | None = None
        if self.applications is not None:
            rows: list[Any] = await self._used(question)
        elif "application" in question.groups:
            used, whole = await self._used(question), await self._whole(_without_application(question))
            rows = [*used, *_unused(_without_application(question), whole, used)]
        else:
            rows = await self._whole(question)
        return rows, whole

    async def _used(self, question: Question) -> list[Any]:
        if self.page is None:
            return await store.totals_of_applications(self.connection, question, self.applications)
        return await store.used_of_assets(self.connection, question, self.page, self.applications)

    async def _whole(self, question: Question) -> list[Any]:
        if self.page is None:
            return await store.totals(self.connection, question)
        return await store.totals_of_assets(self.connection, question, self.page)


def _without_application(question: Question) -> Question:
    return replace(question, groups=tuple(name for name in question.groups if name != "application"))


_NOTHING: Final = {"month": 0, "factor": "", "source": "", **dict.fromkeys(store.SPREADS), "compared": 0, "placed": 0}
"""What a row that no table holds has beside its groups and amounts."""


def _unused(
    question: Question, whole: Sequence[Mapping[str, Any]], used: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of what no application uses: the whole less what is used, by the other groups; of a difference no interval is told."""
    columns = [_column(name) for name in question.groups]
    left: dict[tuple[Any, ...], list[int]] = {}
    for rows, sign in ((whole, 1), (used, -1)):
        for row in rows:
            amounts = left.setdefault(tuple([row[column] for column in columns]), [0, 0])
            amounts[0] += sign * int(row["billionths"] or 0)
            amounts[1] += sign * int(row["restated"])
    return [
        {
            **_NOTHING,
            **dict(zip(columns, key, strict=True)),
            "application_id": None,
            "billionths": amount,
            "restated": restated,
        }
        for key, (amount, restated) in left.items()
        if amount or restated
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


@dataclass(slots=True)
class _Sum:
    """What rows of the store come to: billionths, those of them that correct closed months, and what their interval follows from."""

    billionths: int = 0
    restated: int = 0
    is_known: bool = False
    has_interval: bool = True
    own: list[Rolled] = field(default_factory=list)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row of the store."""
        month, factor, source, billionths, restated, factor_weighted, source_weighted, source_squares = _ROLLED(row)
        amount, moved = int(billionths), int(restated)
        self.is_known = True
        self.billionths += amount
        self.restated += moved
        if factor_weighted is None:
            self.has_interval = False
        else:
            own = (amount - moved) / BILLION
            self.own.append(Rolled(month, factor, source, own, factor_weighted, source_weighted, source_squares))

    def interval(self) -> dict[str, float | int | None]:
        """The 95 % interval and its class; nothing where there is none."""
        return _bounds(self.own if self.has_interval else [], self.restated)


def _document(
    question: Question,
    rows: Sequence[Mapping[str, Any]],
    codes: Mapping[UUID, str],
    rows_of_whole: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The answer; `rows_of_whole` are those from which the interval of the total follows where it does not from the groups."""
    whole, grouped = _sums(question, rows)
    bounds = whole.interval() if rows_of_whole is None else interval_of(_known(rows_of_whole))
    incomplete = sum(row["compared"] for row in rows) < sum(row["placed"] for row in rows)
    return {
        "org": question.org,
        "from": format_month(question.first),
        "to": format_month(question.last),
        "group_by": ",".join(question.groups),
        "criterion": question.criterion,
        "basis": question.basis,
        "unit": UNITS[question.criterion],
        "groups": [
            {
                **{name: _label(name, value, codes) for name, value in zip(question.groups, key, strict=True)},
                "value": exact(found.billionths),
                **found.interval(),
                "restated": exact(found.restated),
            }
            for key, found in sorted(grouped.items(), key=lambda each: _order(each[0]))
        ],
        "total": exact(whole.billionths) if whole.is_known else None,
        **bounds,
        "warnings": [NO_RESIDUAL_MIX] if incomplete else [],
    }


def _factors(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The factors behind the rows, each with the last month it is used in."""
    found: dict[str, int] = {}
    for row in rows:
        if row["factor"] and row["billionths"] is not None:
            found[row["factor"]] = max(found.get(row["factor"], 0), row["month"])
    return found


def _known(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["billionths"] is not None]


def _sums(question: Question, rows: Sequence[Mapping[str, Any]]) -> tuple[_Sum, dict[tuple[Any, ...], _Sum]]:
    """The sum of all rows, and of each group: each row is read once, since a page by asset has thousands."""
    columns = [_column(name) for name in question.groups]
    grouped: dict[tuple[Any, ...], _Sum] = {}
    for row in rows:
        if row["billionths"] is None:
            continue
        key = tuple([row[column] for column in columns])
        group = grouped.get(key)
        if group is None:
            group = grouped[key] = _Sum()
        group.add(row)
    return _whole(grouped.values()), grouped


def _whole(groups: Collection[_Sum]) -> _Sum:
    """The sum of all groups."""
    return _Sum(
        sum(each.billionths for each in groups),
        sum(each.restated for each in groups),
        any(each.is_known for each in groups),
        all(each.has_interval for each in groups),
        [row for each in groups for row in each.own],
    )


def _column(name: str) -> str:
    return {"asset": "asset", "application": "application_id", **store.ROLLED}[name]


def _order(key: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    """Groups in the order of their keys, what has none last."""
    return tuple([(value is None, 0 if value is None else value) for value in key])


def _label(name: str, value: Any, codes: Mapping[UUID, str]) -> Any:
    if value is None or name == "asset":
        return value
    if name == "month":
        return format_month(value)
    return codes.get(value) if name in ("site", "application") else value


def rolled_row(row: Mapping[str, Any]) -> Rolled:
    """The figures of a row of the store as `rollup` takes them, without corrections of closed months."""
    month, factor, source, billionths, restated, factor_weighted, source_weighted, source_squares = _ROLLED(row)
    own = (int(billionths) - int(restated)) / BILLION
    return Rolled(month, factor, source, own, factor_weighted, source_weighted, source_squares)


def interval_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | int | None]:
    """`{low, high, quality}` of a sum of rows of the store: the interval of the figures themselves, moved by what of the sum corrects
    closed months (corrections carry no spread of their own). All null where nothing positive is there: a log-normal interval has none."""
    return _bounds([rolled_row(row) for row in rows], sum(int(row["restated"]) for row in rows))


def _bounds(own: Sequence[Rolled], restated: int) -> dict[str, float | int | None]:
    total = math.fsum([row.value for row in own])
    if total <= 0:
        return {"low": None, "high": None, "quality": None}
    spread = ln_gsd2_of_rolled(own)
    bounds = interval(total, spread)
    moved = restated / BILLION
    return {"low": bounds.low + moved, "high": bounds.high + moved, "quality": quality(spread)}
