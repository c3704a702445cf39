"""Numbers as they are printed in either language; rounded here and nowhere before."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from scenarios.domain.tables import Language

THIN, MINUS = "\u202f", "\u2212"


def number(value: float | Decimal | str, language: Language, places: int = 0) -> str:
    """With thousands apart and a true minus sign; half up."""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}"
    if language == "fr":
        text = text.replace(",", THIN).replace(".", ",")
    return f"{MINUS}{text}" if rounded < 0 else text


@dataclass(frozen=True, slots=True)
class Mass:
    """The unit that one report gives masses in: tonnes where they are large, kilograms where not."""

    divisor: float
    unit: str
    places: int

    @classmethod
    def fit_for(cls, largest_kg: float) -> "Mass":
        """That in which `largest_kg` reads well."""
        return cls(1000.0, "tCO2e", 1) if largest_kg >= 100_000 else cls(1.0, "kgCO2e", 0)

    def text(self, kg: float, language: Language) -> str:
        """The mass without its unit."""
        return number(kg / self.divisor, language, self.places)
