"""What an offer does to the replacements that the reference has planned: it keeps them, stands in for one or all, or puts them off.

An alternative that takes offers is the reference with the offers in it. Otherwise an offer that replaces nothing would be credited with
every purchase that the reference makes, and a life three years longer with never buying again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scenarios.domain.description import ActionSpec, AssetValues, MoveToShared, Refurbish, Renew, Selector

Stands = Literal["keep", "first", "all"]


@dataclass(frozen=True, slots=True)
class Effect:
    """On the reference's replacements of one asset: whether the offer stands in their place, and by how much it puts them off."""

    stands_for: Stands = "keep"
    months_later: int = 0

    def and_then(self, other: "Effect") -> "Effect":
        """Both: the stronger stand, and the sum of the months."""
        order: tuple[Stands, ...] = ("keep", "first", "all")
        stronger = max(self.stands_for, other.stands_for, key=order.index)
        return Effect(stronger, self.months_later + other.months_later)


def carried_over(
    reference: Sequence[ActionSpec], assets: Mapping[str, AssetValues], effects: Mapping[str, Effect], years: int
) -> list[ActionSpec]:
    """The reference's actions as the offers leave them; a replacement put off beyond the horizon does not happen within it.

    The fees of an action stay with its first remaining part.
    """
    stood_for: set[str] = set()
    kept: list[ActionSpec] = []
    for action in sorted(reference, key=lambda each: (each.year, each.month)):
        refs = refs_of(action, assets)
        if not isinstance(action, Renew | Refurbish | MoveToShared):
            kept.append(action.model_copy(update={"on": refs}))
            continue
        by_moment: dict[int, list[str]] = {}
        for ref in refs:
            effect = effects.get(ref, Effect())
            if effect.stands_for == "all" or (effect.stands_for == "first" and ref not in stood_for):
                stood_for.add(ref)
                continue
            moment = action.year * 12 + action.month + effect.months_later
            if moment < years * 12:
                by_moment.setdefault(moment, []).append(ref)
        for part, (moment, chosen) in enumerate(sorted(by_moment.items())):
            fees = {} if part == 0 else {"once_eur": Decimal(0), "eur_per_year": Decimal(0)}
            kept.append(action.model_copy(update={"on": chosen, "year": moment // 12, "month": moment % 12, **fees}))
    return kept


def refs_of(action: ActionSpec, assets: Mapping[str, AssetValues]) -> list[str]:
    """The refs that an action is on."""
    if isinstance(action.on, Selector):
        return [ref for ref, asset in assets.items() if action.on.holds(asset)]
    return list(action.on)
