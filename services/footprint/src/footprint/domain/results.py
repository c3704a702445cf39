"""The figures of an asset and month, as they are stored and published, and how those about the same are added up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from footprint.domain.catalogue import FactorRef
from footprint.domain.cells import ENERGY, Spreads
from footprint.domain.inventory import Asset
from footprint.domain.sums import billionths
from footprint.domain.weighing import USE_LOCATION

METHOD_VERSION: Final = "2026.6"
"""Of the method (docs/method.md): it changes when the same inputs give other figures."""


About: TypeAlias = tuple[str, str, str, str, UUID | None, int, str, str]
"""What a figure is about: its first eight fields."""


class Figure(NamedTuple):
    """One stored number: `value` in the unit of the criterion (kgCO2e for gwp), at a site, on a reporting line.

    `share` is `own`, `idle` (the unsold part of a host) or `sold` (what other organisations use of it). `factor` and `source` name what its
    uncertainty is shared with ('' for nothing), each with its ln GSD²; `ln_gsd2` is of both. `kwh` is the electricity behind a figure
    of it (whose basis is not `both`), at the meter of the site, in billionths of a kWh.
    """

    stage: str
    criterion: str
    basis: str
    share: str
    site: UUID | None
    scope: int
    ghg_category: str
    beges_item: str
    value: float
    ln_gsd2: float
    factor: str = ""
    factor_ln_gsd2: float = 0.0
    source: str = ""
    source_ln_gsd2: float = 0.0
    kwh: int = 0

    @property
    def line(self) -> About:
        """What the figure is about: no two figures of a result are about the same."""
        return self[:8]


class Claimed(NamedTuple):
    """What an application uses of a figure, in billionths of its unit, and of the electricity behind it, in billionths of a kWh."""

    application: UUID
    figure: Figure
    billionths: int
    kwh: int


@dataclass(slots=True)
class AssetMonth:
    """The result for one asset and month. `kwh` is at the meter of the site, None where unknown; `notices` are `Notice` bits.

    `without_factor` is electricity of which there is no location-based figure of climate change, by the lines that this would have: figures
    of the criterion `energy`, in kWh. `embodied_kg` is what making all that is in it when the month ends weighs (whole, as new), and
    `embodied_left_kg` what of it the months after are to be charged with; None where it is not known. `life_start` (a Unix second) and
    `spread_days` are the life over which its making is spread; of refurbished kit, `first_life_days` and `use_days` are what its kg follow
    from.
    """

    asset: Asset
    month: int
    status: str
    site: UUID | None
    host: UUID | None
    kwh: float | None = None
    figures: list[Figure] = field(default_factory=list)
    without_factor: list[Figure] = field(default_factory=list)
    references: tuple[FactorRef, ...] = ()
    embodied_evidence: str = "none"
    energy_evidence: str = "none"
    electricity_evidence: str = "none"
    notices: int = 0
    embodied_kg: float | None = None
    embodied_left_kg: float | None = None
    life_start: int | None = None
    spread_days: float | None = None
    first_life_days: float | None = None
    use_days: float | None = None
    claimed: list[Claimed] = field(default_factory=list)

    @property
    def every_figure(self) -> list[Figure]:
        """All that is stored of the month: its figures, and what electricity without a factor stands for."""
        return [*self.figures, *self.without_factor] if self.without_factor else self.figures


def merged(figures: Sequence[Figure]) -> list[Figure]:
    """In order, with those about the same added up; what two factors share is told by the heavier one."""
    by_line: dict[tuple[object, ...], Figure] = {}
    for each in figures:
        known = by_line.get(each.line)
        by_line[each.line] = each if known is None else _added(known, each)
    return sorted(by_line.values(), key=figure_order)


def add_up_energy(result: AssetMonth) -> None:
    """Electricity that was rounded piece by piece is rounded once: the largest piece makes up for the difference."""
    pieces = [each for each in result.every_figure if each.line[:3] in (USE_LOCATION, ENERGY)]
    excess = sum(each.kwh for each in pieces) - billionths(result.kwh or 0.0)
    if excess and pieces:
        place = max(pieces, key=attrgetter("kwh")).line[3:]
        for figures in (result.figures, result.without_factor):
            for index, each in enumerate(figures):
                if each.basis != "both" and each.line[3:] == place:
                    figures[index] = each._replace(kwh=each.kwh - excess)


def _added(one: Figure, other: Figure) -> Figure:
    value, kwh = one.value + other.value, one.kwh + other.kwh
    heavier = one if one.value >= other.value else other
    if value <= 0:
        return heavier._replace(value=value, kwh=kwh)
    spreads = Spreads(
        heavier.factor,
        (one.value * one.factor_ln_gsd2 + other.value * other.factor_ln_gsd2) / value,
        heavier.source,
        (one.value * one.source_ln_gsd2 + other.value * other.source_ln_gsd2) / value,
    )
    return Figure(*one.line, value, spreads.ln_gsd2, *spreads, kwh)


def figure_order(figure: Figure) -> tuple[str, str, str, str, str, str, bytes]:
    """The order of the figures of a result, the same wherever they come from."""
    return (
        figure.criterion,
        figure.stage,
        figure.basis,
        figure.share,
        figure.ghg_category,
        figure.beges_item,
        figure.site.bytes if figure.site else b"",
    )
