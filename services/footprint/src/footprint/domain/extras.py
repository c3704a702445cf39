"""Amounts that are known as a whole and spread evenly over a time: an activity, a refurbishing, a cloud machine's share of its host."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from footprint.domain.catalogue import UNITS, Factor
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.notices import Notice
from footprint.domain.scopes import CLOUD, Line
from footprint.domain.uncertainty import ln_product

NOTHING: Final = Notice(0)


class OwnRate(NamedTuple):
    """A factor that is no record of the catalogue, but stated with what it is of: a supplier's own. `shared` names what states it."""

    value: float
    ln_gsd2: float
    shared: str


@dataclass(frozen=True, slots=True)
class Extra:
    """`amount` × `factor`, evenly over `over_s` seconds, of which those from `start` to `end` (Unix seconds) count.

    `line` None: the line of its stage. `factor` None: its `own` rate, without one `amount` is the emission itself. `kwh` is the electricity
    behind the whole of it. `source_ln_gsd2` is of the amount; `origin` says in
    words where it comes from. `anywhere`: it counts also while its asset is not in service. `void`: nothing is known of what it weighs,
    it only says why in its `notices`. `written_amount` is how the amount was found, where that is a formula.
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
    def factor_ln_gsd2(self) -> float:
        """ln GSD² of the factor."""
        known = self.factor or self.own
        return 0.0 if known is None else known.ln_gsd2

    @property
    def shared(self) -> str:
        """What the uncertainty of its factor is shared with; '' for nothing."""
        return self.factor.id if self.factor else self.own.shared if self.own else ""

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
