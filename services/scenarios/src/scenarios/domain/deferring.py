"""What an offer does to the replacements that the reference has planned: it keeps them, stands in for one or all, or puts them off.

An alternative that takes offers is the reference with the offers in it. Otherwise an offer that replaces nothing would be credited with
every purchase that the reference makes, and a life three years longer with never buying again. An offer reaches what is planned from
its own moment on: what the reference has bought before stays bought.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scenarios.domain.description import ActionSpec, AssetValues, MoveToShared, Refurbish, Renew
from scenarios.domain.due import dated, refs_of

Stands = Literal["keep", "first", "all"]
Effects = Mapping[str, Sequence["Effect"]]
"""By ref."""


@dataclass(frozen=True, slots=True)
class Effect:
    """On the reference's replacements of one asset from `month` of the study on: whether the offer stands in their place, and by how
    much it puts them off."""

    month: int
    stands_for: Stands = "keep"
    months_later: int = 0


def carried_over(
    reference: Sequence[ActionSpec], assets: Mapping[str, AssetValues], effects: Effects, years: int
) -> list[ActionSpec]:
    """The reference's actions as the offers leave them; a replacement put off beyond the horizon does not happen within it.

    The fees of an action stay with its first remaining part.
    """
    plans = {ref: _Planned(each) for ref, each in effects.items()}
    kept: list[ActionSpec] = []
    for action in sorted(dated(reference, assets, years), key=lambda each: (each.year, each.month)):
        refs = refs_of(action, assets)
        if not isinstance(action, Renew | Refurbish | MoveToShared):
            kept.append(action.model_copy(update={"on": refs}))
            continue
        as_planned = action.year * 12 + action.month
        by_moment: dict[int, list[str]] = {}
        for ref in refs:
            planned = plans.get(ref)
            moment = as_planned if planned is None else planned.moment(as_planned)
            if moment is not None and moment < years * 12:
                by_moment.setdefault(moment, []).append(ref)
        for part, (moment, chosen) in enumerate(sorted(by_moment.items())):
            fees = {} if part == 0 else {"once_eur": Decimal(0), "eur_per_year": Decimal(0)}
            kept.append(action.model_copy(update={"on": chosen, "year": moment // 12, "month": moment % 12, **fees}))
    return kept


def replacements(carried: Sequence[ActionSpec], assets: Mapping[str, AssetValues], since: int) -> dict[str, int]:
    """By ref, the month of the first replacement from month `since` on."""
    first: dict[str, int] = {}
    for action in carried:
        moment = action.year * 12 + action.month
        if isinstance(action, Renew | Refurbish | MoveToShared) and moment >= since:
            for ref in refs_of(action, assets):
                first[ref] = min(moment, first.get(ref, moment))
    return first


def ages_at(carried: Sequence[ActionSpec], assets: Mapping[str, AssetValues], month: int) -> dict[str, float]:
    """By ref, how many years old the kit is in `month`, as it stands there before what happens then."""
    ages = {ref: asset.age_years + month / 12 for ref, asset in assets.items()}
    replaced: dict[str, int] = {}
    for action in carried:
        moment = action.year * 12 + action.month
        if isinstance(action, Renew | Refurbish | MoveToShared) and moment < month:
            for ref in refs_of(action, assets):
                if ref in ages and moment >= replaced.get(ref, -1):
                    replaced[ref] = moment
                    ages[ref] = _age_on_arrival(action) + (month - moment) / 12
    return ages


def _age_on_arrival(action: Renew | Refurbish | MoveToShared) -> float:
    if isinstance(action, Refurbish):
        return action.age_years
    return action.host_age_years if isinstance(action, MoveToShared) else 0.0


class _Planned:
    """The replacements of one asset, asked for in the order of their moments."""

    def __init__(self, effects: Sequence[Effect]) -> None:
        self._effects = effects if len(effects) == 1 else sorted(effects, key=lambda effect: effect.month)
        self._stood_for: set[int] = set()

    def moment(self, planned: int) -> int | None:
        """When a replacement planned for the month `planned` happens; None when an offer stands in its place."""
        moment = planned
        for index, effect in enumerate(self._effects):
            if effect.month > moment:
                continue
            if effect.stands_for == "all" or (effect.stands_for == "first" and index not in self._stood_for):
                self._stood_for.add(index)
                return None
            moment += effect.months_later
        return moment
