"""What documents say, in French and in English."""

from dataclasses import dataclass
from decimal import Decimal

from billing.documents.content import Body, DocumentLine, SelfBilling, Seller
from billing.documents.parts import Party
from billing.domain.amounts import plain

METER = {
    "fr": {
        "vcpu": "vCPU",
        "ram_gib": "Mémoire (Gio)",
        "disk_gib": "Stockage (Gio)",
        "minimum": "Minimum de facturation",
        "all": "Toutes ressources",
    },
    "en": {
        "vcpu": "vCPU",
        "ram_gib": "Memory (GiB)",
        "disk_gib": "Storage (GiB)",
        "minimum": "Minimum charge",
        "all": "All resources",
    },
}
LABEL = {
    "fr": {
        "unit": "à l'usage",
        "volume": "à l'usage, prix au volume",
        "package": "par lots",
        "baseline": "socle de service",
        "overage": "au-delà du socle",
        "true_up": "complément",
    },
    "en": {
        "unit": "by use",
        "volume": "by use, volume price",
        "package": "by package",
        "baseline": "service baseline",
        "overage": "above the baseline",
        "true_up": "true-up",
    },
}
TIER = {"fr": "tranche", "en": "tier"}
KIND = {
    "fr": {"adjustment": "Régularisation", "credit": "Avoir", "discount": "Remise"},
    "en": {"adjustment": "Adjustment", "credit": "Credit", "discount": "Discount"},
}
WORDS = {
    "fr": {
        "invoice": "Facture",
        "credit_note": "Avoir",
        "buy_back": "Facture de rachat",
        "buy_back_credit_note": "Avoir sur rachat",
        "self_billed": "Autofacturation",
        "corrects": "Rectifie la facture",
        "issued": "Date d'émission",
        "due": "Date d'échéance",
        "period": "Période",
        "handed_over": "Date de cession",
        "contract": "Contrat",
        "mandate": "Mandat de facturation",
        "of_day": "du",
        "nature": "Nature",
        "services": "Prestations de services",
        "goods": "Livraison de biens",
        "seller": "Vendeur",
        "buyer": "Client",
        "acquirer": "Acheteur",
        "vat_id": "N° TVA",
        "item": "Désignation",
        "quantity": "Quantité",
        "price": "Prix",
        "per": "€ pour",
        "amount": "Montant HT",
        "net": "Total HT",
        "vat": "TVA",
        "gross": "Total TTC",
        "reason": "Motif",
        "payment": "Règlement par virement",
        "quote": "Référence à rappeler",
        "credited": "Montant porté au crédit de la facture",
        "to_wallet": "Réglé par crédit au portefeuille Cloud Like du vendeur, qui règle ses factures.",
        "from_wallet": "Repris sur le portefeuille Cloud Like du vendeur.",
        "annex": "Annexe : énergie et carbone de ce qui a été utilisé",
        "used": "Carbone de ce qui a été utilisé",
        "resource": "Ressource",
        "total": "Total",
        "others": "autres ressources",
        "unknown": "non connu",
        "not_yet": "Pas encore connu",
        "none_known": "L'empreinte de ces ressources n'était pas encore calculée à l'émission.",
        "left_out": "Empreinte non connue, ou connue en partie, pour {unknown} ressource(s) sur {all} : le total compte ce qui est connu.",
        "carbon": "Électricité selon le mix du réseau (location-based) ; kgCO2e de toutes les étapes du cycle de vie. "
        "Une ressource a une empreinte et deux prix : les lignes se la partagent en proportion de leurs montants.",
        "unit_hours": "Quantités en heures d'unité ; un prix vaut pour le nombre d'heures indiqué : "
        "montant = quantité × prix ÷ heures, arrondi au centime.",
    },
    "en": {
        "invoice": "Invoice",
        "credit_note": "Credit note",
        "buy_back": "Buy-back invoice",
        "buy_back_credit_note": "Buy-back credit note",
        "self_billed": "Self-billed",
        "corrects": "Corrects invoice",
        "issued": "Date of issue",
        "due": "Due date",
        "period": "Period",
        "handed_over": "Handed over on",
        "contract": "Contract",
        "mandate": "Self-billing mandate",
        "of_day": "of",
        "nature": "Nature",
        "services": "Services",
        "goods": "Goods",
        "seller": "Seller",
        "buyer": "Customer",
        "acquirer": "Buyer",
        "vat_id": "VAT id",
        "item": "Item",
        "quantity": "Quantity",
        "price": "Price",
        "per": "€ per",
        "amount": "Net amount",
        "net": "Total excl. VAT",
        "vat": "VAT",
        "gross": "Total incl. VAT",
        "reason": "Reason",
        "payment": "Payment by bank transfer",
        "quote": "Reference to quote",
        "credited": "Credited to invoice",
        "to_wallet": "Paid by credit to the seller's Cloud Like wallet, which pays its invoices.",
        "from_wallet": "Taken back from the seller's Cloud Like wallet.",
        "annex": "Annex: energy and carbon of what was used",
        "used": "Carbon of what was used",
        "resource": "Resource",
        "total": "Total",
        "others": "other resources",
        "unknown": "not known",
        "not_yet": "Not known yet",
        "none_known": "The footprint of these resources had not been computed when this was issued.",
        "left_out": "Footprint not known, or known in part, of {unknown} of {all} resource(s): the total counts what is known.",
        "carbon": "Electricity by the grid's mix (location-based); kgCO2e of every life-cycle stage. "
        "A resource has one footprint and two prices: lines share it in proportion to their amounts.",
        "unit_hours": "Quantities in unit-hours; a price is for the number of hours beside it: "
        "amount = quantity × price ÷ hours, to the cent.",
    },
}
IN_ENGLISH = {
    "TVA non applicable, article 294-1 du CGI": "VAT not applicable, article 294-1 of the French tax code",
    "Autoliquidation, article 283-2 du CGI et article 196 de la directive 2006/112/CE": (
        "Reverse charge, article 283-2 of the French tax code and article 196 of directive 2006/112/EC"
    ),
    "TVA non applicable, article 293 B du CGI": "VAT not applicable, article 293 B of the French tax code",
    "Exonération de TVA, article 261-3-1° a du CGI": "Exempt from VAT, article 261-3-1° a of the French tax code",
}
"""Why there is no tax, for readers of English; the document says it in French as well, since the law is."""


def item_name(line: DocumentLine, language: str) -> str:
    """What a line is of: `Cloud Like vCPU, à l'usage`; a tier says its bounds, a thing that was bought back its own name."""
    if line.kind == "buy_back":
        return line.label
    meter = METER[language].get(line.meter, line.meter)
    label = LABEL[language].get(line.label, line.label)
    if line.label[0] in "0123456789>":
        label = f"{TIER[language]} {label}"
    prefix = KIND[language].get(line.kind)
    name = f"Cloud Like {meter}, {label}"
    return name if prefix is None else f"{prefix} : {name}" if language == "fr" else f"{prefix}: {name}"


@dataclass(frozen=True, slots=True)
class Mention:
    """What the law has a document say: in French, and for readers of English."""

    fr: str
    en: str


def mentions(body: Body) -> dict[str, Mention]:
    """The notes that the law asks for, by UNTDID 4451 subject code.

    Code de commerce L441-9, L441-10, D441-5 (40 €), R123-237; CGI art. 269-2-c (tax on debits), art. 289-I-2 and annex II art. 242 nonies A
    (self-billing).
    """
    percent = plain(body.late_penalty_percent)
    notes = {
        "PMT": Mention(
            "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : 40 euros.",
            "Fixed compensation for recovery costs in case of late payment: 40 euros.",
        ),
        "PMD": Mention(
            f"Pénalités de retard : {percent} % l'an, exigibles dès le lendemain de l'échéance.",
            f"Late payment interest: {percent} % a year, due from the day after the due date.",
        ),
        "AAB": Mention("Pas d'escompte en cas de paiement anticipé.", "No discount for early payment."),
    }
    who = _legal_mention(body.seller)
    if who is not None:
        notes["REG"] = Mention(who, who)
    business = "B2B" if body.buyer.siren is not None else "B2BINT"
    notes["BAR"] = Mention(business, business)
    if body.self_billing is not None:
        notes["AAI"] = _self_billed(body, body.self_billing)
    elif any(group.category == "S" for group in body.vat):
        notes["AAI"] = Mention("Option pour le paiement de la taxe d'après les débits.", "VAT is due on invoicing.")
    if body.reason is not None:
        notes["ACB"] = Mention(body.reason, body.reason)
    return notes


def _legal_mention(seller: Party) -> str | None:
    if isinstance(seller, Seller):
        capital = number_text(seller.share_capital_eur, "fr", 2)
        return (
            f"{seller.name}, {seller.legal_form} au capital de {capital} euros, {seller.trade_register} {seller.siren}"
        )
    return None if seller.legal_mention is None else f"{seller.name}, {seller.legal_mention}"


def _self_billed(body: Body, terms: SelfBilling) -> Mention:
    reference, day = terms.mandate.reference, f"{terms.mandate.signed_on:%d/%m/%Y}"
    document = "avoir établi" if body.is_credit_note else "facture établie"
    return Mention(
        f"Autofacturation : {document} par {body.buyer.name} au nom et pour le compte de {body.seller.name} "
        f"(mandat {reference} du {day}).",
        f"Self-billed: issued by {body.buyer.name} in the name and on behalf of {body.seller.name} "
        f"(mandate {reference} of {day}).",
    )


def number_text(value: Decimal, language: str, places: int | None = None) -> str:
    """A number as that language writes it: `1 234,50` or `1,234.50`."""
    text = f"{value:,.{places}f}" if places is not None else f"{value:,f}"
    if language == "en":
        return text
    return text.replace(",", "\u202f").replace(".", ",")
