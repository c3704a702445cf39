"""The use case of the yearly report: one snapshot, read whole, then written in the format asked for."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.domain.months import FIRST_YEAR, current_month
from footprint.domain.notices import sentences
from footprint.reports.content import Closing, FactorUsed, Line, Report, Restated, SiteStated
from footprint.reports.pdf import as_pdf
from footprint.reports.sheets import Dialect, as_csv, as_workbook
from footprint.service import Answers
from footprint.site_names import names_of_figures
from footprint.store import energy, failures, period_answers
from footprint.store import reports as store
from footprint.totals import interval_of
from footprint.trace_words import Language
from footprint.wording import ASSETS_FAILED

Format = Literal["csv", "xlsx", "pdf"]
WRITERS: Final[Mapping[Format, Callable[[Report, Language], bytes]]] = {
    "xlsx": as_workbook,
    "pdf": as_pdf,
}

_KEY: Final = itemgetter(*Line._fields[: Line._fields.index("billionths")])
"""What tells a line from others."""


class Reports:
    """Yearly reports."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._answers = Answers(database, clock)

    async def written(
        self, organisations: Organisations, org: str, year: int, form: Format, language: Language, dialect: Dialect
    ) -> bytes:
        """The report as a file (a CSV in its dialect), written beside the event loop. Raises `NotFound`, and `Unprocessable` for a year
        beyond the projection."""
        names = await names_of_figures(self._database, organisations, org, year * 12, year * 12 + 11)
        async with self._database.snapshot(organisations) as connection:
            report = await self._read(connection, org, year, language, names)
        if form == "csv":
            return await asyncio.to_thread(as_csv, report, language, dialect)
        return await asyncio.to_thread(WRITERS[form], report, language)

    async def _read(
        self, connection: Connection, org: str, year: int, language: Language, names: Mapping[UUID, str]
    ) -> Report:
        row = await store.organisation(connection, org)
        if row is None:
            raise NotFound("organisation", org)
        now = current_month(row["time_zone"], self._clock())
        if not FIRST_YEAR <= year <= now // 12:
            rule = f"year {year} must lie between {FIRST_YEAR} and {now // 12}, the end of the projection"
            raise Unprocessable(rule, [FieldError("year", "out_of_range", rule)])
        first, last = year * 12, year * 12 + 11
        elapsed = min(last, now - 1) if now > first else None
        board = None if elapsed is None else await self._answers.board(connection, org, elapsed, language)
        return Report(
            org=org,
            name=row["name"] or org,
            year=year,
            made_at=self._clock().astimezone(UTC),
            time_zone=row["time_zone"],
            convention=row["convention"],
            role=row["role"],
            last_elapsed=elapsed,
            lines=[
                _line(list(rows)) for _, rows in groupby(await store.lines(connection, org, first, last, names), _KEY)
            ],
            energy=await energy.by_month(connection, org, first, last),
            dashboard=board,
            closings=[
                Closing(each["month"], each["closed_at"], each["closed_by"], each["method_version"])
                for each in await period_answers.closed(connection, org, first, last)
            ],
            restated=_restated(
                await period_answers.counted(connection, org, first, last, "location"),
                await period_answers.counted(connection, org, first, last, "market"),
            ),
            sites=[_site(each) for each in await store.sites(connection, org)],
            evidence=[dict(each) for each in await store.evidence(connection, org, first, last)],
            warnings=[
                *_failed(await failures.failed(connection, org)),
                *_warnings(await store.notices(connection, org, first, last)),
            ],
            factors=[_factor(each) for each in await store.factors(connection, org, first, last)],
            methods=[dict(each) for each in await store.methods(connection, org, first, last)],
        )


def _restated(location: list[Any], market: list[Any]) -> list[Restated]:
    """What months count of closed ones, on both bases side by side."""
    amounts: dict[tuple[Any, ...], list[int]] = {}
    for place, rows in enumerate((location, market)):
        for each in rows:
            key = each["counted_in"], each["month"], each["stage"], each["reason"]
            amounts.setdefault(key, [0, 0])[place] += int(each["billionths"])
    return [Restated(*key, *amounts[key]) for key in sorted(amounts)]


def _line(rows: list[Any]) -> Line:
    """The line that rows of the roll-up, one for each factor and source, come to."""
    bounds = interval_of(rows)
    amounts = (sum(int(row["billionths"]) for row in rows), sum(row["figures"] for row in rows))
    kwh = None if rows[0]["kwh"] is None else sum(int(row["kwh"]) for row in rows)
    return Line._make((*_KEY(rows[0]), *amounts, bounds["low"], bounds["high"], bounds["quality"], kwh))


def _site(row: Any) -> SiteStated:
    kept = row["document"]
    return SiteStated(
        code=kept["code"],
        region=row["region"],
        operator=str(kept.get("operator") or ""),
        rule=str(kept.get("rule") or ""),
        pue=tuple((each["value"], each["start"], each["end"]) for each in kept.get("pue") or ()),
        guarantee_share=float(kept.get("guarantee_share") or 0.0),
    )


def _factor(row: Any) -> FactorUsed:
    document = row["document"] or {}
    source, ratings, name = document.get("source") or {}, document.get("ratings") or {}, document.get("name") or {}
    stated = [each for each in ratings.values() if each is not None]
    said = f"{document.get('note') or ''} {source.get('name') or ''}".lower()
    return FactorUsed(
        id=row["id"],
        version=row["version"],
        name=name if isinstance(name, dict) else {"fr": str(name), "en": str(name)},
        value=document.get("value"),
        unit=document.get("unit") or "",
        source=source.get("name") or "",
        link=source.get("url") or source.get("link"),
        licence=source.get("licence"),
        year=source.get("year"),
        asset_months=row["asset_months"],
        assumption="assumption" in said or "hypothèse" in said or bool(stated and max(stated) == 1),
    )


def _failed(count: int) -> list[tuple[str, int]]:
    """How many assets could not be computed."""
    return [(ASSETS_FAILED, count)] if count else []


def _warnings(rows: list[Any]) -> list[tuple[str, int]]:
    """How many asset-months carry each warning, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        for each in sentences(row["notices"]):
            counts[each["code"]] = counts.get(each["code"], 0) + row["asset_months"]
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
