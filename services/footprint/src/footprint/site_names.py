"""How the sites of an organisation's figures are named: its own by code, those of others, where its machines stand, as `<org>/<code>`.

Whoever asks: two tokens read the same names. Of another's site the name is told, to those whose figures stand at it, and no more.
"""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from common.api.problems import FieldError, Unprocessable
from common.database import Database
from common.organisations import EVERY, Organisations

from footprint.store import site_names as store

_OF_ANOTHER: Final = "/"
"""What no code of a site holds."""


async def site_names(database: Database, org: str, sites: Collection[UUID]) -> dict[UUID, str]:
    """The names of sites that figures of an organisation stand at; of one that has not been heard of yet, its id.

    Not to be asked within a snapshot: it opens one of its own.
    """
    if not sites:
        return {}
    async with database.snapshot(EVERY) as connection:
        rows = await store.named(connection, sites)
    told = {row["id"]: row["code"] if row["org_id"] == org else f"{row['org_id']}/{row['code']}" for row in rows}
    return {site: told.get(site, str(site)) for site in sites}


async def names_of_figures(
    database: Database, organisations: Organisations, org: str, first: int, last: int
) -> dict[UUID, str]:
    """The names of all sites that figures of some months stand at."""
    async with database.snapshot(organisations) as connection:
        sites = await store.of_figures(connection, org, first, last)
    return await site_names(database, org, sites)


async def sites_named(database: Database, org: str, names: Sequence[str]) -> list[UUID]:
    """The sites with these names. Raises `Unprocessable` for one that is not known in the organisation."""
    if not names:
        return []
    own = [name for name in names if _OF_ANOTHER not in name]
    others = [name for name in names if _OF_ANOTHER in name]
    async with database.snapshot(EVERY) as connection:
        found = await store.by_name(connection, org, own, others)
    unknown = sorted(set(names) - {row["name"] for row in found})
    if unknown:
        rule = f"site {unknown[0]!r} is not known in {org}"
        raise Unprocessable(rule, [FieldError("site", "unknown", rule)])
    return [row["id"] for row in found]
