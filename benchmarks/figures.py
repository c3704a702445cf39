"""A measured figure beside its target, and the table of all of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, what the design aims at (empty when it states nothing), and what limits or explains it."""

    what: str
    measured: str
    target: str = ""
    note: str = ""


def table(machine: str, figures: Iterable[Figure]) -> Table:
    """Return the figures as one table whose caption describes the machine."""
    result = Table(title="Constellation, measured", caption=machine, title_justify="left", caption_justify="left")
    result.add_column("what", overflow="fold")
    result.add_column("measured", justify="right", overflow="fold")
    result.add_column("target", justify="right", overflow="fold")
    result.add_column("note", overflow="fold")
    for figure in figures:
        result.add_row(figure.what, figure.measured, figure.target, figure.note)
    return result
