"""Checking events against the JSON Schemas in `contracts/`, which are the interface between services."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from common import json
from common.events import Event
from common.outbox import encode

_TYPE = re.compile(r"(?P<service>[a-z]+)\.(?P<event>[a-z.-]+)\.v(?P<version>\d+)\Z")


class ContractViolation(AssertionError):
    """An event that its published schema does not allow, or whose type has no schema."""


class Contracts:
    """The schemas below one `contracts/` folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def schema_path(self, event_type: str) -> Path:
        """Where the schema of an event type stands. Dead letters have one schema, whoever wrote them."""
        match = _TYPE.match(event_type)
        if match is None:
            raise ContractViolation(f"{event_type!r} is not <service>.<event>.v<number>")
        owner = "common" if match["event"] == "dead-letter.recorded" else match["service"]
        return self.folder / "events" / owner / match["event"] / f"v{match['version']}.json"

    def check(self, event: Event) -> None:
        """Raise `ContractViolation` naming what is wrong with `event`; a tombstone has nothing to check."""
        if event.data is not None:
            self.check_document(event.type, json.loads(encode(event.data) or b"null"))

    def check_document(self, event_type: str, document: Any) -> None:
        """The same for a decoded payload."""
        path = self.schema_path(event_type)
        if not path.is_file():
            raise ContractViolation(f"{event_type} has no schema at {path.relative_to(self.folder.parent)}")
        problems = [f"{error.json_path}: {error.message}" for error in _validator(path).iter_errors(document)]
        if problems:
            raise ContractViolation(f"{event_type}: " + "; ".join(problems[:5]))

    def schemas(self) -> Iterator[Path]:
        """Every schema, in a stable order."""
        yield from sorted(self.folder.glob("events/*/*/v*.json"))


@cache
def _validator(path: Path) -> Draft202012Validator:
    schema = json.loads(path.read_bytes())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
