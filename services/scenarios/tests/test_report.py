"""The report to print: both languages, the catalogue's chart with its sign, nothing without Pango but a clear refusal."""

import re
import sys
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from common.testing.harness import RunningService
from scenarios.catalogue import offers_by_id
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.run import ComparisonRequest, run_comparison
from scenarios.domain.study import StudyDefinition
from scenarios.domain.tables import Language
from scenarios.report import Subject, report_html
from scenarios.report.charts import AVOIDED, INDUCED, NEGATIVE, Stack, stacks
from scenarios.report.numbers import MINUS, Mass, number
from scenarios.worker import RunWorker

from services.scenarios.tests.conftest import LONG_LIFE, NOW, study
from services.scenarios.tests.test_optimum import SNAPSHOT

LANGUAGES: tuple[Language, ...] = ("fr", "en")


def _subject(*alternatives: dict[str, Any], **changes: Any) -> Subject:
    target = {"pathway": "sbti_1_5c", "base_year": 2025, "base_kg": 9000}
    fields = {"electricity": {"gwp": 0.0569}, "target": target, "confirmed": ["software_supported", "spare_parts"]}
    definition = StudyDefinition.model_validate(study(**(fields | changes)))
    written = [AlternativeSpec.model_validate(each) for each in alternatives]
    request = ComparisonRequest(waterfall=True)
    result = run_comparison(definition, written, SNAPSHOT, offers_by_id(), request, lambda done, total: None)
    return Subject(
        definition.model_dump(mode="json", by_alias=True),
        result.model_dump(mode="json"),
        3,
        2,
        datetime(2026, 11, 27, tzinfo=UTC),
    )


def _bars(svg: str) -> list[tuple[str, float, float]]:
    """Fill, top and height of each bar of a chart."""
    root = ElementTree.fromstring(svg)  # noqa: S314 (it is our own)
    return [
        (str(each.get("fill")), float(each.get("y", "")), float(each.get("height", "")))
        for each in root.iter("{http://www.w3.org/2000/svg}rect")
    ]


def test_what_is_avoided_stands_on_what_is_induced_up_to_the_reference() -> None:
    svg = stacks([Stack("2027", 60.0, 40.0, 100.0)], Mass(1.0, "kgCO2e", 0), "en", "a chart")
    (induced, low_top, low), (avoided, high_top, high) = _bars(svg)
    assert (induced, avoided) == (INDUCED, AVOIDED)
    assert high_top + high == pytest.approx(low_top, abs=0.2)
    assert high / low == pytest.approx(40 / 60, rel=0.01)


def test_what_avoids_less_than_nothing_hangs_below_zero_in_its_own_colour() -> None:
    svg = stacks([Stack("2027", 60.0, -40.0, 20.0)], Mass(1.0, "kgCO2e", 0), "en", "a chart")
    (_, top, height), (fill, below, _) = _bars(svg)
    assert fill == NEGATIVE
    assert below == pytest.approx(top + height, abs=0.2)
    assert f">{MINUS}50<" in svg, "the axis goes below zero"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_all_that_a_study_must_say(language: Language) -> None:
    page = report_html(
        _subject(LONG_LIFE, {"name": "long-life-support", "offers": [{"offer": "long-life-support"}]}), language
    )
    for said in (
        "Servers 2027",
        "All servers are renewed at once",
        "Spare parts can be had",
        "New servers use 30 % less energy",
    ):
        assert said in page, said
    own = {"fr": "disponibilité des pièces", "en": "spare parts can be had"}
    assert own[language] in page
    assert offers_by_id()["long-life-support"].name.en in page
    assert page.count("<svg") == 6, "side by side, two by year, the target, two waterfalls"
    for svg in re.findall(r"<svg.*?</svg>", page):
        ElementTree.fromstring(svg)  # noqa: S314 (it is our own)


def test_on_a_coal_grid_the_report_is_negative_where_the_result_is() -> None:
    subject = _subject(LONG_LIFE, electricity={"gwp": 5.0})
    told = subject.result["alternatives"][0]["avoided"]["total_kg"]
    page = report_html(subject, "en")
    assert told < 0
    assert f'<td class="n less">{number(told / 1000, "en", 1)}</td>' in page
    assert NEGATIVE in re.findall(r"<svg.*?</svg>", page)[1]


def test_an_offer_that_does_nothing_by_itself_is_named_and_not_drawn() -> None:
    page = report_html(
        _subject({"name": "awareness-and-training", "offers": [{"offer": "awareness-and-training"}]}), "fr"
    )
    assert "N'évitent rien par elles-mêmes : Sc 1 · Sensibilisation et formation." in page
    assert page.count("<svg") == 2


def test_what_people_wrote_cannot_become_part_of_the_page() -> None:
    page = report_html(_subject({**LONG_LIFE, "name": "<b>&"}, name="<script>"), "fr")
    assert "<script>" not in page
    assert "&lt;b&gt;&amp;" in page


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [(-1234.5, "fr", f"{MINUS}1\u202f235"), (-1234.5, "en", f"{MINUS}1,235"), (0.0, "en", "0"), (-0.4, "fr", "0")],
)
def test_numbers_are_printed_in_the_language_half_up_and_without_a_negative_nothing(
    value: float, language: Language, shown: str
) -> None:
    assert number(value, language) == shown


async def _finished(scenarios: RunningService[Any]) -> str:
    created = (await scenarios.client.post("/v1/studies", json=study())).json()
    await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=LONG_LIFE)
    run_id: str = (await scenarios.client.post(f"/v1/studies/{created['id']}/runs", json={})).json()["id"]
    before = await scenarios.client.get(f"/v1/runs/{run_id}/report.pdf")
    assert before.status_code == 409
    await RunWorker(scenarios.database, scenarios.settings.database_url, lambda: NOW).take_one()
    return run_id


async def test_a_machine_without_pango_refuses_with_the_reason(
    scenarios: RunningService[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoPango:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    answer = await scenarios.client.get(f"/v1/runs/{await _finished(scenarios)}/report.pdf")
    assert answer.status_code == 409
    assert "libpango" in answer.json()["detail"]


async def test_a_finished_comparison_is_printed(scenarios: RunningService[Any]) -> None:
    try:
        import weasyprint  # noqa: F401
    except OSError as error:
        pytest.skip(f"no Pango on this machine: {error}")
    answer = await scenarios.client.get(f"/v1/runs/{await _finished(scenarios)}/report.pdf?lang=en")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
