"""Replacements when they fall due: one action that says "when their life ends" becomes the dated ones that it stands for."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from scenarios.domain import levers
from scenarios.domain.description import ActionSpec, AssetValues, Refurbish, Renew, Selector

_HARDLY = 1e-9
"""A life that ends within so much of a year's beginning ends with it."""


def dated(actions: Sequence[ActionSpec], assets: Mapping[str, AssetValues], years: int) -> list[ActionSpec]:
    """`actions` with those that say `when_due` as one action for each year in which assets fall due, on these assets.

    An asset is due in the first year, from the action's own on, at whose beginning its life has ended, and again each time the life of
    what replaced it has. The fees of the action are paid once, with the first. Nothing falls due: nothing is left of it.
    """
    found: list[ActionSpec] = []
    for action in actions:
        if isinstance(action, Renew | Refurbish) and action.when_due:
            found += _by_year(action, assets, years)
        else:
            found.append(action)
    return found


def refs_of(action: ActionSpec, assets: Mapping[str, AssetValues]) -> list[str]:
    """The refs that an action is on."""
    if isinstance(action.on, Selector):
        return [ref for ref, asset in assets.items() if action.on.holds(asset)]
    return list(action.on)


def _by_year(action: Renew | Refurbish, assets: Mapping[str, AssetValues], years: int) -> list[ActionSpec]:
    due: dict[int, list[str]] = {}
    for ref in refs_of(action, assets):
        if ref not in assets:
            due.setdefault(action.year, []).append(ref)
            continue
        year = max(action.year, _whole(assets[ref].life_years - assets[ref].age_years))
        again = max(1, _whole(_life_years(action, assets[ref])))
        for moment in range(year, years, again):
            due.setdefault(moment, []).append(ref)
    return [
        cast(
            ActionSpec,
            action.model_copy(
                update={"on": due[year], "year": year, "when_due": False} | ({} if part == 0 else _NO_FEES)
            ),
        )
        for part, year in enumerate(sorted(due))
    ]


_NO_FEES = {"once_eur": Decimal(0), "eur_per_year": Decimal(0)}


def _whole(years: float) -> int:
    return max(0, math.ceil(years - _HARDLY))


def _life_years(action: Renew | Refurbish, asset: AssetValues) -> float:
    """How long what replaces the asset serves."""
    life = asset.life_years if action.with_.life_years is None else action.with_.life_years
    if isinstance(action, Renew):
        return life
    if action.convention is levers.Convention.SHARED_LIFE and action.use_years is not None:
        return action.use_years
    return life - action.age_years
