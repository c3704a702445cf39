"""The numbers of estimates of the usual form: those of a few items one by one, those of many by columns, with the same bits."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import orjson

from footprint.domain import formulas
from footprint.domain.estimate_words import QUALITY
from footprint.domain.estimates import ONE_DAY_HOURS
from footprint.domain.formulas import Floats, Quantity
from footprint.domain.uncertainty import qualities, quality

LARGEST, SMALLEST = 1e15, 1e-4
"""Between these a number is written the same by Python and by the encoder."""

NUMBERS: Final = 15
"""Numbers of a row that are turned to text together."""

_STATED: Final = 15
"""Numbers that a row is computed from."""

_FEW: Final = 16
"""Rows from which on columns pay."""


def is_writable(number: float) -> bool:
    """Whether Python and the encoder write the number the same."""
    return number == 0.0 or SMALLEST <= number < LARGEST


def computed(stated: Sequence[float]) -> tuple[list[bytes], list[bytes], list[bool]]:
    """The texts of the numbers of each row, one row behind the other, the quality class of each total, and which rows can be written.

    A few rows are computed one by one: columns are made for many.
    """
    if len(stated) < _FEW * _STATED:
        lines = [_line(*stated[at : at + _STATED], exp=math.exp) for at in range(0, len(stated), _STATED)]
        texts = orjson.dumps([number for line, _ in lines for number in line])
        writable = [all(map(is_writable, line)) for line, _ in lines]
        return texts[1:-1].split(b","), [QUALITY[quality(spread)] for _, spread in lines], writable
    columns = np.array(stated, dtype=np.float64).reshape(-1, _STATED).T
    found, spreads = _line(*columns, exp=_exp)
    table = np.array(found).T
    usable = ((table == 0.0) | ((table >= SMALLEST) & (table < LARGEST))).all(axis=1)
    texts = orjson.dumps(table.ravel(), option=orjson.OPT_SERIALIZE_NUMPY)
    return texts[1:-1].split(b","), [QUALITY[each] for each in qualities(spreads).tolist()], usable.tolist()


def _line(
    hosts: Quantity,
    quantity: Quantity,
    watts: Quantity,
    duty: Quantity,
    pue: Quantity,
    factor: Quantity,
    beside: Quantity,
    unit: Quantity,
    making_spread: Quantity,
    making_gsd2: Quantity,
    within: Quantity,
    days: Quantity,
    in_use: Quantity,
    use_spread: Quantity,
    use_gsd2: Quantity,
    *,
    exp: Callable[[Quantity], Quantity],
) -> tuple[tuple[Quantity, ...], Quantity]:
    """The numbers of a row, or of the columns of all rows, and ln GSD² of its total."""
    hours = in_use * ONE_DAY_HOURS
    made = formulas.embodied_kg(hosts, unit, within, days)
    kwh = formulas.facility_energy_kwh(formulas.it_energy_kwh(quantity, watts, duty, hours), pue)
    used = formulas.use_kg(kwh, factor) + formulas.use_kg(kwh, beside)
    total = made + used
    whole = total + (total == 0.0)
    first, second = made / whole * making_spread, used / whole * use_spread
    spread = np.sqrt(first * first + second * second)
    gsd2 = exp(spread)
    return (
        made, made / making_gsd2, made * making_gsd2, used, used / use_gsd2, used * use_gsd2, total, total / gsd2, total * gsd2,
        kwh, hosts, quantity, watts, duty, pue,
    ), spread  # fmt: skip


def _exp(values: Floats) -> Floats:
    """The exponential as Python's own has it, to the last bit."""
    return np.array([math.exp(each) for each in values.tolist()])
