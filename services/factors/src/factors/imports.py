"""Importing a file into the catalogue: read, planned against what is published, and published as one release."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import asyncpg
from common.api.problems import Conflict, FieldError, Unprocessable
from common.database import Transaction

from factors.domain.records import GwpSet, Source
from factors.domain.rules import Rules
from factors.importing import base_carbone, boavizta, ember, own
from factors.importing.plan import Plan, plan
from factors.importing.tables import FileError, Parsed, decode
from factors.service import freeze, publish_entries
from factors.store import releases
from factors.store import versions as store


class Format(StrEnum):
    """What a file is."""

    OWN = "constellation"
    BASE_CARBONE = "base_carbone"
    EMBER = "ember"
    BOAVIZTA = "boavizta"


class Importing:
    """Files into published factors."""

    def __init__(self, rules: Rules, clock: Callable[[], datetime]) -> None:
        self._rules = rules
        self._clock = clock

    async def plan(
        self, unit: Transaction, file_format: Format, data: bytes, source: Source | None, gwp_set: GwpSet | None = None
    ) -> Plan:
        """What importing `data` would do. `source` says where it comes from, unless the file does; `gwp_set` which potentials a Base
        Carbone counts with. Large files are read beside the calls that are under way.

        Raises Unprocessable when the file is not of the format, or its source is missing.
        """
        try:
            parsed = await asyncio.to_thread(self._read, file_format, decode(data), source, gwp_set)
        except FileError as error:
            raise Unprocessable(str(error), [FieldError("file", error.code, str(error))]) from error
        ids = [located.entry.id for located in parsed.located]
        activities = sorted({located.entry.content.activity for located in parsed.located})
        published = await store.published_about(unit.connection, ids, activities)
        return await asyncio.to_thread(plan, parsed, published, self._rules)

    async def publish(self, unit: Transaction, planned: Plan, release: str, author: str) -> None:
        """Publish what was planned, and freeze the catalogue as `release`.

        Raises Conflict when the release exists, or when somebody published a rival meanwhile.
        """
        if await releases.find(unit.connection, release) is not None:
            raise Conflict(f"a release {release!r} exists; releases never change", "release-exists")
        entries = [*planned.added, *(entry for _, entry in planned.revised)]
        reason, now = f"import release {release}", self._clock()
        try:
            await publish_entries(unit, entries, author, reason, now)
        except asyncpg.ExclusionViolationError as error:
            raise Conflict("the catalogue changed meanwhile: plan the import again", "question-answered") from error
        try:
            await freeze(unit, release, reason, author, now)
        except asyncpg.UniqueViolationError as error:
            raise Conflict(f"a release {release!r} exists; releases never change", "release-exists") from error

    def _read(self, file_format: Format, text: str, source: Source | None, gwp_set: GwpSet | None) -> Parsed:
        if file_format is Format.OWN:
            return own.read(text)
        if source is None:
            rule = "this format needs source_name, source_link, source_licence and source_year"
            raise Unprocessable(rule, [FieldError("source_name", "required", rule)])
        match file_format:
            case Format.BASE_CARBONE:
                counted = gwp_set or base_carbone.DEFAULT_GWP_SET
                return base_carbone.read(text, self._rules.regions, source, self._rules.gases, counted)
            case Format.EMBER:
                return ember.read(text, self._rules.regions, source)
            case Format.BOAVIZTA:
                return boavizta.read(text, source)
