"""Invoice runs, drafts, issued documents, credit notes, and the check of their chain."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from common import json
from common.api import cursors, idempotency
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, Page
from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Database
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from billing.api.alerts import AlertView, alert_view
from billing.api.months import MonthName, first_day
from billing.api.price_schemas import Exact
from billing.api.reconciliation import DifferenceView, LookView, difference_view, look_view
from billing.documents.content import Body, Document
from billing.documents.parts import Text
from billing.domain.amounts import METER_INDEX
from billing.domain.terms import instant_of
from billing.service.invoicing import Invoicing
from billing.service.reconciliations import Reconciliations
from billing.service.rerating import read_known
from billing.service.runs import Runs
from billing.store import invoices as invoice_store
from billing.store.invoices import Issued
from billing.store.reconciliations import Look
from billing.store.runs import Item, State

Reader = Annotated[Caller, Depends(requires("billing:read"))]
Writer = Annotated[Caller, Depends(requires("billing:write"))]
SERIES = "(?:[A-Z]|RA?[0-9]{9})"
INVOICE_NUMBER = rf"^{SERIES}-20[0-9]{{2}}-[0-9]{{6,}}$"
DRAFT_DIFFERENCES = 100
Number = Annotated[str, Path(pattern=INVOICE_NUMBER, examples=["F-2026-000001"])]


class RunItem(BaseModel):
    """A contract of a run: `draft` within its grace, `nothing` when there is nothing to bill, `failed` with the reason.

    Beside it what the daily look saw of the month (null before the first), and how many findings of the contract have not ended
    (`GET /alerts?open=true`).
    """

    contract_id: UUID
    org: str
    state: State
    number: str | None
    detail: str | None
    reconciliation: LookView | None
    open_alerts: int


class RunView(BaseModel):
    """A run and how far it is."""

    id: UUID
    month: str
    status: Literal["running", "done"]
    total: int
    done: int
    items: list[RunItem]


class DraftView(Body):
    """What would be issued now; beside it what the daily look saw of the month, and what it found of the contract and has not ended."""

    reconciliation: LookView | None
    differences: tuple[DifferenceView, ...]
    alerts: tuple[AlertView, ...]


class InvoiceView(Document):
    """An issued document, its place in the chain, and the credit notes on it."""

    previous_hash: str
    hash: str
    credit_notes: tuple[str, ...]


class InvoiceSummary(BaseModel):
    """A document in a list."""

    number: str
    type: str
    org: str
    month: str
    issued_on: date
    due_on: date
    net: str
    vat: str
    gross: str


class CreditNoteRequest(Exact):
    """Why the invoice is looked at again."""

    reason: Text = Field(examples=["late stop of vm-1042"])


class CorrectionView(BaseModel):
    """`credit_note` is its number; or `adjustment`, the net that the contract's next invoice will bill in addition."""

    outcome: Literal["credit_note", "adjustment"]
    credit_note: str | None
    net: str


class IntervalView(BaseModel):
    """What a resource held over `[start, end)`."""

    resource: str
    start: datetime
    end: datetime
    vcpu: int
    ram_mib: int
    disk_mib: int


class VerificationView(BaseModel):
    """Whether the chain of a series holds; `fault` says what is wrong first."""

    documents: int
    valid: bool
    fault: str | None


def invoices_router(
    database: Database, invoicing: Invoicing, runs: Runs, reconciliations: Reconciliations
) -> APIRouter:
    """Routes over `invoicing`, `runs`, and what `reconciliations` say beside them."""
    router = APIRouter(tags=["invoices"])

    async def run_view(caller: Caller, run_id: UUID, items: list[Item]) -> RunView:
        contracts = [item.contract_id for item in items]
        looks, findings = await reconciliations.overview(caller.organisations, contracts, items[0].month)
        return _run(run_id, items, looks, findings)

    @router.post("/invoices/runs", status_code=202, response_model=RunView, summary="Invoice a month")
    async def run(
        month: MonthName,
        caller: Writer,
        org: Annotated[str | None, Query(max_length=64, description="of this organisation only")] = None,
    ) -> RunView:
        return await run_view(caller, *await runs.ask(caller.organisations, first_day(month), org))

    @router.get("/invoices/runs/{run_id}", summary="How far a run is")
    async def read_run(run_id: UUID, caller: Reader) -> RunView:
        return await run_view(caller, run_id, await runs.read(caller.organisations, run_id))

    @router.get("/contracts/{contract_id}/draft", summary="The invoice of a month as it would be issued now")
    async def draft(contract_id: UUID, month: MonthName, caller: Reader) -> DraftView:
        first = first_day(month)
        body = await invoicing.draft(caller.organisations, contract_id, first)
        if body is None:
            raise NotFound("use to bill in", month)
        reading = await reconciliations.reading(caller.organisations, contract_id, first, DRAFT_DIFFERENCES)
        return DraftView(
            **dict(body),
            reconciliation=None if reading.look is None else look_view(reading.look),
            differences=tuple(map(difference_view, reading.differences)),
            alerts=tuple(map(alert_view, reading.alerts)),
        )

    @router.get("/invoices", summary="Issued documents, by number")
    async def page(
        caller: Reader,
        org: Annotated[str | None, Query(max_length=64)] = None,
        month: MonthName | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[InvoiceSummary]:
        after = None if cursor is None else cursors.decode(cursor, str)[0]
        first = None if month is None else first_day(month)
        async with database.snapshot(caller.organisations) as connection:
            found = await invoice_store.read_invoices(connection, org, first, after=after, limit=limit)
        following = cursors.encode(found[-1].document.number) if len(found) == limit else None
        return Page(items=[_summary(issued) for issued in found], next_cursor=following)

    @router.get(
        "/invoices/{number}.pdf", summary="An issued document as PDF/A-3 with its XML inside", response_class=Response
    )
    async def read_pdf(number: Number, caller: Reader) -> Response:
        files = await invoicing.files(caller.organisations, number)
        named = {"Content-Disposition": f'attachment; filename="{number}.pdf"'}
        return Response(files.pdf, media_type="application/pdf", headers=named)

    @router.get("/invoices/{number}.xml", summary="An issued document as Factur-X XML", response_class=Response)
    async def read_xml(number: Number, caller: Reader) -> Response:
        files = await invoicing.files(caller.organisations, number)
        return Response(files.xml, media_type="application/xml")

    @router.get("/invoices/{number}", summary="An issued document")
    async def read(number: Number, caller: Reader) -> InvoiceView:
        issued, notes = await invoicing.read(caller.organisations, number)
        return InvoiceView(
            **dict(issued.document),
            previous_hash=issued.previous_hash,
            hash=issued.hash,
            credit_notes=tuple(note.document.number for note in notes),
        )

    @router.get(
        "/invoices/{number}/evidence", summary="The intervals that an invoice, or one of its lines, was made from"
    )
    async def evidence(
        number: Number,
        caller: Reader,
        line: Annotated[
            int | None, Query(ge=1, le=100_000, description="by its place on the invoice; without it, of all lines")
        ] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[IntervalView]:
        after = None if cursor is None else cursors.decode(cursor, str, datetime)
        async with database.snapshot(caller.organisations) as connection:
            issued = await read_known(connection, number)
            meter, within = (None, None) if line is None else _use_of(issued.document, line)
            found = await invoice_store.read_intervals(
                connection,
                number,
                after=None if after is None else (after[0], after[1]),
                limit=limit,
                meter=meter,
                within=within,
            )
        last = found[-1] if len(found) == limit else None
        return Page(
            items=[
                IntervalView(
                    resource=interval.resource,
                    start=instant_of(interval.start),
                    end=instant_of(interval.end or 0),
                    vcpu=interval.amounts[0],
                    ram_mib=interval.amounts[1],
                    disk_mib=interval.amounts[2],
                )
                for interval in found
            ],
            next_cursor=None if last is None else cursors.encode(last.resource, instant_of(last.start)),
        )

    @router.post(
        "/invoices/{number}/credit-notes",
        status_code=201,
        response_model=CorrectionView,
        summary="Rate an invoiced month again, and credit or adjust what differs",
    )
    async def correct(number: Number, asked: CreditNoteRequest, request: Request, caller: Writer) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                corrected = await invoicing.correct(unit, number, asked.reason)
                note = None if corrected.credit_note is None else corrected.credit_note.document.number
                view = CorrectionView(
                    outcome="adjustment" if note is None else "credit_note", credit_note=note, net=str(corrected.net)
                )
                return Response(json.dumps(view), 201, media_type="application/json")

            return await idempotency.once(request, unit, caller, act)

    @router.get("/series/{series}/{year}/verification", summary="Walk the hash chain of a series")
    async def verify(
        series: Annotated[str, Path(pattern=f"^{SERIES}$", examples=["F"])],
        year: Annotated[int, Path(ge=2000, le=2099)],
        caller: Reader,
    ) -> VerificationView:
        caller.require_every_organisation()
        verified = await invoicing.verify(caller.organisations, series, year)
        return VerificationView(documents=verified.documents, valid=verified.fault is None, fault=verified.fault)

    return router


def _run(run_id: UUID, items: list[Item], looks: Mapping[UUID, Look], findings: Mapping[UUID, int]) -> RunView:
    waiting = sum(item.state == "waiting" for item in items)
    return RunView(
        id=run_id,
        month=f"{items[0].month:%Y-%m}",
        status="running" if waiting else "done",
        total=len(items),
        done=len(items) - waiting,
        items=[_run_item(item, looks.get(item.contract_id), findings.get(item.contract_id, 0)) for item in items],
    )


def _run_item(item: Item, look: Look | None, findings: int) -> RunItem:
    return RunItem(
        contract_id=item.contract_id,
        org=item.org,
        state=item.state,
        number=item.number,
        detail=item.detail,
        reconciliation=None if look is None else look_view(look),
        open_alerts=findings,
    )


def _use_of(document: Document, position: int) -> tuple[str | None, tuple[datetime, datetime]]:
    """Of which meter (None: of any) and within which time a line speaks. Raises `Unprocessable` for other lines."""
    lines = document.body.lines
    line = lines[position - 1] if position <= len(lines) else None
    if line is None or line.kind not in ("usage", "discount", "true_up"):
        rule = f"must be one of the {len(lines)} lines of {document.number} that are of its own month"
        raise Unprocessable(f"line {position} {rule}", [FieldError("line", "range", rule)])
    spans = [
        span for span in document.body.trace.spans if line.kind == "true_up" or line.key.endswith(f"/{span.version}")
    ]
    bounds = min(span.start for span in spans), max(span.end for span in spans)
    return line.meter if line.meter in METER_INDEX else None, (instant_of(bounds[0]), instant_of(bounds[1]))


def _summary(issued: Issued) -> InvoiceSummary:
    document, body = issued.document, issued.document.body
    return InvoiceSummary(
        number=document.number,
        type=body.type,
        org=issued.org,
        month=f"{body.month:%Y-%m}",
        issued_on=document.issued_on,
        due_on=document.due_on,
        net=str(body.net),
        vat=str(body.vat_total),
        gross=str(body.gross),
    )
