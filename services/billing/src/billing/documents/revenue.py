"""What contracts brought in, and the carbon of what they sold, by the month that was sold. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.documents.content import Body
from billing.domain.amounts import total

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Sold:
    """A month of a contract, euros before tax: `net` = invoiced + adjusted − credited. kWh and kgCO2e as its invoice says them."""

    invoiced: Decimal = NOTHING
    adjusted: Decimal = NOTHING
    credited: Decimal = NOTHING
    kwh: float | None = None
    gwp_kg: float | None = None

    @property
    def net(self) -> Decimal:
        """What the month has brought in, all documents together."""
        return total([self.invoiced, self.adjusted, -self.credited])

    @property
    def kg_per_euro(self) -> float | None:
        """kgCO2e of each euro; None where either is not known or nothing was brought in."""
        return None if self.gwp_kg is None or self.net <= 0 else self.gwp_kg / float(self.net)


def sold(bodies: Iterable[Body]) -> dict[UUID, dict[date, Sold]]:
    """By contract and month. An adjustment counts for the month that it corrects, whichever invoice bills it; buy-backs are no revenue."""
    found: dict[UUID, dict[date, Sold]] = {}
    for body in bodies:
        if body.self_billing is not None:
            continue
        months = found.setdefault(body.contract_id, {})
        if body.is_credit_note:
            known = months.get(body.month, Sold())
            months[body.month] = replace(known, credited=known.credited + body.net)
            continue
        for line in body.lines:
            if line.kind == "adjustment":
                month = line.first.replace(day=1)
                known = months.get(month, Sold())
                months[month] = replace(known, adjusted=known.adjusted + line.amount)
        own = total([line.amount for line in body.lines if line.kind != "adjustment"])
        known = months.get(body.month, Sold())
        carbon = body.footprint
        months[body.month] = replace(known, invoiced=known.invoiced + own, kwh=carbon.kwh, gwp_kg=carbon.gwp_kg)
    return found


def together(months: Mapping[date, Sold]) -> Sold:
    """The sum over months; kWh and kgCO2e of those that say them, None where none does."""
    rows = list(months.values())
    kwh = [row.kwh for row in rows if row.kwh is not None]
    kg = [row.gwp_kg for row in rows if row.gwp_kg is not None]
    return Sold(
        invoiced=total([row.invoiced for row in rows]),
        adjusted=total([row.adjusted for row in rows]),
        credited=total([row.credited for row in rows]),
        kwh=sum(kwh) if kwh else None,
        gwp_kg=sum(kg) if kg else None,
    )
