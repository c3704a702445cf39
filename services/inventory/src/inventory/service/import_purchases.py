"""What was paid for known assets, and when: from rows that name an asset by its serial number or its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.database import Connection

from inventory.domain.defects import Defect
from inventory.store import import_purchases
from inventory.store.import_purchases import Candidate, Wanted

_NAMED_BY = ("serial", "external_id", "name")
"""The surest first: the first of them by which any asset is found decides."""


async def purchased(connection: Connection, contents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | Defect]:
    """Each row as a row of the asset that it is of, or why it is of none or of several."""
    wanted = [
        Wanted(content["org"], content.get("source"), *(content["match"].get(name) for name in _NAMED_BY))
        for content in contents
    ]
    found = await import_purchases.candidates(connection, wanted)
    return [_of_one(content, candidates) for content, candidates in zip(contents, found, strict=True)]


def _of_one(content: Mapping[str, Any], candidates: Sequence[Candidate]) -> dict[str, Any] | Defect:
    match = content["match"]
    for name in _NAMED_BY:
        fitting = [candidate for candidate in candidates if candidate.by == name]
        if len(fitting) > 1:
            listed = ", ".join(f"{one.source}/{one.external_id}" for one in fitting[:5])
            rule = f"{len(fitting)} assets have {name} {match[name]!r}: {listed}; name the source, or a serial number"
            return Defect(f"match.{name}", "ambiguous_asset", rule)
        if fitting:
            return _told(content, fitting[0])
    said = ", ".join(f"{name} {match[name]!r}" for name in _NAMED_BY if match.get(name))
    field = next(name for name in _NAMED_BY if match.get(name))
    return Defect(f"match.{field}", "unknown_asset", f"no asset with {said} is known; import the assets first")


def _told(content: Mapping[str, Any], asset: Candidate) -> dict[str, Any]:
    """The row; values of several fields keep those that the row does not say."""
    said = {name: value for name, value in content.items() if name not in ("match", "source")}
    for name in ("acquired", "support"):
        if name in said:
            said[name] = {**(asset.details.get(name) or {}), **said[name]}
    names = {"org": asset.org, "source": asset.source, "external_id": asset.external_id, "kind": asset.kind}
    return {**said, **names}
