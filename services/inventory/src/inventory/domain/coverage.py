"""Which seconds of a day a figure covers, and how the time is shared out among bands of utilisation."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Spans: TypeAlias = list[tuple[int, int]]
"""Half-open pairs of whole seconds, merged, sorted, without overlap."""

MOST_SPANS: Final = 200
"""Spans of a day that are told one by one. With more, each hour tells how many of its seconds are covered, put at its beginning."""

HOUR_S: Final = 3600
BANDS: Final = 10


def rounded_spans(pieces: npt.NDArray[np.float64], day_s: int) -> Spans:
    """Sorted pieces without overlap, in seconds of a day that has `day_s`, as spans of whole seconds; at least one of at least one.

    Begin and end are rounded to the nearest second, so neighbours stay neighbours and a hole below half a second closes.
    """
    whole = np.rint(pieces).astype(int)
    spans = merged((int(begin), int(end)) for begin, end in whole if end > begin)
    if not spans:
        begin = min(int(pieces[0, 0]), day_s - 1)
        return [(begin, begin + 1)]
    return spans if len(spans) <= MOST_SPANS else _by_hour(spans)


def merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Sorted spans, those that touch or overlap joined."""
    found: Spans = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _by_hour(spans: Spans) -> Spans:
    hours = range(0, spans[-1][1] + HOUR_S, HOUR_S)
    return merged(
        (begin, begin + seconds)
        for begin, end in pairwise(hours)
        if (seconds := length(common_spans(spans, [(begin, end)])))
    )


def common_spans(these: Sequence[tuple[int, int]], those: Sequence[tuple[int, int]]) -> Spans:
    """The seconds that are in both."""
    found: Spans = []
    first = second = 0
    while first < len(these) and second < len(those):
        begin = max(these[first][0], those[second][0])
        end = min(these[first][1], those[second][1])
        if begin < end:
            found.append((begin, end))
        if these[first][1] <= those[second][1]:
            first += 1
        else:
            second += 1
    return found


def length(spans: Sequence[tuple[int, int]]) -> int:
    """How many seconds the spans hold."""
    return sum(end - begin for begin, end in spans)


def bands(
    shares: npt.NDArray[np.float64], lengths: npt.NDArray[np.float64], covered: Sequence[tuple[int, int]]
) -> tuple[tuple[float, int, float], ...]:
    """Time by utilisation in tenths: (lower edge, seconds, time-weighted mean); the last band holds what is above it.

    The seconds are whole and add up to those of `covered`: each band gets what is below it, and the seconds left over go to the
    largest remainders.
    """
    index = np.minimum((shares * BANDS + 1e-9).astype(int), BANDS - 1)
    seconds = np.bincount(index, lengths, BANDS)
    weighted = np.bincount(index, shares * lengths, BANDS)
    total = length(covered)
    exact = seconds * (total / seconds.sum())
    whole = np.floor(exact).astype(int)
    left = total - int(whole.sum())
    for band in np.argsort(-(exact - whole), kind="stable")[:left]:
        whole[band] += 1
    return tuple(
        (band / BANDS, int(whole[band]), float(weighted[band] / seconds[band]))
        for band in range(BANDS)
        if whole[band] > 0 and seconds[band] > 0
    )
