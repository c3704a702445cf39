"""Whatever a trace or a warning says is said whole in French too, and identifiers stay as they are."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from footprint.domain.configuration import Configuration, Cpu, Disk, Module, PowerSupply
from footprint.domain.estimates import Period, estimate
from footprint.domain.explanation import explain
from footprint.domain.inventory import Activity, Asset, Convention, Organisation, Segment, Status
from footprint.domain.measurements import Utilisation, read_measured
from footprint.domain.notices import Notice
from footprint.trace_words import trace_text
from footprint.wording import notice_text

from .makers import CLOUDS, ITEM, SITE, at, server, world
from .test_activities import activity, seen
from .test_clouds import CATALOGUE, instance
from .test_evidence_said import JUNE, PARTS, june, loaded, made_of
from .test_measurements import day

PERIOD = Period.between(date(2024, 1, 1), date(2024, 9, 13))
PIECES = {
    "cpu": {"units": 2, "cores": 24, "die_mm2": 400, "tdp_w": 150}, "ram": [{"units": 12, "gib": 32}],
    "disks": [{"type": "ssd", "gib": 960}, {"type": "hdd"}], "psu": {"units": 2}, "case": "blade",
}  # fmt: skip
ITEMS: list[dict[str, Any]] = [
    {"kind": "server", "country": "FR", "configuration": PIECES, "energy": {"utilisation": 0.4}},
    {"kind": "server", "country": "FR", "configuration": {"cpu": PIECES["cpu"]}, "energy": {"average_w": 300}},
    {"kind": "laptop", "country": "FR", "energy": {"annual_kwh": 50}},
    {"kind": "server", "embodied": {"gwp": {"manufacturing": 900}}, "electricity": {"gwp": 0.05}, "energy": {"annual_kwh": 9}},
    {"kind": "virtual_machine", "allocation": {"vcpu": 3}, "country": "FR", "host": {"vcpu": 8, "energy": {"annual_kwh": 900}}},
    {"kind": "virtual_machine", "cloud": {"provider": "aws", "instance_type": "m5.xlarge", "region": "eu-west-3"}},
]  # fmt: skip
ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "the of at load power over from to not so stated share default per made given by customer kind host hosts energy manufacturing and "
        "losses upstream size parts other each what is for annual figure curve device facility with in years memory disks supply "
        "motherboard case assembly known its average refurbished refurbishing month less falls itself own activity embodied model use age "
        "projected last graphics cards upgrade removal left was making them weighed carried disposed",
    )
)
"""Words of English traces that are no French ones."""


def estimated() -> Iterator[str]:
    """The lines of estimates, in all criteria."""
    for each in ITEMS:
        yield from estimate(ITEM.validate_python(each), PERIOD, ["gwp", "pe", "adpe"], CLOUDS)["trace"]


def explained() -> Iterator[str]:
    """The lines that explanations have beside their formulas."""
    used: dict[str, Any] = {"condition": "refurbished", "acquired_on": date(2026, 6, 3), "planned_life_years": 4.0}
    found = [
        june(server(), *(day(2026, 6, number, 7.0) for number in range(1, 16)))[0],
        june(made_of(PARTS), *(loaded(number) for number in range(1, 16)))[0],
        explain(instance(), JUNE, world(catalogue=CATALOGUE)),
        explain(instance(provider="unknown"), JUNE, world(catalogue=CATALOGUE)),
    ]
    found += [_ahead(server(), 7.0), _ahead(made_of(PARTS), None)]
    small = Configuration(Cpu(2, 24, 400.0), (Module(4, 32.0),), (Disk(2, "hdd"),), PowerSupply(2, 2.5))
    large = replace(small, ram=(Module(12, 32.0),), disks=(Disk(2, "ssd", 960.0),), psu=PowerSupply(4, 2.5), gpus=8)
    for first, second in ((small, large), (large, small)):
        segments = (
            Segment(at(2026), at(2026, 6, 10), Status.IN_SERVICE, SITE.id, configuration=first),
            Segment(at(2026, 6, 10), None, Status.IN_SERVICE, SITE.id, configuration=second),
        )
        found.append(explain(server(segments=segments), JUNE, world()))
    for convention in Convention:
        organisation = Organisation("acme", refurbished=convention)
        for age in (None, 3.0):
            asset = server(segments=(Segment(at(2026, 6, 3), None, Status.IN_SERVICE, SITE.id),), age_years=age, **used)
            found.append(explain(asset, JUNE, world(catalogue=CATALOGUE, organisations=(organisation,))))
    found += [
        _of_activity(activity("transport.car", 40.0, "mi")),
        _of_activity(activity("disposal.server", 2.0, "unit")),
    ]
    for each in found:
        assert each is not None
        for known in each.evidence:
            yield from (*known["embodied"], *known["measured"], *known["energy"], *known["extras"])
        yield from (line["origin"] for figure in each.figures for line in figure["lines"] if line.get("origin"))


def _ahead(asset: Asset, kwh: float | None) -> Any:
    """December, projected from November."""
    busy = Utilisation(((0.15, 86_400),), ((0, 86_400),)) if kwh is None else None
    measured = read_measured([day(2026, 11, number, kwh, utilisation=busy) for number in range(1, 16)])
    return explain(asset, JUNE + 6, replace(world(), measured={asset.id: measured}))


def _of_activity(done: Activity) -> Any:
    asset: Asset = server()
    done = replace(done, asset=asset.id, start=date(2026, 6, 1), end=date(2026, 6, 2))
    return explain(asset, JUNE, seen(done))


@pytest.mark.parametrize("lines", [estimated, explained])
def test_no_line_is_left_half_in_english(lines: Any) -> None:
    said = list(dict.fromkeys(lines()))
    assert len(said) > 15
    for line in said:
        french = trace_text(line, "fr").partition(" [")[0]
        words = set(re.findall(r"(?<![\w.])[a-z_]+(?![\w.])", re.sub("« .* »", "", french)))
        assert not words & ENGLISH, french
        assert not re.search(r"[^ ]: ", french), french
        assert re.findall(r"\d[\d.e-]*", french) == re.findall(r"\d[\d.e-]*", line.partition(" [")[0])
        assert trace_text(line, "en") == line


def test_words_within_identifiers_and_brackets_are_nobodys_words() -> None:
    line = "activity spare_parts.memory (spare_part): 2.0 unit from 2026-04-12 to 2026-04-13 [energy: of the memory]"
    said = "activité spare_parts.memory (spare_part) : 2.0 unit du 2026-04-12 au 2026-04-13 [energy: of the memory]"
    assert trace_text(line, "fr") == said


@pytest.mark.parametrize("notice", list(Notice))
def test_every_warning_has_a_french_sentence(notice: Notice) -> None:
    code = str(notice.name).lower()
    french, english = notice_text(code, "fr"), notice_text(code, "en")
    assert french != english
    assert not re.search(r"[^ ][;?!»]|[^ ]: |« ?[^ ]* ?[^ ]»", french), french
    assert "'" not in french
