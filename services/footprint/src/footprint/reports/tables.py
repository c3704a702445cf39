"""Tables of the report."""

from collections.abc import Iterable, Sequence
from html import escape

ABSENT = "–"
"""What stands for a figure that is not known."""


def where_known(cells: Iterable[str], known: bool) -> list[str]:
    """Cells, each of them a dash where nothing is known."""
    return [each if known else ABSENT for each in cells]


def table(
    heads: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]], last: Sequence[str] | None = None, style: str = ""
) -> str:
    """A table; `heads` are (text, whether its column holds numbers). Cells are escaped."""

    def cells(row: Sequence[str]) -> str:
        return "".join(
            f'<td class="n">{escape(cell)}</td>' if number else f"<td>{escape(cell)}</td>"
            for cell, (_, number) in zip(row, heads, strict=True)
        )

    head = "".join(
        f'<th class="n">{escape(text)}</th>' if number else f"<th>{escape(text)}</th>" for text, number in heads
    )
    body = "".join(f"<tr>{cells(row)}</tr>" for row in rows)
    summed = f'<tr class="sum">{cells(last)}</tr>' if last else ""
    return f'<table class="{style}"><thead><tr>{head}</tr></thead><tbody>{body}{summed}</tbody></table>'
