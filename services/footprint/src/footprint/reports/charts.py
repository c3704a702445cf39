"""Charts as SVG: twelve stacked months, and bars side by side. Drawn from the exact figures; nothing is rounded but coordinates."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Final

from footprint.domain.dashboard import NAMES, Parts
from footprint.reports.words import decimal_text
from footprint.trace_words import Language

COLOURS: Final[Mapping[str, str]] = {
    "construction_kg": "#0b5d4e",
    "electricity_kg": "#e3a93c",
    "maintenance_and_sale_kg": "#7d93b2",
}
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 680, 240, 52, 22, 26
_HATCH = (
    '<defs><pattern id="projected" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="2.2" height="5" fill="#ffffff" fill-opacity="0.55"/></pattern></defs>'
)


def months_chart(months: Sequence[tuple[str, Parts, bool]], unit: str, language: Language) -> str:
    """Twelve bars, each of its parts stacked; `months` are (name, parts, projected). Projected ones are hatched. What is negative hangs
    below the axis."""
    highest = max((sum(each for each in parts.billionths if each > 0) for _, parts, _ in months), default=0)
    lowest = min((sum(each for each in parts.billionths if each < 0) for _, parts, _ in months), default=0)
    step = _step((highest - lowest) / 1e9 / 4)
    top = max(step, -(-(highest / 1e9) // step) * step)
    bottom = (lowest / 1e9) // step * step if lowest else 0.0
    scale = (_HEIGHT - _TOP - _BOTTOM) / (top - bottom)
    zero = _TOP + top * scale
    drawn = [_grid(top, bottom, step, scale, unit, language)]
    slot = (_WIDTH - _LEFT - 6) / 12
    for place, (name, parts, projected) in enumerate(months):
        left = _LEFT + place * slot + slot * 0.17
        drawn.append(_bar(left, slot * 0.66, zero, scale, parts, projected=projected))
        drawn.append(
            f'<text x="{left + slot * 0.33:.1f}" y="{_HEIGHT - 9}" text-anchor="middle" font-size="9" fill="#4a5560">{escape(name)}</text>'
        )
    drawn.append(
        f'<line x1="{_LEFT}" y1="{zero:.1f}" x2="{_WIDTH}" y2="{zero:.1f}" stroke="#4a5560" stroke-width="0.8"/>'
    )
    return _svg(_WIDTH, _HEIGHT, "".join(drawn))


def _bar(left: float, width: float, zero: float, scale: float, parts: Parts, *, projected: bool) -> str:
    above = below = zero
    drawn = []
    for name, billionths in zip(NAMES, parts.billionths, strict=True):
        height = abs(billionths) / 1e9 * scale
        if height <= 0:
            continue
        if billionths > 0:
            above -= height
            y = above
        else:
            y, below = below, below + height
        box = f'x="{left:.1f}" y="{y:.2f}" width="{width:.1f}" height="{height:.2f}"'
        drawn.append(f'<rect {box} fill="{COLOURS[name]}"/>')
        if projected:
            drawn.append(f'<rect {box} fill="url(#projected)"/>')
    return "".join(drawn)


def _grid(top: float, bottom: float, step: float, scale: float, unit: str, language: Language) -> str:
    drawn = []
    value = bottom
    while value <= top + step / 1000:
        y = _TOP + (top - value) * scale
        drawn.append(
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH}" y2="{y:.1f}" stroke="#dfe4e8" stroke-width="0.6"/>'
        )
        drawn.append(
            f'<text x="{_LEFT - 6}" y="{y + 3:.1f}" text-anchor="end" font-size="8.5" fill="#6b7680">{_short(value, language)}</text>'
        )
        value += step
    drawn.append(
        f'<text x="{_LEFT - 6}" y="{_TOP - 13}" text-anchor="end" font-size="8" fill="#6b7680">{escape(unit)}</text>'
    )
    return "".join(drawn)


def _step(rough: float) -> float:
    """A round step near `rough`: 1, 2 or 5 times a power of ten."""
    if rough <= 0:
        return 1.0
    power = 1.0
    while power > rough:
        power /= 10
    while power * 10 <= rough:
        power *= 10
    return next((power * times for times in (1, 2, 5, 10) if power * times >= rough), power * 10)


def _short(value: float, language: Language) -> str:
    return decimal_text(Decimal(f"{value:.0f}" if abs(value) >= 10 or value == 0 else f"{value:g}"), language)


def bars_chart(rows: Sequence[tuple[str, int, str]], colour: str = "#0b5d4e") -> str:
    """Bars side by side, the longest first; `rows` are (label, billionths, text beside the bar)."""
    row_height, label_width, text_width = 19, 150, 130
    longest = max((abs(each) for _, each, _ in rows), default=0) or 1
    drawn = []
    for place, (label, billionths, text) in enumerate(rows):
        y = place * row_height
        width = (_WIDTH - label_width - text_width) * abs(billionths) / longest
        fill = colour if billionths >= 0 else "#b3533c"
        drawn.append(
            f'<text x="{label_width - 8}" y="{y + 13}" text-anchor="end" font-size="{_fitting(label):.1f}" fill="#1b2430">'
            f"{escape(label)}</text>"
        )
        drawn.append(
            f'<rect x="{label_width}" y="{y + 3}" width="{max(width, 0.6):.1f}" height="13" rx="1.5" fill="{fill}"/>'
        )
        drawn.append(
            f'<text x="{label_width + width + 6:.1f}" y="{y + 13}" font-size="10" fill="#4a5560">{escape(text)}</text>'
        )
    return _svg(_WIDTH, max(1, len(rows)) * row_height + 2, "".join(drawn))


def _fitting(label: str) -> float:
    """The size of type at which a label has room beside its bar: 10, less for a long one."""
    return min(10.0, 10.0 * 21 / max(1, len(label)))


def shares_bar(parts: Parts) -> str:
    """The three parts as one bar of full width, as wide as they weigh; what is negative is hatched."""
    total = sum(abs(each) for each in parts.billionths)
    drawn, left = [], 0.0
    for name, billionths in zip(NAMES, parts.billionths, strict=True):
        width = _WIDTH * abs(billionths) / total if total else 0.0
        box = f'x="{left:.2f}" y="0" width="{width:.2f}" height="16"'
        drawn.append(f'<rect {box} fill="{COLOURS[name]}"/>')
        if billionths < 0:
            drawn.append(f'<rect {box} fill="url(#projected)"/>')
        left += width
    return _svg(_WIDTH, 16, "".join(drawn))


def _svg(width: int, height: int, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="100%" font-family="DejaVu Sans, sans-serif">'
        f"{_HATCH}{drawn}</svg>"
    )
