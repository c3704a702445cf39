"""Sums as printed: rounded, with parts that add up to them (largest remainder; of two that are alike, the first goes up)."""

from collections.abc import Sequence


def in_units(parts: Sequence[int], step: int, total: int | None = None) -> list[int]:
    """Parts as whole numbers of `step`, each rounded down or up, that add up to `total`: by default their sum, to the nearest."""
    whole = round(sum(parts) / step) if total is None else total
    down = [each // step for each in parts]
    most = sorted(range(len(parts)), key=lambda place: -(parts[place] % step))[: whole - sum(down)]
    return [each + (place in most) for place, each in enumerate(down)]


def rows_in_units(rows: Sequence[Sequence[int]], step: int) -> list[list[int]]:
    """Rows of parts as whole numbers of `step`: each adds up to its total, and the totals to the total of all."""
    totals = in_units([sum(row) for row in rows], step)
    return [in_units(row, step, total) for row, total in zip(rows, totals, strict=True)]
