"""The use cases of the API, one snapshot each."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import EVERY, Organisations

from footprint import bounds
from footprint.documents import asset_name, read_factor, read_figure
from footprint.domain import dashboard
from footprint.domain.catalogue import Catalogues
from footprint.domain.dashboard import Counted, MonthEnergy
from footprint.domain.explanation import Explanation, explain
from footprint.domain.ladders import stored_ladder
from footprint.domain.months import current_month, format_month, months_of_year, parse_month
from footprint.domain.results import figure_order
from footprint.domain.scopes import USE
from footprint.domain.seasons import in_seasons, seasons_of
from footprint.domain.sums import exact
from footprint.evidence import explain_then, figures_document, restated_document, restatement_document
from footprint.explaining import as_text, evidence_in, figure_in
from footprint.recommending import Recommending
from footprint.store import answers, energy, failures, insights, period_answers, periods, picture, seasons, totals
from footprint.store.catalogues import CatalogueReader
from footprint.store.totals import Question
from footprint.totals import rolled_row
from footprint.trace_words import Language
from footprint.wording import NO_RESIDUAL_MIX, assets_failed, warning, warning_of, warnings_of


def read_month(text: str, field: str = "month") -> int:
    """A month of a query. Raises `Unprocessable` naming the field."""
    try:
        return parse_month(text)
    except ValueError as error:
        raise Unprocessable(str(error), [FieldError(field, "malformed", str(error))]) from error


def _kwh(of_month: MonthEnergy | None) -> dict[str, Any]:
    """The electricity of a month, as printed."""
    if of_month is None:
        return {"kwh": None, "kwh_without_factor": None}
    kwh, without = of_month
    return {"kwh": None if kwh is None else exact(kwh), "kwh_without_factor": exact(without)}


class Answers:
    """What the API answers from stored results."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._catalogue = CatalogueReader()
        self._recommending = Recommending(self._read_catalogues, clock)

    async def dashboard(self, organisations: Organisations, org: str, month: int, language: Language) -> dict[str, Any]:
        """The dashboard of an organisation and month, its warnings in a language.

        Raises `NotFound`, and `Unprocessable` after the end of the current year.
        """
        async with self._database.snapshot(organisations) as connection:
            self._within_projection(await self._zone(connection, org), month)
            return await self.board(connection, org, month, language)

    async def board(self, connection: Connection, org: str, month: int, language: Language) -> dict[str, Any]:
        """The dashboard as a snapshot sees it."""
        first = month // 12 * 12
        zone = await self._zone(connection, org)
        last_elapsed = current_month(zone, self._clock()) - 1
        asked = Question(org, first, first + 11, groups=("month", "stage"))
        rows = [row for row in await totals.totals(connection, asked) if row["billionths"] is not None]
        parts = dashboard.parts_by_month((row["month"], row["stage"], int(row["billionths"])) for row in rows)
        counted = await self._counted(connection, org, first, "location")
        market = await self._counted(connection, org, first, "market")
        restated: dict[int, int] = {}
        for each in counted:
            restated[each.counted_in] = restated.get(each.counted_in, 0) + each.billionths
        servers = await answers.servers(connection, org, month)
        of_energy = await energy.by_month(connection, org, first, first + 11)
        moved = await seasons.moved_by_month(connection, org, last_elapsed + 1, first + 11)
        ahead = (each for each in months_of_year(month // 12) if each > min(month, last_elapsed))
        seasonal = in_seasons(rows, seasons_of(rows, moved), ahead)
        warnings = warnings_of(await answers.notices(connection, org, month), language)
        if month > last_elapsed:
            warnings.append(warning("month_not_over", "month_not_over", language, month=format_month(month)))
        warnings += _unknown(month, {row["month"] for row in rows}, language)
        warnings += assets_failed(await failures.failed(connection, org), language)
        document = dashboard.year_document(month, last_elapsed, parts, restated)
        of_months = bounds.by_month(rows)
        document |= _kwh(of_energy.get(month)) | bounds.with_parts(of_months.get(month, []))
        for each in document["months"]:
            number = parse_month(each["month"])
            each |= _kwh(of_energy.get(number)) | bounds.with_parts(of_months.get(number, []))
        document["year"] = dashboard.estimated(document["year"], parts, restated, bounds.interval_kg(rows), seasonal)
        return {
            "org": org,
            "refurbished_convention": await answers.refurbished_convention(connection, org),
            **document,
            "restatements": dashboard.restatements_document(
                month, parts.get(month, dashboard.Parts()).total, counted, market
            ),
            "servers": {
                "in_service": servers.get("in_service", 0) + servers.get("standby", 0),
                "off": servers.get("off", 0),
            },
            "recommendations": await self._recommending.of(
                connection, org, month, [rolled_row(row) for row in rows if row["month"] == month]
            ),
            "warnings": warnings,
        }

    async def _counted(self, connection: Connection, org: str, first: int, basis: str) -> list[Counted]:
        """What the months of the year that begins with `first` count of earlier, closed ones, on a basis."""
        return [
            Counted(row["counted_in"], row["month"], row["stage"], row["reason"], int(row["billionths"]))
            for row in await period_answers.counted(connection, org, first, first + 11, basis)
        ]

    async def asset_month(
        self, organisations: Organisations, asset: UUID, month: int, language: Language
    ) -> dict[str, Any]:
        """The stored result of an asset and month, its warnings in a language. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            return await self._stored(connection, asset, month, language)

    async def explanation(
        self, organisations: Organisations, asset: UUID, month: int, language: Language, restatement: int | None = None
    ) -> dict[str, Any]:
        """The stored result with the trace that gives it back; with `restatement`, what that one says of the closed month.

        Warnings, and the words of evidence and trace, are in the language; formulas are the same in each.

        A closed month and a restatement are computed again from what was known then. The trace may rest on assets of other organisations (a
        host of the provider): what is shown of them is what weighed here, and no name. Raises `NotFound`.
        """
        async with self._database.snapshot(organisations) as connection:
            stored, moment = await self._to_explain(connection, asset, month, restatement, language)
        async with self._database.snapshot(EVERY) as connection:
            if moment is None:
                explanation = await self._explain_now(connection, asset, month, stored)
            else:
                explanation = await explain_then(connection, asset, month, moment, self._clock())
        stored["evidence_ladder"] = stored_ladder(stored["evidence"]) if explanation is None else explanation.ladder
        values = [each["value"] for each in stored["figures"]]
        if _lacks_market(stored["figures"]):
            stored["warnings"].append(warning_of(NO_RESIDUAL_MIX["code"], language))
        chosen = [] if explanation is None else [evidence_in(each, language) for each in explanation.evidence]
        async with self._database.snapshot(organisations) as connection:
            ids = {asset, *(each["asset_id"] for each in chosen)}
            stored["named_assets"] = [asset_name(row) for row in await insights.named(connection, sorted(ids))]
        if explanation is None:
            return {**stored, "up_to_date": moment is not None and not values, "evidence_chosen": [], "trace": []}
        if restatement is not None:
            result = explanation.result
            stored |= {"status": result.status, "site_id": result.site, "host_id": result.host}
        recomputed = [figure.value for figure in explanation.result.figures]
        return {
            **stored,
            "up_to_date": recomputed == values and (moment is not None or not stored["pending"]),
            "evidence_chosen": chosen,
            "trace": [figure_in(each, language) for each in explanation.figures],
        }

    async def _to_explain(
        self, connection: Connection, asset: UUID, month: int, restatement: int | None, language: Language
    ) -> tuple[dict[str, Any], str | None]:
        """What is to be explained, and the moment from which it was computed; None: now."""
        if restatement is not None:
            row = await period_answers.restatement(connection, asset, month, restatement)
            if row is None:
                raise NotFound("restatement", f"{asset}/{format_month(month)}/{restatement}")
            moved = await period_answers.moved_by(connection, restatement)
            document = await restatement_document(connection, row, moved, language)
            return {**document, "closed": await self._closing(connection, row["org_id"], month)}, row["known_at"]
        stored = await self._stored(connection, asset, month, language)
        moment = await period_answers.moment_of(connection, stored["org"], month) if stored["closed"] else None
        return stored, moment

    async def _explain_now(
        self, connection: Connection, asset: UUID, month: int, stored: dict[str, Any]
    ) -> Explanation | None:
        """From what is known now; of a month that was closed before its evidence was kept, with the factor versions it names."""
        assets = await picture.read_assets(connection, [asset])
        if not assets:
            return None
        world = await picture.read_world(connection, assets, await self._catalogue.read(connection), self._clock())
        world = await periods.with_closed_lives(connection, world, assets)
        if stored["closed"]:
            world = world.pinned(map(read_factor, stored["factors"]))
        return explain(assets[0], month, world)

    async def _stored(self, connection: Connection, asset: UUID, month: int, language: Language) -> dict[str, Any]:
        row = await answers.asset_month(connection, asset, month)
        if row is None:
            return await self._heard_after_closing(connection, asset, month, language)
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
            "figures": figures_document(figures),
            "evidence": {
                "embodied": row["embodied_evidence"],
                "energy": row["energy_evidence"],
                "electricity": row["electricity_evidence"],
            },
            "factors": await answers.factor_documents(connection, row["factor_ids"], row["factor_versions"]),
            "warnings": warnings_of(row["notices"], language),
            "method_version": row["method_version"],
            "computed_at": row["computed_at"],
            "pending": await answers.is_marked(connection, asset),
            **await self._closed(connection, row["org_id"], asset, month),
        }

    async def _heard_after_closing(
        self, connection: Connection, asset: UUID, month: int, language: Language
    ) -> dict[str, Any]:
        """The month of an asset that was heard of only after it was closed: closed without a figure, and restated. Raises `NotFound`."""
        row = await period_answers.last_restatement(connection, asset, month)
        if row is None:
            raise NotFound("figures of asset and month", f"{asset}/{format_month(month)}")
        nothing = dict.fromkeys(("embodied", "energy", "electricity"), "none")
        return {
            **await restatement_document(connection, row, [], language),
            "version": None,
            "kwh": None,
            "figures": [],
            "evidence": nothing,
            "factors": [],
            "warnings": [],
            "pending": await answers.is_marked(connection, asset),
            **await self._closed(connection, row["org_id"], asset, month),
            "restatement": None,
        }

    async def _read_catalogues(self) -> Catalogues:
        """The catalogues of all organisations, which a transaction of some of them does not see."""
        async with self._database.snapshot(EVERY) as connection:
            return await self._catalogue.read(connection)

    async def _closed(self, connection: Connection, org: str, asset: UUID, month: int) -> dict[str, Any]:
        """Who closed the month and when, and what was restated of the asset since."""
        closing = await self._closing(connection, org, month)
        if closing is None:
            return {"closed": None, "restated": [], "restated_market": []}
        return {
            "closed": closing,
            "restated": await _restated(connection, asset, month, "location"),
            "restated_market": await _restated(connection, asset, month, "market"),
        }

    async def _closing(self, connection: Connection, org: str, month: int) -> dict[str, Any] | None:
        closed = await period_answers.closed(connection, org, month, month)
        return {"at": closed[0]["closed_at"], "by": closed[0]["closed_by"]} if closed else None

    async def explanation_text(
        self, organisations: Organisations, asset: UUID, month: int, language: Language, restatement: int | None = None
    ) -> str:
        """The explanation as text."""
        document = await self.explanation(organisations, asset, month, language, restatement)
        async with self._database.snapshot(organisations) as connection:
            return as_text(document, await self._zone(connection, document["org"]), language)

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


async def _restated(connection: Connection, asset: UUID, month: int, basis: str) -> list[dict[str, Any]]:
    """What was restated of an asset's closed month on a basis."""
    return [restated_document(row) for row in await period_answers.restated_of_asset(connection, asset, month, basis)]


def _lacks_market(figures: list[dict[str, Any]]) -> bool:
    """Whether some electricity has a location-based figure and no market-based one at its site, or less electricity stands behind that, by
    more than what each figure was rounded by (a billionth of a kWh)."""
    energy: dict[tuple[str, str, UUID | None], Decimal] = {}
    for each in figures:
        if each["stage"] == USE and each["criterion"] == "gwp" and each["basis"] is not None:
            key = each["basis"], each["share"], each["site"]
            energy[key] = energy.get(key, Decimal()) + each["kwh"]
    rounding = exact(len(figures))
    return any(
        (market := energy.get(("market", share, site))) is None or market + rounding < kwh
        for (basis, share, site), kwh in energy.items()
        if basis == "location"
    )


def _unknown(month: int, known: set[int], language: Language) -> list[dict[str, str]]:
    """What must be said of a dashboard whose month, or whole year, has no figure: there its zeros are none."""
    if month in known:
        return []
    asked = format_month(month) if known else str(month // 12)
    return [warning("no_figures", "no_figure_of", language, asked=asked)]
