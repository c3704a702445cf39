"""Files for other systems: FOCUS for FinOps tools, entries for the accounts."""

from datetime import date
from typing import Annotated, Any

from common.api.auth import Caller, requires
from common.database import Database
from common.organisations import Organisations
from fastapi import APIRouter, Depends, Response

from billing.api.months import MonthName, first_day
from billing.domain.terms import following_month, local_midnight
from billing.exports.focus import focus_csv
from billing.exports.journal import Settled, document_entry, journal_csv, payment_entry, wallet_entry
from billing.service.issuing import LEGAL_ZONE
from billing.store.contracts import read_customer_names
from billing.store.invoices import Issued, read_invoices_between
from billing.store.payments import read_transfers_between
from billing.store.wallets import read_entries_between

Reader = Annotated[Caller, Depends(requires("billing:read"))]
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


def exports_router(database: Database) -> APIRouter:
    """Routes of the exports."""
    router = APIRouter(tags=["exports"])

    async def documents(organisations: Organisations, first: date) -> list[Issued]:
        async with database.snapshot(organisations) as connection:
            return await read_invoices_between(connection, first, following_month(first))

    @router.get(
        "/exports/focus.csv",
        summary="FOCUS 1.2 of the documents issued in a month",
        response_class=Response,
        responses=CSV,
    )
    async def focus(month: MonthName, caller: Reader) -> Response:
        found = await documents(caller.organisations, first_day(month))
        return _file(focus_csv(found), f"focus-{month}.csv")

    @router.get(
        "/exports/journal.csv",
        summary="Accounting entries of a month: documents issued, payments, wallets",
        response_class=Response,
        responses=CSV,
    )
    async def journal(month: MonthName, caller: Reader) -> Response:
        first = first_day(month)
        found = [document_entry(issued) for issued in await documents(caller.organisations, first)]
        async with database.snapshot(caller.organisations) as connection:
            paid = await read_transfers_between(connection, first, following_month(first))
            start, end = (local_midnight(day, LEGAL_ZONE) for day in (first, following_month(first)))
            moved = await read_entries_between(connection, start, end)
            names = await read_customer_names(connection)
        found += [payment_entry(Settled(org, names[org], number, payment)) for org, number, payment in paid]
        found += [wallet_entry(org, names[org], entry) for org, entry in moved]
        return _file(journal_csv(sorted(found, key=lambda entry: entry.day)), f"journal-{month}.csv")

    return router


def _file(text: str, name: str) -> Response:
    return Response(text, media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})
