"""What items of estimates say of their energy, checked."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from footprint.domain.configuration import Configuration
from footprint.domain.energy import Load
from footprint.domain.errors import ItemError


def check_energy(energy: Mapping[str, Any], configuration: Configuration | None) -> None:
    """Raises ItemError for a utilisation that counts and that no power curve can be taken to: nothing else stands in for it."""
    if "utilisation" not in energy or energy.keys() & {"annual_kwh", "average_w"}:
        return
    if configuration is None:
        rule = "energy.utilisation needs a configuration: it goes through the power curve of its CPUs"
        french = (
            "energy.utilisation demande une configuration : elle passe par la courbe de puissance de ses processeurs"
        )
        raise ItemError("energy.utilisation", "needs_configuration", rule, french)
    if configuration.cpu is None or configuration.cpu.tdp_w is None:
        rule = "energy.utilisation needs configuration.cpu.tdp_w: the power curve is a share of the thermal design power of the CPUs"
        french = (
            "energy.utilisation demande configuration.cpu.tdp_w : la courbe est une part de la puissance de conception "
            "thermique des processeurs"
        )
        raise ItemError("configuration.cpu.tdp_w", "missing", rule, french)


def read_loads(stated: float | Sequence[Mapping[str, float]] | None) -> Sequence[Load]:
    """The loads of a stated utilisation; raises ItemError for shares of time that do not add up."""
    if stated is None:
        return ()
    if isinstance(stated, float):
        return (Load(1.0, stated),)
    loads = tuple(Load(each["share_of_time"], each["utilisation"]) for each in stated)
    shares = math.fsum(each.share_of_time for each in loads)
    if abs(shares - 1.0) > 1e-9:
        raise ItemError(
            "energy.utilisation", "shares", f"the shares of time must add up to 1, not {shares!r}",
            f"les parts du temps doivent faire 1 en tout, et non {shares!r}",
        )  # fmt: skip
    return loads
