"""A catalogue for the domain tests: the published coefficients of domain §3."""

from datetime import date

from footprint.domain.catalogue import Catalogue, Factor, Source

COEFFICIENTS = {
    "cpu_die_per_mm2": 0.0197, "cpu_base": 9.14, "ram_per_cm2": 2.20, "ram_base": 5.22, "ssd_per_cm2": 2.20, "ssd_base": 6.34,
    "hdd": 31.11, "psu_per_kg": 24.3, "motherboard": 66.1, "case_rack": 150.0, "case_blade": 85.9, "assembly": 6.68,
}  # fmt: skip
PARAMETERS = {"ram_density": 1.2444, "ssd_density": 54.884, "psu_mass": 2.99}
LIVES = {"server": 5.0, "laptop": 4.0}


def grid(region: str, value: float, year: int, perimeter: str = "production") -> Factor:
    """The electricity factor of a region and year."""
    return Factor(
        f"electricity-{region.lower()}-{year}-{perimeter}", 1, "electricity", "gwp", value, "kgCO2e/kWh", "use", region,
        date(year, 1, 1), date(year + 1, 1, 1), year, perimeter,
    )  # fmt: skip


def record(activity: str, value: float, criterion: str = "gwp", region: str | None = None) -> Factor:
    """A record that is valid at any date, in the unit that the method computes in."""
    units = {"life": "year", "energy": "kWh/year", "pue": "1"} | {
        "component.psu_mass": "kg/unit", "component.ram_density": "GB/cm2", "component.ssd_density": "GB/cm2", "cloud.w_per_gib": "W/GB",
    }  # fmt: skip
    family, _, name = activity.rpartition(".")
    of_cloud = {"host_vcpu": "1", "pue": "1"}.get(name, "W/unit") if family.startswith("cloud.") else "kgCO2e/unit"
    unit = units.get(activity) or units.get(activity.partition(".")[0]) or of_cloud
    return Factor(
        activity.replace(".", "-").replace("_", "-"),
        1,
        activity,
        criterion,
        value,
        unit if criterion == "parameter" else "unit",
        region=region,
        source=Source("test"),
    )


RECORDS = [
    *(record(f"component.{name}", value) for name, value in COEFFICIENTS.items()),
    *(record(f"component.{name}", value, "parameter") for name, value in PARAMETERS.items()),
    *(record(f"life.{kind}", years, "parameter") for kind, years in LIVES.items()),
    record("embodied.server", 1215.0),
    record("embodied.laptop", 181.0),
    record("pue", 1.58, "parameter", "world"),
    grid("FR", 0.0569, 2021),
    grid("FR", 0.0442, 2024),
    grid("PL", 0.6150, 2024),
    grid("RE", 0.5252, 2022),
]

CATALOGUE = Catalogue(RECORDS)

LOSSES = grid("FR", 0.004, 2026, "losses")
SPLIT = Catalogue([*RECORDS, grid("FR", 0.02, 2026, "direct"), grid("FR", 0.015, 2026, "upstream"), LOSSES])
"""The same with direct emissions, upstream and losses of France apart (made-up values)."""

LOSSES_ALONE = Catalogue([*RECORDS, grid("FR", 0.0442, 2026), LOSSES])
"""The same with losses beside the factor of the life cycle."""
