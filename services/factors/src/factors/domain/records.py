"""What a factor record is: frozen types, no I/O.

A factor is an aggregate known by a stable id. Its versions follow one another; a published version is never changed.
What a publication freezes is the `FactorContent`; what happens to it afterwards is its `Status`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypedDict

GWP = "gwp"
"""The criterion of climate change, in kgCO2e, 100 years."""

PARAMETER = "parameter"
"""The criterion of records that are no impact but feed a method: a default life, a density, a PUE."""


class Status(StrEnum):
    """Where a version stands: draft → review → published → superseded or withdrawn; or discarded, before it was published.

    Only `draft` and `review` are open; only `published` is ever resolved.
    """

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


OPEN = frozenset({Status.DRAFT, Status.REVIEW})
"""The statuses of a version that is not yet published."""

INTERNAL = OPEN | {Status.DISCARDED}
"""The statuses of a version that was never published: of no concern but to those who keep the catalogue."""


class Perimeter(StrEnum):
    """What an electricity factor covers. Same-named factors of two perimeters differ up to threefold."""

    CONSUMPTION = "consumption"
    PRODUCTION = "production"
    UPSTREAM = "upstream"
    LOSSES = "losses"
    DIRECT = "direct"


class GwpSet(StrEnum):
    """The IPCC assessment report whose 100-year warming potentials are used."""

    SAR = "SAR"
    AR4 = "AR4"
    AR5 = "AR5"
    AR6 = "AR6"


DEFAULT_GWP_SET = GwpSet.AR6


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in French and in English."""

    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Source:
    """Who says so. `link` is the reference as one would print it; `url` a public web address, if there is one.

    `displayable` is false when the licence forbids showing the value: it is then used, and masked in answers.
    """

    name: str
    link: str
    licence: str
    year: int
    url: str | None = None
    displayable: bool = True


@dataclass(frozen=True, slots=True)
class Ratings:
    """Data quality from 1 (very bad) to 5 (very good), as Bilan Carbone 4.4.2 rates it; None is unknown."""

    technical: int | None = None
    reliability: int | None = None
    temporal: int | None = None
    completeness: int | None = None
    geographic: int | None = None


@dataclass(frozen=True, slots=True)
class FactorContent:
    """All that a published version says.

    `value` is in `unit`, for instance kgCO2e/kWh. `valid_from` and `valid_to` are a half-open interval of dates, None
    meaning unbounded. A record without `region` applies anywhere. `published_year` is the vintage that the source
    gives. `gases` are kg of gas per unit of activity in alphabetical order, when the source splits them, and `value` is then their sum
    under `gwp_set`; `biogenic_co2` is kgCO2 per unit of activity, never part of `value`. `gsd2` is the spread that the source itself
    states; without it the ratings give one.
    """

    activity: str
    name: Bilingual
    criterion: str
    value: float
    unit: str
    published_year: int
    source: Source
    stage: str | None = None
    region: str | None = None
    perimeter: Perimeter | None = None
    gwp_set: GwpSet | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    gases: tuple[tuple[str, float], ...] = ()
    biogenic_co2: float | None = None
    ratings: Ratings | None = None
    note: Bilingual | None = None
    gsd2: float | None = None

    @property
    def key(self) -> "FactorKey":
        """What must be unique at any date among the published versions."""
        return FactorKey(self.activity, self.criterion, self.stage, self.region, self.perimeter, self.gwp_set)

    def is_valid_on(self, day: date) -> bool:
        """Whether the half-open validity holds `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def rivals(self, other: "FactorContent") -> bool:
        """Whether both answer the same question on some of the same dates, which two published factors never do."""
        return (
            self.key == other.key
            and (self.valid_from or date.min) < (other.valid_to or date.max)
            and (other.valid_from or date.min) < (self.valid_to or date.max)
        )

    @property
    def last_day(self) -> date | None:
        """The last date of validity; None when it has no end."""
        return None if self.valid_to is None else self.valid_to - timedelta(days=1)

    def digest(self) -> str:
        """SHA-256 of what the content says: two versions that say the same thing have the same digest.

        What is not said (None, empty) is left out, so that a field added to the record later changes no digest.
        """
        return hashlib.sha256(json.dumps(_said(asdict(self)), sort_keys=True, default=str).encode()).hexdigest()


def _said(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _said(part) for name, part in value.items() if part is not None and part != ()}


@dataclass(frozen=True, slots=True)
class FactorKey:
    """The question that a factor answers, but for the date."""

    activity: str
    criterion: str
    stage: str | None
    region: str | None
    perimeter: Perimeter | None
    gwp_set: GwpSet | None


@dataclass(frozen=True, slots=True)
class FactorVersion:
    """One version of one factor.

    `author` and `reason` say who wrote it and why; `recorded_at` is when it was drafted or, once published, published. `restated_from`
    is the GWP set that its source counts with, where the value was computed anew from the gases under another.
    """

    id: str
    version: int
    status: Status
    content: FactorContent
    author: str
    reason: str
    recorded_at: datetime
    published_by: str | None = None
    restated_from: GwpSet | None = None


class Change(TypedDict):
    """One field that differs between two versions."""

    field: str
    before: Any
    after: Any


def differences(before: FactorContent, after: FactorContent) -> list[Change]:
    """The fields in which `after` differs from `before`, in the order of the record."""
    old, new = asdict(before), asdict(after)
    return [Change(field=name, before=old[name], after=new[name]) for name in old if old[name] != new[name]]
