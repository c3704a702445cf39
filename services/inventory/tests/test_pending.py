"""What was accepted and has not been handed on is told, so that who closes a month knows that nothing is on its way."""

from datetime import datetime
from typing import Any

from common import outbox
from common.events import Event
from common.organisations import EVERY

from services.inventory.tests.measuring import NO_PAUSE, new_server, record, roll_up_all, sample
from services.inventory.tests.sending import Inventory, MakeInventory

DAY = "2026-03-10T00:00:00+01:00"


async def pending(inventory: Inventory, org: str = "acme") -> dict[str, Any]:
    """The answer for an organisation."""
    answer = await inventory.client.get("/v1/pending", params={"org": org})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def waits(found: dict[str, Any]) -> tuple[int, int, int, bool]:
    """Imports, measured assets, events, and whether all is published."""
    return found["imports"], found["measured_assets"], found["events"], found["published"]


async def test_measurements_are_pending_until_their_months_are_with_the_broker(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(**NO_PAUSE)
    asset = await new_server(inventory, site="nanterre-1")
    assert waits(await pending(inventory))[2:] > (0, True), "organisation, site and server wait for the broker"
    await inventory.take_outbox()
    assert waits(await pending(inventory)) == (0, 0, 0, True)
    await record(inventory.client, sample(asset, "average_w", DAY, 60, 100))
    await record(inventory.client, sample(asset, "average_w", "2026-03-11T00:00:00+01:00", 60, 100))
    assert waits(await pending(inventory)) == (0, 1, 0, False)
    assert waits(await pending(inventory, "globex")) == (0, 0, 0, True), "nothing of theirs"
    await roll_up_all(inventory)
    assert waits(await pending(inventory)) == (0, 0, 1, False)
    async with inventory.database.snapshot(EVERY) as connection:
        before: datetime = await connection.fetchval("SELECT clock_timestamp()")
    await inventory.take_outbox()
    done = await pending(inventory)
    assert waits(done) == (0, 0, 0, True)
    assert datetime.fromisoformat(done["at"]) > before


async def test_an_import_is_pending_until_it_ends_and_a_rehearsal_never_is(inventory: Inventory) -> None:
    await inventory.take_outbox()
    file = ("a.csv", b"source,external_id,kind\ncmdb,srv-1,server\n")
    form = {"org": "acme"}
    for dry_run, imports in (("true", 0), ("false", 1)):
        answer = await inventory.client.post(
            "/v1/imports", params={"dry_run": dry_run}, files={"file": file}, data=form
        )
        assert answer.status_code == 202, answer.text
        assert waits(await pending(inventory)) == (imports, 0, 0, not imports)
    assert (await inventory.client.post(f"/v1/imports/{answer.json()['id']}/cancel")).status_code == 200
    assert waits(await pending(inventory)) == (0, 0, 0, True)


async def test_where_many_events_wait_those_of_all_count(inventory: Inventory) -> None:
    await inventory.take_outbox()
    async with inventory.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            """
            INSERT INTO outbox (event_id, topic, key, type, subject, occurred_at, value)
            SELECT gen_random_uuid(), 'inventory.assets', number::text, 't', 's', now(), '{"org": "globex"}'::bytea
            FROM generate_series(1, 1000) AS numbers (number)
            """
        )
    assert waits(await pending(inventory)) == (0, 0, 0, True)
    async with inventory.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            """
            INSERT INTO outbox (event_id, topic, key, type, subject, occurred_at, value)
            SELECT gen_random_uuid(), topic, key, type, subject, occurred_at, NULL FROM outbox LIMIT 1
            """
        )
    assert waits(await pending(inventory)) == (0, 0, 1001, False)


async def test_events_in_the_bundle_of_a_bulk_change_wait_for_every_organisation(inventory: Inventory) -> None:
    await inventory.take_outbox()
    many = [Event("inventory.assets", "t", str(number), "s", {"org": "globex"}) for number in range(101)]
    async with inventory.database.transaction(EVERY) as unit:
        await outbox.write(unit.connection, many, inventory.database.gate, outbox.CHANNEL)
    for org in ("globex", "acme"):
        assert waits(await pending(inventory, org)) == (0, 0, 101, False)
    assert len(await inventory.take_outbox()) == 101
    assert waits(await pending(inventory)) == (0, 0, 0, True)


async def test_only_who_sees_an_organisation_learns_what_is_pending_of_it(inventory: Inventory) -> None:
    async with inventory.client_for(["globex"]) as globex:
        assert (await globex.get("/v1/pending", params={"org": "acme"})).status_code == 403
    assert (await inventory.client.get("/v1/pending", params={"org": "nobody"})).status_code == 404
    assert (await inventory.client.get("/v1/pending")).status_code == 422
