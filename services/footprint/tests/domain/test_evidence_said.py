"""Explanations tell which evidence a month rests on, how much of it, and how the numbers of its lines came about."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from footprint.domain.catalogue import Catalogue
from footprint.domain.configuration import Configuration, Cpu, Disk, Module, PowerSupply
from footprint.domain.energy import Load, choose_power
from footprint.domain.engine import World, compute
from footprint.domain.estimates import Period, estimate
from footprint.domain.explanation import Explanation, explain
from footprint.domain.inventory import Asset, Operator, Segment, Status
from footprint.domain.measurements import MeasuredDay, Utilisation, read_measured
from footprint.domain.notices import Notice
from footprint.domain.power import CPU_CURVE

from tests.support.formulas import value_of

from .factors import CATALOGUE, RECORDS, record
from .makers import SITE, at, server, world
from .test_clouds import CATALOGUE as CLOUDS
from .test_clouds import instance
from .test_explanation import check
from .test_measurements import WHOLE, day

JUNE = 2026 * 12 + 5
PARTS = Configuration(Cpu(2, 24, None, 150.0), (Module(12, 32.0),), (Disk(2, "ssd", 960.0), Disk(1, "hdd")))


def june(asset: Asset, *days: MeasuredDay, **fields: Any) -> tuple[Explanation, World]:
    """June 2026 explained, and the world it was computed in."""
    seen = replace(world(**fields), measured={asset.id: read_measured(days)})
    found = explain(asset, JUNE, seen)
    assert found is not None
    return found, seen


def rungs(explanation: Explanation, question: str) -> dict[str, tuple[float, str | None]]:
    """Of each kind of evidence its share of the time and why it was not taken."""
    return {each["evidence"]: (each["share"], each["because"]) for each in explanation.ladder[question]}


def made_of(configuration: Configuration, **fields: Any) -> Asset:
    """A server of which nothing is declared, with its parts."""
    return server(
        segments=(Segment(at(2026), None, Status.IN_SERVICE, SITE.id, configuration=configuration),), **fields
    )


def loaded(number: int) -> MeasuredDay:
    """A day of June 2026 spent at loads of 40 % and 65 %."""
    return day(2026, 6, number, utilisation=Utilisation(((0.4, 64_800), (0.65, 21_600)), WHOLE))


def test_evidence_used_for_half_a_month_is_not_said_to_be_missing() -> None:
    explanation, seen = june(server(), *(day(2026, 6, number, 7.0) for number in range(1, 16)))
    found = rungs(explanation, "energy")
    assert found["measured"] == (0.5, None)
    assert found["declared"] == (0.5, None)
    assert found["utilisation"] == found["model"] == found["kind"] == (0.0, "weaker")
    assert [each["chosen"] for each in explanation.ladder["energy"]] == [True, True, False, False, False]
    assert check(server(), seen) > 30


def test_a_gap_in_utilisation_that_a_default_fills_is_warned_of() -> None:
    catalogue = Catalogue([*RECORDS, record("energy.server", 1760.3, "parameter")])
    asset = made_of(PARTS, annual_kwh=None)
    explanation, seen = june(asset, *map(loaded, range(1, 21)), catalogue=catalogue)
    assert rungs(explanation, "energy")["utilisation"] == (20 / 30, None)
    assert rungs(explanation, "energy")["kind"] == (10 / 30, None)
    assert rungs(explanation, "energy")["measured"] == (0.0, "not_there")
    assert explanation.result.notices & Notice.MEASUREMENT_GAPS
    assert check(asset, seen) > 30


def test_time_switched_off_is_no_gap_in_measurements() -> None:
    segments = (
        Segment(at(2026), at(2026, 6, 16), Status.IN_SERVICE, SITE.id),
        Segment(at(2026, 6, 16), None, Status.OFF, SITE.id),
    )
    explanation, _ = june(server(segments=segments), *(day(2026, 6, number, 7.0) for number in range(1, 16)))
    assert not explanation.result.notices & Notice.MEASUREMENT_GAPS
    assert explanation.result.energy_evidence == "measured"
    assert rungs(explanation, "energy")["measured"] == (1.0, None)


def test_measured_utilisation_without_a_power_curve_is_there_but_not_usable() -> None:
    catalogue = Catalogue([*RECORDS, record("energy.server", 1760.3, "parameter")])
    bare = Configuration(Cpu(2, 24))
    explanation, _ = june(made_of(bare, annual_kwh=None), *map(loaded, range(1, 31)), catalogue=catalogue)
    assert rungs(explanation, "energy")["utilisation"] == (0.0, "not_usable")
    assert rungs(explanation, "embodied")["configuration"] == (0.0, "not_usable")
    assert rungs(explanation, "embodied")["model"] == (0.0, "not_there")


def check_derivation(lines: list[str], watts: float) -> None:
    """From TDP, load, memory, disks and other parts to the watts, by nothing but the numbers written."""
    curves = [line.partition(": ")[2] for line in lines if line.startswith("power curve")]
    parts = [line.partition("): ")[2] for line in lines if line.startswith("power at")]
    assert len(curves) == len(parts) > 0
    for curve, power in zip(curves, parts, strict=True):
        formula, _, share = curve.removesuffix(" of the TDP").partition(" = ")
        slope, _, rest = formula.partition(" × ln(")
        inner, _, offset = rest.partition(") − ")
        assert float(slope) * math.log(value_of(inner)) - float(offset) == float(share)
        written, _, value = power.removesuffix(" W").partition(" = ")
        assert f"150.0 W × {share}" in written
        assert value_of(written) == float(value)
    mean, _, value = lines[-1].removeprefix("power (utilisation): ").removesuffix(" W").partition(" = ")
    assert value_of(mean) == float(value) == watts


def test_power_from_the_curve_shows_its_derivation() -> None:
    explanation, _ = june(made_of(PARTS, annual_kwh=None), *map(loaded, range(1, 31)))
    loads = (Load(0.75, 0.4), Load(0.25, 0.65))
    power = choose_power(CATALOGUE, "server", loads=loads, configuration=PARTS)
    assert power is not None
    lines = explanation.evidence[0]["energy"]
    check_derivation(lines, power.watts)
    assert lines == list(power.trace)
    use = next(each for each in explanation.figures if each["stage"] == "use")
    assert f"{power.watts!r} W" in use["lines"][0]["formula"]
    assert -CPU_CURVE.d > 0


def test_an_estimate_from_the_curve_shows_its_derivation_too() -> None:
    configuration = {
        "cpu": {"units": 2, "tdp_w": 150.0}, "ram": [{"units": 12, "gib": 32.0}],
        "disks": [{"units": 2, "type": "ssd"}, {"units": 1, "type": "hdd"}],
    }  # fmt: skip
    item = {"kind": "server", "country": "FR", "configuration": configuration, "energy": {"utilisation": 0.4}}
    found = estimate(item, Period.between(date(2024, 1, 1), date(2025, 1, 1)), ["gwp"], CATALOGUE)
    lines = [line for line in found["trace"] if line.startswith("power")]
    power = choose_power(CATALOGUE, "server", loads=(Load(1.0, 0.4),), configuration=PARTS)
    assert power is not None
    check_derivation(lines, power.watts)


def test_only_what_holds_in_the_month_is_told_of_it() -> None:
    asset = made_of(PARTS, annual_kwh=None)
    may = day(2026, 5, 3, 9.0)
    explanation, _ = june(asset, may, *map(loaded, range(1, 31)))
    assert explanation.evidence[0]["measured"] == []
    explanation, _ = june(asset, *map(loaded, range(2, 31)), day(2026, 6, 1, 9.0))
    assert len(explanation.evidence[0]["measured"]) == 1


def test_the_making_of_a_cloud_machine_names_its_reference_host_and_its_share() -> None:
    explanation, seen = june(instance(), catalogue=CLOUDS)
    assert rungs(explanation, "embodied")["kind"] == (1.0, None)
    assert explanation.result.embodied_evidence == "kind"
    making = next(each for each in explanation.figures if each["stage"] == "manufacturing")
    assert making["lines"][0]["formula"].startswith("(8.0 vCPU ÷ 96.0 vCPU) × 1215.0 kg × ")
    assert "embodied-server v1" in explanation.evidence[0]["extras"][0]
    assert check(instance(), seen) > 0


@pytest.mark.parametrize("facility", [False, True], ids=["declared", "measured at the meter"])
def test_each_figure_of_hosted_kit_has_lines_of_its_own(facility: bool) -> None:
    site = replace(SITE, operator=Operator.HOSTED, guarantee_share=1.0)
    days = [day(2026, 6, number, facility_kwh=12.3) for number in range(3, 9)] if facility else []
    asset = server()
    explanation, seen = june(asset, *days, sites=(site,))
    stored = {each.line: each.value for each in explanation.result.figures if each.stage == "use"}
    lines = {
        (*(each[name] for name in ("stage", "criterion", "basis", "share", "site_id", "scope", "ghg_category", "beges_item")),):
        sum(line["value"] for line in each["lines"])
        for each in explanation.figures if each["stage"] == "use"
    }  # fmt: skip
    assert lines == stored
    assert {(each[2], each[5]) for each in lines} == {("location", 2), ("location", 3), ("market", 2), ("market", 3)}
    device = next(each for each in explanation.figures if each["scope"] == 2 and each["basis"] == "location")
    assert not any("× 1.5 PUE" in line["formula"] for line in device["lines"])
    assert check(asset, seen) > 30
    assert compute([asset], seen).ledger is not None


def test_the_configuration_of_a_laptop_is_there_but_not_usable_for_its_making() -> None:
    whole = Configuration(Cpu(1, 8, die_mm2=100.0, tdp_w=15.0))
    explanation, _ = june(made_of(whole, kind="laptop"))
    assert rungs(explanation, "embodied")["configuration"] == (0.0, "not_usable")


@pytest.mark.parametrize("gpus", [8, 0])
def test_cards_without_a_coefficient_are_said_not_to_count(gpus: int) -> None:
    def said(configuration: Configuration, *days: MeasuredDay) -> bool:
        explanation, _ = june(made_of(configuration, annual_kwh=None), *days)
        return bool(explanation.result.notices & Notice.GPUS_NOT_COUNTED)

    assert said(replace(PARTS, cpu=Cpu(2, 24, die_mm2=400.0), gpus=gpus)) is (gpus > 0), "making is summed up"
    assert said(replace(PARTS, gpus=gpus), *map(loaded, range(1, 31))) is (gpus > 0), "power follows the load"
    assert not said(replace(PARTS, gpus=gpus)), "the defaults of servers say nothing of parts"


@pytest.mark.parametrize(("gib", "unstated"), [(None, True), (960.0, False)])
def test_an_ssd_without_its_size_is_said_not_to_count(gib: float | None, unstated: bool) -> None:
    made = Configuration(Cpu(2, 24, die_mm2=400.0), (Module(12, 32.0),), (Disk(4, "ssd", gib),), PowerSupply(2))
    explanation, _ = june(made_of(made))
    assert bool(explanation.result.notices & Notice.UNSTATED_PARTS) is unstated
