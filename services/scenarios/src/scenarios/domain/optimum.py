"""The best plan: which offers on which groups of assets from which year, why not the others, and what each tonne would cost."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scenarios.domain.abatement import CurvePoint, OfferAlone, abatement_curve, offers_alone
from scenarios.domain.applying import Catalogue, OfferUse
from scenarios.domain.costs import to_cent
from scenarios.domain.description import Refused, Written
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.milp import Limits, Plan, Programme
from scenarios.domain.packages import Choice, Enumerator, Options, Package, grouped
from scenarios.domain.run import Progress, applier_of, in_scope
from scenarios.domain.snapshot import Snapshot
from scenarios.domain.study import StudyDefinition

COMPARING = 0.7
"""Share of the time limit after which no more packages are compared."""
LEAST_SOLVING_S = 0.1

Budget = Annotated[Decimal, Field(ge=-(10**9), le=10**9, decimal_places=2)]


class OptimumRequest(Written):
    """The most avoided under a budget, or, with `target_kg`, the cheapest plan that avoids so much.

    Euros are those beyond the reference.
    """

    budget_eur: Budget | None = Field(default=None, description="all years together", examples=["100000.00"])
    budget_by_year_eur: Annotated[list[Budget], Field(max_length=30)] | None = None
    target_kg: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None
    offers: Annotated[list[str], Field(max_length=50)] | None = Field(
        default=None, description="all of the catalogue when absent"
    )
    parameters: dict[str, dict[str, float]] = Field(default_factory=dict, description="by offer; else as expected")
    group_by: Annotated[tuple[Literal["kind", "site"], ...], Field(max_length=2)] = ("kind", "site")
    start_years: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=30)] | None = Field(
        default=None, description="years in which an offer may begin; all when absent"
    )
    together: Annotated[int, Field(ge=1, le=3)] = Field(default=2, description="offers that a group may have at most")
    capacity: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, description="units that an offer can begin with in a year"
    )
    time_limit_s: Annotated[float, Field(gt=0, le=600)] = 60.0

    @model_validator(mode="after")
    def _one_form(self) -> "OptimumRequest":
        if self.target_kg is None and self.budget_eur is None and self.budget_by_year_eur is None:
            raise ValueError(
                "give a budget (the most avoided under it) or target_kg (the cheapest plan that reaches it)"
            )
        return self


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class PlannedAction(_Shown):
    """An offer on a group, from a year on."""

    offer: str
    group: str
    year: int
    assets: int


class NotChosen(_Shown):
    """An offer that the plan does not take on a group, and why."""

    offer: str
    group: str
    reason: str


class Optimum(_Shown):
    """The plan found. `status` is optimal (proven), time_limit (with the gap), infeasible, or says that no plan was found in time."""

    status: str
    gap: float | None = Field(
        description="how far from the best possible the plan may be, relative; 0 when proven; null where no bound is known"
    )
    solver_s: float
    computing_s: float = Field(description="comparing packages and solving: what the time limit bounds")
    packages_compared: int
    packages_left_out: int = Field(description="not compared, since the time was up: then nothing is proven")
    avoided_kg: float
    eer_kg: float
    eema_kg: float
    extra_eur: Decimal
    extra_by_year_eur: list[Decimal]
    actions: list[PlannedAction]
    not_chosen: list[NotChosen]
    abatement_curve: list[CurvePoint]
    offers_alone: list[OfferAlone]


class OptimumResult(_Shown):
    """The optimum, and the alternative that carries it out: to be added to the study as it stands."""

    optimum: Optimum
    alternative: AlternativeSpec


def run_optimum(
    definition: StudyDefinition,
    snapshot: Snapshot,
    catalogue: Catalogue,
    request: OptimumRequest,
    progress: Progress,
    timer: Callable[[], float],
) -> OptimumResult:
    """Compare all packages and choose. Raises `Refused` for offers, parameters or years that are not there."""
    snapshot = in_scope(definition, snapshot)
    start_years = _start_years(request, definition.years)
    if request.budget_by_year_eur is not None and len(request.budget_by_year_eur) != definition.years:
        raise Refused("budget_by_year_eur", "wrong_length", f"one budget for each of the {definition.years} years")
    choice = Choice(_offers(request, catalogue), start_years, request.together, request.parameters)
    groups = grouped(snapshot, request.group_by)
    begun = timer()
    compare_until = begun + request.time_limit_s * COMPARING
    options = Enumerator(definition, catalogue, choice).options(groups, progress, lambda: timer() < compare_until)
    programme = Programme(options, definition.years, start_years)
    limits = Limits(request.budget_eur, request.budget_by_year_eur, request.target_kg, request.capacity)
    compared = timer()
    plan = programme.solve(limits, max(request.time_limit_s - (compared - begun), LEAST_SOLVING_S))
    ended = timer()
    status, gap = _proof(plan, options, request)
    extra = _extra(plan, options, definition.years)
    actions, uses = _uses(definition, catalogue, groups, plan, request)
    return OptimumResult(
        optimum=Optimum(
            status=status,
            gap=gap,
            solver_s=ended - compared,
            computing_s=ended - begun,
            packages_compared=len(options.packages),
            packages_left_out=options.left_out,
            avoided_kg=sum(package.avoided_kg for package in plan.packages),
            eer_kg=sum(package.eer_kg for package in plan.packages),
            eema_kg=sum(package.eema_kg for package in plan.packages),
            extra_eur=sum(extra, Decimal("0.00")),
            extra_by_year_eur=extra,
            actions=actions,
            not_chosen=_not_chosen(plan, options, request, sum(extra, Decimal(0))),
            abatement_curve=abatement_curve(options),
            offers_alone=offers_alone(options),
        ),
        alternative=AlternativeSpec(name="optimum", offers=uses),
    )


def _proof(plan: Plan, options: Options, request: OptimumRequest) -> tuple[str, float | None]:
    """Status and gap of the plan as the best of all packages, those that were not compared too: no plan avoids more than all that the
    reference emits."""
    if options.left_out == 0:
        return plan.status, plan.gap
    if not plan.packages:
        return "time_limit_without_a_plan", None
    avoided_kg = sum(package.avoided_kg for package in plan.packages)
    if request.target_kg is not None or avoided_kg <= 0:
        return "time_limit", None
    return "time_limit", max(0.0, sum(package.planned_kg for package in plan.packages) / avoided_kg - 1)


def _offers(request: OptimumRequest, catalogue: Catalogue) -> list[str]:
    """The offers to choose from, in the catalogue's order."""
    if request.offers is None:
        return list(catalogue)
    for offer in request.offers:
        if offer not in catalogue:
            raise Refused("offers", "unknown_offer", f"{offer!r} is not an offer of the catalogue")
    return [offer for offer in catalogue if offer in request.offers]


def _start_years(request: OptimumRequest, years: int) -> list[int]:
    if request.start_years is None:
        return list(range(years))
    late = [year for year in request.start_years if year >= years]
    if late:
        raise Refused("start_years", "after_horizon", f"year {late[0]} is not before the horizon of {years} years")
    return sorted(set(request.start_years))


def _extra(plan: Plan, options: Options, years: int) -> list[Decimal]:
    by_year = [Decimal("0.00")] * years
    for package in plan.packages:
        by_year = [total + extra for total, extra in zip(by_year, package.extra_eur, strict=True)]
    for offer, start in sorted(plan.starts.items()):
        fees = options.fees[offer].by_year(start, years)
        by_year = [total + fee for total, fee in zip(by_year, fees, strict=True)]
    return [to_cent(amount) for amount in by_year]


def _uses(
    definition: StudyDefinition,
    catalogue: Catalogue,
    groups: Mapping[str, Snapshot],
    plan: Plan,
    request: OptimumRequest,
) -> tuple[list[PlannedAction], list[OfferUse]]:
    """The plan's actions, and the uses that carry it out: one for each offer and year, of which the earliest pays the offer's fees."""
    actions: list[PlannedAction] = []
    refs: dict[tuple[int, str], list[str]] = {}
    for package in plan.packages:
        chosen = [
            OfferUse(offer=offer, year=year, parameters=request.parameters.get(offer, {}))
            for offer, year in package.offers
        ]
        taken = applier_of(definition, catalogue, groups[package.group]).take(chosen, "offers")
        for (offer, year), on in zip(package.offers, taken.refs, strict=True):
            actions.append(PlannedAction(offer=offer, group=package.group, year=year, assets=len(on)))
            refs.setdefault((year, offer), []).extend(on)
    order = list(catalogue)
    uses = [
        OfferUse(
            offer=offer,
            year=year,
            on=sorted(on),
            parameters=request.parameters.get(offer, {}),
            fees=year == plan.starts[offer],
        )
        for (year, offer), on in sorted(refs.items(), key=lambda each: (each[0][0], order.index(each[0][1])))
    ]
    return sorted(actions, key=lambda each: (each.year, order.index(each.offer), each.group)), uses


def _not_chosen(plan: Plan, options: Options, request: OptimumRequest, spent: Decimal) -> list[NotChosen]:
    """A reason for each offer and group without it. With a package alone on its group, compared with what stands there."""
    reasons = [NotChosen(offer=each.offer, group=each.group, reason=each.reason) for each in options.not_possible]
    if not plan.packages:
        return reasons
    standing = {package.group: package for package in plan.packages}
    for package in _best_alone(options, lambda each: -each.avoided_kg):
        [(offer, _)] = package.offers
        chosen = standing[package.group]
        if offer not in chosen.names:
            reasons.append(
                NotChosen(
                    offer=offer, group=package.group, reason=_reason(package, chosen, plan, options, request, spent)
                )
            )
    return reasons


def _reason(
    package: Package, chosen: Package, plan: Plan, options: Options, request: OptimumRequest, spent: Decimal
) -> str:
    [(offer, year)] = package.offers
    if package.avoided_kg <= 0:
        return f"it avoids {package.avoided_kg:.1f} kg here: it would emit more, or change nothing"
    fees = sum(options.fees[offer].by_year(year, len(package.extra_eur)), Decimal(0))
    swap = sum(package.extra_eur) - sum(chosen.extra_eur) + (Decimal(0) if offer in plan.starts else fees)
    instead = " + ".join(sorted(chosen.names)) or "nothing"
    if request.target_kg is not None:
        return f"the target is reached for less with {instead} here; it would change the cost by {swap:.2f} €"
    if package.avoided_kg <= chosen.avoided_kg:
        return f"{instead} avoids more here: {chosen.avoided_kg:.1f} kg against {package.avoided_kg:.1f} kg"
    if request.budget_eur is not None and spent + swap > request.budget_eur:
        return f"instead of {instead} it would exceed the budget by {spent + swap - request.budget_eur:.2f} €"
    return f"with it the plan as a whole would avoid less within the yearly budgets and capacities than with {instead}"


def _best_alone(options: Options, worth: Callable[[Package], float]) -> list[Package]:
    """Of each offer alone on each group, the year with the least `worth`."""
    best: dict[tuple[str, str], Package] = {}
    for package in options.packages:
        if len(package.offers) == 1:
            key = (package.offers[0][0], package.group)
            if key not in best or worth(package) < worth(best[key]):
                best[key] = package
    return list(best.values())
