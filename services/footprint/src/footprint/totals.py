"""The use case of `GET /totals`: any grouping and filter, exact sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.domain.dashboard import PARTS
from footprint.domain.inventory import KINDS
from footprint.domain.months import format_month
from footprint.domain.sums import exact
from footprint.store import answers
from footprint.store import totals as store
from footprint.store.totals import Question

Group = Literal["month", "site", "kind", "stage", "scope", "ghg_category", "beges_item", "share", "asset"]
GROUPS: Final = ("month", "site", "kind", "stage", "scope", "ghg_category", "beges_item", "share", "asset")
UNITS: Final[Mapping[str, str]] = {"gwp": "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}
_KNOWN: Final[Mapping[str, Sequence[Any]]] = {
    "kind": sorted(KINDS | {"site", "organisation"}),
    "stage": list(PARTS),
    "scope": [1, 2, 3],
    "share": ["own", "idle", "sold"],
}
"""The values that a filter may name, where they are few."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is counted: empty lists leave nothing out."""

    sites: Sequence[str] = ()
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
            following = None
            if "asset" in question.groups or filters.assets:
                paged = "asset" in question.groups
                count = limit + 1 if paged else len(filters.assets)
                rows = await store.totals_by_asset(connection, question, filters.assets or None, after, count)
                shown = sorted({row["asset"] for row in rows}, key=lambda each: each.bytes)
                if paged and len(shown) > limit:
                    following = shown[limit - 1]
                    rows = [row for row in rows if row["asset"].bytes <= following.bytes]
            else:
                rows = await store.totals(connection, question)
            sites = {row["site_id"] for row in rows if "site" in question.groups and row["site_id"]}
            codes = await store.site_codes(connection, sorted(sites))
        return _document(question, rows, codes), following


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
    return found


def _document(question: Question, rows: Sequence[Any], codes: Mapping[UUID, str]) -> dict[str, Any]:
    by_asset = "asset" in question.groups
    told = [row for row in rows if row["billionths"] is not None or by_asset]
    incomplete = any(row.get("incomplete") for row in rows)
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
                **{name: _label(name, row, codes) for name in question.groups},
                "value": None if row["billionths"] is None else exact(int(row["billionths"])),
                "restated": exact(int(row["restated"])),
            }
            for row in told
        ],
        "total": exact(sum(int(row["billionths"] or 0) for row in rows)),
        "warnings": [{"code": "no_residual_mix", "detail": detail}] if incomplete else [],
    }


def _label(name: str, row: Any, codes: Mapping[UUID, str]) -> Any:
    if name == "asset":
        return row["asset"]
    value = row[store.ROLLED[name]]
    if name == "month":
        return None if value is None else format_month(value)
    return codes.get(value) if name == "site" and value else value
