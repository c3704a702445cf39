"""The resolve algorithm: a table of answers over the platform's own catalogue, and what must always hold."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from factors.catalogue import reader
from factors.domain.catalogue import Catalogue
from factors.domain.nearest import nearest, nearest_activities
from factors.domain.records import FactorVersion, GwpSet, Perimeter, Status
from factors.domain.regions import OVERSEAS_FRANCE, Regions
from factors.domain.resolve import Fallback, NothingFitsError, Question, StageNeededError, UnknownRegionError, resolve
from hypothesis import given
from hypothesis import strategies as st

YEAR = frozenset({Fallback.YEAR})
REGION = frozenset({Fallback.REGION})
BOTH = frozenset(Fallback)


def electricity(
    region: str, on: str, perimeter: Perimeter | None = None, allow: frozenset[Fallback] = frozenset()
) -> Question:
    return Question("electricity", date.fromisoformat(on), region, perimeter=perimeter, allow=allow)


@pytest.mark.parametrize(
    ("question", "factor_id", "value"),
    [
        (electricity("FR", "2021-06-01"), "electricity-fr-2021-ademe", 0.0569),
        (electricity("FR", "2021-06-01", perimeter=Perimeter.PRODUCTION), "electricity-fr-2021-ember", 0.067781),
        (electricity("FR", "2024-02-29"), "electricity-fr-2024-ember", 0.0442),
        (electricity("FR", "2026-06-01", allow=YEAR), "electricity-fr-2024-ember", 0.0442),
        (electricity("FR", "2022-06-01", allow=YEAR), "electricity-fr-2021-ademe", 0.0569),
        (electricity("FR", "2023-06-01"), "electricity-fr-2023-ember", 0.05604),
        (electricity("DE", "2024-12-31"), "electricity-de-2024-ember", 0.3421),
        (electricity("MU", "2023-06-01"), "electricity-mu-2023-ember", 0.6330),
        (electricity("MQ", "2022-06-01"), "electricity-mq-2022-ember", 0.5168),
        (electricity("FR-972", "2022-06-01"), "electricity-mq-2022-ember", 0.5168),
        (electricity("YT", "2024-06-01", allow=BOTH), "electricity-africa-2024-ember", 0.54509),
        (electricity("FR-IDF", "2024-06-01", allow=REGION), "electricity-fr-2024-ember", 0.0442),
        (electricity("LI", "2024-06-01", allow=REGION), "electricity-europe-2024-ember", None),
        (electricity("AQ", "2024-06-01", allow=REGION), "electricity-world-2024-ember", 0.4729),
    ],
)
def test_question_is_answered_by(
    catalogue: Catalogue, regions: Regions, question: Question, factor_id: str, value: float | None
) -> None:
    found = resolve(catalogue, regions, question).factor
    assert found.id == factor_id
    if value is not None:
        assert found.content.value == value


@pytest.mark.parametrize(
    ("question", "nearest_id", "needs"),
    [
        (electricity("FR", "2026-06-01"), "electricity-fr-2024-ember", ("allow=year",)),
        (electricity("FR", "2030-06-01", allow=YEAR), "electricity-fr-2024-ember", ("year_gap=6",)),
        (electricity("MQ", "2024-06-01"), "electricity-mq-2022-ember", ("allow=year",)),
        (electricity("YT", "2024-06-01"), "electricity-yt-2017-arrete", ("allow=year", "year_gap=7")),
        (electricity("FR", "2010-06-01", allow=YEAR), "electricity-fr-2012-arrete", ("date>=2012-01-01",)),
        (
            electricity("FR", "2024-06-01", perimeter=Perimeter.CONSUMPTION),
            "electricity-fr-2021-ademe",
            ("allow=year",),
        ),
        (
            electricity("DE", "2024-06-01", perimeter=Perimeter.CONSUMPTION),
            "electricity-de-2024-ember",
            ("perimeter=production",),
        ),
    ],
)
def test_what_is_not_allowed_is_refused_and_the_nearest_named(
    catalogue: Catalogue, regions: Regions, question: Question, nearest_id: str, needs: tuple[str, ...]
) -> None:
    with pytest.raises(NothingFitsError):
        resolve(catalogue, regions, question)
    first = nearest(catalogue, regions, question)[0]
    assert (first.factor.id, first.needs) == (nearest_id, needs)


def test_unknown_country_is_refused_with_the_places_it_may_mean(catalogue: Catalogue, regions: Regions) -> None:
    with pytest.raises(UnknownRegionError) as refusal:
        resolve(catalogue, regions, electricity("Allemagne", "2024-06-01"))
    assert refusal.value.nearest[0].code == "DE"


def test_unknown_activity_is_refused_with_the_activities_it_may_mean(catalogue: Catalogue, regions: Regions) -> None:
    question = Question("embodied.servers", date(2024, 1, 1))
    with pytest.raises(NothingFitsError):
        resolve(catalogue, regions, question)
    assert nearest_activities(catalogue, question)[0] == "embodied.server"


def test_steps_tell_each_fallback_and_warnings_repeat_them(catalogue: Catalogue, regions: Regions) -> None:
    answer = resolve(catalogue, regions, electricity("YT", "2026-06-01", allow=BOTH))
    assert [step.code for step in answer.steps] == [
        "sought", "overseas", "perimeter", "region_fallback", "year_fallback", "result",
    ]  # fmt: skip
    assert [warning.code for warning in answer.warnings] == ["region_fallback", "year_fallback"]
    assert all(step.text.fr and step.text.en for step in answer.steps)


def test_the_perimeter_taken_by_preference_is_named_with_those_left(catalogue: Catalogue, regions: Regions) -> None:
    answer = resolve(catalogue, regions, electricity("FR", "2021-06-01"))
    assert [warning.code for warning in answer.warnings] == ["perimeter_chosen"]
    assert "electricity-fr-2021-ember" in answer.warnings[0].text.en


def test_record_tied_to_no_place_answers_for_any_place_without_a_fallback(
    catalogue: Catalogue, regions: Regions
) -> None:
    answer = resolve(catalogue, regions, Question("component.hdd", date(2026, 1, 1), "MQ"))
    assert answer.factor.content.value == 31.11
    assert answer.warnings == ()


@pytest.mark.parametrize(("gwp_set", "value"), [(GwpSet.AR4, 675), (GwpSet.AR5, 677), (GwpSet.AR6, 771)])
def test_gas_is_answered_from_the_set_asked_for(
    catalogue: Catalogue, regions: Regions, gwp_set: GwpSet, value: float
) -> None:
    answer = resolve(catalogue, regions, Question("gas.hfc-32", date(2026, 1, 1), gwp_set=gwp_set))
    assert answer.factor.content.value == value


def test_several_stages_are_never_guessed(catalogue: Catalogue, regions: Regions) -> None:
    manufacturing = resolve(catalogue, regions, Question("embodied.server", date(2026, 1, 1))).factor
    transport = replace(manufacturing, id="transport", content=replace(manufacturing.content, stage="transport"))
    both = Catalogue([manufacturing, transport])
    with pytest.raises(StageNeededError) as refusal:
        resolve(both, regions, Question("embodied.server", date(2026, 1, 1)))
    assert refusal.value.stages == ["manufacturing", "transport"]
    assert resolve(both, regions, Question("embodied.server", date(2026, 1, 1), stage="transport")).factor == transport


def test_withdrawn_and_replaced_versions_are_never_answered(catalogue: Catalogue, regions: Regions) -> None:
    question = electricity("FR", "2024-06-01")
    first = resolve(catalogue, regions, question).factor
    second = replace(first, version=2, content=replace(first.content, value=0.05))
    withdrawn = replace(second, version=3, status=Status.WITHDRAWN)

    changing = Catalogue([first, second])
    assert resolve(changing, regions, question).factor == second
    changing.put(first)
    assert resolve(changing, regions, question).factor == second
    changing.put(withdrawn)
    with pytest.raises(NothingFitsError):
        resolve(changing, regions, question)
    assert len(changing) == 0


REGION_CODES = sorted({entry.content.region for entry in reader.entries() if entry.content.region} | OVERSEAS_FRANCE)

questions = st.builds(
    Question,
    activity=st.sampled_from(["electricity", "embodied.server", "gas.hfc-32"]),
    on=st.dates(date(2015, 1, 1), date(2035, 12, 31)),
    region=st.sampled_from(REGION_CODES),
    perimeter=st.sampled_from([None, Perimeter.CONSUMPTION, Perimeter.PRODUCTION]),
    gwp_set=st.sampled_from(list(GwpSet)),
    allow=st.sets(st.sampled_from(list(Fallback))).map(frozenset),
    year_gap=st.integers(0, 10),
)


def answered(catalogue: Catalogue, regions: Regions, question: Question) -> FactorVersion | None:
    try:
        return resolve(catalogue, regions, question).factor
    except NothingFitsError:
        return None


@given(questions)
def test_an_answer_keeps_to_what_was_asked_and_allowed(
    catalogue: Catalogue, regions: Regions, question: Question
) -> None:
    found = answered(catalogue, regions, question)
    if found is None:
        return
    content = found.content
    if question.perimeter is not None:
        assert content.perimeter == question.perimeter
    if Fallback.REGION not in question.allow:
        assert content.region in (None, question.region)
    if Fallback.YEAR not in question.allow:
        assert content.is_valid_on(question.on)
    elif not content.is_valid_on(question.on):
        assert content.last_day is not None
        assert content.last_day < question.on
        assert question.on.year - content.last_day.year <= question.year_gap
    assert content.gwp_set in (None, question.gwp_set)


@given(st.sampled_from(sorted(OVERSEAS_FRANCE)), st.dates(date(2015, 1, 1), date(2035, 12, 31)), st.integers(0, 20))
def test_overseas_france_is_never_answered_by_metropolitan_france(
    catalogue: Catalogue, regions: Regions, region: str, on: date, gap: int
) -> None:
    found = answered(catalogue, regions, Question("electricity", on, region, allow=BOTH, year_gap=gap))
    assert found is None or found.content.region not in ("FR", "EU", "europe")


@given(questions)
def test_allowing_more_never_changes_a_strict_answer(
    catalogue: Catalogue, regions: Regions, question: Question
) -> None:
    strict = answered(catalogue, regions, replace(question, allow=frozenset()))
    if strict is not None:
        assert answered(catalogue, regions, replace(question, allow=BOTH)) == strict


@given(questions)
def test_every_fallback_taken_is_a_warning(catalogue: Catalogue, regions: Regions, question: Question) -> None:
    try:
        answer = resolve(catalogue, regions, question)
    except NothingFitsError:
        return
    codes = {warning.code for warning in answer.warnings}
    assert ("year_fallback" in codes) == (not answer.factor.content.is_valid_on(question.on))
    assert ("region_fallback" in codes) == (answer.factor.content.region not in (None, question.region))


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_changes_are_heard_makes_no_difference(
    catalogue: Catalogue, regions: Regions, random: Random
) -> None:
    first = resolve(catalogue, regions, electricity("FR", "2024-06-01")).factor
    versions = [replace(first, version=n, status=Status.PUBLISHED if n % 3 else Status.WITHDRAWN) for n in range(1, 8)]
    heard = versions * 2
    random.shuffle(heard)
    assert Catalogue(heard).find(first.id) == versions[-1]
    assert len(Catalogue(heard)) == 1


def test_steps_can_be_read_aloud_in_french_and_in_english(catalogue: Catalogue, regions: Regions) -> None:
    question = Question("electricity", date(2026, 6, 1), "MQ", allow=frozenset(Fallback))
    steps = resolve(catalogue, regions, question).steps
    assert [step.text.fr for step in steps] == [
        "Recherche : électricité (electricity), changement climatique (gwp), Martinique (MQ), au 1er juin 2026, périmètre non précisé.",
        "Martinique a son propre réseau : la valeur de la France métropolitaine n'est jamais reprise.",
        "Périmètre non précisé : une seule donnée, de périmètre production.",
        "Repli autorisé : valeur de 2022 pour le 1er juin 2026, 4 ans plus tôt ; 5 au plus étaient admis.",
        "Retenu : electricity-mq-2022-ember, version 1, 0,5168 kgCO2e/kWh, Ember, Yearly electricity data, 2022 to 2024, "
        "as carried by co2.js (average-intensities.json, commit 27cbe83).",
    ]
    assert steps[0].text.en == (
        "Looked for: electricity (electricity), climate change (gwp), Martinique (MQ), on 1 June 2026, perimeter not given."
    )
    assert (
        steps[3].text.en == "Allowed fallback: the value of 2022 for 1 June 2026, 4 years back; at most 5 were allowed."
    )
