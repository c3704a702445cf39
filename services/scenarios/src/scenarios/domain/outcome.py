"""A reference and its alternatives, run and put side by side: the one computation behind estimates and the runs of studies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.comparison import BreakEven, avoided, break_even, carbon_impact_ratio
from scenarios.domain.costs import Costs, costs_of, eur_per_tonne, net_present_value, payback_years
from scenarios.domain.engine import Simulation, World, simulate
from scenarios.domain.fleet import Fleet, Floats
from scenarios.domain.levers import Action


@dataclass(frozen=True, slots=True)
class Prices:
    """What money needs beside the prices of kit and services; None leaves electricity out, or the net present value."""

    electricity_eur_per_kwh: Decimal | None = None
    discount_rate: Decimal | None = None


class _Outcome(BaseModel):
    model_config = ConfigDict(frozen=True)


class Period(_Outcome):
    """What is emitted in one stretch of time."""

    embodied_kg: float
    use_kg: float
    maintenance_and_sale_kg: float
    total_kg: float
    kwh: float = Field(description="drawn by the sites, PUE included")
    it_kwh: float = Field(description="used by the kit itself")


class Month(Period):
    """A twelfth of a year of 365 days."""

    year: int
    month: int


class Year(Period):
    """A year of 365 days."""

    year: int
    capex_eur: Decimal = Field(examples=["0.00"])
    opex_eur: Decimal = Field(examples=["0.00"])
    units_in_service: float = Field(description="at the year's end")


class Scenario(_Outcome):
    """One scenario through time."""

    years: list[Year]
    months: list[Month] | None = None
    total_kg: float
    cost_eur: Decimal = Field(description="CAPEX and OPEX, all years, undiscounted", examples=["0.00"])
    written_off_kg: float = Field(
        description="making of kit that left before the end of its life: in no year, never avoided; shown so that it is seen"
    )


class AvoidedYear(_Outcome):
    """One year of avoided emissions, by class; negative where the alternative emits more."""

    year: int
    eer_kg: float
    eema_kg: float
    total_kg: float


class AvoidedTotals(_Outcome):
    """Avoided emissions over the horizon, by class; negative where the alternative emits more."""

    eer_kg: float
    eema_kg: float
    total_kg: float
    years: list[AvoidedYear]


class Alternative(Scenario):
    """An alternative beside the reference."""

    name: str
    avoided: AvoidedTotals
    cir: float | None = Field(description="avoided ÷ induced of the alternative")
    eur_per_tonne: Decimal | None = Field(
        description="extra cost ÷ tonnes avoided; null when none is avoided or nothing is priced"
    )
    payback_years: float | None = Field(description="null when the horizon does not suffice, or nothing is priced")
    break_even: BreakEven | None = Field(
        description="electricity at which it avoids nothing: on one side of it the sign is the other; null when none turns it"
    )
    npv_eur: Decimal | None = Field(description="against the reference; null without a discount rate")


class Comparison(_Outcome):
    """The reference and its alternatives."""

    reference: Scenario
    alternatives: list[Alternative]


def compare(
    fleet: Fleet,
    reference: Sequence[Action],
    alternatives: Sequence[tuple[str, Sequence[Action]]],
    world: World,
    prices: Prices,
    *,
    months: bool = False,
) -> Comparison:
    """Run all scenarios on the same fleet and world. `months` adds the months (the world must run in twelve steps a year)."""
    reference_run = simulate(fleet, reference, world)
    reference_costs = costs_of(reference_run, prices.electricity_eur_per_kwh)
    return Comparison(
        reference=Scenario(**_shown(reference_run, reference_costs, months)),
        alternatives=[
            _beside(name, simulate(fleet, actions, world), reference_run, reference_costs, prices, months)
            for name, actions in alternatives
        ],
    )


def _beside(
    name: str, run: Simulation, reference: Simulation, reference_costs: Costs, prices: Prices, months: bool
) -> Alternative:
    costs = costs_of(run, prices.electricity_eur_per_kwh)
    priced = any((*costs.by_year_eur, *reference_costs.by_year_eur))
    saved = avoided(reference, run)
    shown = _shown(run, costs, months)
    return Alternative(
        **shown,
        name=name,
        avoided=AvoidedTotals(
            eer_kg=float(saved.eer_kg.sum()),
            eema_kg=float(saved.eema_kg.sum()),
            total_kg=saved.total_kg,
            years=[
                AvoidedYear(year=year, eer_kg=eer, eema_kg=eema, total_kg=eer + eema)
                for year, (eer, eema) in enumerate(zip(saved.eer_kg.tolist(), saved.eema_kg.tolist(), strict=True))
            ],
        ),
        cir=carbon_impact_ratio(saved.total_kg, shown["total_kg"]),
        eur_per_tonne=eur_per_tonne(reference_costs, costs, saved.total_kg),
        payback_years=payback_years(reference_costs, costs) if priced else None,
        break_even=break_even(reference, run),
        npv_eur=None
        if prices.discount_rate is None
        else net_present_value(reference_costs, costs, prices.discount_rate),
    )


def _shown(run: Simulation, costs: Costs, months: bool) -> dict[str, Any]:
    horizon = run.horizon
    periods = _periods(run, horizon.by_year)
    units = run.units_in_service[horizon.steps_per_year - 1 :: horizon.steps_per_year].tolist()
    years = [
        Year(year=year, capex_eur=capex, opex_eur=opex, units_in_service=count, **period)
        for year, (period, capex, opex, count) in enumerate(
            zip(periods, costs.capex_eur, costs.opex_eur, units, strict=True)
        )
    ]
    by_month = None
    if months:
        steps = _periods(run, lambda by_step: by_step)
        by_month = [Month(year=step // 12, month=step % 12, **period) for step, period in enumerate(steps)]
    return {
        "years": years,
        "months": by_month,
        "total_kg": sum(year.total_kg for year in years),
        "cost_eur": costs.total_eur,
        "written_off_kg": float(run.written_off_kg.sum()),
    }


def _periods(run: Simulation, gather: Callable[[Floats], Floats]) -> list[dict[str, float]]:
    columns = (run.embodied_kg, run.use_kg, run.maintenance_and_sale_kg, run.kwh, run.kit_kwh)
    rows = zip(*(gather(column).tolist() for column in columns), strict=True)
    return [
        {
            "embodied_kg": embodied,
            "use_kg": use,
            "maintenance_and_sale_kg": maintenance,
            "total_kg": embodied + use + maintenance,
            "kwh": kwh,
            "it_kwh": kit_kwh,
        }
        for embodied, use, maintenance, kwh, kit_kwh in rows
    ]
