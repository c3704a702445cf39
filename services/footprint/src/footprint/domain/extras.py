"""Amounts that are known as a whole and spread evenly over a time: an activity, a refurbishing, a cloud machine's share of its host."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from footprint.domain.catalogue import UNITS, Factor
from footprint.domain.embodied import MANUFACTURING, Embodied
from footprint.domain.notices import Notice
from footprint.domain.scopes import CLOUD, Line
from footprint.domain.uncertainty import ln_product

NOTHING: Final = Notice(0)

FAR: Final = 4_102_444_800
"""1 January 2100, in Unix seconds: later than any projection."""


class OwnRate(NamedTuple):
    """A factor that is no record of the catalogue, but stated with what it is of: a supplier's own. `shared` names what states it."""

    value: float
    ln_gsd2: float
    shared: str


@dataclass(frozen=True, slots=True)
class Extra:
    """`amount` × `factor`, evenly over `over_s` seconds, of which those from `start` to `end` (Unix seconds) count.

    `line` None: the line of its stage. `factor` None: its `own` rate; without one `amount` is the emission itself, and `made` the bottom-up
    sum that it rests on, where there is one. `source_ln_gsd2` is of the amount; `origin` says in words where it comes from. `anywhere`: it
    counts also while its asset is not in service. `void`: nothing is known of what it weighs, it only says why in its `notices`.
    `written_amount` is how the amount was found, where that is a formula. `kwh` is the electricity behind the whole of it.
    """

    start: int
    end: int
    stage: str
    criterion: str
    basis: str
    amount: float
    unit: str
    origin: str
    factor: Factor | None = None
    line: Line | None = None
    source_ln_gsd2: float = 0.0
    over_s: float = 0.0
    anywhere: bool = True
    notices: Notice = NOTHING
    void: bool = False
    written_amount: str = ""
    own: OwnRate | None = None
    made: Embodied | None = None
    kwh: float = 0.0

    def __post_init__(self) -> None:
        if self.over_s <= 0.0:
            object.__setattr__(self, "over_s", float(self.end - self.start))

    @property
    def cloud(self) -> bool:
        """Whether it is a share of a reference host of a public cloud."""
        return self.line == CLOUD and not self.void and self.stage == MANUFACTURING

    @property
    def rate(self) -> float:
        """The factor's value, 1 where the amount is the emission."""
        known = self.factor or self.own
        return 1.0 if known is None else known.value

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What it rests on."""
        of_parts = () if self.made is None else self.made.factors
        return of_parts if self.factor is None else (self.factor, *of_parts)

    @property
    def shared(self) -> str:
        """What its uncertainty shares with others, '' for nothing."""
        if self.factor is not None:
            return self.factor.id
        return self.own.shared if self.own is not None else self.made.shared if self.made is not None else ""

    @property
    def factor_ln_gsd2(self) -> float:
        """ln GSD² of what is shared."""
        known = self.factor or self.own
        if known is not None:
            return known.ln_gsd2
        return 0.0 if self.made is None else self.made.factor_ln_gsd2

    @property
    def ln_gsd2(self) -> float:
        """ln GSD² of the product."""
        return ln_product(self.factor_ln_gsd2, self.source_ln_gsd2)

    def value(self, seconds: float) -> float:
        """What falls on `seconds` of its time."""
        return self.amount * self.rate * seconds / self.over_s

    def kwh_in(self, seconds: float) -> float:
        """The electricity behind what falls on `seconds` of its time."""
        return self.kwh * seconds / self.over_s

    def written(self, seconds: float) -> str:
        """`value`, written out."""
        amount = self.written_amount or repr(self.amount)
        return f"{amount} × {self.rate!r} {UNITS[self.criterion]} × {seconds!r} s ÷ {self.over_s!r} s"
