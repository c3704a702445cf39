"""Use cases on factors: draft, review, publish, withdraw. One transaction each; the caller commits it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg
from common.api.problems import Conflict, FieldError, NotFound, Unprocessable
from common.database import Transaction

from factors import events
from factors.catalogue.reader import Entry
from factors.domain.records import OPEN, FactorContent, FactorVersion, Status
from factors.domain.rules import Rules
from factors.store import releases
from factors.store import versions as store

CHANNEL = "published"
"""Notified at each commit that publishes or withdraws: the copies in memory then look for what is new."""


AT_ONCE = 2_000
"""How many events of a bulk publication are held in memory at a time."""


class Publishing:
    """The life of a factor's versions: drafted, published, superseded by the next, withdrawn."""

    def __init__(self, rules: Rules, clock: Callable[[], datetime], *, four_eyes: bool) -> None:
        self._rules = rules
        self._clock = clock
        self._four_eyes = four_eyes

    async def draft(
        self, unit: Transaction, factor_id: str, content: FactorContent, author: str, reason: str
    ) -> FactorVersion:
        """Write the next version of a factor, new or known, as a draft.

        Raises Unprocessable naming each broken rule, Conflict when a draft is already open.
        """
        check_content(content, self._rules)
        number = (await store.next_versions(unit.connection, [factor_id]))[factor_id]
        version = FactorVersion(factor_id, number, Status.DRAFT, content, author, reason, self._clock())
        try:
            async with unit.savepoint():
                await store.insert_versions(unit.connection, [version])
        except asyncpg.UniqueViolationError as error:
            raise Conflict(
                f"factor {factor_id} already has an open draft: publish or discard it first", "draft-open"
            ) from error
        return version

    async def submit(self, unit: Transaction, factor_id: str) -> FactorVersion:
        """Put the open draft of a factor up for review.

        Raises NotFound, and Conflict when there is no draft, or it is under review already.
        """
        draft, _ = await self._open_draft(unit, factor_id)
        if draft.status is Status.REVIEW:
            raise Conflict(f"version {draft.version} of factor {factor_id} is under review already", "under-review")
        check_content(draft.content, self._rules)
        return await self._settle(unit, replace(draft, status=Status.REVIEW))

    async def discard(self, unit: Transaction, factor_id: str) -> FactorVersion:
        """Give up the open draft of a factor; it is kept, and never published. Raises NotFound, Conflict."""
        draft, _ = await self._open_draft(unit, factor_id)
        return await self._settle(unit, replace(draft, status=Status.DISCARDED))

    async def publish(self, unit: Transaction, factor_id: str, publisher: str) -> FactorVersion:
        """Publish the open draft of a factor; its published version, if any, becomes superseded.

        Raises NotFound, Unprocessable naming each broken rule, and Conflict when there is no draft, when another version
        came after it, when it needs another person's review, or when another published factor answers the same question
        on some of the same dates.
        """
        draft, latest = await self._open_draft(unit, factor_id)
        if draft.version != latest:
            raise Conflict(
                f"version {latest} of factor {factor_id} came after the draft {draft.version}", "draft-outdated"
            )
        if self._four_eyes and (draft.status is not Status.REVIEW or draft.author == publisher):
            detail = f"version {draft.version} of factor {factor_id} is published by another person than its author, after review"
            raise Conflict(detail, "review-needed")
        check_content(draft.content, self._rules)
        await self._check_alone(unit, draft)
        await store.supersede(unit.connection, [factor_id])
        published = await self._settle(unit, replace(draft, status=Status.PUBLISHED, published_by=publisher))
        try:
            await store.check_one_answer(unit.connection)
        except asyncpg.ExclusionViolationError as error:
            detail = "a factor that was published a moment ago answers this question on some of these dates: read it, and look again"
            raise Conflict(detail, "question-answered") from error
        announce(unit, published)
        return published

    async def withdraw(self, unit: Transaction, factor_id: str, author: str, reason: str) -> FactorVersion:
        """End a published factor: its last version says so, and nothing resolves to it any more.

        Raises NotFound, and Conflict when the factor is not published.
        """
        if await store.lock_factor(unit.connection, factor_id) is None:
            raise NotFound("factor", factor_id)
        versions = await store.versions_of(unit.connection, factor_id)
        present = next((version for version in versions if version.status is Status.PUBLISHED), None)
        if present is None:
            raise Conflict(f"factor {factor_id} is not published", "not-published")
        number = (await store.next_versions(unit.connection, [factor_id]))[factor_id]
        withdrawn = FactorVersion(
            factor_id, number, Status.WITHDRAWN, present.content, author, reason, self._clock(), published_by=author
        )
        await store.supersede(unit.connection, [factor_id])
        await store.insert_versions(unit.connection, [withdrawn])
        announce(unit, withdrawn)
        return withdrawn

    async def freeze(self, unit: Transaction, name: str, note: str, author: str) -> int:
        """Make a release of all that is published; the number of factors in it.

        Raises asyncpg.UniqueViolationError when the name is taken.
        """
        return await freeze(unit, name, note, author, self._clock())

    async def _open_draft(self, unit: Transaction, factor_id: str) -> tuple[FactorVersion, int]:
        """The open draft of a factor, which is locked, and the factor's highest version number."""
        latest = await store.lock_factor(unit.connection, factor_id)
        if latest is None:
            raise NotFound("factor", factor_id)
        versions = await store.versions_of(unit.connection, factor_id)
        draft = next((version for version in versions if version.status in OPEN), None)
        if draft is None:
            raise Conflict(f"factor {factor_id} has no open draft", "no-draft")
        return draft, latest

    async def _settle(self, unit: Transaction, draft: FactorVersion) -> FactorVersion:
        settled = replace(draft, recorded_at=self._clock())
        await store.settle_draft(unit.connection, settled)
        return settled

    async def _check_alone(self, unit: Transaction, draft: FactorVersion) -> None:
        other = await store.overlapping(unit.connection, draft.id, draft.content)
        if other is not None:
            detail = f"factor {other} already answers this question on some of these dates: make a new version of it, or withdraw it"
            raise Conflict(detail, "question-answered")


def check_content(content: FactorContent, rules: Rules) -> None:
    """Raise Unprocessable naming each rule of publication that `content` breaks."""
    broken = rules.violations(content)
    if broken:
        errors = [FieldError(violation.field, violation.code, violation.detail) for violation in broken]
        raise Unprocessable(f"{len(errors)} field(s) break a rule", errors)


async def publish_entries(unit: Transaction, entries: Sequence[Entry], author: str, reason: str, now: datetime) -> None:
    """Publish the next version of many factors at once, in the order given.

    Raises asyncpg.ExclusionViolationError when two published factors would answer one question.
    """
    if not entries:
        return
    ids = [entry.id for entry in entries]
    numbers = await store.next_versions(unit.connection, ids)
    versions = [
        FactorVersion(entry.id, numbers[entry.id], Status.PUBLISHED, entry.content, author, reason, now, author)
        for entry in entries
    ]
    await store.supersede(unit.connection, ids)
    await store.insert_versions(unit.connection, versions)
    await store.check_one_answer(unit.connection)
    for some in range(0, len(versions), AT_ONCE):
        announce(unit, *versions[some : some + AT_ONCE])
        await unit.write_out()


async def freeze(unit: Transaction, name: str, note: str, author: str, now: datetime) -> int:
    """Make a release of all that is published at this point of the transaction, and tell it; the number of factors in it.

    Raises asyncpg.UniqueViolationError when the name is taken.
    """
    size = await releases.freeze(unit.connection, name, note, author, now)
    release = releases.Release(name, note, author, now, size)
    for part in events.release_frozen(release, await releases.versions_in(unit.connection, name)):
        unit.publish(part)
        await unit.write_out()
    return size


def announce(unit: Transaction, *versions: FactorVersion) -> None:
    """Have present versions told to the other services and to the copies in memory, at commit."""
    unit.publish(*(events.changed(version) for version in versions))
    unit.wake(CHANNEL)
