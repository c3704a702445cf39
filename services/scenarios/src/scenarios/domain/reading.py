"""From what is written to what the engine runs: assets become columns, actions become levers on positions."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import numpy as np

from scenarios.domain import levers
from scenarios.domain.description import ActionSpec, AssetValues, Refused, Selector
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
            self._check(spec, place)
            read += [self._read(each, place) for each in dated([spec], self._by_ref, self._years)]
        return read

    def _check(self, spec: ActionSpec, field: str) -> None:
        if spec.year >= self._years:
            raise Refused(
                f"{field}.year", "after_horizon", f"year {spec.year} is not before the horizon of {self._years} years"
            )
        self.choose(spec.on, f"{field}.on")

    def _read(self, spec: ActionSpec, field: str) -> levers.Action:
        return spec.read(self.choose(spec.on, f"{field}.on"))

    def choose(self, on: Sequence[str] | Selector, field: str) -> Integers:
        """The positions of the assets that `on` names. Raises `Refused` when one is unknown or named twice, or none is."""
        if isinstance(on, Selector):
            chosen = [position for position, asset in enumerate(self._assets) if on.holds(asset)]
        else:
            for index, ref in enumerate(on):
                if ref not in self._positions:
                    raise Refused(f"{field}.{index}", "unknown_asset", f"{ref!r} is not the ref of an asset")
            if len(set(on)) != len(on):
                raise Refused(field, "repeated", "an asset is named twice in one action")
            chosen = [self._positions[ref] for ref in on]
        if not chosen:
            raise Refused(field, "nothing_chosen", "the action is on no asset")
        return np.array(sorted(chosen), dtype=np.int64)
