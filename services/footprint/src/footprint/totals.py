"""The use case of `GET /totals`: any grouping and filter, exact sums."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.domain.dashboard import PARTS
from footprint.domain.inventory import KINDS
from footprint.domain.months import format_month
from footprint.domain.rollup import Rolled, ln_gsd2_of_rolled
from footprint.domain.sums import BILLION, exact
from footprint.domain.uncertainty import interval, quality
from footprint.store import answers
from footprint.store import totals as store
from footprint.store.totals import Question

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
            following, whole = None, None
            if "asset" in question.groups or filters.assets:
                rows, following = await _of_assets(connection, question, filters.assets, after, limit)
            elif "application" in question.groups or filters.applications:
                rows, whole = await _of_applications(connection, question, filters.applications)
            else:
                rows = await store.totals(connection, question)
            sites = {row["site_id"] for row in rows if "site" in question.groups and row["site_id"]}
            codes = await store.site_codes(connection, sorted(sites)) if sites else {}
            if "application" in question.groups:
                codes |= await store.applications(connection, question.org)
            convention = await answers.refurbished_convention(connection, question.org)
        document = _document(question, rows, codes, whole)
        return {**document, "refurbished_convention": convention}, following


async def _of_assets(
    connection: Connection, question: Question, assets: Sequence[UUID], after: UUID | None, limit: int
) -> tuple[list[Any], UUID | None]:
    """A page by asset, and where the next one begins; without that group, the named assets together."""
    if "asset" not in question.groups:
        return await store.totals_by_asset(connection, question, assets, None, len(assets)), None
    rows = await store.totals_by_asset(connection, question, assets or None, after, limit + 1)
    shown = list(dict.fromkeys(row["asset"] for row in rows))
    if len(shown) <= limit:
        return rows, None
    return [row for row in rows if row["asset"] != shown[limit]], shown[limit - 1]


async def _of_applications(
    connection: Connection, question: Question, codes: Sequence[str]
) -> tuple[list[Mapping[str, Any]], list[Any] | None]:
    """What applications use, and, unless some are asked for, what none uses: so the groups add up to the whole, whose rows come too."""
    if not codes:
        used = [dict(row) for row in await store.totals_of_applications(connection, question, None)]
        whole = await store.totals(connection, replace(question, groups=_without_application(question)))
        return [*used, *_unused(question, whole, used)], whole
    ids = {code: each for each, code in (await store.applications(connection, question.org)).items()}
    unknown = [code for code in codes if code not in ids]
    if unknown:
        rule = f"application {unknown[0]!r} is not known in {question.org}"
        raise Unprocessable(rule, [FieldError("application", "unknown", rule)])
    return await store.totals_of_applications(connection, question, [ids[code] for code in codes]), None


def _without_application(question: Question) -> tuple[str, ...]:
    return tuple(name for name in question.groups if name != "application")


def _unused(
    question: Question, whole: Sequence[Mapping[str, Any]], used: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of what no application uses: the whole less what is used, by the other groups; of a difference no interval is told."""
    columns = [store.ROLLED[name] for name in _without_application(question)]
    left: dict[tuple[Any, ...], list[int]] = {}
    for rows, sign in ((whole, 1), (used, -1)):
        for row in rows:
            amounts = left.setdefault(tuple(row[column] for column in columns), [0, 0])
            amounts[0] += sign * int(row["billionths"] or 0)
            amounts[1] += sign * int(row["restated"])
    nothing = {"month": 0, "factor": "", "source": "", **dict.fromkeys(store.SPREADS), "compared": 0, "placed": 0}
    return [
        {
            **nothing,
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
    used = {*question.groups, *(name for name, wanted in filters.others.items() if wanted)}
    used |= {name for name, wanted in (("site", filters.sites), ("asset", filters.assets)) if wanted}
    apart = sorted(used & {"site", "kind", "asset"})
    if apart and ("application" in used or filters.applications):
        rule = f"application cannot be combined with {apart[0]}: what applications use is kept by month, stage, scope and reporting line"
        raise Unprocessable(rule, [FieldError("group_by", "not_combined", rule)])
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
    detail = "electricity without guarantee of origin and without a residual mix in the catalogue is not in this total"
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
                "value": exact(found.billionths) if found.is_known else None,
                **found.interval(),
                "restated": exact(found.restated),
            }
            for key, found in sorted(grouped.items(), key=lambda each: _order(each[0]))
        ],
        "total": exact(whole.billionths),
        **bounds,
        "warnings": [{"code": "no_residual_mix", "detail": detail}] if incomplete else [],
    }


def _known(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["billionths"] is not None]


def _sums(question: Question, rows: Sequence[Mapping[str, Any]]) -> tuple[_Sum, dict[tuple[Any, ...], _Sum]]:
    """The sum of all rows, and of each group: each row is read once, since a page by asset has thousands."""
    by_asset = "asset" in question.groups
    columns = [_column(name) for name in question.groups]
    grouped: dict[tuple[Any, ...], _Sum] = {}
    for row in rows:
        is_known = row["billionths"] is not None
        if not is_known and not by_asset:
            continue
        key = tuple([row[column] for column in columns])
        group = grouped.get(key)
        if group is None:
            group = grouped[key] = _Sum()
        if is_known:
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
