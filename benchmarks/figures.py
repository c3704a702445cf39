"""A measured figure beside its target, and the table of all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, what the design aims at (empty when it states nothing), and what limits or explains it."""

    what: str
    measured: str
    target: str = ""
    note: str = ""


def with_cpu(figure: Figure, before: Mapping[str, float], after: Mapping[str, float]) -> Figure:
    """Add to the note which processes took how much processor time meanwhile, the busiest first, above a tenth of a second.

    Unlike the time on the clock it hardly depends on what else the machine does.
    """
    taken = sorted(((after[name] - begun, name) for name, begun in before.items()), reverse=True)
    busy = [f"{name} {seconds:.1f}" for seconds, name in taken if seconds > 0.1]
    return replace(figure, note=f"{figure.note}; CPU s: {', '.join(busy)}") if busy else figure


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
