"""What estimates say of inputs that they do not use."""

from collections.abc import Mapping
from typing import Any, Final

from footprint.domain.configuration import Configuration
from footprint.domain.embodied import Embodied
from footprint.domain.notices import Notice

TWICE_DECLARED: Final = {
    "code": "declared_twice",
    "detail": "energy.annual_kwh and energy.average_w are both stated: annual_kwh is taken, average_w is left out",
}
UTILISATION_LEFT_OUT: Final = {
    "code": "utilisation_left_out",
    "detail": "energy.utilisation stands beside a declared energy: what is declared is taken, utilisation is left out",
}
REGION_LEFT_OUT: Final = {
    "code": "cloud_region_left_out",
    "detail": "country or region is stated and is not where cloud.region lies: what is stated is taken, cloud.region is left out",
}


def left_out(energy: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is said of energy that is stated in several ways: the first of annual energy, mean power and utilisation is taken."""
    annual, mean = "annual_kwh" in energy, "average_w" in energy
    beside = "utilisation" in energy and (annual or mean)
    return [*([TWICE_DECLARED] if annual and mean else []), *([UTILISATION_LEFT_OUT] if beside else [])]


def parts_said(found: Embodied, configuration: Configuration | None) -> Notice:
    """What must be said of a configuration that is stated: that parts of it are not known, or that it does not tell what making weighs."""
    if found.trace[-1].startswith("not stated"):
        return Notice.UNSTATED_PARTS
    passed_over = configuration is not None and found.evidence == "kind"
    return Notice.CONFIGURATION_NOT_USED if passed_over else Notice(0)
