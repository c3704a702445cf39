"""Public answers, prepared: a question that was answered for one day is answered for the days around it by writing the day in."""

import re
import secrets
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from common import json

from factors import metrics
from factors.api.questions import Answerer, ScopedQuestionIn
from factors.domain import wording
from factors.domain.records import Bilingual
from factors.domain.resolve import same_over
from factors.live import LiveCatalogue

REMEMBERED = 5_000
"""How many answers are remembered at most, each for a span of days and some 2.5 kB long; then all are forgotten."""

_PUBLIC = metrics.QUESTIONS.labels("public")

_DAY = re.compile(rb"(?:^|&)date=([0-9]{4}-[0-9]{2}-[0-9]{2})(?=&|$)")

_MARK = Bilingual(f"le-{secrets.token_hex(16)}", f"the-{secrets.token_hex(16)}")
"""Stands for the day where it will be written in; drawn by each process, so that no text of a factor can hold it."""


class PreparedAnswers:
    """Answers by the query as it was written, its date apart; forgotten when anything is published or withdrawn.

    What is told is what `Answerer` tells, byte by byte: its answer is taken once with a mark for the day, and holds for the span of
    days over which the domain says that nothing else in it changes (`same_over`).
    """

    def __init__(self, live: LiveCatalogue) -> None:
        self._live = live
        self._generation = live.generation
        self._known: dict[bytes, _Spans] = {}
        self._count = 0

    def recall(self, query: bytes) -> bytes | None:
        """What answers `query`, unless it must be resolved: the first time, after a change of the catalogue, for a day that is none."""
        if self._generation != self._live.generation or self._count >= REMEMBERED:
            self._known.clear()
            self._generation, self._count = self._live.generation, 0
        day = _DAY.search(query)
        spans = self._known.get(_but_for(day, query)) if day else None
        told = spans.on(day[1]) if day and spans else None
        if told is not None:
            _PUBLIC.inc()
        return told

    def prepare(self, query: bytes, asked: ScopedQuestionIn, who: Answerer) -> bytes:
        """What answers `query`, read as `asked` and of no organisation; kept for the days around. Raises what `Answerer.answer` raises."""
        question = asked.question()
        _, told = who.answer(question, lambda _: _MARK)
        template = _template(json.dumps(told))
        day = _DAY.search(query)
        if day and not _dated(rest := _but_for(day, query)):
            first, end = same_over(who.public, who.regions, question)
            spans = self._known.setdefault(rest, _Spans())
            spans.keep(first.isoformat().encode(), end.isoformat().encode(), template)
            self._count += 1
        return template % _words(asked.date)


class _Spans:
    """Templates of one question's answer, by the disjoint spans of days they hold for; days in ISO 8601, whose order is that of time."""

    __slots__ = ("_ends", "_firsts", "_templates")

    def __init__(self) -> None:
        self._firsts: list[bytes] = []
        self._ends: list[bytes] = []
        self._templates: list[bytes] = []

    def on(self, day: bytes) -> bytes | None:
        """The answer on `day`; None when no span holds it, or it is no day."""
        at = bisect_right(self._firsts, day) - 1
        if at < 0 or day >= self._ends[at]:
            return None
        words = _said(day)
        return self._templates[at] % words if words else None

    def keep(self, first: bytes, end: bytes, template: bytes) -> None:
        """Keep the answer for the days `[first, end)`."""
        at = bisect_right(self._firsts, first)
        self._firsts.insert(at, first)
        self._ends.insert(at, end)
        self._templates.insert(at, template)


def _but_for(day: re.Match[bytes], query: bytes) -> bytes:
    return query[: day.start()] + query[day.end() :]


def _dated(rest: bytes) -> bool:
    """Whether a query may have a date beside the one that was taken out, however it is spelled."""
    return b"date=" in unquote_to_bytes(rest)


def _template(told: bytes) -> bytes:
    marked = told.replace(b"%", b"%%").replace(_MARK.fr.encode(), b"%(fr)b")
    return marked.replace(_MARK.en.encode(), b"%(en)b")


def _words(on: date) -> Mapping[bytes, bytes]:
    words = wording.day(on)
    return {b"fr": words.fr.encode(), b"en": words.en.encode()}


@lru_cache(maxsize=4096)
def _said(day: bytes) -> Mapping[bytes, bytes] | None:
    try:
        return _words(date.fromisoformat(day.decode()))
    except ValueError:
        return None
