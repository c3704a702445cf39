"""Greenhouse gases and their 100-year warming potentials by assessment report.

One set of potentials per calculation, never a mixture. The total holds the seven gases and families of the Kyoto
protocol (CO2, CH4, N2O, HFCs, PFCs, SF6, NF3); what is outside of it (HCFCs, SF5CF3) and biogenic CO2 are told apart.
"""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from factors.domain.records import Bilingual, GwpSet

LARGEST_KG = 1e18
"""The largest mass that is computed, two hundred times the atmosphere: more is a mistake, and near 1e308 the arithmetic ends."""

BIOGENIC = "biogenic"
"""The family of CO2 from living matter: a mass that is reported and never warms in the total."""


@dataclass(frozen=True, slots=True)
class Gas:
    """A gas: `potentials` are kgCO2e per kg over 100 years; `kyoto` says whether it counts in the total."""

    code: str
    name: Bilingual
    family: str
    kyoto: bool
    potentials: Mapping[GwpSet, float]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GasShare:
    """What one gas contributes: its mass, its potential and the product, in kg and kgCO2e."""

    gas: str
    mass_kg: float
    gwp: float
    co2e_kg: float
    kyoto: bool


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A mixture in kgCO2e. `biogenic_co2_kg` and `outside_kyoto_co2e_kg` are never part of `co2e_kg`."""

    gwp_set: GwpSet
    co2e_kg: float
    outside_kyoto_co2e_kg: float
    biogenic_co2_kg: float
    shares: tuple[GasShare, ...]


class GasError(ValueError):
    """A gas or a mass that cannot be computed; `gas` is the one given, `code` names the rule."""

    def __init__(self, gas: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.gas = gas
        self.code = code


class Gases:
    """The known gases, and refrigerant blends as mass shares of them."""

    def __init__(self, gases: Iterable[Gas], blends: Mapping[str, Mapping[str, float]]) -> None:
        self.all = tuple(gases)
        self._by_name: dict[str, Gas] = {}
        for gas in self.all:
            for name in (gas.code, *gas.aliases):
                if self._by_name.setdefault(name.casefold(), gas) is not gas:
                    raise ValueError(f"two gases are called {name}")
        self.blends = blends
        for blend, shares in blends.items():
            if not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-9):
                raise ValueError(f"the shares of {blend} do not add up to 1")
            if unknown := [gas for gas in shares if gas.casefold() not in self._by_name]:
                raise ValueError(f"{blend} is made of unknown gases: {unknown}")
        self._blend_names = {blend.casefold(): blend for blend in blends}

    def find(self, name: str) -> Gas | None:
        """The gas of that code or alias, case apart."""
        return self._by_name.get(name.casefold())

    def co2e(self, masses_kg: Mapping[str, float], gwp_set: GwpSet) -> Equivalent:
        """The equivalent of masses of gases and blends, in the order given.

        Raises GasError for an unknown gas, a negative, infinite or impossibly large mass, or a gas without a potential in the set.
        """
        shares: list[GasShare] = []
        biogenic = 0.0
        for name, mass in masses_kg.items():
            if not math.isfinite(mass) or mass < 0:
                raise GasError(
                    name, "negative" if mass < 0 else "not_finite", f"the mass of {name} must be 0 kg or more"
                )
            if mass > LARGEST_KG:
                raise GasError(name, "too_large", f"the mass of {name} must be at most {LARGEST_KG:g} kg, not {mass!r}")
            for gas, part in self._parts(name):
                if gas.family == BIOGENIC:
                    biogenic += mass * part
                else:
                    shares.append(_share(gas, mass * part, gwp_set))
        return Equivalent(
            gwp_set=gwp_set,
            co2e_kg=math.fsum(share.co2e_kg for share in shares if share.kyoto),
            outside_kyoto_co2e_kg=math.fsum(share.co2e_kg for share in shares if not share.kyoto),
            biogenic_co2_kg=biogenic,
            shares=tuple(shares),
        )

    def weight(self, masses_kg: Mapping[str, float], gwp_set: GwpSet) -> float:
        """The mass of a factor's gases in kgCO2e: the Kyoto gases of a mixture, or the whole where none of them is of Kyoto.

        Raises what `co2e` raises.
        """
        computed = self.co2e(masses_kg, gwp_set)
        return computed.co2e_kg if any(share.kyoto for share in computed.shares) else computed.outside_kyoto_co2e_kg

    def _parts(self, name: str) -> list[tuple[Gas, float]]:
        """The gases that `name` is made of, with their shares by mass."""
        gas = self._by_name.get(name.casefold())
        if gas is not None:
            return [(gas, 1.0)]
        blend = self._blend_names.get(name.casefold())
        if blend is not None:
            return [(self._by_name[gas.casefold()], share) for gas, share in self.blends[blend].items()]
        known = [gas.code for gas in self.all] + list(self.blends)
        nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
        raise GasError(name, "unknown_gas", f"{name!r} is not a known gas{hint}")


def _share(gas: Gas, mass_kg: float, gwp_set: GwpSet) -> GasShare:
    potential = gas.potentials.get(gwp_set)
    if potential is None:
        raise GasError(gas.code, "no_potential", f"the catalogue has no potential of {gas.code} in {gwp_set.value}")
    return GasShare(gas.code, mass_kg, potential, mass_kg * potential, gas.kyoto)
