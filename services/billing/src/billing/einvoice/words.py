"""What documents say, in French and in English."""

from decimal import Decimal

from billing.documents.content import Body, DocumentLine
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
        "corrects": "Rectifie la facture",
        "issued": "Date d'émission",
        "due": "Date d'échéance",
        "period": "Période",
        "contract": "Contrat",
        "seller": "Vendeur",
        "buyer": "Client",
        "vat_id": "N° TVA",
        "item": "Désignation",
        "quantity": "Quantité",
        "price": "Prix",
        "per": "pour",
        "hours": "h",
        "amount": "Montant HT",
        "net": "Total HT",
        "vat": "TVA",
        "gross": "Total TTC",
        "reason": "Motif",
        "payment": "Règlement par virement",
        "annex": "Annexe : énergie et carbone de ce qui a été utilisé",
        "resource": "Ressource",
        "total": "Total",
        "others": "autres ressources",
        "unknown": "non connu",
        "carbon": "Électricité selon le mix du réseau (location-based) ; kgCO2e de toutes les étapes du cycle de vie.",
        "unit_hours": "Quantités en heures d'unité ; un prix vaut pour le nombre d'heures indiqué.",
    },
    "en": {
        "invoice": "Invoice",
        "credit_note": "Credit note",
        "corrects": "Corrects invoice",
        "issued": "Date of issue",
        "due": "Due date",
        "period": "Period",
        "contract": "Contract",
        "seller": "Seller",
        "buyer": "Customer",
        "vat_id": "VAT id",
        "item": "Item",
        "quantity": "Quantity",
        "price": "Price",
        "per": "per",
        "hours": "h",
        "amount": "Net amount",
        "net": "Total excl. VAT",
        "vat": "VAT",
        "gross": "Total incl. VAT",
        "reason": "Reason",
        "payment": "Payment by bank transfer",
        "annex": "Annex: energy and carbon of what was used",
        "resource": "Resource",
        "total": "Total",
        "others": "other resources",
        "unknown": "not known",
        "carbon": "Electricity by the grid's mix (location-based); kgCO2e of every life-cycle stage.",
        "unit_hours": "Quantities in unit-hours; a price is for the number of hours beside it.",
    },
}


def item_name(line: DocumentLine, language: str) -> str:
    """What a line is of: `Cloud Like vCPU, à l'usage`; a tier says its bounds."""
    meter = METER[language].get(line.meter, line.meter)
    label = LABEL[language].get(line.label, line.label)
    if line.label[0] in "0123456789>":
        label = f"{TIER[language]} {label}"
    prefix = KIND[language].get(line.kind)
    name = f"Cloud Like {meter}, {label}"
    return name if prefix is None else f"{prefix} : {name}" if language == "fr" else f"{prefix}: {name}"


def mentions(body: Body) -> dict[str, str]:
    """The notes that the law asks for, by UNTDID 4451 subject code; they are in French, since the law is.

    Code de commerce L441-9, L441-10, D441-5 (40 €), R123-237; CGI art. 269-2-c (tax on debits).
    """
    seller = body.seller
    capital = number_text(seller.share_capital_eur, "fr", 2)
    notes = {
        "PMT": "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : 40 euros.",
        "PMD": f"Pénalités de retard : {plain(seller.late_penalty_percent)} % l'an, exigibles dès le lendemain de l'échéance.",
        "AAB": "Pas d'escompte en cas de paiement anticipé.",
        "REG": f"{seller.name}, {seller.legal_form} au capital de {capital} euros, {seller.trade_register} {seller.siren}",
        "BAR": "B2B" if body.buyer.siren is not None else "B2BINT",
    }
    if any(group.category == "S" for group in body.vat):
        notes["AAI"] = "Option pour le paiement de la taxe d'après les débits."
    if body.reason is not None:
        notes["ACB"] = body.reason
    return notes


def number_text(value: Decimal, language: str, places: int | None = None) -> str:
    """A number as that language writes it: `1 234,50` or `1,234.50`."""
    text = f"{value:,.{places}f}" if places is not None else f"{value:,f}"
    if language == "en":
        return text
    return text.replace(",", "\u202f").replace(".", ",")
