"""The charts of the report, as SVG that WeasyPrint draws: bars by year, bars side by side, steps, lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from scenarios.domain.tables import Language
from scenarios.report.numbers import Mass, number

WIDTH, HEIGHT = 640.0, 185.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 12.0, 10.0, 24.0
INDUCED, AVOIDED, NEGATIVE, INK, GRID = "#0b5d4e", "#9fd8b8", "#c8482f", "#1b2430", "#dfe4e8"
LINES = (
    "#1b2430",
    "#0b5d4e",
    "#3474b7",
    "#c77d1a",
    "#7a4ea3",
    "#2f9e8f",
    "#b5447a",
    "#8a9a2b",
    "#5b6670",
    "#4c5bd4",
    "#9c6b3f",
    "#d1a110",
)


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar: what is induced, and what is avoided beside it, on top of it or, negative, below zero."""

    label: str
    induced_kg: float
    avoided_kg: float | None
    reference_kg: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall, from one level to another."""

    label: str
    from_kg: float
    to_kg: float
    total: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Values by year."""

    label: str
    values_kg: Sequence[float]
    dashed: bool = False


class _Canvas:
    """Axes over values from `low` to `high`, with room for `count` columns."""

    def __init__(
        self, low: float, high: float, count: int, mass: Mass, language: Language, bottom: float = BOTTOM
    ) -> None:
        step = _tick(max(high - low, 1e-9) / 4)
        self._low, self._high = math.floor(low / step) * step, math.ceil(high / step) * step
        if self._low == self._high:
            self._high += step
        self._plot = HEIGHT - TOP - bottom
        self.column = (WIDTH - LEFT - RIGHT) / count
        self.parts: list[str] = []
        for index in range(round((self._high - self._low) / step) + 1):
            value = self._low + index * step
            y = self.y(value)
            self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
            places = mass.places if step / mass.divisor < 1 else 0
            self.text(LEFT - 5, y + 3, number(value / mass.divisor, language, places), "end")
        zero = self.y(0.0)
        self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="{INK}"/>')

    def y(self, value: float) -> float:
        return TOP + (self._high - value) / (self._high - self._low) * self._plot

    def x(self, index: int) -> float:
        """The middle of a column."""
        return LEFT + (index + 0.5) * self.column

    def bar(self, index: int, low: float, high: float, fill: str, width: float, shift: float = 0.0) -> None:
        top, bottom = self.y(max(low, high)), self.y(min(low, high))
        x = self.x(index) + shift - width / 2
        self.parts.append(
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{max(bottom - top, 0.0):.1f}" fill="{fill}"/>'
        )

    def rule(self, index: int, value: float, width: float) -> None:
        x, y = self.x(index), self.y(value)
        self.parts.append(
            f'<line x1="{x - width / 2:.1f}" x2="{x + width / 2:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" '
            f'stroke-width="1.4" stroke-dasharray="3 2"/>'
        )

    def text(self, x: float, y: float, text: str, anchor: str = "middle", size: float = 9, fill: str = INK) -> None:
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{escape(text)}</text>'
        )

    def drawn(self, described: str) -> str:
        inner = "".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" width="100%" role="img" '
            f'font-family="DejaVu Sans" aria-label="{escape(described)}">{inner}</svg>'
        )


def stacks(bars: Sequence[Stack], mass: Mass, language: Language, described: str) -> str:
    """The catalogue's chart: emissions with what is avoided stacked on them; below zero, and in another colour, where that is negative."""
    high = max((bar.induced_kg + max(bar.avoided_kg or 0.0, 0.0) for bar in bars), default=1.0)
    high = max([high, *(bar.reference_kg or 0.0 for bar in bars)])
    low = min([0.0, *(bar.avoided_kg or 0.0 for bar in bars)])
    canvas = _Canvas(low, high, len(bars), mass, language)
    width = min(canvas.column * 0.6, 60.0)
    for index, bar in enumerate(bars):
        canvas.bar(index, 0.0, bar.induced_kg, INDUCED, width)
        if bar.avoided_kg is not None and bar.avoided_kg > 0:
            canvas.bar(index, bar.induced_kg, bar.induced_kg + bar.avoided_kg, AVOIDED, width)
        elif bar.avoided_kg is not None:
            canvas.bar(index, bar.avoided_kg, 0.0, NEGATIVE, width)
        if bar.reference_kg is not None:
            canvas.rule(index, bar.reference_kg, width * 1.3)
        canvas.text(canvas.x(index), HEIGHT - 8, _short(bar.label, canvas.column))
    return canvas.drawn(described)


def waterfall(steps: Sequence[Step], mass: Mass, language: Language, described: str) -> str:
    """Levels from the reference to the alternative; what takes off is light, what adds is red."""
    levels = [level for step in steps for level in (step.from_kg, step.to_kg)]
    canvas = _Canvas(min(0.0, *levels), max(levels), len(steps), mass, language, bottom=42.0)
    width = min(canvas.column * 0.65, 60.0)
    for index, step in enumerate(steps):
        added = step.to_kg - step.from_kg
        fill = INDUCED if step.total else (NEGATIVE if added > 0 else AVOIDED)
        canvas.bar(index, step.from_kg, step.to_kg, fill, width)
        shown = step.to_kg if step.total else added
        canvas.text(canvas.x(index), canvas.y(max(step.from_kg, step.to_kg)) - 3, mass.text(shown, language), size=8)
        for row, words in enumerate(_wrapped(step.label, canvas.column)):
            canvas.text(canvas.x(index), HEIGHT - 28 + row * 10, words, size=8)
    return canvas.drawn(described)


def lines(drawn: Sequence[Line], labels: Sequence[str], mass: Mass, language: Language, described: str) -> str:
    """Lines by year over one another; the first in ink."""
    values = [value for line in drawn for value in line.values_kg]
    canvas = _Canvas(min(0.0, *values), max(values), len(labels), mass, language)
    for place, line in enumerate(drawn):
        points = " ".join(f"{canvas.x(index):.1f},{canvas.y(value):.1f}" for index, value in enumerate(line.values_kg))
        dashes = ' stroke-dasharray="4 3"' if line.dashed else ""
        canvas.parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour_of(place)}" stroke-width="2"{dashes}/>'
        )
    for index, label in enumerate(labels):
        canvas.text(canvas.x(index), HEIGHT - 8, label)
    return canvas.drawn(described)


def colour_of(place: int) -> str:
    """The colour of a line by its place."""
    return NEGATIVE if place == 0 else LINES[(place - 1) % len(LINES)]


def _tick(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(step for step in (1.0, 2.0, 5.0, 10.0) if step * power >= rough * 0.999999)) * power


def _short(text: str, width: float) -> str:
    most = max(4, int(width / 5.6))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _wrapped(text: str, width: float, rows: int = 3) -> list[str]:
    most = max(6, int(width / 4.8))
    found = [""]
    for word in text.split():
        if found[-1] and len(found[-1]) + 1 + len(word) > most:
            found.append(word)
        else:
            found[-1] = f"{found[-1]} {word}".strip()
    if len(found) > rows:
        found = [*found[: rows - 1], f"{found[rows - 1]}…"]
    return [_short(row, width * 1.15) for row in found]
