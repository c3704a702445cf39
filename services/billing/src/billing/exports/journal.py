"""Issued documents as accounting entries, in the eighteen columns of the FEC (Livre des procédures fiscales, article A47 A-1).

Each document is one balanced entry of the sales journal: the customer for the gross (411), services sold for the net (706), tax collected
(44571). A credit note is the same with debit and credit exchanged. Fields are separated by `|`, decimals by a comma, as the article asks.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from billing.store.invoices import Issued

COLUMNS = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib"),
    *("PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
)


def journal_csv(documents: Iterable[Issued]) -> str:
    """The file, in the order of the documents."""
    rows = [COLUMNS, *(row for issued in documents for row in journal_rows(issued))]
    return "".join("|".join(row) + "\r\n" for row in rows)


def journal_rows(issued: Issued) -> Iterator[tuple[str, ...]]:
    """The lines of one document's entry; a tax of nothing has none."""
    document, body = issued.document, issued.document.body
    day = f"{document.issued_on:%Y%m%d}"
    credit_note = body.type == "381"
    label = f"{'Avoir' if credit_note else 'Facture'} {document.number} Cloud Like {body.month:%m/%Y}"
    accounts = [("411000", "Clients", body.gross, True), ("706000", "Prestations de services", body.net, False)]
    accounts += [("445710", "TVA collectée", group.vat, False) for group in body.vat if group.vat]
    for account, name, amount, customer in accounts:
        debit, credit = (amount, Decimal(0)) if customer != credit_note else (Decimal(0), amount)
        auxiliary = (issued.org, _text(body.buyer.name)) if customer else ("", "")
        yield (
            *("VE", "Ventes", document.number, day, account, name),
            *auxiliary,
            *(document.number, day, label, _amount(debit), _amount(credit)),
            *("", "", day, "", ""),
        )


def _amount(value: Decimal) -> str:
    return f"{value:.2f}".replace(".", ",")


def _text(value: str) -> str:
    return value.replace("|", " ")
