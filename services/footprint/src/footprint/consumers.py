"""What is done with each event that this service hears: keep it, and note that it changed. Nothing is computed here."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from common.consumer import Subscription
from common.database import Transaction
from common.events import ReceivedEvent
from pydantic import BaseModel

from footprint import events
from footprint.domain.months import time_zone
from footprint.store import catalogues, heard, observations

AT_ONCE: Final = 50
WITHIN: Final = timedelta(milliseconds=100)
"""More changes than `AT_ONCE` that happened within this are an import, and wait behind single changes."""

M = TypeVar("M", bound=BaseModel)


def _newest(
    received: Sequence[ReceivedEvent], model: type[M], key: Callable[[M], object], version: Callable[[M], int]
) -> list[M]:
    """The newest version of each aggregate in the batch, in the order of their keys."""
    newest: dict[object, M] = {}
    for event in received:
        document = event.parse(model)
        known = newest.get(key(document))
        if known is None or version(known) <= version(document):
            newest[key(document)] = document
    return [newest[each] for each in sorted(newest, key=str)]


def _lanes(received: Sequence[ReceivedEvent]) -> Iterator[tuple[int, Sequence[ReceivedEvent]]]:
    """The events that happened one by one, to be computed live, and those that happened many at once, to be computed in bulk.

    When they happened tells them apart, not how many are heard together: two hundred single changes a second are still live when they are
    heard a second late, and a single change amid an import is live as well.
    """
    in_time = sorted(received, key=lambda each: each.time)
    single: list[ReceivedEvent] = []
    many: list[ReceivedEvent] = []
    burst = 0  # the events before this one belong to a burst
    for position, event in enumerate(in_time):
        last = position + AT_ONCE
        if last < len(in_time) and in_time[last].time - event.time <= WITHIN:
            burst = last + 1
        (many if position < burst else single).append(event)
    yield from ((priority, events) for priority, events in ((heard.LIVE, single), (heard.BULK, many)) if events)


async def hear_organisations(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """An organisation's time zone and conventions hold for all its assets."""
    documents = _newest(received, events.OrganisationChanged, lambda each: each.id, lambda each: each.version)
    for document in documents:
        time_zone(document.time_zone)
    changed = await heard.keep_organisations(unit.connection, documents)
    if changed:
        await heard.note_changes(unit, "organisation", changed)


async def hear_sites(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """A site's country, PUE, rule and contract hold for what stands there, and for the virtual machines on it."""
    documents = _newest(received, events.SiteChanged, lambda each: each.id, lambda each: each.version)
    changed = await heard.keep_sites(unit.connection, documents)
    if changed:
        await heard.note_changes(unit, "site", changed)


async def hear_assets(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """An asset touches itself, the hosts it was or is on, and the machines that share them."""
    for priority, together in _lanes(received):
        documents = _newest(together, events.AssetChanged, lambda each: each.id, lambda each: each.version)
        touched = await heard.keep_assets(unit.connection, documents)
        if touched:
            await heard.mark_assets(unit, touched, priority)


async def hear_factors(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """A factor touches what used it and what lacked it, in the background."""
    documents = _newest(
        received,
        events.FactorChanged,
        lambda each: (each.id, each.version),
        lambda each: heard.STATUS_ORDER.index(each.status),
    )
    changed = await heard.keep_factors(unit.connection, documents)
    if changed:
        await heard.note_changes(unit, "factor", changed)
        unit.wake(heard.CATALOGUE_CHANNEL)


async def hear_measurements(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """What was measured touches its asset from that month on, and where it is a machine, who shares a host with it."""
    for priority, together in _lanes(received):
        documents = _newest(
            together,
            events.MeasurementMonthChanged,
            lambda each: (each.asset_id, each.month),
            lambda each: each.version,
        )
        for document in documents:
            time_zone(document.time_zone)
        touched, machines = await observations.keep_measurements(unit.connection, documents)
        if touched:
            await heard.mark_assets(unit, touched, priority, "measurement")
        if machines:
            await heard.note_changes(unit, "measurement", machines)


async def hear_activities(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """An activity touches where it stands: its asset, its site or its organisation."""
    for priority, together in _lanes(received):
        documents = _newest(together, events.ActivityChanged, lambda each: each.id, lambda each: each.version)
        touched = await observations.keep_activities(unit.connection, documents)
        if touched:
            await heard.mark_assets(unit, touched, priority)


async def hear_applications(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """An application touches the machines that it claims, or claimed before."""
    for priority, together in _lanes(received):
        documents = _newest(together, events.ApplicationChanged, lambda each: each.id, lambda each: each.version)
        touched = await observations.keep_applications(unit.connection, documents)
        if touched:
            await heard.mark_assets(unit, touched, priority)


async def hear_overrides(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """An organisation's own factor touches all its assets, in the background."""
    documents = _newest(
        received, events.OverrideChanged, lambda each: (each.org, each.id, each.version), lambda each: each.version
    )
    changed = await catalogues.keep_overrides(unit.connection, documents)
    if changed:
        await heard.note_changes(unit, "override", changed)
        unit.wake(heard.CATALOGUE_CHANNEL)


async def hear_releases(unit: Transaction, received: Sequence[ReceivedEvent]) -> None:
    """A release touches those that are pinned to it, should its parts have come late."""
    documents = _newest(received, events.ReleaseFrozen, lambda each: (each.name, each.part), lambda _: 1)
    pinned = await catalogues.keep_releases(unit.connection, documents)
    if pinned:
        await heard.note_changes(unit, "override", pinned)


def subscriptions() -> list[Subscription]:
    """The topics that the service reads."""
    return [
        Subscription(events.ORGANISATIONS, {events.ORGANISATION_CHANGED: hear_organisations}),
        Subscription(events.SITES, {events.SITE_CHANGED: hear_sites}),
        Subscription(events.ASSETS, {events.ASSET_CHANGED: hear_assets}),
        Subscription(events.FACTORS, {events.FACTOR_CHANGED: hear_factors}),
        Subscription(events.MEASUREMENTS, {events.MEASUREMENT_MONTH_CHANGED: hear_measurements}),
        Subscription(events.ACTIVITIES, {events.ACTIVITY_CHANGED: hear_activities}),
        Subscription(events.APPLICATIONS, {events.APPLICATION_CHANGED: hear_applications}),
        Subscription(events.OVERRIDES, {events.OVERRIDE_CHANGED: hear_overrides}),
        Subscription(events.RELEASES, {events.RELEASE_FROZEN: hear_releases}),
    ]
