"""Records that feed the method and are no impact: in which unit each is counted, and between which values it can be.

Services that hear them compute without converting: a life of 60 months read as years, or a density of 0, would be wrong in silence.
"""

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """The unit of a parameter and its least and greatest value; `positive` ones divide, or are a life: 0 is none of theirs."""

    unit: str
    least: float = 0.0
    most: float = math.inf
    positive: bool = False

    def refuses(self, value: float) -> str | None:
        """Why `value` cannot be one; None where it can."""
        if self.positive and value <= 0:
            return "it divides, or is a life: more than 0"
        if not self.least <= value <= self.most:
            return f"between {self.least:g} and {self.most:g}"
        return None


_PUE = Parameter("1", 1.0, 10.0)
_KNOWN = (
    (re.compile(r"life\..+"), Parameter("year", positive=True)),
    (re.compile(r"energy\..+"), Parameter("kWh/year")),
    (re.compile(r"pue|cloud\.[^.]+\.pue"), _PUE),
    (re.compile(r"cloud\.[^.]+\.(?:min|max)_w_per_vcpu"), Parameter("W/unit")),
    (re.compile(r"cloud\.[^.]+\.host_vcpu"), Parameter("1", positive=True)),
    (re.compile(r"cloud\.w_per_gib"), Parameter("W/GB")),
    (re.compile(r"component\.(?:ram|ssd)_density"), Parameter("GB/cm2", positive=True)),
    (re.compile(r"component\.psu_mass"), Parameter("kg/unit", positive=True)),
)
"""What the method reads, by activity; a parameter that it does not read may have any unit."""


def parameter_of(activity: str) -> Parameter | None:
    """What is known of the parameter of an activity."""
    return next((known for spelled, known in _KNOWN if spelled.fullmatch(activity)), None)
