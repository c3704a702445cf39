"""Publishes a new version of one electricity factor and shows what it does: `python -m examples.new_factor`.

Which footprints were computed again, how many, in how long; that those which do not rest on the factor, and closed months, are untouched;
and what became known of the closed months afterwards. It closes months for good and changes the catalogue: for a stack of your own.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from time import perf_counter
from typing import Annotated, Any

import asyncpg
import typer
from aiokafka import AIOKafkaConsumer
from rich.console import Console

from examples.dates import TIME_ZONE
from examples.demo import last_complete_month
from examples.organisation import ORGANISATION
from examples.platform import Platform, PlatformError, Stack
from examples.settling import settle, until_none

TOPIC = "footprint.asset-months"
_SETTLE_S = 600.0

_STATED = (
    "id", "activity", "name", "criterion", "stage", "value", "unit", "region", "valid_from", "valid_to", "published_year", "perimeter",
    "gwp_set", "gases", "biogenic_co2", "ratings", "source", "note",
)  # fmt: skip
"""What a version says, as a draft of the next one repeats it."""


@dataclass(frozen=True)
class Effect:
    """What a new version of a factor did.

    `recomputed` are the asset-months whose footprint was told anew, `seconds` the time from the publication until the last was computed.
    `closed` are the closed months as they were before, and `closed_now` as they are after, by month.
    """

    factor: str
    versions: tuple[int, int]
    values: tuple[float, float]
    recomputed: tuple[tuple[str, str], ...]
    seconds: float
    closed: Mapping[str, Mapping[str, Any]]
    closed_now: Mapping[str, Mapping[str, Any]]

    @property
    def assets(self) -> int:
        """How many assets were computed again."""
        return len({asset for asset, _ in self.recomputed})

    @property
    def months(self) -> Mapping[str, int]:
        """How many footprints of each month were computed again."""
        return dict(sorted(Counter(month for _, month in self.recomputed).items()))


async def publish_version(stack: Stack, org: str, factor: str, ratio: float, close: str | None) -> Effect:
    """Close the months of `org` up to `close`, publish a version of `factor` whose value is `ratio` times the present one, and watch.

    Raises PlatformError when a call is refused or nothing settles. Meant for when nobody else writes.
    """
    await settle(stack.postgres, stack.kafka, _SETTLE_S)
    with Platform(stack.base_url, stack.token) as platform:
        if close is not None:
            platform.post(f"/footprint/v1/periods/{close}/close?org={org}&earlier=true", {})
        closed = _closed(platform, org)
        present = platform.get(f"/factors/v1/factors/{factor}")
        draft = {name: present[name] for name in _STATED} | {
            "value": present["value"] * ratio,
            "reason": "demonstration",
        }
        async with AIOKafkaConsumer(TOPIC, bootstrap_servers=stack.kafka, auto_offset_reset="latest") as consumer:
            await consumer.seek_to_end()
            platform.post("/factors/v1/factors", draft)
            begun = perf_counter()
            published = platform.post(f"/factors/v1/factors/{factor}/publish", {})
            await settle(stack.postgres, stack.kafka, _SETTLE_S)
            seconds = perf_counter() - begun
            recomputed = await _told(consumer, stack)
        return Effect(
            factor,
            (present["version"], published["version"]),
            (present["value"], published["value"]),
            recomputed,
            seconds,
            closed,
            _closed(platform, org),
        )


def _closed(platform: Platform, org: str) -> dict[str, Mapping[str, Any]]:
    items: Sequence[Mapping[str, Any]] = platform.get("/footprint/v1/periods", org=org, limit=100)["items"]
    return {each["month"]: each for each in items if each["status"] == "closed"}


async def _told(consumer: AIOKafkaConsumer, stack: Stack) -> tuple[tuple[str, str], ...]:
    """The asset-months that were told since the consumer stood at the end, once the outbox of footprint is empty and read."""
    await _until_relayed(stack)
    ends = await consumer.end_offsets(consumer.assignment())
    found: set[tuple[str, str]] = set()
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                if record.value is not None:
                    document = json.loads(record.value)
                    found.add((document["asset_id"], document["month"]))
    return tuple(sorted(found))


async def _until_relayed(stack: Stack) -> None:
    """Return once everything that footprint has to tell is on the broker."""
    connection = await asyncpg.connect(stack.postgres)
    try:
        await until_none(partial(connection.fetchval, "SELECT count(*) FROM footprint.outbox"))
    finally:
        await connection.close()


def show(console: Console, effect: Effect) -> None:
    """Print what happened."""
    before, after = effect.values
    first, second = effect.versions
    console.print(f"{effect.factor}: version {first} → {second}, {before:g} → {after:g}")
    console.print(
        f"Computed again: {len(effect.recomputed):,} footprints of {effect.assets:,} assets in {effect.seconds:.2f} s"
    )
    for month, count in effect.months.items():
        console.print(f"  {month}: {count:,}")
    changed = [month for month, was in effect.closed.items() if effect.closed_now[month]["total_kg"] != was["total_kg"]]
    console.print(f"Closed months: {len(effect.closed)}, changed: {len(changed)}")
    for month, now in sorted(effect.closed_now.items()):
        console.print(f"  {month}: {now['total_kg']:,.3f} kg as closed, {now['known_now_kg']:,.3f} kg as known now")


def main(
    factor: Annotated[str, typer.Option(help="The factor that gets a new version.")] = "electricity-fr-2024-ember",
    ratio: Annotated[float, typer.Option(help="New value over present value.")] = 1.1,
    org: Annotated[str, typer.Option(help="The organisation whose months are closed.")] = ORGANISATION,
    close: Annotated[
        str | None, typer.Option(help="Close the months up to this one; default: the month before the last whole one.")
    ] = None,
) -> None:
    """Publish a new version of one electricity factor on the running stack and show what it did."""
    console = Console()
    last = close or _month_before_last()
    try:
        show(console, asyncio.run(publish_version(Stack.read(), org, factor, ratio, last)))
    except PlatformError as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(1)


def _month_before_last() -> str:
    whole = last_complete_month(datetime.now(TIME_ZONE).date())
    return last_complete_month(date.fromisoformat(f"{whole}-01"))


if __name__ == "__main__":
    typer.run(main)
