"""A document as a page: HTML that WeasyPrint turns into PDF. Nothing on it is computed here, it is all in the document."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from html import escape

from billing.documents.content import Body, Document, DocumentLine, ResourceFootprint, Seller
from billing.documents.parts import Party
from billing.domain.amounts import CENT, plain
from billing.einvoice.words import IN_ENGLISH, WORDS, item_name, mentions, number_text

ANNEX_ROWS = 500
"""So many resources are printed one by one, the heaviest first; the others as one row, and all of them in the document's JSON."""

TITLE = {"261": "buy_back_credit_note", "380": "invoice", "381": "credit_note", "389": "buy_back"}
NOT_PRINTED = ("BAR", "ACB")
"""Notes that are for programs, or that the page says elsewhere."""

STYLE = """
@page { size: A4; margin: 16mm 16mm 24mm;
  @bottom-left { content: string(imprint); font: 6.8pt "DejaVu Sans"; color: #5b6670; width: 125mm; }
  @bottom-right {
    white-space: nowrap; content: string(number) " — " counter(page) " / " counter(pages); font: 6.8pt "DejaVu Sans"; color: #5b6670; } }
body { font: 8.6pt/1.4 "DejaVu Sans", sans-serif; color: #1b2430; }
.imprint { string-set: imprint content(); position: absolute; visibility: hidden; }
.number { string-set: number content(); }
header { display: flex; justify-content: space-between; align-items: flex-end; border-bottom: 1.2pt solid #0b5d4e; padding-bottom: 3mm; }
header .house { font-size: 10pt; font-weight: bold; color: #0b5d4e; }
h1 { font-size: 15pt; margin: 0; text-align: right; } h1 small { display: block; font-size: 8pt; font-weight: normal; color: #5b6670; }
h2 { font-size: 10.5pt; color: #0b5d4e; margin: 0 0 1.5mm; } h3 { font-size: 7.6pt; color: #5b6670; margin: 0 0 1mm; font-weight: normal; }
.top { display: flex; justify-content: space-between; margin: 6mm 0 8mm; } .top > div { width: 45mm; overflow-wrap: anywhere; }
.top > div:last-child { width: 82mm; }
.top strong { display: block; } .facts { border-collapse: collapse; width: 100%; }
.facts td { padding: 0.4mm 0; vertical-align: top; } .facts td:first-child { color: #5b6670; padding-right: 3mm; white-space: nowrap; }
.facts td:last-child { text-align: right; }
table.rows { width: 100%; border-collapse: collapse; } .rows th { text-align: left; color: #5b6670; font-weight: normal; font-size: 7.6pt; }
.rows th, .rows td { padding: 1.5mm 1mm; border-bottom: 0.4pt solid #d5dade; vertical-align: top; }
.rows thead th { border-bottom: 0.8pt solid #0b5d4e; } .rows td small { display: block; color: #0b5d4e; font-size: 7pt; }
.n { text-align: right !important; white-space: nowrap; } tr { page-break-inside: avoid; }
.end { display: flex; justify-content: space-between; margin-top: 5mm; page-break-inside: avoid; }
.carbon { width: 74mm; border-left: 2pt solid #0b5d4e; padding-left: 4mm; } .carbon b { font-size: 11pt; color: #0b5d4e; }
.sums { width: 78mm; border-collapse: collapse; } .sums td { padding: 1mm; }
.gross td { font-weight: bold; font-size: 10.5pt; border-top: 0.8pt solid #0b5d4e; }
.small { font-size: 7.2pt; color: #3c4650; } .small p { margin: 0.6mm 0; } .small i { color: #5b6670; }
.pay { background: #eef5f3; padding: 3mm 4mm; margin: 7mm 0 4mm; page-break-inside: avoid; } .pay .facts td:last-child { text-align: left; }
.annex { page-break-before: always; } .annex td, .annex th { padding: 0.8mm 1mm; }
.annex tr:last-child td { font-weight: bold; border: none; }
"""


def document_html(document: Document) -> str:
    """The page, in the customer's language."""
    body = document.body
    words = WORDS[body.customer.language]
    title = words[TITLE[body.type]]
    return (
        f'<!DOCTYPE html><html lang="{body.customer.language}"><head><meta charset="utf-8">'
        f'<title>{title} {document.number}</title><meta name="author" content="{escape(body.operator.name)}">'
        f'<style>{STYLE}</style></head><body><div class="imprint">{escape(_imprint(body))}</div>'
        f'<header><div class="house">{escape(body.operator.name)}</div><h1>{title} <span class="number">{document.number}</span>'
        f"{_subtitle(body)}</h1></header>"
        f'<div class="top">{_parties(body)}<div>{_facts(document)}</div></div>'
        f"{_lines(body)}{_end(body)}{_payment(document)}{_mentions(body)}{_annex(body)}</body></html>"
    )


def _imprint(body: Body) -> str:
    return mentions(body)["REG"].fr if "REG" in mentions(body) else body.seller.name


def _subtitle(body: Body) -> str:
    words = WORDS[body.customer.language]
    return "" if body.self_billing is None else f"<small>{words['self_billed']}</small>"


def _parties(body: Body) -> str:
    words = WORDS[body.customer.language]
    buyer = words["buyer"] if body.self_billing is None else words["acquirer"]
    pairs = ((words["seller"], body.seller), (buyer, body.buyer))
    return "".join(f"<div><h3>{name}</h3>{_party(party, words['vat_id'])}</div>" for name, party in pairs)


def _party(party: Party, vat_id: str) -> str:
    lines = [*party.address.lines, f"{party.address.postcode} {party.address.city} ({party.territory})"]
    for name, value in (("SIREN", party.siren), ("SIRET", party.siret), (vat_id, party.vat_id)):
        if value is not None:
            lines.append(f"{name} {value}")
    return f"<strong>{escape(party.name)}</strong>" + "<br>".join(escape(line) for line in lines)


def _facts(document: Document) -> str:
    body, words = document.body, WORDS[document.body.customer.language]
    rows = [(words["issued"], f"{document.issued_on:%d/%m/%Y}")]
    if not body.is_credit_note:
        rows.append((words["due"], f"{document.due_on:%d/%m/%Y}"))
    if body.self_billing is None:
        rows.append((words["period"], f"{body.first:%d/%m/%Y} – {body.last:%d/%m/%Y}"))
        rows.append((words["nature"], words["services"]))
    else:
        mandate = body.self_billing.mandate
        rows.append((words["handed_over"], f"{body.last:%d/%m/%Y}"))
        rows.append((words["nature"], words["goods"]))
        rows.append((words["mandate"], f"{mandate.reference} {words['of_day']} {mandate.signed_on:%d/%m/%Y}"))
    rows.append((words["contract"], body.contract_reference))
    if body.corrects is not None:
        rows.append((words["corrects"], f"{body.corrects.number} ({body.corrects.issued_on:%d/%m/%Y})"))
    if body.reason is not None:
        rows.append((words["reason"], body.reason))
    return _table(rows)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in rows)
    return f'<table class="facts">{cells}</table>'


def _lines(body: Body) -> str:
    words = WORDS[body.customer.language]
    columns = [
        ("item", ""),
        ("period", ""),
        ("quantity", ' class="n"'),
        ("price", ' class="n"'),
        ("amount", ' class="n"'),
    ]
    if body.self_billing is not None:
        del columns[1]
    head = "".join(f"<th{style}>{words[name]}</th>" for name, style in columns)
    rows = "".join(_line(line, body.customer.language) for line in body.lines)
    note = f'<p class="small">{words["unit_hours"]}</p>' if any(line.unit == "HUR" for line in body.lines) else ""
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}'


def _line(line: DocumentLine, language: str) -> str:
    if line.kind == "discount":
        quantity, price = (
            f"{plain(line.percent or Decimal(0))} %",
            number_text(line.base or Decimal(0), language, 2) + " €",
        )
    else:
        hours = line.unit == "HUR"
        quantity = number_text(line.quantity, language, 4 if hours else 0) + (" h" if hours else "")
        per = (
            f"{WORDS[language]['per']} {number_text(Decimal(plain(line.base_quantity)), language)} h" if hours else "€"
        )
        price = f"{number_text(_at_least_cents(line.price), language)} {per}"
    days = "" if line.kind == "buy_back" else f"<td>{line.first:%d/%m} – {line.last:%d/%m/%Y}</td>"
    return (
        f"<tr><td>{escape(item_name(line, language))}{_line_carbon(line, language)}</td>{days}"
        f'<td class="n">{quantity}</td><td class="n">{price}</td><td class="n">{number_text(line.amount, language, 2)} €</td></tr>'
    )


def _at_least_cents(price: Decimal) -> Decimal:
    return price.quantize(CENT) if price == price.quantize(CENT) else price


def _line_carbon(line: DocumentLine, language: str) -> str:
    if line.footprint is None or line.footprint.gwp_kg is None:
        return ""
    kwh, kg = (_figure([value], language, 1) for value in (line.footprint.kwh, line.footprint.gwp_kg))
    return f"<small>{kwh} kWh · {kg} kgCO2e</small>"


def _end(body: Body) -> str:
    language = body.customer.language
    words = WORDS[language]
    rows = [(words["net"], body.net, "")]
    rows += [(f"{words['vat']} {plain(group.rate)} %", group.vat, "") for group in body.vat]
    rows.append((words["gross"], body.gross, ' class="gross"'))
    cells = "".join(
        f'<tr{style}><td>{escape(name)}</td><td class="n">{number_text(value, language, 2)} €</td></tr>'
        for name, value, style in rows
    )
    carbon = ""
    if body.resources:
        carbon = f"<h3>{words['used']}</h3>{_carbon(body)}"
    box = f'<div class="carbon">{carbon}</div>' if carbon else "<div></div>"
    reasons = "".join(f'<p class="small">{escape(text)}</p>' for text in _tax_reasons(body))
    return f'<div class="end">{box}<div><table class="sums">{cells}</table>{reasons}</div></div>'


def _carbon(body: Body) -> str:
    """The total, and how many resources it leaves out where it does; where nothing is known, that."""
    language = body.customer.language
    words, footprint = WORDS[language], body.footprint
    if footprint.kwh is None and footprint.gwp_kg is None:
        return f"<b>{words['not_yet']}</b><br><small>{words['none_known']}</small>"
    unknown = sum(row.gwp_kg is None or row.kwh is None for row in body.resources)
    note = words["left_out"].format(unknown=unknown, all=len(body.resources))
    small = f"<br><small>{note}</small>" if unknown else ""
    return f"<b>{_with_unit(footprint.gwp_kg, 'kgCO2e', language)}</b><br>{_with_unit(footprint.kwh, 'kWh', language)}{small}"


def _with_unit(value: float | None, unit: str, language: str) -> str:
    """`12.5 kWh`, or `kWh: not known`."""
    if value is None:
        return f"{unit}{' :' if language == 'fr' else ':'} {WORDS[language]['unknown']}"
    return f"{_figure([value], language, 1)} {unit}"


def _tax_reasons(body: Body) -> Iterator[str]:
    for group in body.vat:
        if group.reason is not None:
            yield group.reason
            if body.customer.language == "en" and group.reason in IN_ENGLISH:
                yield IN_ENGLISH[group.reason]


def _payment(document: Document) -> str:
    body, words = document.body, WORDS[document.body.customer.language]
    if body.self_billing is not None:
        return f'<div class="pay">{words["from_wallet" if body.is_credit_note else "to_wallet"]}</div>'
    if body.corrects is not None:
        return f'<div class="pay">{words["credited"]} {body.corrects.number}.</div>'
    iban = body.seller.iban if isinstance(body.seller, Seller) else ""
    grouped = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    rows = [(words["payment"], f"IBAN {grouped}"), (words["quote"], document.number)]
    return f'<div class="pay">{_table([*rows, (words["due"], f"{document.due_on:%d/%m/%Y}")])}</div>'


def _mentions(body: Body) -> str:
    shown = [mention for code, mention in mentions(body).items() if code not in NOT_PRINTED]
    english = body.customer.language == "en"
    paragraphs = "".join(
        f"<p>{escape(mention.fr)}{f' <i>{escape(mention.en)}</i>' if english and mention.en != mention.fr else ''}</p>"
        for mention in shown
    )
    return f'<div class="small">{paragraphs}</div>'


def _annex(body: Body) -> str:
    if not body.resources:
        return ""
    language = body.customer.language
    words = WORDS[language]
    ordered = sorted(body.resources, key=lambda row: (-(row.gwp_kg or 0.0), row.resource))
    rows = "".join(_annex_row(row.resource, [row], language) for row in ordered[:ANNEX_ROWS])
    if ordered[ANNEX_ROWS:]:
        name = f"{len(ordered) - ANNEX_ROWS} {words['others']}"
        rows += _annex_row(name, ordered[ANNEX_ROWS:], language)
    rows += _annex_row(words["total"], ordered, language)
    head = f'<th>{words["resource"]}</th><th class="n">kWh</th><th class="n">kgCO2e</th>'
    return (
        f'<section class="annex"><h2>{words["annex"]} ({body.first:%m/%Y})</h2><p class="small">{words["carbon"]}</p>'
        f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>'
    )


def _annex_row(name: str, rows: Iterable[ResourceFootprint], language: str) -> str:
    kept = list(rows)
    figures = ([row.kwh for row in kept], [row.gwp_kg for row in kept])
    cells = "".join(f'<td class="n">{_figure(values, language, 3)}</td>' for values in figures)
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def _figure(values: list[float | None], language: str, places: int) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return WORDS[language]["unknown"]
    return number_text(Decimal(repr(sum(known))), language, places)
