"""Releases of factors, as heard: named, frozen, in parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common import json
from common.database import Connection

from scenarios.domain.snapshot import FactorUsed
from scenarios.events import ReleaseFactor, ReleaseFrozen

_KEEP_PARTS = """
INSERT INTO release_parts (name, part, parts, created_at, factors)
SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[], $4::timestamptz[], $5::text[]::jsonb[])
ON CONFLICT (name, part) DO NOTHING
"""

_COMPLETE = """
SELECT name, min(created_at) AS created_at
FROM release_parts
GROUP BY name
HAVING count(*) = min(parts)
ORDER BY created_at DESC, name
"""

_FACTORS_OF = """
SELECT factor.*
FROM release_parts,
     jsonb_to_recordset(factors) AS factor (id text, version integer, activity text, region text, valid_from date,
                                            valid_to date, value double precision, perimeter text)
WHERE name = $1
ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of which every part was heard."""

    name: str
    created_at: datetime


async def keep_parts(connection: Connection, parts: Sequence[ReleaseFrozen]) -> None:
    """Keep parts that are new, with those of their factors that a study may start from."""
    await connection.execute(
        _KEEP_PARTS,
        [part.name for part in parts],
        [part.part for part in parts],
        [part.parts for part in parts],
        [part.created_at for part in parts],
        [
            json.dumps_text([factor.model_dump(mode="json") for factor in part.factors if _matters(factor)])
            for part in parts
        ],
    )


async def list_releases(connection: Connection) -> list[Release]:
    """The complete releases, newest first."""
    return [Release(**row) for row in await connection.fetch(_COMPLETE)]


async def factors_of(connection: Connection, name: str) -> list[FactorUsed] | None:
    """The factors of a release; None unless all of its parts were heard."""
    if name not in {release.name for release in await list_releases(connection)}:
        return None
    return [FactorUsed(**row) for row in await connection.fetch(_FACTORS_OF, name)]


def _matters(factor: ReleaseFactor) -> bool:
    """As `store.start` takes those in force."""
    if factor.status != "published" or factor.criterion not in ("gwp", "parameter"):
        return False
    if factor.activity == "electricity":
        return factor.perimeter in ("production", "direct", "upstream", "losses")
    return factor.activity.startswith(("life.", "embodied."))
