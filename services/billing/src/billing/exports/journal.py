"""Issued documents, payments and wallets as accounting entries, in the eighteen columns of the FEC.

Livre des procédures fiscales, article A47 A-1; accounts of the plan comptable général. Four journals: sales (VE), what was bought back of
customers (AC), the bank (BQ), wallets (OD). Each entry balances. Fields are separated by `|`, decimals by a comma, as the article asks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.documents.content import Body
from billing.service.issuing import LEGAL_ZONE
from billing.store.invoices import Issued
from billing.store.payments import Payment
from billing.store.wallets import Entry

COLUMNS = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib"),
    *("PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
)
JOURNALS = {"VE": "Ventes", "AC": "Achats", "BQ": "Banque", "OD": "Opérations diverses"}
CUSTOMERS = ("411000", "Clients")
SALES = ("706000", "Prestations de services")
VAT_COLLECTED = ("445710", "TVA collectée")
SUPPLIERS = ("401000", "Fournisseurs")
MACHINES = ("607000", "Achats de marchandises")
VAT_DEDUCTIBLE = ("445660", "TVA déductible sur autres biens et services")
BANK = ("512000", "Banque")
WALLETS = ("467000", "Portefeuilles des clients")

Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount` euros on `account`: debit, or credit where below zero. `party` is whose account it is, where it is one's own."""

    account: Account
    amount: Decimal
    party: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One entry: its postings add up to nothing."""

    journal: str
    number: str
    day: date
    piece: str
    label: str
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A payment by transfer, with the invoice that it is of and the customer's name."""

    org: str
    customer: str
    number: str
    payment: Payment


def journal_csv(entries: Iterable[BookEntry]) -> str:
    """The file, in the order of the entries."""
    rows = [COLUMNS, *(row for entry in entries for row in _rows(entry))]
    return "".join("|".join(row) + "\r\n" for row in rows)


def document_entry(issued: Issued) -> BookEntry:
    """An invoice, or a buy-back, which the operator buys; of their credit notes the same with debit and credit exchanged."""
    document, body = issued.document, issued.document.body
    party = (issued.org, body.customer.name)
    sign = -1 if body.is_credit_note else 1
    if body.self_billing is not None:
        label = f"{'Avoir sur rachat' if body.is_credit_note else 'Rachat'} {document.number} (autofacturation)"
        signed = [
            Posting(SUPPLIERS, -sign * body.gross, party),
            Posting(MACHINES, sign * body.net),
            *_taxes(VAT_DEDUCTIBLE, body, sign),
        ]
        return BookEntry("AC", document.number, document.issued_on, document.number, label, tuple(signed))
    label = f"{'Avoir' if body.is_credit_note else 'Facture'} {document.number} Cloud Like {body.month:%m/%Y}"
    signed = [
        Posting(CUSTOMERS, sign * body.gross, party),
        Posting(SALES, -sign * body.net),
        *_taxes(VAT_COLLECTED, body, -sign),
    ]
    return BookEntry("VE", document.number, document.issued_on, document.number, label, tuple(signed))


def payment_entry(settled: Settled) -> BookEntry:
    """A transfer that came in, or went back."""
    payment, party = settled.payment, (settled.org, settled.customer)
    postings = (Posting(BANK, payment.amount), Posting(CUSTOMERS, -payment.amount, party))
    label = f"Règlement {settled.number} {payment.reference}"
    return BookEntry("BQ", f"BQ-{payment.id}", payment.paid_on, settled.number, label, postings)


def wallet_entry(org: str, customer: str, entry: Entry) -> BookEntry:
    """What moved a wallet: the debt of a buy-back becomes credit of the customer, which then pays its invoices."""
    party, amount = (org, customer), abs(entry.amount)
    sides = {
        "buy_back": (SUPPLIERS, WALLETS, "Portefeuille : crédit du rachat"),
        "buy_back_credited": (WALLETS, SUPPLIERS, "Portefeuille : reprise du rachat"),
        "payment": (WALLETS, CUSTOMERS, "Portefeuille : règlement de"),
        "payment_taken_back": (CUSTOMERS, WALLETS, "Portefeuille : annulation du règlement de"),
    }
    debit, credit, label = sides[entry.kind]
    postings = (Posting(debit, amount, party), Posting(credit, -amount, party))
    day = entry.recorded_at.astimezone(LEGAL_ZONE).date()
    return BookEntry("OD", f"OD-{org}-{entry.sequence}", day, entry.number, f"{label} {entry.number}", postings)


def _taxes(account: Account, body: Body, sign: int) -> list[Posting]:
    return [Posting(account, sign * group.vat) for group in body.vat if group.vat]


def _rows(entry: BookEntry) -> Iterator[tuple[str, ...]]:
    day = f"{entry.day:%Y%m%d}"
    for posting in entry.postings:
        debit, credit = max(posting.amount, Decimal(0)), max(-posting.amount, Decimal(0))
        yield (
            *(entry.journal, JOURNALS[entry.journal], entry.number, day, *posting.account),
            *map(_text, posting.party),
            *(_text(entry.piece), day, _text(entry.label), _amount(debit), _amount(credit)),
            *("", "", day, "", ""),
        )


def _amount(value: Decimal) -> str:
    return f"{value:.2f}".replace(".", ",")


def _text(value: str) -> str:
    return value.replace("|", " ")
