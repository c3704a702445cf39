"""Answering for an organisation that put values of its own in the place of public factors."""

from dataclasses import dataclass, replace
from typing import Final

from factors.domain import wording
from factors.domain.catalogue import Catalogue
from factors.domain.records import FactorContent, Perimeter
from factors.domain.regions import Regions
from factors.domain.resolve import NothingFitsError, Question, Resolution, Said, Step, resolve

CONSUMPTION_NOT_TAKEN: Final = "consumption_not_taken"


def warnings_of(content: FactorContent) -> tuple[Step, ...]:
    """What to tell whoever states an own value: that footprints take no electricity of perimeter `consumption`, in which upstream and
    losses cannot be told apart."""
    if content.activity != "electricity" or content.perimeter is not Perimeter.CONSUMPTION:
        return ()
    return (Step(CONSUMPTION_NOT_TAKEN, wording.consumption_not_taken()),)


@dataclass(frozen=True, slots=True)
class OwnValues:
    """The values that the organisation `org` put in the place of public factors."""

    org: str
    catalogue: Catalogue


def resolve_for(
    own: OwnValues | None, public: Catalogue, regions: Regions, question: Question, said: Said = wording.day
) -> tuple[Resolution, bool]:
    """The factor that answers for an organisation, and whether it is its own.

    An own value must hold for the very place and date: nothing stands in for it. That it was taken is a warning, which also names the
    public factor that it replaces. Raises what `resolve` raises.
    """
    if own is None:
        return resolve(public, regions, question, said), False
    try:
        found = resolve(own.catalogue, regions, replace(question, allow=frozenset()), said)
    except NothingFitsError:
        return resolve(public, regions, question, said), False
    try:
        replaced = resolve(public, regions, question).factor
    except NothingFitsError:
        replaced = None
    told = Step("override", wording.override(own.org, replaced))
    return Resolution(found.factor, (*found.steps, told), (*found.warnings, told)), True
