"""What is missing of an asset, why it matters, and what a result falls back to without it.

The rule of each gap is in `inventory.store.quality`; here is what a person is told. Retired assets have no gaps.
"""

from dataclasses import dataclass
from enum import StrEnum


class Gap(StrEnum):
    """Something that is not known of an asset, or that does not fit together."""

    SITE = "site"
    SITE_PUE = "site.pue"
    HOST = "host"
    HOST_RETIRED = "host.retired"
    ALLOCATION = "allocation"
    MODEL = "model"
    CONFIGURATION = "configuration"
    CPU_TDP = "configuration.cpu.tdp_w"
    ENERGY = "declared"
    ACQUIRED_ON = "acquired.on"
    CONDITION = "acquired.condition"
    AGE = "acquired.age_years"
    PLANNED_LIFE = "planned_life_years"
    SUPPORT = "support"
    PRICE = "acquired.price_eur"
    APPLICATION = "application"
    SERIAL_NUMBER = "serial_number"


class Severity(StrEnum):
    """How much a gap widens or distorts results: no result at all, a default of the kind, a detail."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a gap does: which results it touches, and why."""

    severity: Severity
    touches: str
    why: str


MEANINGS: dict[Gap, Meaning] = {
    Gap.SITE: Meaning(
        Severity.HIGH,
        "electricity",
        "without a site there is no country: neither an electricity factor nor a PUE can be chosen",
    ),
    Gap.HOST: Meaning(
        Severity.HIGH,
        "allocation",
        "a machine with neither host nor cloud provider has no share of any hardware or energy",
    ),
    Gap.HOST_RETIRED: Meaning(
        Severity.HIGH, "allocation", "its host is retired while it is not: nothing is left to share out"
    ),
    Gap.ALLOCATION: Meaning(
        Severity.HIGH,
        "allocation, billing",
        "without vCPU its share of the host cannot be told, and nothing can be billed",
    ),
    Gap.ENERGY: Meaning(
        Severity.MEDIUM,
        "electricity",
        "neither declared nor measured in the last month: a power curve or the default of its kind stands in",
    ),
    Gap.CPU_TDP: Meaning(
        Severity.MEDIUM,
        "electricity",
        "without the processors' power no power curve applies: the default of the kind stands in",
    ),
    Gap.MODEL: Meaning(
        Severity.MEDIUM,
        "construction",
        "no factor of a maker can be found: its parts or the default of its kind stand in",
    ),
    Gap.CONFIGURATION: Meaning(
        Severity.MEDIUM,
        "construction",
        "without its parts nothing is computed bottom-up: the default of its kind stands in",
    ),
    Gap.ACQUIRED_ON: Meaning(
        Severity.MEDIUM, "construction", "its life is counted from the day on which it is first known here"
    ),
    Gap.CONDITION: Meaning(Severity.MEDIUM, "construction", "it is counted as new"),
    Gap.AGE: Meaning(
        Severity.MEDIUM,
        "construction",
        "refurbished or taken back, of unknown age: what was left of its first life is not known",
    ),
    Gap.SITE_PUE: Meaning(
        Severity.MEDIUM, "electricity", "its site has no PUE today: the default of the site's kind stands in"
    ),
    Gap.SUPPORT: Meaning(
        Severity.LOW, "maintenance and sale", "no support contract is known: its maintenance counts only as activities"
    ),
    Gap.PLANNED_LIFE: Meaning(Severity.LOW, "construction", "the life of its kind stands in"),
    Gap.PRICE: Meaning(Severity.LOW, "costs of scenarios", "a renewal has no price to start from"),
    Gap.APPLICATION: Meaning(
        Severity.LOW, "footprint by application", "no application claims it: it stays with the machines"
    ),
    Gap.SERIAL_NUMBER: Meaning(Severity.LOW, "duplicates", "the same asset from another source cannot be recognised"),
}
"""What each gap means, the gravest first."""
