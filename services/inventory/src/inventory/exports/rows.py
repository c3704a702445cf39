"""An asset as a row of the platform's own table, such that reading the row again changes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from common import json

from inventory.domain.asset import Asset
from inventory.domain.record import AssetKey
from inventory.domain.timeline import Segment
from inventory.imports.constellation import columns, put

Cell = str | int | float | None

_NOT_TOLD = {"effective_to", "in_service_since", "retired_on"}
"""Columns that only say to a reader how a row is meant."""

_PATHS = {column: path for column, path in columns().items() if column not in _NOT_TOLD}
_PARTS = [column for column, path in _PATHS.items() if path.startswith("configuration.")]
_WHOLE = "configuration"
_TAGS = "tags"
_CAPTURED = (";", "=", "{")

HEADER = tuple(_PATHS)
"""The headings of the table."""


def cells(asset: Asset, segment: Segment, site: str | None, host: AssetKey | None) -> list[Cell]:
    """The cells of one segment of an asset, under `HEADER`; None is a blank cell."""
    content = _content(asset, segment, site, host)
    row: dict[str, Cell] = {
        column: _at(content, path) for column, path in _PATHS.items() if column not in (_WHOLE, _TAGS)
    }
    row[_TAGS] = _tags(asset.description.tags)
    row[_WHOLE] = None
    if _read_back(row).get("configuration") != content.get("configuration"):
        row.update(dict.fromkeys(_PARTS))
        row[_WHOLE] = json.dumps_text(content["configuration"])
    return [row[column] for column in HEADER]


def _content(asset: Asset, segment: Segment, site: str | None, host: AssetKey | None) -> dict[str, Any]:
    """The row as a sender would write it."""
    state = segment.state
    content = asset.description.model_dump(mode="json", exclude_none=True)
    content.update(asset.key._asdict())
    content.update(
        kind=asset.kind.value,
        status=state.status.value,
        effective_from=segment.start.isoformat(),
        site=site,
        plan=state.plan,
    )
    if host is not None:
        content["host"] = host._asdict()
    for name, part in (("configuration", state.configuration), ("allocation", state.allocation)):
        if part is not None:
            content[name] = part.model_dump(mode="json", exclude_none=True)
    return content


def _at(content: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, None where there is none; a `0` in it is the first item of a list. 6.0 is 6."""
    node: Any = content
    for step in path.split("."):
        if isinstance(node, Sequence) and not isinstance(node, str):
            node = node[0] if node else None
        elif isinstance(node, Mapping):
            node = node.get(step)
        else:
            return None
    return int(node) if isinstance(node, float) and node.is_integer() else node


def _read_back(row: Mapping[str, Cell]) -> dict[str, Any]:
    """What a reader makes of the cells of the parts of a machine."""
    content: dict[str, Any] = {}
    for column in _PARTS:
        cell = row[column]
        if cell is not None:
            put(content, column, str(cell))
    return content


def _tags(tags: Mapping[str, str]) -> str | None:
    if any(sign in text for pair in tags.items() for text in pair for sign in _CAPTURED):
        return json.dumps_text(dict(tags))
    return ";".join(f"{name}={value}" for name, value in tags.items()) or None
