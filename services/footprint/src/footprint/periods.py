"""The use cases of months: closing them, listing them, and comparing what they were closed with to what is known now."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from common.api.problems import Conflict, FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.domain.dashboard import PARTS, parts_by_month
from footprint.domain.months import current_month, format_month, month_start
from footprint.domain.results import METHOD_VERSION
from footprint.domain.sums import exact
from footprint.events import period_changed
from footprint.store import answers, changes, failures, period_answers, periods, totals
from footprint.store.period_answers import OTHER

LOCATION: Final = "location"
"""The basis of whatever names none."""

NAMED: Final = 20
"""How many assets that could not be computed a refusal names."""

CLOSED: Literal["closed"] = "closed"
NOW: Literal["now"] = "now"
Moment = Literal["closed", "now"] | datetime
"""When a month is looked at: as it was closed, as it is known now, or as it was known at an instant."""


class Periods:
    """The months of organisations."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def close(
        self, organisations: Organisations, org: str, month: int, by: str, *, earlier: bool
    ) -> dict[str, Any]:
        """Close a month, and with `earlier` all open ones before it; closing a closed month changes nothing.

        Raises `NotFound`, `Unprocessable` for a month that has not elapsed or that lies before all that is known, `Conflict` while an
        earlier month is open, something waits to be computed, or something of it could not be.
        """
        async with self._database.transaction(organisations) as unit:
            zone = await _zone(unit.connection, org)
            now = current_month(zone, self._clock())
            if month >= now:
                rule = f"month {format_month(month)} has not elapsed: the current month of {org} is {format_month(now)}"
                raise Unprocessable(rule, [FieldError("month", "not_elapsed", rule)])
            await periods.lock_months(unit.connection, org)
            first = await periods.first_open_month(unit.connection, org)
            if first is None or first <= month:
                months = range(month if first is None else first, month + 1)
                await self._close(unit.connection, org, zone, months, by, earlier=earlier)
                closed = {(org, each) for each in months}
                await changes.tell(unit, "period", {org: {(None, each) for each in months}})
                unit.publish(*(period_changed(each) for each in await periods.documents(unit.connection, closed)))
            answered = await self._one(unit.connection, org, month, now, LOCATION)
            if answered["status"] != CLOSED:
                rule = f"nothing is known of {org} before {format_month(first or now)}: there is nothing to close in {format_month(month)}"
                raise Unprocessable(rule, [FieldError("month", "nothing_known", rule)])
            return answered

    async def _close(
        self, connection: Connection, org: str, zone: str, months: Sequence[int], by: str, *, earlier: bool
    ) -> None:
        if len(months) > 1 and not earlier:
            rule = (
                f"{format_month(months[0])} is open: months are closed in their order. Close it first, or send earlier=true to close all "
                f"{len(months)} months up to {format_month(months[-1])}"
            )
            raise Conflict(rule, code="earlier-month-open")
        waiting, moment = await periods.waiting(connection, org, months[-1])
        if waiting:
            rule = f"{waiting} results of {org} wait to be computed; they would come too late for a closed month. Try again shortly"
            raise Conflict(rule, code="computation-waiting")
        failed, which = await failures.failed_before(connection, org, month_start(zone, months[-1] + 1), NAMED)
        if failed:
            named = ", ".join(map(str, which)) + (" …" if failed > len(which) else "")
            rule = (
                f"{failed} of the assets that {org} rests on could not be computed, and would be closed without their figures: {named}. "
                f"Correct them, or the factors that they use"
            )
            raise Conflict(rule, code="assets-failed")
        await periods.close_months(connection, org, months, by, moment)

    async def one(self, organisations: Organisations, org: str, month: int, basis: str) -> dict[str, Any]:
        """A month, open or closed. Raises `NotFound` for an organisation that is not known."""
        async with self._database.snapshot(organisations) as connection:
            zone = await _zone(connection, org)
            return await self._one(connection, org, month, current_month(zone, self._clock()), basis)

    async def many(
        self, organisations: Organisations, org: str, before: int | None, limit: int, basis: str
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Months from the current one back, the latest first, `limit` of them before the one named; and where the next page begins."""
        async with self._database.snapshot(organisations) as connection:
            zone = await _zone(connection, org)
            now = current_month(zone, self._clock())
            first = await period_answers.first_month(connection, org)
            last = now if before is None else min(before - 1, now)
            low = max(last - limit + 1, last + 1 if first is None else first)
            found = await self._described(connection, org, low, last, now, basis)
        return found, low if first is not None and low > first else None

    async def _one(self, connection: Connection, org: str, month: int, now: int, basis: str) -> dict[str, Any]:
        (found,) = await self._described(connection, org, month, month, now, basis)
        return found

    async def _described(
        self, connection: Connection, org: str, first: int, last: int, now: int, basis: str
    ) -> list[dict[str, Any]]:
        closed = {row["month"]: row for row in await period_answers.closed(connection, org, first, last)}
        own = parts_by_month(
            (row["month"], row["stage"], int(row["billionths"]))
            for row in await answers.stages_by_month(connection, org, first, last, basis)
        )
        restated: dict[int, list[Any]] = {}
        for row in await period_answers.restated(connection, org, first, last, basis):
            restated.setdefault(row["month"], []).append(row)
        beside: dict[int, list[Any]] = {}
        for row in await period_answers.restated(connection, org, first, last, OTHER[basis]):
            beside.setdefault(row["month"], []).append(row)
        return [
            _document(org, month, now, closed.get(month), own.get(month), restated.get(month, []))
            | {"basis": basis, "other_basis": _other(basis, "restated_kg", beside.get(month, []))}
            for month in range(last, first - 1, -1)
        ]

    async def compare(
        self, organisations: Organisations, org: str, month: int, one: Moment, other: Moment, basis: str
    ) -> dict[str, Any]:
        """Two computations of a closed month: by stage what it was and is, by how much and why, and the assets that moved most."""
        async with self._database.snapshot(organisations) as connection:
            zone = await _zone(connection, org)
            period = await self._one(connection, org, month, current_month(zone, self._clock()), basis)
            if period["status"] != CLOSED:
                rule = f"month {format_month(month)} of {org} is open: only of a closed month are computations kept"
                raise Unprocessable(rule, [FieldError("month", "open", rule)])
            start, end = _instant(one, period["closed_at"], "from"), _instant(other, period["closed_at"], "to")
            if end is not None and (start is None or end < start):
                rule = f"to {other} must not be before from {one}"
                raise Unprocessable(rule, [FieldError("to", "before_from", rule)])
            closed = await answers.stages_by_month(connection, org, month, month, basis)
            lines = await period_answers.restated_lines(connection, org, month, None, start, basis)
            changed = await period_answers.restated_lines(connection, org, month, start, end, basis)
            beside = await period_answers.restated_lines(connection, org, month, start, end, OTHER[basis])
            assets = await period_answers.assets_moved(connection, org, month, start, end, basis)
        return {
            "org": org,
            "month": format_month(month),
            "from": one,
            "to": other,
            "basis": basis,
            "other_basis": _other(basis, "difference_kg", beside),
            "closed_at": period["closed_at"],
            "closed_by": period["closed_by"],
            "method_version": {"closed": period["method_version"], "now": METHOD_VERSION},
            **_compared({row["stage"]: int(row["billionths"]) for row in closed}, lines, changed),
            "assets": assets,
        }

    async def restatements(
        self, organisations: Organisations, org: str, month: int, after: int | None, limit: int, basis: str
    ) -> tuple[list[dict[str, Any]], int | None]:
        """The restatements of a closed month one by one, in the order in which they were recorded; and where the next page begins."""
        async with self._database.snapshot(organisations) as connection:
            await _zone(connection, org)
            rows = await period_answers.restatements(connection, org, month, after, limit + 1, basis)
            codes = await totals.applications(connection, org)
        found = [_restatement(row, basis, codes) for row in rows[:limit]]
        return found, rows[limit - 1]["id"] if len(rows) > limit else None


async def _zone(connection: Connection, org: str) -> str:
    zone = await answers.organisation_zone(connection, org)
    if zone is None:
        raise NotFound("organisation", org)
    return zone


def _instant(moment: Moment, closed_at: datetime, field: str) -> datetime | None:
    """The instant up to which restatements are counted; None: all."""
    if isinstance(moment, datetime):
        if moment < closed_at:
            rule = f"{field} {moment.isoformat()} lies before the month was closed ({closed_at.isoformat()}): nothing is kept of then"
            raise Unprocessable(rule, [FieldError(field, "before_closing", rule)])
        return moment
    return closed_at if moment == CLOSED else None


def _document(
    org: str, month: int, now: int, closed: Mapping[str, Any] | None, own: Any, restated: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    total = own.total if own else 0
    moved = sum(int(row["billionths"]) for row in restated)
    return {
        "org": org,
        "month": format_month(month),
        "status": CLOSED if closed else "open",
        "elapsed": month < now,
        "closed_at": closed["closed_at"] if closed else None,
        "closed_by": closed["closed_by"] if closed else None,
        "method_version": closed["method_version"] if closed else METHOD_VERSION,
        "version": closed["version"] if closed else None,
        "total_kg": exact(total),
        "parts": own.printed() if own else None,
        "restated_kg": exact(moved),
        "known_now_kg": exact(total + moved),
        "restatements": [
            {
                "counted_in": format_month(row["counted_in"]),
                "reason": row["reason"],
                "value": exact(int(row["billionths"])),
                "recorded_at": row["recorded_at"],
            }
            for row in restated
        ],
    }


def _other(basis: str, name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is told of the other basis beside one, so that who reads one learns of corrections of the other: never to be added."""
    return {"basis": OTHER[basis], name: exact(sum(int(row["billionths"]) for row in rows))}


def _compared(closed: Mapping[str, int], before: Sequence[Any], changed: Sequence[Any]) -> dict[str, Any]:
    """By stage: closed figures and what was restated until the first moment, and what changed from there to the second, by reason."""
    was: dict[str, int] = dict(closed)
    for row in before:
        was[row["stage"]] = was.get(row["stage"], 0) + int(row["billionths"])
    by_reason: dict[str, int] = {}
    by_stage: dict[str, int] = {}
    for row in changed:
        by_reason[row["reason"]] = by_reason.get(row["reason"], 0) + int(row["billionths"])
        by_stage[row["stage"]] = by_stage.get(row["stage"], 0) + int(row["billionths"])
    stages = sorted({*was, *by_stage}, key=lambda stage: list(PARTS).index(stage))
    return {
        "from_kg": exact(sum(was.values())),
        "to_kg": exact(sum(was.values()) + sum(by_stage.values())),
        "difference_kg": exact(sum(by_stage.values())),
        "reasons": [{"reason": reason, "difference_kg": exact(amount)} for reason, amount in sorted(by_reason.items())],
        "stages": [
            {
                "stage": stage,
                "from_kg": exact(was.get(stage, 0)),
                "to_kg": exact(was.get(stage, 0) + by_stage.get(stage, 0)),
                "difference_kg": exact(by_stage.get(stage, 0)),
            }
            for stage in stages
        ],
    }


def _restatement(row: Mapping[str, Any], basis: str, codes: Mapping[UUID, str]) -> dict[str, Any]:
    amounts = {each["reason"]: exact(int(each["billionths"])) for each in row["reasons"]}
    return {
        "id": row["id"],
        "asset_id": row["asset_id"],
        "month": format_month(row["month"]),
        "counted_in": format_month(row["counted_in"]),
        "recorded_at": row["recorded_at"],
        "difference_kg": sum(amounts.values(), start=exact(0)),
        "reasons": amounts,
        "basis": basis,
        "other_basis": {"basis": OTHER[basis], "difference_kg": exact(int(row["other"]))},
        "applications": [
            {
                "application": codes.get(UUID(each["id"]), each["id"]),
                "difference_kg": exact(int(each["billionths"])),
            }
            for each in row["applications"]
        ],
        "heard": row["causes"],
        "gone": row["removed"],
        "factors": {
            "closed": _named(row["closed_factor_ids"], row["closed_factor_versions"]),
            "now": _named(row["factor_ids"], row["factor_versions"]),
        },
        "evidence": {
            "embodied": row["embodied_evidence"],
            "energy": row["energy_evidence"],
            "electricity": row["electricity_evidence"],
        },
        "method_version": {"closed": row["closed_method_version"], "now": row["method_version"]},
    }


def _named(ids: Sequence[str] | None, versions: Sequence[int] | None) -> list[dict[str, Any]]:
    return [{"id": each, "version": version} for each, version in zip(ids or (), versions or (), strict=True)]
