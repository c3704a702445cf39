"""What comes nearest to a question that nothing answers: said in the refusal, so that the caller can ask better."""

import difflib
from dataclasses import dataclass, replace

from factors.domain.catalogue import Catalogue
from factors.domain.records import FactorVersion
from factors.domain.regions import Regions
from factors.domain.resolve import Fallback, NothingFitsError, Question, StageNeededError, resolve

_ANY_GAP = 10_000

_MORE_AND_MORE = (frozenset[Fallback](), frozenset({Fallback.YEAR}), frozenset({Fallback.REGION}), frozenset(Fallback))


@dataclass(frozen=True, slots=True)
class Nearest:
    """A factor that does not answer, and what the caller would have to allow or change for it to."""

    factor: FactorVersion
    needs: tuple[str, ...]


def nearest(catalogue: Catalogue, regions: Regions, question: Question, limit: int = 3) -> list[Nearest]:
    """The factors that would answer if more were allowed, the smallest concession first."""
    place = regions.find(question.region) if question.region else None
    question = replace(question, region=place.code if place else None)
    found: dict[str, Nearest] = {}
    for concession in _concessions(question):
        try:
            factor = resolve(catalogue, regions, concession).factor
        except (NothingFitsError, StageNeededError):
            continue
        found.setdefault(factor.id, Nearest(factor, _needs(question, factor)))
    later = _first_later(catalogue, question)
    if later is not None:
        found.setdefault(later.id, Nearest(later, (f"date>={later.content.valid_from}",)))
    return list(found.values())[:limit]


def nearest_activities(catalogue: Catalogue, question: Question, limit: int = 3) -> list[str]:
    """Known activities that the one asked for may have meant; empty when it is known."""
    known = catalogue.activities(question.criterion)
    if question.activity in known:
        return []
    return difflib.get_close_matches(question.activity, known, n=limit, cutoff=0.5)


def _concessions(question: Question) -> list[Question]:
    """The question with more and more allowed: another year, another place, both; then any perimeter as well."""
    wider = [replace(question, allow=question.allow | more, year_gap=_ANY_GAP) for more in _MORE_AND_MORE]
    if question.perimeter is None:
        return wider
    return wider + [replace(concession, perimeter=None) for concession in wider]


def _needs(question: Question, factor: FactorVersion) -> tuple[str, ...]:
    """What the question would have to allow or change for this factor to answer it."""
    needs: list[str] = []
    content = factor.content
    if content.region not in (None, question.region) and Fallback.REGION not in question.allow:
        needs.append("allow=region")
    if content.last_day is not None and content.last_day < question.on:
        gap = question.on.year - content.last_day.year
        if Fallback.YEAR not in question.allow:
            needs.append("allow=year")
        if gap > question.year_gap:
            needs.append(f"year_gap={gap}")
    if question.perimeter is not None and content.perimeter != question.perimeter:
        needs.append(f"perimeter={content.perimeter or ''}")
    return tuple(needs)


def _first_later(catalogue: Catalogue, question: Question) -> FactorVersion | None:
    """The first record of the very place that starts after the date."""
    records = catalogue.records(question.activity, question.criterion, question.region)
    later = [(start, version.id, version) for version in records
             if (start := version.content.valid_from) is not None and start > question.on]  # fmt: skip
    return min(later)[2] if later else None
