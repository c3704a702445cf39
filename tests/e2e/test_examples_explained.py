"""The page of explained examples says what the API answers now."""

from examples import explained
from tests.e2e.running import Running


def test_the_page_of_explained_examples_is_what_the_api_answers(running: Running) -> None:
    with running.platform(["nobody"], ["footprint:read"]) as caller:
        answers = explained.ask(caller)
    assert explained.PAGE.read_text(encoding="utf-8") == explained.page(answers), "run `python -m examples.explained`"
    assert len(answers) == 20
