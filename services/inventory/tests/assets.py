"""Reading and changing single assets over HTTP, as the tests of this folder do."""

from typing import Any

import httpx

from services.inventory.tests.sending import Inventory

ANY = {"If-Match": "*"}


async def read(inventory: Inventory, asset_id: str, rest: str = "", **query: Any) -> dict[str, Any]:
    """The document at a path of an asset."""
    answer = await inventory.client.get(f"/v1/assets/{asset_id}{rest}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def spans(inventory: Inventory, asset_id: str, attribute: str, **query: Any) -> list[tuple[str, Any]]:
    """From when on the timeline of an asset has which value of an attribute."""
    found = await read(inventory, asset_id, "/timeline", **query)
    return [(piece["from"], piece[attribute]) for piece in found["timeline"]]


async def change(inventory: Inventory, asset_id: str, **said: Any) -> httpx.Response:
    """The answer to a change of whatever version is there."""
    return await inventory.client.patch(f"/v1/assets/{asset_id}", json=said, headers=ANY)


async def post(inventory: Inventory, asset_id: str, what: str, body: Any = None) -> httpx.Response:
    """The answer to a call below an asset, for whatever version is there."""
    return await inventory.client.post(f"/v1/assets/{asset_id}/{what}", json=body, headers=ANY)


def code(answer: httpx.Response) -> str:
    """The code of the first broken rule of an answer, or of the problem itself."""
    problem = answer.json()
    errors = problem.get("errors")
    return str(errors[0]["code"] if errors else problem["type"].rsplit("/", 1)[-1])
