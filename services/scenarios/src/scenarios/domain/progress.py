"""A plan held against the footprints: per action and calendar month, what was expected to be avoided and what was.

Realised is the reference trajectory of the assets less what footprints say of them: of the assets themselves, of the machines that they
carried, and of what came in their place. It keeps its sign, and where the footprints do not tell the whole it is absent, with the reason.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.expecting import Expected
from scenarios.domain.plan import DAYS, MONTHS, PlannedAction

NAMED = 5
"""How many assets a reason names."""


@dataclass(frozen=True, slots=True)
class Known:
    """What footprints and inventory tell of one asset: its own months, and the day from which it is no more (None: it still is)."""

    months: frozenset[date]
    gone_on: date | None
    heard: bool


class ProgressMonth(BaseModel):
    """A calendar month. Of avoided emissions both are against the reference's `reference_kg`; negative where more is emitted than there."""

    model_config = ConfigDict(frozen=True)

    month: str = Field(examples=["2027-01"])
    reference_kg: float = Field(description="what the assets would emit otherwise")
    expected_eer_kg: float
    expected_eema_kg: float
    expected_avoided_kg: float
    footprint_kg: float | None = Field(description="what footprints say of them and of what came in their place")
    realised_avoided_kg: float | None = Field(description="null where footprints do not tell the whole: see reason")
    reason: str | None


class Progress(BaseModel):
    """Months up to the last that is over, and their sums: of what is realised over the months where that is known, beside what was expected
    in these."""

    model_config = ConfigDict(frozen=True)

    months: list[ProgressMonth]
    expected_avoided_kg: float
    realised_avoided_kg: float | None
    expected_in_known_months_kg: float
    known_months: int


def calendar_months(start: date, years: int, until: date) -> list[date]:
    """The first days of the calendar months of a study that are over before the month of `until`, at most `years` × 12."""
    found: list[date] = []
    month = start.replace(day=1)
    while month < until.replace(day=1) and len(found) < years * MONTHS:
        found.append(month)
        month = following(month)
    return found


def following(month: date) -> date:
    """The first day of the next month."""
    return date(month.year + month.month // MONTHS, month.month % MONTHS + 1, 1)


def progress_of(
    expected: Expected,
    months: Sequence[date],
    footprint_kg: Mapping[date, float],
    reasons: Mapping[date, str],
) -> Progress:
    """Expected and realised side by side. A month of the study is brought to the days of its calendar month."""
    shown = []
    for index, month in enumerate(months):
        days = monthrange(month.year, month.month)[1] * MONTHS / DAYS
        reference = expected.reference_kg[index] * days
        eer, eema = expected.eer_kg[index] * days, expected.eema_kg[index] * days
        reason = reasons.get(month)
        footprint = footprint_kg.get(month, 0.0) if reason is None else None
        shown.append(
            ProgressMonth(
                month=f"{month:%Y-%m}",
                reference_kg=reference,
                expected_eer_kg=eer,
                expected_eema_kg=eema,
                expected_avoided_kg=eer + eema,
                footprint_kg=footprint,
                realised_avoided_kg=None if footprint is None else reference - footprint,
                reason=reason,
            )
        )
    return summed(shown)


def summed(months: Sequence[ProgressMonth]) -> Progress:
    """These months with their sums."""
    known = [each for each in months if each.realised_avoided_kg is not None]
    return Progress(
        months=list(months),
        expected_avoided_kg=sum(each.expected_avoided_kg for each in months),
        realised_avoided_kg=sum(each.realised_avoided_kg or 0.0 for each in known) if known else None,
        expected_in_known_months_kg=sum(each.expected_avoided_kg for each in known),
        known_months=len(known),
    )


def reasons_of(actions: Sequence[PlannedAction], months: Sequence[date], known: Mapping[str, Known]) -> dict[date, str]:
    """By month, why the footprints do not tell what these actions have realised."""
    found: dict[date, str] = {}
    for month in months:
        silent: list[str] = []
        unsaid: list[str] = []
        for action in actions:
            silent += [ref for ref in action.assets if _is_silent(known[ref], month)]
            if any(_is_gone(known[ref], month) for ref in action.assets):
                silent += [ref for ref in action.replaced_by or () if _is_silent(known[ref], month)]
            if action.replaced_by is None and not action.leaves_nothing:
                unsaid += [ref for ref in action.assets if _is_gone(known[ref], month)]
        if silent:
            found[month] = f"no footprint was heard of {_named(silent)}"
        elif unsaid:
            found[month] = f"nobody has said what came in the place of {_named(unsaid)} (replaced_by)"
    return found


def _is_gone(asset: Known, month: date) -> bool:
    return asset.gone_on is not None and asset.gone_on <= month


def _is_silent(asset: Known, month: date) -> bool:
    return not asset.heard or (month not in asset.months and not _is_gone(asset, month))


def _named(refs: Sequence[str]) -> str:
    different = sorted(set(refs))
    more = len(different) - NAMED
    return ", ".join(different[:NAMED]) + (f" and {more} more" if more > 0 else "")
