"""Prepared answers are those that are worked out, whatever is asked in whatever order, and never outlive the catalogue."""

from random import Random
from typing import Any

import pytest
from common.testing.harness import RunningService
from factors.settings import FactorsSettings
from httpx import Response

Factors = RunningService[FactorsSettings]

_DAYS = ("01-01", "02-28", "06-30", "07-01", "12-31")
_CHOICES: dict[str, tuple[str | None, ...]] = {
    "activity": (
        "electricity",
        "electricity",
        "gas.hfc-32",
        "embodied.server",
        "component.hdd",
        "fuel.diesel",
        "no.such",
    ),
    "region": ("FR", "FR-IDF", "FR-972", "MQ", "MU", "YT", "DE", "AQ", "XX", None),
    "criterion": ("gwp", "gwp", "gwp", "pe", None),
    "perimeter": ("production", "consumption", "upstream", None, None, None, None, None),
    "stage": ("manufacturing", None, None, None, None),
    "gwp_set": ("AR4", "AR5", "AR6", None),
    "allow": ("region", "year", "region,year", "region,year", None),
    "year_gap": ("0", "1", "7", None),
}


def some_questions(count: int, seed: int) -> list[dict[str, str]]:
    random = Random(seed)
    found = []
    for _ in range(count):
        drawn = {name: random.choice(values) for name, values in _CHOICES.items()}
        on = f"{random.randint(2009, 2032)}-{random.choice(_DAYS)}"
        found.append({"date": on} | {name: value for name, value in drawn.items() if value is not None})
    return found


def told(answer: Response) -> tuple[Any, ...]:
    document = answer.json()
    return (document["detail"],) if answer.is_error else (document,)


async def worked_out(service: Factors, questions: list[dict[str, str]]) -> list[tuple[Any, ...]]:
    """What the batch call answers, which prepares nothing."""
    items = [
        question | ({"year_gap": int(question["year_gap"])} if "year_gap" in question else {}) for question in questions
    ]
    document = (await service.client.post("/v1/resolve", json={"items": items})).json()
    answers: dict[int, tuple[Any, ...]] = {error["index"]: (error["detail"],) for error in document["errors"]}
    for item in document["items"]:
        answers[item["index"]] = ({name: value for name, value in item.items() if name not in ("index", "ref")},)
    return [answers[index] for index in range(len(questions))]


async def test_one_by_one_every_question_is_answered_as_it_is_in_a_batch(shared: Factors) -> None:
    questions = some_questions(1500, seed=11)
    expected = await worked_out(shared, questions)
    answered = 0
    for repetition in range(2):
        for question, wanted in zip(questions, expected, strict=True):
            answer = await shared.client.get("/v1/resolve", params=question)
            assert told(answer) == wanted, (repetition, question)
            answered += answer.is_success
    assert answered > 600


async def test_every_day_around_the_edges_of_a_record_is_answered_as_it_is_in_a_batch(shared: Factors) -> None:
    """Asked from the middle outwards: spans that were prepared meet the days at which they must end."""
    days = [f"{year}-{day}" for year in (2024, 2021, 2019, 2022, 2025, 2020, 2023, 2026) for day in ("06-15", *_DAYS)]
    for region in ("FR", "MQ", "DE"):
        questions = [{"activity": "electricity", "region": region, "date": day, "allow": "region,year"} for day in days]
        for question, wanted in zip(questions, await worked_out(shared, questions), strict=True):
            assert told(await shared.client.get("/v1/resolve", params=question)) == wanted, question


@pytest.mark.parametrize(
    ("prepared", "asked", "answers"),
    [
        ("date=2021-06-01", "date=2021-06-01&date=2024-06-01", "electricity-fr-2024-ember"),
        ("date=2024-06-01", "date=2024-06-01&date=2021-06-01", "electricity-fr-2021-ademe"),
        ("date=2024-06-01", "date=2024-02-30", None),
        ("date=2024-06-01", "date=2024-13-01", None),
        ("date=2024-06-01", "date=1989-12-31", None),
        ("date=2024-06-01", "date=2024-6-1", None),
        ("date=2024-06-01", "nodate=2024-06-02", None),
    ],
)
async def test_a_date_that_is_spelled_otherwise_is_read_as_it_always_was(
    shared: Factors, prepared: str, asked: str, answers: str | None
) -> None:
    path = "/v1/resolve?activity=electricity&region=FR&"
    assert (await shared.client.get(path + prepared)).status_code == 200
    answer = await shared.client.get(path + asked)
    assert (answer.json()["factor"]["id"] if answer.is_success else None) == answers, answer.text


async def test_a_publication_and_a_withdrawal_are_heard_by_the_next_question(
    french: Factors, draft: dict[str, Any]
) -> None:
    async def ask(day: str) -> Response:
        asked = {"activity": "electricity", "region": "FR", "date": day, "allow": "year"}
        return await french.client.get("/v1/resolve", params=asked)

    assert (await ask("2025-03-01")).json()["factor"]["id"] == "electricity-fr-2024-ember"
    await french.client.post("/v1/factors", json=draft)
    await french.client.post(f"/v1/factors/{draft['id']}/publish")
    assert (await ask("2025-03-02")).json()["factor"]["id"] == draft["id"]
    await french.client.post(f"/v1/factors/{draft['id']}/withdraw", json={"reason": "wrong"})
    assert (await ask("2025-03-03")).json()["factor"]["id"] == "electricity-fr-2024-ember"


async def test_a_public_answer_is_never_told_in_the_place_of_an_own_value(
    french: Factors, draft: dict[str, Any]
) -> None:
    asked = {"activity": "electricity", "region": "FR", "date": "2024-06-01"}
    validity = {"valid_from": "2024-01-01", "valid_to": "2025-01-01", "perimeter": "production"}
    assert (await french.client.get("/v1/resolve", params=asked)).json()["factor"]["value"] == 0.0442
    await french.client.post("/v1/overrides", json=draft | validity | {"org": "acme", "value": 0.01})
    for org, value in (("acme", 0.01), ("globex", 0.0442), ("acme", 0.01)):
        assert (await french.client.get("/v1/resolve", params=asked | {"org": org})).json()["factor"]["value"] == value
    assert (await french.client.get("/v1/resolve", params=asked)).json()["factor"]["value"] == 0.0442


async def test_the_text_of_a_factor_is_told_to_the_letter(french: Factors, draft: dict[str, Any]) -> None:
    """Percent signs and dates of a source are not what is written in."""
    link = "100 % renewables, 50%(fr)b, as of 1 March 2025 (%s)"
    await french.client.post("/v1/factors", json=draft | {"source": draft["source"] | {"link": link}})
    await french.client.post(f"/v1/factors/{draft['id']}/publish")
    asked = {"activity": "electricity", "region": "FR"}
    for day, said in (("2025-03-01", "on 1 March 2025"), ("2025-03-02", "on 2 March 2025")):
        answer = (await french.client.get("/v1/resolve", params=asked | {"date": day})).json()
        assert answer["factor"]["source"]["link"] == link
        assert said in answer["steps"][0]["text"]["en"]
        assert link in answer["steps"][-1]["text"]["fr"]


async def test_a_second_date_that_is_spelled_otherwise_is_the_one_that_counts(shared: Factors) -> None:
    path = "/v1/resolve?activity=electricity&region=FR&d%61te=2024-06-01"
    for first in ("2021-06-01", "2024-09-01"):
        answer = (await shared.client.get(f"{path.replace('FR&', f'FR&date={first}&')}")).json()
        assert "on 1 June 2024" in answer["steps"][0]["text"]["en"]


async def test_a_record_may_begin_and_end_within_a_year(french: Factors, draft: dict[str, Any]) -> None:
    for name, first, end in (("spring", "2025-03-10", "2025-06-01"), ("autumn", "2025-09-01", "2025-12-01")):
        await french.client.post("/v1/factors", json=draft | {"id": name, "valid_from": first, "valid_to": end})
        await french.client.post(f"/v1/factors/{name}/publish")
    days = ("01-15", "03-09", "03-10", "05-31", "06-01", "07-14", "08-31", "09-01", "11-30", "12-01", "12-31")
    for ordered in (days, days[::-1]):
        questions = [
            {"activity": "electricity", "region": "FR", "date": f"2025-{day}", "allow": "year"} for day in ordered
        ]
        for question, wanted in zip(questions, await worked_out(french, questions), strict=True):
            assert told(await french.client.get("/v1/resolve", params=question)) == wanted, question
