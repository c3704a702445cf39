"""What each offer alone does on each group, and the abatement-cost curve: where the tonnes are, from the cheapest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.comparison import HARDLY
from scenarios.domain.costs import to_cent
from scenarios.domain.packages import Fees, Options, Package

NO_FEES = Fees(Decimal(0), Decimal(0))


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class OfferAlone(_Shown):
    """An offer alone on a group, its fees in full, in the year in which it avoids most; negative where it emits more."""

    offer: str
    group: str
    year: int
    eer_kg: float
    eema_kg: float
    avoided_kg: float
    extra_eur: Decimal
    eur_per_tonne: Decimal | None = Field(description="null where nothing is avoided")


class CurvePoint(_Shown):
    """One step of the curve: on a group, an offer in the place of `instead_of`. Kilograms and euros are what the step adds, so that
    those of all steps so far can be had together: `cumulated_kg`."""

    offer: str
    group: str
    year: int
    instead_of: str | None = Field(description="the offer of an earlier step on the same group; null: nothing")
    instead_of_year: int | None
    avoided_kg: float
    extra_eur: Decimal
    eur_per_tonne: Decimal
    cumulated_kg: float


@dataclass(frozen=True, slots=True)
class _Alone:
    """A package of one offer with what it costs, the offer's fees in full."""

    package: Package
    extra_eur: Decimal

    @property
    def offer(self) -> str:
        return self.package.offers[0][0]

    @property
    def year(self) -> int:
        return self.package.offers[0][1]


@dataclass(frozen=True, slots=True)
class _Step:
    stands: _Alone
    before: _Alone | None
    avoided_kg: float
    extra_eur: Decimal

    @property
    def per_kg(self) -> float:
        return float(self.extra_eur) / self.avoided_kg


def offers_alone(options: Options) -> list[OfferAlone]:
    """Every possible offer on every group, in the order of the groups."""
    best: dict[tuple[str, str], _Alone] = {}
    for alone in _alone(options):
        key = (alone.package.group, alone.offer)
        if key not in best or alone.package.avoided_kg > best[key].package.avoided_kg:
            best[key] = alone
    return [
        OfferAlone(
            offer=alone.offer,
            group=alone.package.group,
            year=alone.year,
            eer_kg=alone.package.eer_kg,
            eema_kg=alone.package.eema_kg,
            avoided_kg=alone.package.avoided_kg,
            extra_eur=to_cent(alone.extra_eur),
            eur_per_tonne=_per_tonne(alone.extra_eur, alone.package.avoided_kg)
            if _avoids(alone.package.avoided_kg, alone.package)
            else None,
        )
        for alone in best.values()
    ]


def abatement_curve(options: Options) -> list[CurvePoint]:
    """The steps of all groups by € per tonne. On each group they climb the lower convex hull of its offers from nothing on, so each step
    costs more per tonne than the one before, and no two offers on one group are counted together."""
    groups: dict[str, list[_Alone]] = {}
    for alone in _alone(options):
        groups.setdefault(alone.package.group, []).append(alone)
    steps = [step for members in groups.values() for step in _climb(members)]
    points: list[CurvePoint] = []
    cumulated = 0.0
    for step in sorted(steps, key=lambda each: (each.per_kg, each.stands.package.group)):
        cumulated += step.avoided_kg
        points.append(
            CurvePoint(
                offer=step.stands.offer,
                group=step.stands.package.group,
                year=step.stands.year,
                instead_of=step.before.offer if step.before is not None else None,
                instead_of_year=step.before.year if step.before is not None else None,
                avoided_kg=step.avoided_kg,
                extra_eur=to_cent(step.extra_eur),
                eur_per_tonne=_per_tonne(step.extra_eur, step.avoided_kg),
                cumulated_kg=cumulated,
            )
        )
    return points


def _alone(options: Options) -> list[_Alone]:
    found = []
    for package in options.packages:
        if len(package.offers) == 1:
            [(offer, year)] = package.offers
            fees = options.fees.get(offer, NO_FEES).by_year(year, len(package.extra_eur))
            found.append(_Alone(package, sum(package.extra_eur, Decimal(0)) + sum(fees, Decimal(0))))
    return found


def _climb(members: Sequence[_Alone]) -> list[_Step]:
    steps: list[_Step] = []
    stands: _Alone | None = None
    while True:
        kg = stands.package.avoided_kg if stands is not None else 0.0
        eur = stands.extra_eur if stands is not None else Decimal(0)
        further = [
            _Step(each, stands, each.package.avoided_kg - kg, each.extra_eur - eur)
            for each in members
            if _avoids(each.package.avoided_kg - kg, each.package)
        ]
        if not further:
            return steps
        steps.append(min(further, key=lambda step: (step.per_kg, -step.avoided_kg)))
        stands = steps[-1].stands


def _avoids(kg: float, package: Package) -> bool:
    return kg > HARDLY * package.planned_kg


def _per_tonne(extra_eur: Decimal, avoided_kg: float) -> Decimal:
    return to_cent(extra_eur / Decimal(repr(avoided_kg)) * 1000)
