"""French VAT on a service sold by a French provider: rate and category by the customer's territory.

Sources: CGI art. 278 (20 %), art. 296 (8.5 % in Guadeloupe, Martinique, Réunion), art. 294-1 (none in Guyane and Mayotte),
art. 283-2 and directive 2006/112/CE art. 196 (reverse charge to a business of another member state). Categories: UNTDID 5305.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from billing.domain.amounts import cents, total

STANDARD = {"FR": Decimal("20"), "GP": Decimal("8.5"), "MQ": Decimal("8.5"), "RE": Decimal("8.5")}
NOT_APPLICABLE = ("GF", "YT")
OTHER_MEMBER_STATES = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IT"),
    *("LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
TERRITORIES = (*STANDARD, *NOT_APPLICABLE, *OTHER_MEMBER_STATES)


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a sale is taxed. `rate` in per cent; `reason` is the mention that an untaxed document must carry."""

    category: Literal["S", "AE", "E"]
    rate: Decimal
    reason: str | None = None
    reason_code: str | None = None


class UnknownTerritory(ValueError):
    """A territory to which the provider does not sell."""


@dataclass(frozen=True, slots=True)
class VatGroup:
    """The taxed sum and the tax of one treatment."""

    treatment: Treatment
    net: Decimal
    vat: Decimal


def treatment_of(territory: str) -> Treatment:
    """The treatment of a business customer in `territory` (ISO 3166-1 alpha-2, overseas France by own codes). Raises `UnknownTerritory`."""
    if territory in STANDARD:
        return Treatment("S", STANDARD[territory])
    if territory in NOT_APPLICABLE:
        return Treatment("E", Decimal(0), "TVA non applicable, article 294-1 du CGI")
    if territory in OTHER_MEMBER_STATES:
        reason = "Autoliquidation, article 283-2 du CGI et article 196 de la directive 2006/112/CE"
        return Treatment("AE", Decimal(0), reason, "VATEX-EU-AE")
    raise UnknownTerritory(f"territory {territory!r} is none of {', '.join(TERRITORIES)}")


def vat_of(net: Decimal, treatment: Treatment) -> Decimal:
    """The tax on the sum of a group, half up to the cent."""
    return cents(Fraction(net) * Fraction(treatment.rate) / 100)


def groups_of(lines: Iterable[tuple[Decimal, Treatment]]) -> list[VatGroup]:
    """Lines of `(net, treatment)` as one group a treatment, in order of appearance; tax is rounded once a group, never a line."""
    nets: dict[Treatment, list[Decimal]] = {}
    for net, treatment in lines:
        nets.setdefault(treatment, []).append(net)
    sums = ((treatment, total(group)) for treatment, group in nets.items())
    return [VatGroup(treatment, net, vat_of(net, treatment)) for treatment, net in sums]
