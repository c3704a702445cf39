"""Offers put to use on assets: their actions with parameters filled in, or the reason why not."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from scenarios.domain.deferring import Effect, ages_at, carried_over, replacements
from scenarios.domain.description import ActionSpec, AssetValues, Ref, Refused, Selector, Written
from scenarios.domain.due import dated, refs_of
from scenarios.domain.offers import Offer, Template

Catalogue: TypeAlias = Mapping[str, Offer]
"""Offers by id."""

_ACTION: TypeAdapter[ActionSpec] = TypeAdapter(ActionSpec)


class OfferUse(Written):
    """An offer on assets, from a moment on, with parameters other than expected where given (within the offer's range)."""

    offer: str = Field(max_length=64, examples=["long-life-support"])
    on: list[Ref] | Selector = Field(default_factory=Selector)
    year: int = Field(default=0, ge=0)
    month: int = Field(default=0, ge=0, le=11)
    parameters: dict[str, float] = Field(default_factory=dict)
    fees: bool = Field(
        default=True, description="false where another use of the same offer pays what it costs as a whole"
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """An action that an offer put to use has made."""

    offer: Offer
    use: OfferUse
    template: Template
    action: ActionSpec


@dataclass(frozen=True, slots=True)
class Taken:
    """What an alternative does: the reference's actions as the offers leave them, the offers' own, and the assets of each use."""

    carried: list[ActionSpec]
    drawn: list[Drawn]
    refs: list[list[str]]


class Applier:
    """Puts offers of a catalogue to use on the assets of a study, of which `confirmed` holds the prerequisites that it confirms, and whose
    `reference` replaces assets within its `years`."""

    def __init__(
        self,
        catalogue: Catalogue,
        assets: Sequence[AssetValues],
        confirmed: Sequence[str],
        reference: Sequence[ActionSpec],
        years: int,
    ) -> None:
        self._catalogue = catalogue
        self._assets = {asset.ref: asset for asset in assets}
        self._confirmed = set(confirmed)
        self._reference = dated(reference, self._assets, years)
        self._years = years

    def apply(self, uses: Sequence[OfferUse], field: str) -> list[ActionSpec]:
        """The reference's actions as the offers leave them, then the actions of `uses` (which stand at `field`), in their order.

        Raises `Refused` as `take` does.
        """
        taken = self.take(uses, field)
        return [*taken.carried, *(drawn.action for drawn in taken.drawn)]

    def take(self, uses: Sequence[OfferUse], field: str) -> Taken:
        """The same, with each offer's action beside the offer, the use and the template that it comes from.

        Raises `Refused` with the reason: an unknown offer or parameter, one out of its range, assets it is not for, a prerequisite that is
        not met, an offer that excludes another on the same assets, one in the place of purchases where none is planned.
        """
        drawn: list[Drawn] = []
        effects: dict[str, list[Effect]] = {}
        taken: list[tuple[Offer, set[str]]] = []
        chosen: list[list[str]] = []
        for index, use in enumerate(uses):
            place = f"{field}.{index}"
            offer = self.offer(use, place)
            carried = carried_over(self._reference, self._assets, effects, self._years)
            refs = self._eligible(offer, use, carried, place)
            chosen.append(refs)
            _check_exclusions(offer, set(refs), taken, place)
            taken.append((offer, set(refs)))
            since = use.year * 12 + use.month
            own = self._actions(offer, use, refs, replacements(carried, self._assets, since), place)
            if not own:
                detail = f"{offer.name.en} spares or puts off purchases, and the reference plans none here from year {use.year} on"
                raise Refused(f"{place}.on", "nothing_to_replace", detail)
            for template, action in own:
                drawn.append(Drawn(offer, use, template, action))
                effect = _effect(since, template, parameters_of(offer, use, place))
                for ref in refs_of(action, self._assets):
                    effects.setdefault(ref, []).append(effect)
        return Taken(carried_over(self._reference, self._assets, effects, self._years), drawn, chosen)

    def offer(self, use: OfferUse, field: str) -> Offer:
        """The offer that `use` names. Raises `Refused` when there is none."""
        if use.offer not in self._catalogue:
            raise Refused(f"{field}.offer", "unknown_offer", f"{use.offer!r} is not an offer of the catalogue")
        return self._catalogue[use.offer]

    def eligible(self, offer: Offer) -> list[str]:
        """The refs of all assets that the offer can be taken on now. Raises `Refused` with the reason when there is none."""
        return self._eligible(offer, OfferUse(offer=offer.id), self._reference, offer.id)

    def _eligible(self, offer: Offer, use: OfferUse, carried: Sequence[ActionSpec], field: str) -> list[str]:
        for prerequisite in offer.prerequisites:
            if prerequisite.min_age_years is None and prerequisite.id not in self._confirmed:
                detail = f"{offer.name.en} needs: {prerequisite.text.en} (confirm {prerequisite.id!r} in the study)"
                raise Refused(field, "prerequisite", detail)
        aged = [each for each in offer.prerequisites if each.min_age_years is not None]
        ages = ages_at(carried, self._assets, use.year * 12 + use.month) if aged else {}
        chosen = self._chosen(offer, use, ages, field)
        for prerequisite in aged:
            young = [ref for ref in chosen if ages[ref] < (prerequisite.min_age_years or 0.0)]
            if young:
                detail = f"{offer.name.en} needs: {prerequisite.text.en}; too young: {', '.join(young[:5])}"
                raise Refused(f"{field}.on", "prerequisite", detail)
        return chosen

    def _chosen(self, offer: Offer, use: OfferUse, ages: Mapping[str, float], field: str) -> list[str]:
        """The assets of the use. A selection takes those that the offer is for; a list must hold no other."""
        if isinstance(use.on, Selector):
            selector = use.on
            of_kind = [
                ref for ref, asset in self._assets.items() if selector.holds(asset) and _is_for(offer, asset.kind)
            ]
            oldest = max((each.min_age_years or 0.0 for each in offer.prerequisites), default=0.0)
            chosen = [ref for ref in of_kind if not ages or ages[ref] >= oldest]
            if of_kind and not chosen:
                texts = "; ".join(each.text.en for each in offer.prerequisites if each.min_age_years is not None)
                raise Refused(f"{field}.on", "prerequisite", f"{offer.name.en} needs: {texts}; all are too young then")
        else:
            chosen = list(use.on)
            for index, ref in enumerate(chosen):
                if ref not in self._assets:
                    raise Refused(f"{field}.on.{index}", "unknown_asset", f"{ref!r} is not the ref of an asset")
                kind = self._assets[ref].kind
                if not _is_for(offer, kind):
                    raise Refused(f"{field}.on.{index}", "not_for_kind", f"{offer.name.en} is not for a {kind}")
        if not chosen:
            raise Refused(f"{field}.on", "nothing_chosen", f"no asset is one that {offer.name.en} is for")
        return chosen

    def _actions(
        self, offer: Offer, use: OfferUse, refs: Sequence[str], planned: Mapping[str, int], field: str
    ) -> list[tuple[Template, ActionSpec]]:
        """The actions of one offer on `refs`, with its parameters filled in; `planned` are the months in which the reference replaces
        assets. Raises `Refused`."""
        values = parameters_of(offer, use, field)
        written = []
        for template in offer.actions:
            if template.when is not None and values[template.when] < template.at_least:
                continue
            on = [ref for ref in refs if template.kinds is None or self._assets[ref].kind in template.kinds]
            for part, (moment, chosen) in enumerate(_moments(template, use, on, planned)):
                document = _filled(template.action, values)
                document |= {"on": chosen, "year": moment // 12, "month": moment % 12}
                if part > 0 or not use.fees:
                    document |= {"once_eur": 0, "eur_per_year": 0}
                written.append((template, _written(document, field)))
        return written


def _moments(
    template: Template, use: OfferUse, on: Sequence[str], planned: Mapping[str, int]
) -> list[tuple[int, list[str]]]:
    """When the template's action takes place on which assets."""
    if template.at == "start":
        chosen = [ref for ref in on if template.defers is None or ref in planned]
        return [(use.year * 12 + use.month, chosen)] if chosen else []
    by_moment: dict[int, list[str]] = {}
    for ref in on:
        if ref in planned:
            by_moment.setdefault(planned[ref], []).append(ref)
    return sorted(by_moment.items())


def _written(document: Mapping[str, Any], field: str) -> ActionSpec:
    try:
        return _ACTION.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(field, "parameter", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def parameters_of(offer: Offer, use: OfferUse, field: str) -> dict[str, float]:
    """The value of each parameter: given, else expected. Raises `Refused` for one that is unknown or out of its range."""
    for name, value in use.parameters.items():
        known = offer.parameters.get(name)
        if known is None:
            raise Refused(f"{field}.parameters.{name}", "unknown_parameter", f"{offer.id} has no parameter {name!r}")
        if not math.isfinite(value) or not known.low <= value <= known.high:
            detail = f"{value} is not from {known.low} to {known.high} ({known.basis}: {known.source})"
            raise Refused(f"{field}.parameters.{name}", "out_of_range", detail)
    return {name: use.parameters.get(name, known.expected) for name, known in offer.parameters.items()}


def _effect(since: int, template: Template, parameters: Mapping[str, float]) -> Effect:
    years = parameters[template.defers] if template.defers is not None else 0.0
    return Effect(since, template.stands_for, round(years * 12))


def _check_exclusions(offer: Offer, refs: set[str], taken: Sequence[tuple[Offer, set[str]]], field: str) -> None:
    for other, others in taken:
        both = sorted(refs & others)
        if both and (other.id in offer.excludes or offer.id in other.excludes):
            detail = f"{offer.name.en} and {other.name.en} exclude each other on the same assets: {', '.join(both[:5])}"
            raise Refused(f"{field}.on", "excluded", detail)


def _is_for(offer: Offer, kind: str) -> bool:
    return offer.kinds is None or kind in offer.kinds


def _filled(value: Any, parameters: Mapping[str, float]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(member, parameters) for name, member in value.items()}
    if isinstance(value, str) and value.startswith("$"):
        return parameters[value[1:]]
    return value
