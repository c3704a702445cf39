"""What every command has: the connection, and how to show things."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from constellation_cli.client import Client
from constellation_cli.configuration import Connection, find_connection


@dataclass(slots=True)
class Session:
    """One call of the command line. With `as_json` the answer, and nothing else, goes to standard output as JSON."""

    url: str | None = None
    token: str | None = None
    as_json: bool = False

    @property
    def connection(self) -> Connection:
        """Where to call. Raises Failure."""
        return find_connection(self.url, self.token)

    def client(self) -> Client:
        """A client of the platform. Raises Failure."""
        return Client(self.connection)

    def show(self, answer: Any, *tables: Table | str) -> None:
        """Show an answer: as JSON where that was asked for, else as the tables and sentences."""
        if self.as_json:
            typer.echo(json.dumps(answer, ensure_ascii=False))
            return
        console = Console()
        for table in tables:
            console.print(table)

    def remark(self, sentence: str) -> None:
        """Say something beside the answer, on standard error."""
        Console(stderr=True, soft_wrap=True).print(sentence, markup=False, highlight=False)

    def progress(self) -> Progress:
        """A progress bar on standard error; none where nobody watches."""
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        return Progress(*columns, console=console, disable=self.as_json or not console.is_terminal, transient=True)


def session_of(context: typer.Context) -> Session:
    """The session that the options before the command made."""
    session: Session = context.obj
    return session


def table_of(title: str | None, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table; numbers to the right, nothing for what is not known."""
    listed = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", show_header=any(headings))
    for index, heading in enumerate(headings):
        numbers = any(isinstance(row[index], (int, float)) and not isinstance(row[index], bool) for row in listed)
        table.add_column(heading, justify="right" if numbers else "left", overflow="fold", no_wrap=heading == "id")
    for row in listed:
        table.add_row(*(_text(cell) for cell in row))
    return table


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.3f}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
