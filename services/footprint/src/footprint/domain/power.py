"""Electrical power of a configuration under a load, after Boavizta (BoaviztAPI, "Consumption profile" and component documentation).

A CPU draws 12, 32, 75 and 102 % of its TDP at loads 0, 10, 50 and 100 %; between the points the curve is a·ln(b(x + c)) + d, with
the load x in percent, fitted once by least squares. As a·ln(b(x + c)) + d = a·ln(x + c) + (a·ln b + d), b and d are one degree of
freedom: b is 1 here. RAM draws (3.0 + 0.055 GB)(0.7 + 0.3 load) W per module, an SSD 8 W, an HDD 6.4 W, and all other parts a third
of that (33 %) again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from footprint.domain.configuration import Configuration

TDP_POINTS: Final = ((0.0, 0.12), (10.0, 0.32), (50.0, 0.75), (100.0, 1.02))
"""(load in percent, share of TDP) [Boavizta]."""

SSD_W: Final = 8.0
HDD_W: Final = 6.4
OTHER_PARTS: Final = 1.33


@dataclass(frozen=True, slots=True)
class LogCurve:
    """share of TDP = a·ln(x + c) + d, with the load x in percent."""

    a: float
    c: float
    d: float

    def share(self, utilisation: float) -> float:
        """Share of TDP at a utilisation between 0 and 1."""
        return self.a * math.log(utilisation * 100.0 + self.c) + self.d


def _least_squares(points: Sequence[tuple[float, float]], c: float) -> tuple[LogCurve, float]:
    """The best curve for a given c (a line in ln(x + c)), and the sum of its squared errors."""
    logs = [math.log(x + c) for x, _ in points]
    mean_log = sum(logs) / len(logs)
    mean = sum(y for _, y in points) / len(points)
    slope = sum((log - mean_log) * (y - mean) for log, (_, y) in zip(logs, points, strict=True)) / sum(
        (log - mean_log) ** 2 for log in logs
    )
    curve = LogCurve(slope, c, mean - slope * mean_log)
    return curve, sum((curve.share(x / 100.0) - y) ** 2 for x, y in points)


def fit_log_curve(points: Sequence[tuple[float, float]]) -> LogCurve:
    """Fit the curve through (load in percent, share) points by least squares: a golden-section search over c."""
    ratio = (math.sqrt(5) - 1) / 2
    low, high = 0.01, 1000.0
    for _ in range(120):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _least_squares(points, left)[1] < _least_squares(points, right)[1]:
            high = right
        else:
            low = left
    return _least_squares(points, (low + high) / 2)[0]


CPU_CURVE: Final = fit_log_curve(TDP_POINTS)
"""The platform's one curve; it is fitted when the module is loaded, never per request."""


def configuration_power_w(configuration: Configuration, utilisation: float) -> float | None:
    """Mean power in W of one unit at a utilisation between 0 and 1; None without the TDP of its CPUs."""
    cpu = configuration.cpu
    if cpu is None or cpu.tdp_w is None:
        return None
    watts = cpu.units * cpu.tdp_w * CPU_CURVE.share(utilisation)
    for module in configuration.ram:
        watts += module.units * (3.0 + 0.055 * module.gib) * (0.7 + 0.3 * utilisation)
    for disk in configuration.disks:
        watts += disk.units * (HDD_W if disk.type == "hdd" else SSD_W)
    return watts * OTHER_PARTS


def written_configuration_power(configuration: Configuration, utilisation: float) -> tuple[str, str]:
    """`configuration_power_w`, written out: the share of the TDP by the curve, then the parts. ValueError without the TDP."""
    cpu = configuration.cpu
    if cpu is None or cpu.tdp_w is None:
        raise ValueError("the power curve needs the TDP of the CPUs")
    share = CPU_CURVE.share(utilisation)
    parts = [f"{cpu.units!r} × {cpu.tdp_w!r} W × {share!r}"]
    parts += [
        f"{each.units!r} × (3.0 + 0.055 × {each.gib!r} GB) × (0.7 + 0.3 × {utilisation!r})"
        for each in configuration.ram
    ]
    parts += [f"{each.units!r} × {HDD_W if each.type == 'hdd' else SSD_W!r} W" for each in configuration.disks]
    watts = configuration_power_w(configuration, utilisation)
    curve = f"{CPU_CURVE.a!r} × ln({utilisation!r} × 100.0 + {CPU_CURVE.c!r}) − {-CPU_CURVE.d!r}"
    return (
        f"power curve at a load of {utilisation!r}: {curve} = {share!r} of the TDP",
        f"power at a load of {utilisation!r} (CPU, RAM, disks; other parts × {OTHER_PARTS!r}): "
        f"({' + '.join(parts)}) × {OTHER_PARTS!r} = {watts!r} W",
    )
