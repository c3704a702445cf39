"""Who buys and who sells, and what of them must be right before there can be an invoice."""

from collections.abc import Iterator
from dataclasses import dataclass

from stdnum.eu import vat as eu_vat
from stdnum.fr import siren as fr_siren
from stdnum.fr import siret as fr_siret
from stdnum.fr import tva as fr_tva

from billing.domain import vat

FRENCH = (*vat.STANDARD, *vat.NOT_APPLICABLE)
"""Territories whose companies are in the French register."""

VAT_PREFIX = {"GR": "EL"}
"""Where a VAT id does not begin with the country's own code."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A field of a party that breaks a rule."""

    field: str
    code: str
    detail: str


def faults_of(
    *, territory: str, siren: str | None, siret: str | None, vat_id: str | None, electronic_address: str
) -> Iterator[Fault]:
    """What is wrong with a company's identifiers: check digits, and whether they belong together.

    A French company needs its SIREN (BR-FR-10, BR-FR-11), whose SIRET and electronic address begin with it (BR-FR-09, BR-FR-21). A company
    of another member state needs its VAT id: without it there is no reverse charge.
    """
    if territory in FRENCH:
        yield from _french(siren, siret, vat_id, electronic_address)
    else:
        yield from _european(territory, siren, siret, vat_id)
        if "@" not in electronic_address:
            yield Fault(
                "electronic_address", "email", f"{electronic_address!r} must be an e-mail address for a company abroad"
            )


def _french(siren: str | None, siret: str | None, vat_id: str | None, address: str) -> Iterator[Fault]:
    if siren is None:
        yield Fault("siren", "missing", "a company in France must have a SIREN")
        return
    if not fr_siren.is_valid(siren) or not siren.isdigit():
        yield Fault("siren", "checksum", f"{siren!r} is no SIREN: nine digits that pass the Luhn check")
    if siret is not None and not (siret.startswith(siren) and siret.isdigit() and fr_siret.is_valid(siret)):
        yield Fault("siret", "checksum", f"{siret!r} is no SIRET of SIREN {siren}: fourteen digits that begin with it")
    if vat_id is not None and not (vat_id.startswith("FR") and vat_id.endswith(siren) and fr_tva.is_valid(vat_id)):
        yield Fault(
            "vat_id", "checksum", f"{vat_id!r} is no French VAT id of SIREN {siren}: FR, two characters, the SIREN"
        )
    if not address.startswith(siren):
        yield Fault("electronic_address", "prefix", f"{address!r} must begin with the SIREN {siren} (BR-FR-21)")


def _european(territory: str, siren: str | None, siret: str | None, vat_id: str | None) -> Iterator[Fault]:
    for field, value in (("siren", siren), ("siret", siret)):
        if value is not None:
            yield Fault(field, "foreign", f"a company in {territory} has no {field.upper()}")
    prefix = VAT_PREFIX.get(territory, territory)
    if vat_id is None:
        yield Fault(
            "vat_id", "missing", f"a business in {territory} must give its VAT id: the sale is taxed by reverse charge"
        )
    elif not (vat_id.startswith(prefix) and eu_vat.is_valid(vat_id)):
        yield Fault(
            "vat_id",
            "checksum",
            f"{vat_id!r} is no VAT id of {territory}: it begins with {prefix} and passes its check",
        )
