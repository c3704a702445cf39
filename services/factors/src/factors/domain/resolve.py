"""Which factor answers a question, and why.

The key is (activity, criterion, region, date, perimeter, stage, GWP set). Strict by default: nothing stands in for
anything unless the caller allows it, and every allowed fallback is said in the answer. In this order:

1. a record of the region asked for, valid on the date;
2. a record tied to no place (a component coefficient holds everywhere), valid on the date;
3. with `year` allowed, the nearest earlier year of that region, at most `year_gap` years back;
4. with `region` allowed, the same for each wider place: the grid of another year is nearer than another grid.

Perimeters are never mixed: one asked for is the only one looked at. When none is asked for, the date comes first, then
`PERIMETER_PREFERENCE`, and the answer names the one taken. Parts of a total (upstream, losses) must be asked by name.
Overseas France never falls back to metropolitan France: the tree of regions holds no such path.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from factors.domain import wording
from factors.domain.catalogue import Catalogue
from factors.domain.records import DEFAULT_GWP_SET, GWP, Bilingual, FactorVersion, GwpSet, Perimeter
from factors.domain.regions import OVERSEAS_FRANCE, Region, Regions

DEFAULT_YEAR_GAP = 5
"""How many years back the nearest earlier year may be, unless the caller says otherwise."""

PERIMETER_PREFERENCE: tuple[Perimeter | None, ...] = (
    Perimeter.CONSUMPTION,
    Perimeter.PRODUCTION,
    None,
    Perimeter.DIRECT,
)
"""Which perimeter is taken when none is asked for: what the user of the electricity causes comes first."""


class Fallback(StrEnum):
    """What a caller may allow to stand in."""

    REGION = "region"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for. `region` None asks for records tied to no place."""

    activity: str
    on: date
    region: str | None = None
    criterion: str = GWP
    perimeter: Perimeter | None = None
    stage: str | None = None
    gwp_set: GwpSet = DEFAULT_GWP_SET
    allow: frozenset[Fallback] = frozenset()
    year_gap: int = DEFAULT_YEAR_GAP


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done on the way to the answer."""

    code: str
    text: Bilingual


@dataclass(frozen=True, slots=True)
class Resolution:
    """The factor that answers, how it was found, and what a reader must be told."""

    factor: FactorVersion
    steps: tuple[Step, ...]
    warnings: tuple[Step, ...]


class UnknownRegionError(LookupError):
    """The region is no known place; `nearest` are those that may have been meant."""

    def __init__(self, region: str, nearest: list[Region]) -> None:
        super().__init__(region)
        self.region = region
        self.nearest = nearest


class NothingFitsError(LookupError):
    """No record answers under what the caller allows."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.activity)
        self.question = question


class StageNeededError(LookupError):
    """Several life-cycle stages would answer: the caller must name one of `stages`."""

    def __init__(self, stages: list[str]) -> None:
        super().__init__(", ".join(stages))
        self.stages = stages


Said = Callable[[date], Bilingual]
"""How steps say the day that was asked about."""


def resolve(catalogue: Catalogue, regions: Regions, question: Question, said: Said = wording.day) -> Resolution:
    """The factor that answers `question`, among what `catalogue` publishes.

    Raises UnknownRegionError, StageNeededError, or NothingFitsError.
    """
    asked = _place(regions, question.region)
    then = said(question.on)
    steps = [Step("sought", wording.sought(question.activity, question.criterion, asked, then, question.perimeter))]
    if asked is not None and asked.code in OVERSEAS_FRANCE:
        steps.append(Step("overseas", wording.overseas(asked)))
    for place in _places(regions, asked, question):
        fitting = _fitting(catalogue, place, question)
        on_date = [version for version in fitting if version.content.is_valid_on(question.on)]
        candidates = on_date or _earlier(fitting, question)
        if candidates:
            return _answer(candidates, bool(on_date), asked, place, question, then, steps)
    raise NothingFitsError(question)


def same_over(catalogue: Catalogue, regions: Regions, question: Question) -> tuple[date, date]:
    """The days `[first, end)` around the question's on which it has the same resolution, but for how the day is said.

    A resolution depends on the day by the year it is in (how far back an earlier year is) and by which records are valid, over or yet
    to come; so it changes at most on 1 January and where some record that may be looked at begins or ends. The last year that a date
    can have ends on its last day. Raises UnknownRegionError.
    """
    year = question.on.year
    first, end = date(year, 1, 1), date(year + 1, 1, 1) if year < date.max.year else date.max
    for place in _places(regions, _place(regions, question.region), question):
        for version in catalogue.records(question.activity, question.criterion, place.code if place else None):
            for edge in (version.content.valid_from, version.content.valid_to):
                if edge is not None and first < edge <= question.on:
                    first = edge
                elif edge is not None and question.on < edge < end:
                    end = edge
    return first, end


def _place(regions: Regions, code: str | None) -> Region | None:
    if code is None:
        return None
    region = regions.find(code)
    if region is None:
        raise UnknownRegionError(code, regions.nearest(code))
    return region


def _places(regions: Regions, asked: Region | None, question: Question) -> Iterator[Region | None]:
    """The places to look in, in order; None stands for records tied to no place."""
    if asked is not None:
        yield asked
    yield None
    if asked is not None and Fallback.REGION in question.allow:
        yield from regions.wider(asked)


def _fitting(catalogue: Catalogue, place: Region | None, question: Question) -> list[FactorVersion]:
    """The records of a place that answer but for the date."""
    records = catalogue.records(question.activity, question.criterion, place.code if place else None)
    return [
        version
        for version in records
        if version.content.gwp_set in (None, question.gwp_set)
        and (question.stage is None or version.content.stage == question.stage)
        and (
            version.content.perimeter == question.perimeter
            if question.perimeter is not None
            else version.content.perimeter in PERIMETER_PREFERENCE
        )
    ]


def _earlier(fitting: list[FactorVersion], question: Question) -> list[FactorVersion]:
    """The records of the nearest earlier year, when that is allowed and near enough."""
    if Fallback.YEAR not in question.allow:
        return []
    ended = [(day, version) for version in fitting if (day := version.content.last_day) and day < question.on]
    last = max((day for day, _ in ended), default=None)
    if last is None or question.on.year - last.year > question.year_gap:
        return []
    return [version for day, version in ended if day == last]


def _answer(
    candidates: list[FactorVersion],
    on_date: bool,
    asked: Region | None,
    place: Region | None,
    question: Question,
    then: Bilingual,
    steps: list[Step],
) -> Resolution:
    stages = sorted({version.content.stage or "" for version in candidates})
    if len(stages) > 1:
        raise StageNeededError([stage for stage in stages if stage])
    found = min(candidates, key=_preference)
    warnings: list[Step] = []
    if place is not None and asked is not None and place.code != asked.code:
        warnings.append(Step("region_fallback", wording.wider_place(asked, place)))
    if on_date:
        steps.append(Step("in_place", wording.in_place(place, then)))
    else:
        told = wording.earlier_year(question.on.year, then, found.content, question.year_gap)
        warnings.append(Step("year_fallback", told))
    if question.perimeter is None and found.content.perimeter is not None:
        others = [version for version in candidates if version.content.perimeter != found.content.perimeter]
        if others:
            warnings.append(Step("perimeter_chosen", wording.chosen_perimeter(found, others)))
        else:
            steps.append(Step("perimeter", wording.only_perimeter(found)))
    if found.restated_from is not None:
        steps.append(Step("restated", wording.restated(found)))
    return Resolution(found, (*steps, *warnings, Step("result", wording.result(found))), tuple(warnings))


def _preference(version: FactorVersion) -> tuple[int, bool, bool, str]:
    """Smaller is better: the preferred perimeter, then a record of the very GWP set as published, then the id."""
    content = version.content
    return (PERIMETER_PREFERENCE.index(content.perimeter) if content.perimeter in PERIMETER_PREFERENCE else 0,
            version.restated_from is not None, content.gwp_set is None, version.id)  # fmt: skip
