"""From what is written to what the engine runs: assets become columns, actions become levers on positions."""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import numpy as np

from scenarios.domain import levers
from scenarios.domain.description import ActionSpec, AssetValues, Refurbish, Refused, Renew, Selector
from scenarios.domain.due import dated
from scenarios.domain.fleet import Fleet, Floats, Integers


def fleet_of(assets: Sequence[AssetValues]) -> Fleet:
    """The columns of `assets`, in their order."""

    def column(values: Iterable[float]) -> Floats:
        return np.fromiter(values, dtype=np.float64, count=len(assets))

    def money(values: Iterable[Decimal]) -> Integers:
        return np.fromiter((int(value * 100) for value in values), dtype=np.int64, count=len(assets))

    return Fleet(
        quantity=column(asset.quantity for asset in assets),
        annual_kwh=column(asset.annual_kwh for asset in assets),
        pue=column(asset.pue for asset in assets),
        embodied_kg=column(asset.embodied_kg for asset in assets),
        embodied_left_kg=column(
            math.nan if asset.embodied_left_kg is None else asset.embodied_left_kg for asset in assets
        ),
        life_years=column(asset.life_years for asset in assets),
        age_years=column(asset.age_years for asset in assets),
        maintenance_kg_per_year=column(asset.maintenance_kg_per_year for asset in assets),
        opex_cents_per_year=money(asset.opex_eur_per_year for asset in assets),
        price_cents=money(asset.price_eur for asset in assets),
        virtual=np.fromiter((asset.kind == "virtual_machine" for asset in assets), dtype=np.bool_, count=len(assets)),
        vcpu=column(asset.vcpu for asset in assets),
        ram_gib=column(asset.ram_gib for asset in assets),
    )


class Reader:
    """Turns written actions into levers over known assets."""

    def __init__(self, assets: Sequence[AssetValues], years: int) -> None:
        self._assets = assets
        self._years = years
        self._by_ref = {asset.ref: asset for asset in assets}
        self._positions: Mapping[str, int] = {asset.ref: position for position, asset in enumerate(assets)}

    def read(self, specs: Sequence[ActionSpec], field: str) -> list[levers.Action]:
        """The levers of `specs`, which stand at `field`; of one that says `when_due`, as many as fall due, which may be none.

        Raises `Refused` for an unknown asset, an empty selection, a late year.
        """
        read = []
        for index, spec in enumerate(specs):
            place = f"{field}.{index}"
            if spec.year >= self._years:
                late = f"year {spec.year} is not before the horizon of {self._years} years"
                raise Refused(f"{place}.year", "after_horizon", late)
            chosen = self.choose(spec.on, f"{place}.on")
            if isinstance(spec, Renew | Refurbish) and spec.when_due:
                due = dated([spec], self._by_ref, self._years)
                read += [each.read(self.choose(each.on, f"{place}.on")) for each in due]
            else:
                read.append(spec.read(chosen))
        return read

    def choose(self, on: Sequence[str] | Selector, field: str) -> Integers:
        """The positions of the assets that `on` names. Raises `Refused` when one is unknown or named twice, or none is."""
        if isinstance(on, Selector):
            positions = [position for position, asset in enumerate(self._assets) if on.holds(asset)]
        else:
            try:
                positions = [self._positions[ref] for ref in on]
            except KeyError as unknown:
                (ref,) = unknown.args
                place = f"{field}.{list(on).index(ref)}"
                raise Refused(place, "unknown_asset", f"{ref!r} is not the ref of an asset") from unknown
            if len(set(positions)) != len(positions):
                raise Refused(field, "repeated", "an asset is named twice in one action")
        if not positions:
            raise Refused(field, "nothing_chosen", "the action is on no asset")
        return np.sort(np.array(positions, dtype=np.int64))
