"""The page of explained examples can be checked by hand: every formula that it prints comes to the number behind it, to the last bit."""

import re

from examples import explained
from tests.support.formulas import value_of

_LINE = re.compile(r"^[^:|{]+: (?P<formula>.+) = (?P<value>-?\d[\d.e-]*)(?: \S+)?(?: \[.*\])?$")


def test_every_printed_formula_comes_to_the_printed_number() -> None:
    lines = [_LINE.match(line.strip()) for line in explained.PAGE.read_text(encoding="utf-8").splitlines()]
    found = [(each["formula"], float(each["value"])) for each in lines if each is not None]
    assert len(found) > 100
    for formula, value in found:
        assert value_of(formula) == value, formula
