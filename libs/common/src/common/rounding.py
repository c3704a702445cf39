"""Printing sums: totals are rounded, and their parts so that they add up to them as printed.

Amounts are whole numbers of a small unit (billionths of a kg, say), `step` is how many of these make one printed unit, and what comes back
are whole numbers of printed units. Each is its amount rounded down or up, never further away (largest remainder; of two remainders that
are alike, the first goes up).
"""

from collections.abc import Sequence


def rounded(amount: int, step: int) -> int:
    """An amount in printed units, to the nearest; a half goes to the even one."""
    whole, rest = divmod(amount, step)
    return whole + (2 * rest > step or (2 * rest == step and whole % 2 == 1))


def apportioned(parts: Sequence[int], step: int, total: int | None = None) -> list[int]:
    """Parts in printed units that add up to `total`, by default their sum rounded.

    `total` is the sum rounded down or up. Raises `ValueError` where rounding parts down or up cannot make it.
    """
    sum_ = rounded(sum(parts), step) if total is None else total
    down = [each // step for each in parts]
    rests = [each % step for each in parts]
    missing = sum_ - sum(down)
    if not 0 <= missing <= sum(1 for each in rests if each):
        raise ValueError(f"{sum_} is not the sum of the {len(parts)} parts, each rounded down or up")
    first = sorted(range(len(parts)), key=lambda place: -rests[place])[:missing]
    return [each + (place in first) for place, each in enumerate(down)]


def apportioned_table(rows: Sequence[Sequence[int]], step: int) -> list[list[int]]:
    """Cells in printed units: rows add up to their totals, apportioned over the total of all, and the total of all is rounded.

    Columns are summed as printed. Row by row, what a column was rounded away by is counted with its next cell, so that its sum stays near.
    """
    carried = [0] * max((len(row) for row in rows), default=0)
    printed = []
    for row, total in zip(rows, apportioned([sum(row) for row in rows], step), strict=True):
        down = [each // step for each in row]
        up = [place for place, each in enumerate(row) if each % step]
        up.sort(key=lambda place: -(row[place] % step + carried[place]))
        chosen = up[: total - sum(down)]
        cells = [each + (place in chosen) for place, each in enumerate(down)]
        carried = [old + amount - step * cell for old, amount, cell in zip(carried, row, cells, strict=True)]
        printed.append(cells)
    return printed
