"""The five services as the contract tests see them: who owns which topic, who hears what, and with which reader models."""

import asyncio
import importlib
from functools import cache
from typing import Any

import asyncpg
from billing import events as billing
from common import outbox
from common.database import Database
from common.service import Parts, Runtime, Service
from footprint import events as footprint
from pydantic import BaseModel
from scenarios import events as scenarios

NAMES = ("inventory", "factors", "footprint", "scenarios", "billing")

READERS: dict[tuple[str, str], type[BaseModel]] = {
    ("footprint", "inventory.organization.changed.v1"): footprint.OrganisationChanged,
    ("footprint", "inventory.site.changed.v1"): footprint.SiteChanged,
    ("footprint", "inventory.asset.changed.v1"): footprint.AssetChanged,
    ("footprint", "factors.factor.changed.v1"): footprint.FactorChanged,
    ("footprint", "inventory.measurement-month.changed.v1"): footprint.MeasurementMonthChanged,
    ("footprint", "inventory.activity.changed.v1"): footprint.ActivityChanged,
    ("footprint", "inventory.application.changed.v1"): footprint.ApplicationChanged,
    ("footprint", "factors.override.changed.v1"): footprint.OverrideChanged,
    ("footprint", "factors.release.frozen.v1"): footprint.ReleaseFrozen,
    ("scenarios", "inventory.site.changed.v1"): scenarios.SiteChanged,
    ("scenarios", "inventory.asset.changed.v1"): scenarios.AssetChanged,
    ("scenarios", "factors.factor.changed.v1"): scenarios.FactorChanged,
    ("scenarios", "factors.release.frozen.v1"): scenarios.ReleaseFrozen,
    ("scenarios", "footprint.asset-month.changed.v1"): scenarios.AssetMonthChanged,
    ("billing", "inventory.organization.changed.v1"): billing.OrganizationChanged,
    ("billing", "inventory.asset.changed.v1"): billing.AssetChanged,
    ("billing", "footprint.asset-month.changed.v1"): billing.AssetMonthChanged,
    ("billing", "usage.started.v1"): billing.UsageReported,
    ("billing", "usage.resized.v1"): billing.UsageReported,
    ("billing", "usage.stopped.v1"): billing.UsageReported,
}
"""By hearing service and event type, the model that its handler parses the payload with."""


FROM_PARTNERS = {"billing.usage"}
"""Topics that partners write: none of the services keeps what is on them."""


def service(name: str) -> Service[Any]:
    """The service of that name."""
    found: Service[Any] = importlib.import_module(f"{name}.main").SERVICE
    return found


@cache
def parts(name: str) -> Parts:
    """What the service's composition root wires together; nothing is connected."""
    nowhere = "postgresql://nobody@127.0.0.1/none"
    found = service(name)
    settings = found.settings(database_url=nowhere, kafka_bootstrap="127.0.0.1:0", issuer="none")
    limits = outbox.Limits(depth=settings.outbox_limit, event_bytes=settings.event_limit_bytes)
    loop = asyncio.new_event_loop()
    pool = asyncpg.create_pool(nowhere, loop=loop)
    loop.close()
    return found.build(Runtime(settings, Database(pool, name, limits)))


def owned(name: str) -> set[str]:
    """The topics whose aggregates the service keeps."""
    return set(parts(name).republishers)


def heard(name: str) -> dict[str, set[str]]:
    """The topics that the service subscribes to, with the event types it handles on each."""
    return {subscription.topic: set(subscription.handlers) for subscription in parts(name).subscriptions}
