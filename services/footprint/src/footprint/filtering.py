"""What totals leave out: filters as they are asked for, and as the roll-up knows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from common.api.problems import FieldError, Unprocessable
from common.database import Connection

from footprint.domain.dashboard import PARTS
from footprint.domain.inventory import KINDS
from footprint.store import totals
from footprint.store.strangers import others_applications
from footprint.store.totals import Question

_KNOWN: Final[Mapping[str, Sequence[Any]]] = {
    "kind": sorted(KINDS | {"site", "organisation"}),
    "stage": list(PARTS),
    "scope": [1, 2, 3],
    "share": ["own", "idle", "sold"],
}
"""The values that a filter may name, where they are few."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is counted: empty lists leave nothing out."""

    sites: Sequence[str] = ()
    applications: Sequence[str] = ()
    assets: Sequence[UUID] = ()
    others: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def check(question: Question, filters: Filters) -> None:
    """Raises `Unprocessable` for a group named twice, or a filter that names what cannot be."""
    if len(set(question.groups)) < len(question.groups):
        rule = f"group_by {','.join(question.groups)} names a group twice"
        raise Unprocessable(rule, [FieldError("group_by", "twice", rule)])
    for name, wanted in filters.others.items():
        unknown = [each for each in wanted if name in _KNOWN and each not in _KNOWN[name]]
        if unknown:
            rule = f"{name} {unknown[0]!r} is not one of {', '.join(map(str, _KNOWN[name]))}"
            raise Unprocessable(rule, [FieldError(name, "unknown", rule)])


async def resolved(
    connection: Connection, org: str, filters: Filters, sites: Sequence[UUID]
) -> Mapping[str, Sequence[Any]]:
    """What is counted, by the columns of the roll-up; `sites` are those named. Raises `Unprocessable` for an asset that is not known."""
    found: dict[str, Sequence[Any]] = {name: wanted for name, wanted in filters.others.items() if wanted}
    if sites:
        found["site"] = sites
    strangers = sorted(set(filters.assets) - await totals.known_assets(connection, org, filters.assets))
    if strangers:
        rule = f"asset {strangers[0]} is not known in {org}"
        raise Unprocessable(rule, [FieldError("asset", "unknown", rule)])
    return found


async def application_ids(connection: Connection, org: str, codes: Sequence[str]) -> list[UUID] | None:
    """The applications named, None where none is. Raises `Unprocessable` for one that is not known."""
    if not codes:
        return None
    ids = {code: each for each, code in (await totals.applications(connection, org)).items()}
    if unknown := [code for code in codes if code not in ids]:
        ids |= await others_applications(connection, org, unknown)
    if unknown := [code for code in unknown if code not in ids]:
        rule = f"application {unknown[0]!r} is not known in {org}"
        raise Unprocessable(rule, [FieldError("application", "unknown", rule)])
    return [ids[code] for code in codes]
