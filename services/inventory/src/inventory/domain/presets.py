"""What the fields of known meters mean: which are taken, as which metric, and which are left out so that nothing counts twice.

A scrape holds everything that a tool says of one machine at one instant. Of the zones in it one group is taken, the first that is
there: what a counter of the platform says already holds processors and memory; what goes into a power supply holds what comes out.

Names: Kepler's and Scaphandre's metric references, node_exporter's rapl collector, DMTF Redfish (Power, PowerSupplyMetrics,
EnvironmentMetrics), IBM's HMC (performance and capacity monitoring of Power; web services of Z).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inventory.domain.samples import Metric

MICRO: Final = 1e-6
JOULES_PER_KWH: Final = 3.6e6

INSIDE_PACKAGE: Final = "is inside the package zone"
NO_COUNTER: Final = "an energy counter is there, which misses nothing between two scrapes"
ONLY_PROCESSORS: Final = (
    "only processors and memory are measured: disks, fans and the power supply's loss are not in it"
)


@dataclass(frozen=True, slots=True)
class PresetField:
    """A field that is taken: `value` × `factor` is the metric's unit, on the meter `group`/<instance>.

    `where` are labels that it must have; `zone` goes before the instance where the group's fields differ in name only. `window`: the
    field that says over how many minutes before the scrape its mean is.
    """

    name: str
    metric: Metric
    group: str
    factor: float = 1.0
    where: tuple[tuple[str, str], ...] = ()
    zone: str = ""
    window: str | None = None

    def fits(self, field: "Field") -> bool:
        """Whether a field of a scrape is this one."""
        labels = dict(field.labels)
        return field.name == self.name and all(
            re.fullmatch(value, labels.get(label, "")) for label, value in self.where
        )


@dataclass(frozen=True, slots=True)
class Preset:
    """The fields of a tool: those that are taken, by preference of their groups, and those that are left out, with the reason."""

    name: str
    title: str
    taken: tuple[PresetField, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ("psys", "package+dram")
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field as a scrape names it: `name{label="value"}` or `path/to/name`."""

    written: str
    name: str
    labels: tuple[tuple[str, str], ...]
    path: str

    @property
    def instance(self) -> str:
        """What tells meters of one name apart: their labels, or where they stand."""
        told = "-".join(value.rsplit("/", 1)[-1] for label, value in self.labels if label not in _NO_INSTANCE)
        text = re.sub(r"[^A-Za-z0-9._+:-]+", "-", told or self.path).strip("-._+:")
        return text[-32:].lstrip("-._+:") or "0"


_NO_INSTANCE: Final = frozenset({"instance", "job", "node", "node_name", "source"})
_LABEL: Final = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="([^"]*)"')


def read_field(written: str) -> Field:
    """The parts of a field's name."""
    name, brace, labels = written.strip().removesuffix("/Reading").partition("{")
    path, slash, last = name.rpartition("/")
    found = tuple(sorted(_LABEL.findall(labels))) if brace else ()
    return Field(written, last if slash else name, found, path)


def _counter(name: str, group: str, zone: str = "", factor: float = 1.0, **where: str) -> PresetField:
    return PresetField(name, Metric.ENERGY_COUNTER_J, group, factor, tuple(where.items()), zone)


def _power(name: str, group: str, window: str | None = None) -> PresetField:
    return PresetField(name, Metric.AVERAGE_W, group, window=window)


PRESETS: Final = {
    preset.name: preset
    for preset in (
        Preset(
            "kepler",
            "Kepler, nodes",
            (
                PresetField("kepler_node_cpu_joules_total", Metric.ENERGY_COUNTER_J, "psys", where=(("zone", "psys"),)),
                PresetField(
                    "kepler_node_cpu_joules_total",
                    Metric.ENERGY_COUNTER_J,
                    "package+dram",
                    where=(("zone", "(package|dram).*"),),
                ),
                _counter("kepler_node_platform_joules_total", "psys"),
                _counter("kepler_node_package_joules_total", "package+dram", "package"),
                _counter("kepler_node_dram_joules_total", "package+dram", "dram"),
            ),
            (
                ("kepler_node_cpu_joules_total", INSIDE_PACKAGE),
                ("kepler_node_core_joules_total", INSIDE_PACKAGE),
                ("kepler_node_uncore_joules_total", INSIDE_PACKAGE),
                ("kepler_node_other_joules_total", "is the platform less its zones, an estimate"),
                ("kepler_node_cpu_watts", NO_COUNTER),
                ("kepler_node_cpu_active_joules_total", "is a part of kepler_node_cpu_joules_total"),
                ("kepler_node_cpu_idle_joules_total", "is a part of kepler_node_cpu_joules_total"),
            ),
        ),
        Preset(
            "scaphandre",
            "Scaphandre, hosts",
            (
                _counter("scaph_host_rapl_psys_microjoules", "psys", factor=MICRO),
                _counter("scaph_host_energy_microjoules", "host", factor=MICRO),
                _counter("scaph_socket_energy_microjoules", "package+dram", "socket", MICRO),
                _counter("scaph_domain_energy_microjoules", "package+dram", factor=MICRO, domain_name="dram"),
            ),
            (
                ("scaph_domain_energy_microjoules", INSIDE_PACKAGE),
                ("scaph_host_power_microwatts", NO_COUNTER),
                ("scaph_socket_power_microwatts", NO_COUNTER),
                ("scaph_domain_power_microwatts", NO_COUNTER),
            ),
            groups=("psys", "host", "package+dram"),
        ),
        Preset(
            "node_exporter",
            "node_exporter, collector rapl",
            (
                _counter("node_rapl_psys_joules_total", "psys"),
                _counter("node_rapl_package_joules_total", "package+dram", "package"),
                _counter("node_rapl_dram_joules_total", "package+dram", "dram"),
            ),
            (("node_rapl_core_joules_total", INSIDE_PACKAGE), ("node_rapl_uncore_joules_total", INSIDE_PACKAGE)),
            notes=(
                "RAPL counters wrap: each wrap is read as a reset, so what was used between the last scrape and the wrap is not counted. "
                "Scrape often.",
            ),
        ),
        Preset(
            "redfish",
            "Redfish, chassis and power supplies",
            (
                PresetField("EnergykWh", Metric.ENERGY_COUNTER_J, "ac", JOULES_PER_KWH),
                _power("PowerInputWatts", "ac-power"),
                _power("InputPowerWatts", "ac-power"),
                _power("AverageConsumedWatts", "platform", window="IntervalInMin"),
                _power("PowerConsumedWatts", "platform-now"),
                _power("PowerOutputWatts", "dc"),
                _power("LastPowerOutputWatts", "dc"),
                _power("OutputPowerWatts", "dc"),
            ),
            (
                ("IntervalInMin", "says over how long AverageConsumedWatts is"),
                ("PowerCapacityWatts", "is what could be drawn"),
                ("MaxConsumedWatts", "is a peak"),
                ("MinConsumedWatts", "is a low"),
            ),
            groups=("ac", "ac-power", "platform", "platform-now", "dc"),
        ),
        Preset(
            "hmc",
            "IBM HMC, managed systems of Power and CPCs of Z",
            (
                _power("powerReading", "ac"),
                _power("cpc-power-consumption", "ac"),
                _power("zcpc-power-consumption", "ac"),
            ),
            (("cpc-power-rating", "is what could be drawn"), ("cpc-power-cap-current", "is a limit")),
            groups=("ac",),
        ),
    )
}
"""The presets by name."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A field that is taken, as a value of a metric on a channel, over so many minutes before the scrape where the field says it."""

    field: str
    metric: Metric
    channel: str
    value: float
    window_min: float | None


@dataclass(frozen=True, slots=True)
class Scrape:
    """What a preset makes of a scrape: what is taken, what is left out and why, and what to know of it."""

    taken: tuple[Taken, ...]
    left_out: dict[str, str]
    warnings: tuple[str, ...]


def take(preset: Preset, fields: Mapping[str, float]) -> Scrape:
    """Choose the fields of one group; everything else is left out, with the reason."""
    read = [read_field(written) for written in sorted(fields)]
    known = [(field, fitting) for field in read if (fitting := _fitting(preset, field)) is not None]
    present = {fitting.group for _, fitting in known}
    chosen = next((group for group in preset.groups if group in present), None)
    left_out = {field.written: _reason(preset, field) for field in read}
    windows = {field.path: fields[field.written] for field in read if field.name == "IntervalInMin"}
    taken = []
    for field, fitting in known:
        if fitting.group != chosen:
            left_out[field.written] = f"{chosen} is there, and is preferred to {fitting.group}"
            continue
        del left_out[field.written]
        meter = "-".join(part for part in (fitting.zone, field.instance) if part)
        channel = f"{fitting.group}/{meter[:32]}"
        window = windows.get(field.path) if fitting.window else None
        taken.append(Taken(field.written, fitting.metric, channel, fields[field.written] * fitting.factor, window))
    warnings = (ONLY_PROCESSORS,) if chosen in ("package+dram", "host") else ()
    return Scrape(tuple(taken), left_out, warnings)


def _fitting(preset: Preset, field: Field) -> PresetField | None:
    return next((each for each in preset.taken if each.fits(field)), None)


def _reason(preset: Preset, field: Field) -> str:
    return next((why for name, why in preset.left_out if name == field.name), f"{preset.name} has no such field here")
