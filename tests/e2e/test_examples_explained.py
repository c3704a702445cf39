"""The page of explained examples says what the API answers now."""

from time import monotonic, sleep

from examples import explained
from examples.platform import Platform, PlatformError
from tests.e2e.running import Running

HEARD_WITHIN_S = 60.0
"""How long footprint may take to hear the whole catalogue of a stack that has just come up."""


def told(caller: Platform) -> str:
    """The page as the API answers now, or why it cannot."""
    try:
        return explained.page(explained.ask(caller))
    except PlatformError as refused:
        return str(refused)


def test_the_page_of_explained_examples_is_what_the_api_answers(running: Running) -> None:
    written = explained.PAGE.read_text(encoding="utf-8")
    until = monotonic() + HEARD_WITHIN_S
    with running.platform(["nobody"], ["footprint:read"]) as caller:
        while (found := told(caller)) != written and monotonic() < until:
            sleep(0.5)
    assert found == written, "run `python -m examples.explained`"
    assert found.count("\n## ") == 20
