"""Use cases on an organisation's own values: put one in the place of a public factor, change it, end it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from common.api.problems import Conflict, NotFound
from common.database import Transaction

from factors import events
from factors.domain.records import FactorContent, FactorVersion, Status
from factors.domain.rules import Rules
from factors.service import CHANNEL, check_content
from factors.store import overrides as store
from factors.store.overrides import Override


class Overriding:
    """The life of an organisation's own values."""

    def __init__(self, rules: Rules, clock: Callable[[], datetime]) -> None:
        self._rules = rules
        self._clock = clock

    async def declare(
        self, unit: Transaction, org: str, override_id: str, content: FactorContent, author: str, reason: str
    ) -> Override:
        """Put a value in the place of what answers its question, or change the one of that id.

        Raises Unprocessable naming each broken rule, Conflict when another of the organisation's own values answers the same question
        on some of the same dates.
        """
        check_content(content, self._rules)
        await store.lock_organisation(unit.connection, org)
        present = {override.version.id: override.version for override in await store.present(unit.connection, org)}
        for other in present.values():
            if other.id != override_id and other.status is Status.PUBLISHED and other.content.rivals(content):
                detail = f"override {other.id} of {org} already answers this question on some of these dates"
                raise Conflict(detail, "question-answered")
        known = present.get(override_id)
        number = known.version + 1 if known else 1
        version = FactorVersion(override_id, number, Status.PUBLISHED, content, author, reason, self._clock(), author)
        return await self._write(unit, Override(org, version))

    async def end(self, unit: Transaction, org: str, override_id: str, author: str, reason: str) -> Override:
        """Go back to the public factor. Raises NotFound, and Conflict when the override has ended already."""
        await store.lock_organisation(unit.connection, org)
        versions = await store.versions_of(unit.connection, org, override_id)
        if not versions:
            raise NotFound("override", f"{org}/{override_id}")
        last = versions[0].version
        if last.status is Status.WITHDRAWN:
            raise Conflict(f"override {override_id} of {org} has ended already", "not-published")
        ended = replace(
            last,
            version=last.version + 1,
            status=Status.WITHDRAWN,
            author=author,
            reason=reason,
            recorded_at=self._clock(),
            published_by=author,
        )
        return await self._write(unit, Override(org, ended))

    async def _write(self, unit: Transaction, override: Override) -> Override:
        await store.insert(unit.connection, override)
        unit.publish(events.override_changed(override))
        unit.wake(CHANNEL)
        return override
