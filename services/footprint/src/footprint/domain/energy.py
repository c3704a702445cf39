"""Mean electrical power of a unit in service, by the best evidence there is.

The ladder, best first: declared annual energy · declared mean power · utilisation through the power curve of the configuration · a
figure for that maker and model · the default of the kind. Energy that was measured comes before all of these (`measurements`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.configuration import Configuration
from footprint.domain.embodied import slug
from footprint.domain.formulas import ANNUAL_FIGURE, mean_power_w, written_mean_power
from footprint.domain.power import configuration_power_w, written_configuration_power
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2


class Load(NamedTuple):
    """A utilisation between 0 and 1, held during a share of the time in service."""

    share_of_time: float
    utilisation: float


class Power(NamedTuple):
    """Mean power in W of one unit in service, with its evidence, the factors used, ln GSD² and how it was found.

    One from the curve keeps its configuration and loads: there are as many as measured days, and few are ever written out.
    """

    watts: float
    evidence: str
    factors: tuple[Factor, ...] = ()
    told: tuple[str, ...] = ()
    configuration: Configuration | None = None
    loads: tuple[Load, ...] = ()

    @property
    def trace(self) -> tuple[str, ...]:
        """How it was found, line by line."""
        if self.configuration is None:
            return self.told
        return _written_loads(self.configuration, self.loads, self.watts)

    @property
    def ln_gsd2(self) -> float:
        """ln GSD² of the activity."""
        return ACTIVITY_LN_GSD2[self.evidence]


def choose_power(
    catalogue: Catalogue,
    kind: str,
    *,
    annual_kwh: float | None = None,
    average_w: float | None = None,
    loads: Sequence[Load] = (),
    configuration: Configuration | None = None,
    maker: str | None = None,
    model: str | None = None,
) -> Power | None:
    """Climbs the ladder for one unit of `kind`; None when there is no evidence at all."""
    if annual_kwh is not None:
        return _annual(annual_kwh, "declared", ())
    if average_w is not None:
        return Power(average_w, "declared", (), (f"power (declared): {average_w!r} W on average",))
    if loads and configuration is not None:
        power = _from_loads(configuration, loads)
        if power is not None:
            return power
    return catalogue.remember(("power", kind, maker, model), lambda: _found_power(catalogue, kind, maker, model))


def _found_power(catalogue: Catalogue, kind: str, maker: str | None, model: str | None) -> Power | None:
    """The rungs below what is said of the asset itself."""
    named = catalogue.parameter(f"energy.{kind}.{slug(maker)}.{slug(model)}") if maker and model else None
    if named is not None:
        return _annual(named.value, "model", (named,))
    default = catalogue.parameter(f"energy.{kind}")
    return None if default is None else _annual(default.value, "kind", (default,))


def _annual(annual_kwh: float, evidence: str, factors: tuple[Factor, ...]) -> Power:
    watts = mean_power_w(annual_kwh)
    origin = "".join(f" [{factor.id} v{factor.version}]" for factor in factors)
    return Power(
        watts,
        evidence,
        factors,
        (f"power ({evidence}): {written_mean_power(annual_kwh)} = {watts!r} W{origin}", ANNUAL_FIGURE),
    )


def _from_loads(configuration: Configuration, loads: Sequence[Load]) -> Power | None:
    watts = 0.0
    for load in loads:
        at_load = configuration_power_w(configuration, load.utilisation)
        if at_load is None:
            return None
        watts += load.share_of_time * at_load
    return Power(watts, "utilisation", configuration=configuration, loads=tuple(loads))


def _written_loads(configuration: Configuration, loads: Sequence[Load], watts: float) -> tuple[str, ...]:
    """The curve and the parts of the configuration at each load, then their mean over the time."""
    lines: list[str] = []
    terms: list[str] = []
    for load in loads:
        at_load = configuration_power_w(configuration, load.utilisation)
        lines.extend(written_configuration_power(configuration, load.utilisation))
        terms.append(f"{load.share_of_time!r} × {at_load!r} W at {load.utilisation!r}")
    return (*lines, f"power (utilisation): {' + '.join(terms)} = {watts!r} W")
