"""Which fields of a scrape are taken: one zone only, AC input first, everything else left out with the reason."""

import pytest
from inventory.domain.presets import PRESETS, Scrape, read_field, take


def channels(scrape: Scrape) -> dict[str, float]:
    """The values by channel."""
    return {taken.channel: taken.value for taken in scrape.taken}


def test_the_platforms_counter_keeps_processors_and_memory_from_counting_twice() -> None:
    fields = {
        'node_rapl_psys_joules_total{index="0"}': 900.0,
        'node_rapl_package_joules_total{index="0"}': 500.0,
        'node_rapl_dram_joules_total{index="0"}': 100.0,
    }
    scrape = take(PRESETS["node_exporter"], fields)
    assert channels(scrape) == {"psys/0": 900}
    assert set(scrape.left_out.values()) == {"psys is there, and is preferred to package+dram"}
    assert scrape.warnings == ()


def test_without_it_packages_and_memory_of_every_socket_add_up_and_cores_are_inside_them() -> None:
    fields = {
        f'node_rapl_{zone}_joules_total{{index="{index}",path="/sys/class/powercap/intel-rapl:{index}"}}': float(
            index + 1
        )
        for zone in ("package", "dram", "core", "uncore")
        for index in (0, 1)
    }
    scrape = take(PRESETS["node_exporter"], fields)
    assert channels(scrape) == {
        "package+dram/package-0-intel-rapl:0": 1,
        "package+dram/package-1-intel-rapl:1": 2,
        "package+dram/dram-0-intel-rapl:0": 1,
        "package+dram/dram-1-intel-rapl:1": 2,
    }
    assert len(scrape.left_out) == 4
    assert len(scrape.warnings) == 1


@pytest.mark.parametrize(
    ("preset", "fields", "expected"),
    [
        (
            "kepler",
            {
                'kepler_node_cpu_joules_total{zone="psys"}': 9,
                'kepler_node_cpu_joules_total{zone="package"}': 5,
                "kepler_node_cpu_watts": 1,
            },
            {"psys/psys": 9},
        ),
        (
            "kepler",
            {
                'kepler_node_cpu_joules_total{zone="package",path="a/intel-rapl:0"}': 5,
                'kepler_node_cpu_joules_total{zone="dram",path="a/intel-rapl:0:1"}': 2,
                'kepler_node_cpu_joules_total{zone="core",path="a/intel-rapl:0:0"}': 3,
            },
            {"package+dram/intel-rapl:0-package": 5, "package+dram/intel-rapl:0:1-dram": 2},
        ),
        (
            "kepler",
            {
                'kepler_node_platform_joules_total{instance="n1",mode="idle",source="acpi"}': 5,
                'kepler_node_platform_joules_total{instance="n1",mode="dynamic",source="acpi"}': 2,
                'kepler_node_package_joules_total{instance="n1",mode="idle",package="0"}': 3,
            },
            {"psys/idle": 5, "psys/dynamic": 2},
        ),
        (
            "scaphandre",
            {
                "scaph_host_energy_microjoules": 7e6,
                'scaph_socket_energy_microjoules{socket_id="0"}': 5e6,
                'scaph_domain_energy_microjoules{domain_name="dram",socket_id="0"}': 2e6,
            },
            {"host/0": 7},
        ),
        (
            "scaphandre",
            {
                'scaph_socket_energy_microjoules{socket_id="0"}': 5e6,
                'scaph_domain_energy_microjoules{domain_name="dram",socket_id="0"}': 2e6,
                'scaph_domain_energy_microjoules{domain_name="core",socket_id="0"}': 1e6,
            },
            {"package+dram/socket-0": 5, "package+dram/dram-0": 2},
        ),
        (
            "redfish",
            {
                "PowerSupplies/0/PowerInputWatts": 151,
                "PowerSupplies/1/PowerInputWatts": 149,
                "PowerSupplies/0/PowerOutputWatts": 140,
                "PowerControl/0/PowerConsumedWatts": 290,
            },
            {"ac-power/PowerSupplies-0": 151, "ac-power/PowerSupplies-1": 149},
        ),
        ("redfish", {"EnergykWh/Reading": 2, "PowerSupplies/0/PowerInputWatts": 151}, {"ac/0": 7.2e6}),
        (
            "redfish",
            {"PowerSupplies/0/LastPowerOutputWatts": 140, "PowerCapacityWatts": 800},
            {"dc/PowerSupplies-0": 140},
        ),
        ("hmc", {"energyUtil/powerUtil/powerReading": 1043}, {"ac/energyUtil-powerUtil": 1043}),
    ],
)
def test_each_tools_fields_are_taken_as_what_they_are(
    preset: str, fields: dict[str, float], expected: dict[str, float]
) -> None:
    scrape = take(PRESETS[preset], fields)
    assert channels(scrape) == pytest.approx(expected)
    assert {taken.field for taken in scrape.taken} | set(scrape.left_out) == set(fields)
    assert {taken.field for taken in scrape.taken} & set(scrape.left_out) == set()


def test_a_mean_over_a_window_keeps_its_window() -> None:
    fields = {
        "PowerControl/0/PowerMetrics/AverageConsumedWatts": 290.0,
        "PowerControl/0/PowerMetrics/IntervalInMin": 5.0,
    }
    [taken] = take(PRESETS["redfish"], fields).taken
    assert (taken.value, taken.window_min) == (290, 5)


def test_a_scrape_of_something_else_takes_nothing() -> None:
    scrape = take(PRESETS["kepler"], {"up": 1.0})
    assert (scrape.taken, scrape.left_out) == ((), {"up": "kepler has no such field here"})


def test_every_group_of_a_preset_is_told_by_some_field_and_every_field_has_a_group() -> None:
    for preset in PRESETS.values():
        assert {field.group for field in preset.taken} == set(preset.groups), preset.name


def test_an_instance_is_told_by_labels_or_by_place_and_fits_a_channel() -> None:
    assert read_field('a{path="/x/y:0",instance="h"}').instance == "y:0"
    assert read_field("Chassis/1/PowerSupplies/0/Watts").instance == "Chassis-1-PowerSupplies-0"
    assert read_field("watts").instance == "0"
