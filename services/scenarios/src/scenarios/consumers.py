"""What scenarios does with what it hears: it keeps the newest version of each aggregate, a batch in one statement."""

from collections.abc import Sequence

from common.consumer import Subscription
from common.database import Transaction
from common.events import ReceivedEvent

from scenarios.events import AssetChanged, AssetMonthChanged, FactorChanged, ReleaseFrozen, SiteChanged, newest
from scenarios.store import heard, releases


async def hear_sites(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Sites of every organisation."""
    await heard.keep_sites(unit.connection, newest(event.parse(SiteChanged) for event in events))


async def hear_assets(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Assets with their timelines."""
    await heard.keep_assets(unit.connection, newest(event.parse(AssetChanged) for event in events))


async def hear_factors(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Emission factors, drafts and superseded ones too: their status says what they are."""
    await heard.keep_factors(unit.connection, newest(event.parse(FactorChanged) for event in events))


async def hear_asset_months(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Monthly footprints, of which a study takes its starting point."""
    await heard.keep_asset_months(unit.connection, newest(event.parse(AssetMonthChanged) for event in events))


async def hear_releases(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Releases of factors, part by part."""
    await releases.keep_parts(unit.connection, newest(event.parse(ReleaseFrozen) for event in events))


SUBSCRIPTIONS = (
    Subscription("inventory.sites", {"inventory.site.changed.v1": hear_sites}),
    Subscription("inventory.assets", {"inventory.asset.changed.v1": hear_assets}),
    Subscription("factors.factors", {"factors.factor.changed.v1": hear_factors}),
    Subscription("factors.releases", {"factors.release.frozen.v1": hear_releases}),
    Subscription("footprint.asset-months", {"footprint.asset-month.changed.v1": hear_asset_months}),
)
