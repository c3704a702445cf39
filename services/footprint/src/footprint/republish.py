"""Everything published, again: the current document of every elapsed or current asset-month, from the service's own tables."""

from collections.abc import AsyncIterator
from typing import Any

from common import json
from common.database import Connection
from common.events import Event

from footprint.documents import read_result
from footprint.events import asset_month_changed, describe, period_changed
from footprint.store import answers
from footprint.store import periods as stored

PAGE = 500


async def asset_months(connection: Connection) -> AsyncIterator[Event]:
    """The documents of `footprint.asset-months`, in the order of month and asset."""
    page: list[Any] = []
    async for row in connection.cursor(
        "SELECT * FROM asset_months WHERE published ORDER BY month, asset_id", prefetch=PAGE
    ):
        page.append(row)
        if len(page) == PAGE:
            for event in await _events(connection, page):
                yield event
            page = []
    for event in await _events(connection, page):
        yield event


async def _events(connection: Connection, rows: list[Any]) -> list[Event]:
    figures = await answers.figures(connection, [(row["asset_id"], row["month"]) for row in rows])
    found = []
    for row in rows:
        result = read_result(row, figures[row["asset_id"], row["month"]])
        content = json.dumps(describe(result))
        found.append(asset_month_changed(result, content, row["version"], deleted=row["removed"]))
    return found


async def periods(connection: Connection) -> AsyncIterator[Event]:
    """The documents of `footprint.periods`: every closed month."""
    keys = [
        (row["org_id"], row["month"])
        for row in await connection.fetch("SELECT org_id, month FROM periods ORDER BY org_id, month")
    ]
    for start in range(0, len(keys), PAGE):
        for document in await stored.documents(connection, keys[start : start + PAGE]):
            yield period_changed(document)
