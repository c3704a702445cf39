"""Every figure can be computed again by hand from its explanation."""

from dataclasses import replace
from datetime import date

import pytest
from footprint.domain.engine import World, compute
from footprint.domain.explanation import explain
from footprint.domain.inventory import Asset, Cloud, Operator, Pue, Segment, Status
from footprint.domain.results import Figure, figure_order

from tests.support.formulas import value_of

from .factors import CATALOGUE, record
from .makers import CLOUDS, SITE, at, machine, server, world


def check(asset: Asset, seen: World) -> int:
    """Every line of every month gives its value, and every figure is the sum of its lines, to the last bit; how many lines."""
    lines = 0
    for result in compute([asset], seen).results():
        explanation = explain(asset, result.month, seen)
        assert explanation is not None
        assert explanation.result == result
        for figure in explanation.figures:
            total = 0.0
            for line in figure["lines"]:
                assert value_of(line["formula"]) == line["value"], line
                total += line["value"]
                lines += 1
            assert total == figure["value"]
        explained = [
            (tuple(figure[name] for name in (*Figure._fields[:4], "site_id", *Figure._fields[5:8])), figure["value"])
            for figure in explanation.figures
        ]
        assert explained == [(each.line, each.value) for each in sorted(result.figures, key=figure_order)]
    return lines


def test_the_trace_of_a_server_gives_its_figures_back_bit_for_bit() -> None:
    site = replace(SITE, pue=(Pue(1.41, None, date(2026, 3, 17)), Pue(1.337, date(2026, 3, 17))), guarantee_share=1.0)
    segments = (
        Segment(at(2026, 1, 13), at(2026, 5, 7) + 12345, Status.IN_SERVICE, site.id),
        Segment(at(2026, 5, 7) + 12345, at(2026, 6, 3), Status.OFF, site.id),
        Segment(at(2026, 6, 3), None, Status.STANDBY, site.id),
    )
    asset = server(
        segments=segments, quantity=3.0, annual_kwh=1760.3, acquired_on=date(2023, 2, 28), planned_life_years=4.5
    )
    assert check(asset, world(sites=(site,))) > 30


def test_the_trace_of_a_virtual_machine_names_its_hosts_and_its_shares() -> None:
    first, second = server(100, capacity=24.0), server(101, capacity=7.0, annual_kwh=5000.1)
    guest, stay = machine(200, first, 3.0, at(2026, 1, 5), at(2026, 7, 19))
    moved = (*guest.segments[:1], Segment(at(2026, 7, 19), None, Status.IN_SERVICE, None, second.id, 5.0))
    guest = replace(guest, segments=moved)
    _, other = machine(201, second, 4.0, at(2026, 3, 9))
    onward = replace(stay, host=second.id, start=at(2026, 7, 19), end=None, vcpu=5.0)
    seen = world(stay, onward, other, hosts=(first, second))
    assert check(guest, seen) > 20
    july = explain(guest, 2026 * 12 + 6, seen)
    assert july is not None
    assert {line["asset_id"] for figure in july.figures for line in figure["lines"]} == {first.id, second.id}


def test_a_hosted_asset_splits_its_electricity_between_the_device_and_the_room() -> None:
    site = replace(SITE, operator=Operator.HOSTED)
    asset = server()
    result = next(compute([asset], world(sites=(site,))).results())
    scopes = {figure.scope: figure.value for figure in result.figures if figure.stage == "use"}
    alone = next(compute([asset], world()).results())
    whole = next(figure.value for figure in alone.figures if figure.stage == "use")
    assert scopes[2] * 1.5 == whole
    assert scopes[2] + scopes[3] == whole


def test_a_figure_of_two_controls_is_one_of_all_their_lines() -> None:
    host = server(100, capacity=24.0)
    guest, stay = machine(200, host, 3.0, at(2026, 1, 5))
    (on_host,) = guest.segments
    at_a_cloud = replace(
        on_host,
        start=at(2026, 3, 10),
        end=at(2026, 3, 20),
        host=None,
        site=SITE.id,
        cloud=Cloud("aws", None, "eu-west-3"),
    )
    guest = replace(
        guest,
        support_eur_per_year=365.3,
        segments=(
            replace(on_host, end=at(2026, 3, 10)), at_a_cloud, replace(on_host, start=at(2026, 3, 20)),
        ),
    )  # fmt: skip
    back = replace(stay, start=at(2026, 3, 20))
    seen = world(
        replace(stay, end=at(2026, 3, 10)), back, hosts=(host,),
        catalogue=CLOUDS.with_own([record("maintenance.it_hardware", 0.4137)]),
    )  # fmt: skip
    assert check(guest, seen) > 20
    march = explain(guest, 2026 * 12 + 2, seen)
    assert march is not None
    (kept,) = [each for each in march.figures if each["stage"] == "maintenance_and_sale"]
    assert len(kept["lines"]) == 3
    assert kept["value"] == pytest.approx((31 - 1 / 24) * 0.4137 * 365.3 / 365, rel=1e-12)


def test_a_month_outside_the_timeline_has_no_explanation() -> None:
    assert explain(server(), 2025 * 12, world()) is None


def test_the_explanation_says_which_evidence_was_chosen() -> None:
    explanation = explain(server(), 2026 * 12, world())
    assert explanation is not None
    assert explanation.evidence[0]["embodied"] == ["embodied (kind): 1215.0 kg per unit [embodied-server v1]"]
    assert "An annual figure is for 365 days" in explanation.evidence[0]["energy"]
    assert CATALOGUE.coefficient("embodied.server") is not None
