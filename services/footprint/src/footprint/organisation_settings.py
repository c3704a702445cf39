"""The use cases of an organisation's settings: with which factors its figures are computed."""

from typing import Any

from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Connection, Database
from common.organisations import Organisations

from footprint.store import answers, catalogues, heard

FIELD = "factor_release"


class OrganisationSettings:
    """What organisations decide of how their figures are computed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, organisations: Organisations, org: str) -> dict[str, Any]:
        """The settings of an organisation, and the releases to choose from. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            await _require(connection, org)
            return await _document(connection, org)

    async def pin(self, organisations: Organisations, org: str, release: str | None, by: str) -> dict[str, Any]:
        """Have an organisation computed with a release; all its open months are computed again, in the background.

        Raises `NotFound` for an organisation, and `Unprocessable` for a release, that is not known or not heard in all its parts.
        """
        async with self._database.transaction(organisations) as unit:
            await _require(unit.connection, org)
            known = await catalogues.complete_releases(unit.connection)
            if release is not None and release not in known:
                rule = f"factor_release {release!r} is not a complete release; known: {', '.join(known) or 'none'}"
                raise Unprocessable(rule, [FieldError(FIELD, "unknown", rule)])
            before = await catalogues.settings_of(unit.connection, org)
            if release != (before["factor_release"] if before else None):
                await catalogues.pin(unit.connection, org, release, by)
                await heard.note_changes(unit, "override", [org])
                unit.wake(heard.CATALOGUE_CHANNEL)
            return await _document(unit.connection, org)


async def _require(connection: Connection, org: str) -> None:
    if await answers.organisation_zone(connection, org) is None:
        raise NotFound("organisation", org)


async def _document(connection: Connection, org: str) -> dict[str, Any]:
    row = await catalogues.settings_of(connection, org)
    return {
        "org": org,
        FIELD: row["factor_release"] if row else None,
        "releases": await catalogues.complete_releases(connection),
        "changed_at": row["changed_at"] if row else None,
        "changed_by": row["changed_by"] if row else None,
        "version": row["version"] if row else 0,
    }
