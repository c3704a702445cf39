"""A document as a page: HTML that WeasyPrint turns into PDF. Nothing on it is computed here, it is all in the document."""

from collections.abc import Iterable
from decimal import Decimal
from html import escape

from billing.documents.content import Body, Document, DocumentLine, ResourceFootprint
from billing.documents.parts import Party
from billing.domain.amounts import plain
from billing.einvoice.words import WORDS, item_name, mentions, number_text

ANNEX_ROWS = 500
"""So many resources are printed one by one, the heaviest first; the others as one row, and all of them in the document's JSON."""

STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt "DejaVu Sans"; } }
body { font: 9pt "DejaVu Sans", sans-serif; color: #1b2430; }
h1 { font-size: 17pt; margin: 0 0 2mm; color: #0b5d4e; } h2 { font-size: 11pt; margin: 8mm 0 2mm; page-break-after: avoid; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; border-bottom: 0.6pt solid #0b5d4e; padding: 1.2mm 1mm; }
td { padding: 1.1mm 1mm; border-bottom: 0.3pt solid #d5dade; vertical-align: top; } .n { text-align: right; white-space: nowrap; }
.parties td { width: 50%; border: none; } .facts td { border: none; padding: 0.5mm 1mm; }
.facts td:first-child { color: #5b6670; width: 40mm; }
.sums { width: 78mm; margin: 4mm 0 0 auto; } .gross td { font-weight: bold; border-top: 0.6pt solid #0b5d4e; }
.small { font-size: 7.5pt; color: #3c4650; } .small p { margin: 0.8mm 0; } tr { page-break-inside: avoid; }
"""


def document_html(document: Document) -> str:
    """The page, in the buyer's language."""
    body = document.body
    language = body.buyer.language
    words = WORDS[language]
    title = words["invoice"] if body.type == "380" else words["credit_note"]
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title} {document.number}</title>'
        f'<meta name="author" content="{escape(body.seller.name)}"><style>{STYLE}</style></head><body>'
        f"<h1>{title} {document.number}</h1>{_facts(document)}{_parties(body)}{_lines(body)}{_sums(body)}{_mentions(body)}"
        f"{_annex(body)}</body></html>"
    )


def _facts(document: Document) -> str:
    body, words = document.body, WORDS[document.body.buyer.language]
    rows = [
        (words["issued"], f"{document.issued_on:%d/%m/%Y}"),
        (words["due"], f"{document.due_on:%d/%m/%Y}"),
        (words["period"], f"{body.first:%d/%m/%Y} – {body.last:%d/%m/%Y}"),
        (words["contract"], body.contract_reference),
    ]
    if body.corrects is not None:
        rows.append((words["corrects"], f"{body.corrects.number}, {body.corrects.issued_on:%d/%m/%Y}"))
    if body.reason is not None:
        rows.append((words["reason"], body.reason))
    cells = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in rows)
    return f'<table class="facts">{cells}</table>'


def _parties(body: Body) -> str:
    words = WORDS[body.buyer.language]
    return (
        f'<table class="parties"><tr><td><h2>{words["seller"]}</h2>{_party(body.seller, words["vat_id"])}</td>'
        f"<td><h2>{words['buyer']}</h2>{_party(body.buyer, words['vat_id'])}</td></tr></table>"
    )


def _party(party: Party, vat_id: str) -> str:
    lines = [party.name, *party.address.lines, f"{party.address.postcode} {party.address.city} ({party.territory})"]
    for name, value in (("SIREN", party.siren), ("SIRET", party.siret), (vat_id, party.vat_id)):
        if value is not None:
            lines.append(f"{name} {value}")
    return "<br>".join(escape(line) for line in lines)


def _lines(body: Body) -> str:
    words = WORDS[body.buyer.language]
    head = "".join(
        f"<th{style}>{words[name]}</th>"
        for name, style in (
            ("item", ""),
            ("period", ""),
            ("quantity", ' class="n"'),
            ("price", ' class="n"'),
            ("amount", ' class="n"'),
        )
    )
    rows = "".join(_line(line, body.buyer.language) for line in body.lines)
    note = f'<p class="small">{words["unit_hours"]}</p>' if any(line.unit == "HUR" for line in body.lines) else ""
    return f'<table style="margin-top:6mm"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}'


def _line(line: DocumentLine, language: str) -> str:
    if line.kind == "discount":
        quantity, price = f"{plain(line.percent or Decimal(0))} %", number_text(line.base or Decimal(0), language, 2)
    else:
        hours = line.unit == "HUR"
        quantity = number_text(line.quantity, language, 4 if hours else 0) + (" h" if hours else "")
        price = number_text(line.price, language)
        if hours:
            price += f" {WORDS[language]['per']} {number_text(Decimal(plain(line.base_quantity)), language)} h"
    days = f"{line.first:%d/%m} – {line.last:%d/%m/%Y}"
    return (
        f'<tr><td>{escape(item_name(line, language))}</td><td>{days}</td><td class="n">{quantity}</td>'
        f'<td class="n">{price}</td><td class="n">{number_text(line.amount, language, 2)} €</td></tr>'
    )


def _sums(body: Body) -> str:
    language = body.buyer.language
    words = WORDS[language]
    rows = [(words["net"], body.net, "")]
    rows += [(f"{words['vat']} {plain(group.rate)} %", group.vat, "") for group in body.vat]
    rows.append((words["gross"], body.gross, ' class="gross"'))
    cells = "".join(
        f'<tr{style}><td>{escape(name)}</td><td class="n">{number_text(value, language, 2)} €</td></tr>'
        for name, value, style in rows
    )
    reasons = "".join(f'<p class="small">{escape(group.reason)}</p>' for group in body.vat if group.reason is not None)
    return f'<table class="sums">{cells}</table>{reasons}'


def _mentions(body: Body) -> str:
    words = WORDS[body.buyer.language]
    hidden = ("BAR", "ACB")
    texts = [text for code, text in mentions(body).items() if code not in hidden]
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in [f"{words['payment']} : {body.seller.iban}", *texts])
    return f'<div class="small" style="margin-top:6mm">{paragraphs}</div>'


def _annex(body: Body) -> str:
    if not body.resources:
        return ""
    language = body.buyer.language
    words = WORDS[language]
    ordered = sorted(body.resources, key=lambda row: (-(row.gwp_kg or 0.0), row.resource))
    rows = "".join(_annex_row(row.resource, [row], language) for row in ordered[:ANNEX_ROWS])
    if ordered[ANNEX_ROWS:]:
        name = f"{len(ordered) - ANNEX_ROWS} {words['others']}"
        rows += _annex_row(name, ordered[ANNEX_ROWS:], language)
    rows += _annex_row(words["total"], ordered, language)
    head = f'<th>{words["resource"]}</th><th class="n">kWh</th><th class="n">kgCO2e</th>'
    return (
        f"<h2>{words['annex']} ({body.first:%m/%Y})</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="small">{words["carbon"]}</p>'
    )


def _annex_row(name: str, rows: Iterable[ResourceFootprint], language: str) -> str:
    kept = list(rows)
    figures = ([row.kwh for row in kept], [row.gwp_kg for row in kept])
    cells = "".join(f'<td class="n">{_figure(values, language)}</td>' for values in figures)
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def _figure(values: list[float | None], language: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return WORDS[language]["unknown"]
    return number_text(Decimal(repr(sum(known))), language, 3)
