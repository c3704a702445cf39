"""What applications use of a machine: its figures shared out by the weights that hold at the time, in whole billionths.

While several applications claim a machine, each gets `weight ÷ Σ weights` of every second; what is not claimed stays with the machine. A
figure is an integer of billionths in every total, and so are its shares: the largest remainders make up for rounding, so that the shares of
a machine that is claimed throughout add up to it exactly.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from footprint.domain.inventory import Claim

Piece = tuple[int, int, Mapping[UUID, float]]
"""From, to, and the share of each application in between."""


def pieces_of(claims: Sequence[Claim], start: int, end: int) -> list[Piece]:
    """[start, end) cut where a claim begins or ends, with the shares of each piece; unclaimed pieces are left out."""
    ends = [end if each.end is None else each.end for each in claims]
    edges = {start, end}
    for each, until in zip(claims, ends, strict=True):
        edges |= {edge for edge in (each.start, until) if start < edge < end}
    found: list[Piece] = []
    for low, high in pairwise(sorted(edges)):
        weights: dict[UUID, float] = {}
        for each, until in zip(claims, ends, strict=True):
            if each.start <= low < until:
                weights[each.application] = weights.get(each.application, 0.0) + each.weight
        whole = sum(weights[each] for each in sorted(weights))
        if weights:
            found.append((low, high, {each: weights[each] / whole for each in sorted(weights)}))
    return found


def shares_within(pieces: Sequence[Piece], start: int, end: int) -> dict[UUID, float]:
    """The share of each application in what [start, end) weighs, at a constant rate."""
    shares: dict[UUID, float] = {}
    for low, high, of_piece in pieces:
        overlap = min(high, end) - max(low, start)
        if overlap > 0:
            for application, share in of_piece.items():
                shares[application] = shares.get(application, 0.0) + share * overlap / (end - start)
    return shares


def apportion(amount: int, shares: Mapping[UUID, float]) -> dict[UUID, int]:
    """`amount` (≥ 0) shared out in whole numbers that add up to the rounded sum of the shares: the largest remainders are rounded up."""
    exact = {application: amount * share for application, share in sorted(shares.items())}
    claimed = min(amount, round(sum(exact.values())))
    found = {application: int(value) for application, value in exact.items()}
    left = claimed - sum(found.values())
    by_remainder = sorted(exact, key=lambda each: (found[each] - exact[each], each))
    for application in by_remainder[: max(0, left)]:
        found[application] += 1
    return found


def fractions_of(weighted: Mapping[int, float], shares: Mapping[int, Mapping[UUID, float]]) -> dict[UUID, float]:
    """The part of a figure that each application uses: `weighted` is what each term adds to it, `shares` who uses the term."""
    whole = sum(weighted.values())
    found: dict[UUID, float] = {}
    for term, value in weighted.items():
        for application, share in shares[term].items():
            part = share * value / whole if whole > 0 else share / len(weighted)
            found[application] = found.get(application, 0.0) + part
    return found


def joined(parts: Sequence[tuple[float, Mapping[UUID, float]]]) -> Mapping[UUID, float]:
    """What each application uses of the sum of some figures, of which each has a value (≥ 0) and the parts of it that are used."""
    if len(parts) == 1:
        return parts[0][1]
    return fractions_of(
        {number: value for number, (value, _) in enumerate(parts)},
        {number: fractions for number, (_, fractions) in enumerate(parts)},
    )
