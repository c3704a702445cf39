"""Rows of a file, pushed in batches: each has an outcome, and the refused ones are shown."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from constellation_cli.client import Client
from constellation_cli.failures import Exit, Failure
from constellation_cli.session import Session, table_of

BATCH = 5000
SHOWN_ERRORS = 20
NUMBERS = ("value", "quantity")
REFERENCE = ("source", "external_id", "org")


@dataclass(slots=True)
class Pushed:
    """What became of rows: how many ended how, and the errors of those that were refused, with their place in the file."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**self.counts, "errors": self.errors}


def read_rows(path: Path, *, names_asset: bool) -> list[Any]:
    """The rows of a `.csv`, `.json` or `.ndjson` file. Raises Failure.

    In a CSV an empty cell says nothing. With `names_asset` its columns source, external_id and org name the asset, unless there is a
    column asset with its id.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read as UTF-8 text: {error}.") from error
    try:
        if path.suffix.lower() == ".csv":
            return list(_of_csv(text, names_asset))
        if path.suffix.lower() in (".ndjson", ".jsonl"):
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        rows = json.loads(text)
    except ValueError as error:
        raise Failure(f"{path} is not the JSON that its name says: {error}.") from error
    if not isinstance(rows, list):
        raise Failure(f"{path} is no JSON array of rows.")
    return rows


def _of_csv(text: str, names_asset: bool) -> Iterator[dict[str, Any]]:
    lines = text.splitlines()
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    for line in csv.DictReader(lines, delimiter=delimiter):
        row: dict[str, Any] = {
            name.strip(): cell.strip() for name, cell in line.items() if name and cell and cell.strip()
        }
        for name in NUMBERS:
            if name in row:
                row[name] = _number(row[name])
        if names_asset and "asset" not in row:
            row["asset"] = {name: row.pop(name) for name in REFERENCE if name in row}
        yield row


def _number(text: str) -> float | str:
    """The number, or the text as it stands: the platform says what is wrong with it."""
    try:
        return float(text)
    except ValueError:
        return text


def push(session: Session, client: Client, path: str, rows: Sequence[Any], what: str) -> Pushed:
    """Send rows in batches, with a bar. Raises Failure when a batch is refused as a whole: those before it have been taken."""
    pushed = Pushed()
    with session.progress() as progress:
        bar = progress.add_task(what, total=len(rows))
        for start in range(0, len(rows), BATCH):
            answer = client.post(path, rows[start : start + BATCH])
            for result in answer["results"]:
                pushed.counts[result["status"]] += 1
                for error in result.get("errors") or ():
                    pushed.errors.append({"row": start + result["index"] + 1, **error})
            progress.update(bar, completed=min(start + BATCH, len(rows)))
    return pushed


def counted(counts: Mapping[str, int]) -> str:
    """The outcomes as a sentence."""
    return ", ".join(f"{number:,} {name}" for name, number in counts.items()) or "nothing"


def finish(session: Session, pushed: Pushed, what: str) -> None:
    """Show what became of the rows. Exits with 1 when any was refused."""
    headings = ("row", "field", "code", "detail")
    refused = ([error[name] for name in headings] for error in pushed.errors[:SHOWN_ERRORS])
    tables = [table_of("Refused", headings, refused)] if pushed.errors else []
    session.show(pushed.document(), f"{what}: {counted(pushed.counts)}.", *tables)
    if len(pushed.errors) > SHOWN_ERRORS:
        session.remark(f"{len(pushed.errors) - SHOWN_ERRORS} more: --json shows them all.")
    if pushed.errors:
        raise typer.Exit(Exit.REFUSED_ROWS)
