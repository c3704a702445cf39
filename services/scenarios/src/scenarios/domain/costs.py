"""What scenarios cost: exact euros by year, and what follows from two of them beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from scenarios.domain.engine import Simulation

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Costs:
    """Euros by year: purchases less sales, and what running costs (support, services, electricity where a price is given)."""

    capex_eur: tuple[Decimal, ...]
    opex_eur: tuple[Decimal, ...]

    @property
    def by_year_eur(self) -> tuple[Decimal, ...]:
        """Both together."""
        return tuple(capex + opex for capex, opex in zip(self.capex_eur, self.opex_eur, strict=True))

    @property
    def total_eur(self) -> Decimal:
        """All years, undiscounted."""
        return sum(self.by_year_eur, Decimal("0.00"))


def costs_of(simulation: Simulation, electricity_eur_per_kwh: Decimal | None) -> Costs:
    """The costs of a simulation, each year rounded half up to the cent once; electricity is left out without a price."""
    horizon = simulation.horizon
    per_year = horizon.steps_per_year
    kwh_by_year = horizon.by_year(simulation.kwh)
    capex, opex = [], []
    for year in range(horizon.years):
        steps = slice(year * per_year, (year + 1) * per_year)
        capex.append(Decimal(sum(simulation.capex_cents[steps])) / 100)
        running = Decimal(sum(simulation.opex_cents_times_steps_per_year[steps])) / (100 * per_year)
        if electricity_eur_per_kwh is not None:
            running += Decimal(repr(float(kwh_by_year[year]))) * electricity_eur_per_kwh
        opex.append(running)
    return Costs(tuple(map(to_cent, capex)), tuple(map(to_cent, opex)))


def to_cent(amount: Decimal) -> Decimal:
    """Half up to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def net_present_value(reference: Costs, alternative: Costs, discount_rate: Decimal) -> Decimal:
    """What the alternative saves against the reference, each year's saving discounted to the start from the year's beginning."""
    factor = Decimal(1)
    value = Decimal(0)
    for spent, spent_instead in zip(reference.by_year_eur, alternative.by_year_eur, strict=True):
        value += (spent - spent_instead) * factor
        factor /= 1 + discount_rate
    return to_cent(value)


def payback_years(reference: Costs, alternative: Costs) -> float | None:
    """Years until the savings have paid for what the alternative first costs more, linear within the year; 0.0 when it never costs
    more, None when the horizon does not suffice."""
    savings = [spent - instead for spent, instead in zip(reference.by_year_eur, alternative.by_year_eur, strict=True)]
    balances = _running(savings)
    if min(balances) >= 0:
        return 0.0
    if balances[-1] < 0:
        return None
    last_in_debt = max(year for year, balance in enumerate(balances) if balance < 0)
    return last_in_debt + 1 + float(-balances[last_in_debt] / savings[last_in_debt + 1])


def eur_per_tonne(reference: Costs, alternative: Costs, avoided_kg: float) -> Decimal | None:
    """What a tonne avoided costs more than the reference (negative: it saves money).

    None when nothing is avoided, or nothing was priced.
    """
    if avoided_kg <= 0 or not any((*reference.by_year_eur, *alternative.by_year_eur)):
        return None
    return to_cent((alternative.total_eur - reference.total_eur) / Decimal(repr(avoided_kg)) * 1000)


def _running(amounts: Sequence[Decimal]) -> list[Decimal]:
    total = Decimal(0)
    sums = []
    for amount in amounts:
        total += amount
        sums.append(total)
    return sums
