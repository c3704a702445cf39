"""What billing does with what it hears: it keeps the newest version of each aggregate, a batch in one statement."""

from collections.abc import Sequence

from common.consumer import Subscription
from common.database import Transaction
from common.events import ReceivedEvent

from billing.events import (
    USAGE,
    USAGE_KINDS,
    VIRTUAL_MACHINE,
    AssetChanged,
    AssetMonthChanged,
    OrganizationChanged,
    newest,
)
from billing.service.usage_events import UsageEvents
from billing.store import heard as store


async def hear_organisations(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Organisations: billing reads their time zone, which bounds their months."""
    await store.keep_organisations(unit.connection, newest(event.parse(OrganizationChanged) for event in events))


async def hear_assets(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Assets: a newer version replaces every allocation of the asset, since its timeline is whole in each document."""
    await store.keep_assets(unit.connection, newest(event.parse(AssetChanged) for event in events))


async def hear_asset_months(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Monthly footprints of virtual machines, which go beside what they cost."""
    documents = newest(event.parse(AssetMonthChanged) for event in events)
    await store.keep_asset_months(unit.connection, [d for d in documents if d.kind == VIRTUAL_MACHINE])


def subscriptions(usage_events: UsageEvents) -> tuple[Subscription, ...]:
    """What billing hears: the other services, and partners."""
    usage = Subscription(USAGE, dict.fromkeys(USAGE_KINDS, usage_events.hear), independent=True)
    return (*SERVICES, usage)


SERVICES = (
    Subscription("inventory.organizations", {"inventory.organization.changed.v1": hear_organisations}),
    Subscription("inventory.assets", {"inventory.asset.changed.v1": hear_assets}),
    Subscription("footprint.asset-months", {"footprint.asset-month.changed.v1": hear_asset_months}),
)
