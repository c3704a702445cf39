"""The example organisation's Cloud Like: a contract at the catalogue's prices, last month's run, and the invoice with its carbon."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from examples.platform import Platform, PlatformError, until

_REFERENCE = "CL-2026-001"
_HEAVIEST = 3
_RUN_TIMEOUT_S = 120.0
_METERS = {"vcpu": "vCPU", "ram_gib": "memory, GiB", "disk_gib": "storage, GiB"}

SELLER: Mapping[str, Any] = {
    "name": "Constellation Hébergement",
    "territory": "FR",
    "siren": "404833048",
    "siret": "40483304800022",
    "vat_id": "FR83404833048",
    "electronic_address": "404833048",
    "address": {"lines": ["10 avenue des Champs"], "postcode": "92000", "city": "Nanterre"},
    "legal_form": "SAS",
    "share_capital_eur": "100000.00",
    "trade_register": "RCS Nanterre",
    "iban": "FR7630006000011234567890189",
    "late_penalty_percent": "12.00",
}
CUSTOMER: Mapping[str, Any] = {
    "name": "Acme Mutuelle",
    "territory": "FR",
    "siren": "732829320",
    "siret": "73282932000074",
    "vat_id": "FR44732829320",
    "electronic_address": "732829320",
    "address": {"lines": ["1 rue de la Paix"], "postcode": "75002", "city": "Paris"},
}
"""Both are fictitious; their identifiers pass the checks and belong to nobody here."""


def show_invoice(console: Console, platform: Platform, org: str, month: str) -> None:
    """Agree on a contract where there is none, invoice `month` of it, and print the document; running it again issues nothing twice.

    Within the grace, and on a machine that cannot print, it is the draft. Raises PlatformError when a call is refused.
    """
    contract = _contract(platform, org)
    item = _settled(platform, org, contract["id"], month)
    if item["state"] == "nothing":
        console.print(f"No invoice: {org} used nothing of Cloud Like in {month}.")
        return
    if item["state"] == "issued":
        issued = platform.get(f"/billing/v1/invoices/{item['number']}")
        console.print(_panel(f"Invoice {issued['number']}, due {issued['due_on']}", issued["body"]))
        console.print(f"As PDF/A-3 with its Factur-X inside: GET /api/billing/v1/invoices/{issued['number']}.pdf")
        return
    body = platform.get(f"/billing/v1/contracts/{contract['id']}/draft", month=month)
    console.print(_panel("Draft of an invoice", body))
    reason = item["detail"] or f"{contract['grace_hours']} hours after the month's end are for late data"
    console.print(f"Not issued yet: {reason}.")


def _contract(platform: Platform, org: str) -> Mapping[str, Any]:
    try:
        platform.get("/billing/v1/seller")
    except PlatformError:
        platform.put("/billing/v1/seller", SELLER)
    contract = {"org": org, "reference": _REFERENCE, "starts_on": "2026-01-01", "customer": CUSTOMER}
    platform.ensure("/billing/v1/contracts", contract)
    found: Mapping[str, Any] = platform.get("/billing/v1/contracts", org=org)["items"][0]
    return found


def _settled(platform: Platform, org: str, contract_id: str, month: str) -> Mapping[str, Any]:
    run = platform.post(f"/billing/v1/invoices/runs?month={month}&org={org}", None)

    def done() -> Mapping[str, Any] | None:
        view: Mapping[str, Any] = platform.get(f"/billing/v1/invoices/runs/{run['id']}")
        return view if view["status"] == "done" else None

    items: Sequence[Mapping[str, Any]] = until(done, _RUN_TIMEOUT_S, f"the invoice run of {month}")["items"]
    return next(item for item in items if item["contract_id"] == contract_id)


def _panel(title: str, body: Mapping[str, Any]) -> Panel:
    heaviest = sorted(body["resources"], key=lambda row: -(row["gwp_kg"] or 0.0))[:_HEAVIEST]
    parts: list[RenderableType] = [
        Text(f"{title}: Cloud Like of {body['first']} to {body['last']}", style="bold"),
        Text(f"{body['seller']['name']} to {body['buyer']['name']}, contract {body['contract_reference']}"),
        Text(),
        _lines(body["lines"]),
        Text(),
        _sums(body),
        Text(f"Of {len(body['resources'])} machines, the heaviest:"),
        *(Text(f"  · {row['resource']}: {_kg(row['gwp_kg'])}, {_kwh(row['kwh'])}") for row in heaviest),
    ]
    return Panel(Group(*parts), title=str(body["buyer"]["name"]), expand=False)


def _lines(lines: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for heading in ("", "unit-hours", "€", "per h", "net €", "kgCO2e"):
        table.add_column(heading, justify="left" if not heading else "right")
    for line in lines:
        footprint = line["footprint"]
        kg = footprint["gwp_kg"] if footprint else None
        table.add_row(
            _METERS.get(line["meter"], line["meter"]),
            f"{Decimal(line['quantity']):,.4f}",
            line["price"],
            f"{Decimal(line['base_quantity']):.0f}",
            f"{Decimal(line['amount']):,.2f}",
            "" if kg is None else f"{kg:,.1f}",
        )
    return table


def _sums(body: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("Total before tax", Text(_euros(body["net"]), justify="right"))
    for group in body["vat"]:
        table.add_row(f"VAT {Decimal(group['rate']):f} %", Text(_euros(group["vat"]), justify="right"))
    table.add_row(Text("Total", style="bold"), Text(_euros(body["gross"]), style="bold", justify="right"))
    carbon = body["footprint"]
    table.add_row("Carbon of what was used", Text(_kg(carbon["gwp_kg"]), style="green", justify="right"))
    table.add_row("Energy of what was used", Text(_kwh(carbon["kwh"]), justify="right"))
    return table


def _euros(amount: str) -> str:
    return f"{Decimal(amount):,.2f} €"


def _kg(value: float | None) -> str:
    return "carbon not known yet" if value is None else f"{value:,.1f} kgCO2e"


def _kwh(value: float | None) -> str:
    return "energy not known" if value is None else f"{value:,.1f} kWh"
