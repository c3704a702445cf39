"""The arithmetic of printed formulas."""

import re

_UNITS = re.compile(r" at [\d.]+|(?<=\d) (?:GB/cm²|mm²|kgSbeq|kg|kWh|MJ|m3|W|h|d|s|PUE|vCPU|GiB|GB)(?![\w²/])")
_SIGNS = str.maketrans("×÷−", "*/-")


def value_of(formula: str) -> float:
    """A formula as explanations print it, in doubles from left to right, its units struck out; AssertionError where more is left."""
    arithmetic = _UNITS.sub("", formula).translate(_SIGNS)
    assert re.fullmatch(r"[-+*/(). \de]+", arithmetic), arithmetic
    return float(eval(arithmetic))  # noqa: S307 - digits and operators only, checked above
