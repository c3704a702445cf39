"""Whatever the order in which things are heard, doubled or late, and whenever calculators run: the same result as from scratch."""

import asyncio
import random
from typing import Any

import pytest
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService, received
from common.testing.plugin import MakeService
from footprint.calculators import Calculator
from footprint.main import SERVICE
from footprint.settings import FootprintSettings

from services.footprint.tests.derived import DERIVED, HEARD, differences, picture, roll_ups
from services.footprint.tests.world import (
    NOW,
    activity,
    application,
    asset,
    catalogue,
    claim,
    electricity,
    factor,
    guest,
    host,
    id_of,
    machine,
    measured,
    metered,
    organisation,
    override,
    payloads,
    segment,
    site,
)

OF_CLOSED_MONTHS = {"application_restatements"}
"""What has rows only once a month is closed."""

DAYS = [f"2026-{month:02d}-{day:02d}T00:00:00Z" for month in (1, 2, 4, 6, 9) for day in (1, 13)]


def history(random_: random.Random) -> list[Event]:
    """Some versions of everything: sites, factors, hosts that go off, machines that move, resize, leave and are deleted."""
    events = [
        organisation(),
        organisation("globex", time_zone="Indian/Reunion"),
        *catalogue(),
        factor("late", "maintenance.it_hardware", 0.2),
    ]
    for version in (1, 2, 3):
        rule = {
            "allocation_rule": random_.choice(["capacity", "sold"]),
            "allocation_by": random_.choice(["vcpu", "ram", "measured"]),
        }
        events.append(site(version=version, pue=[{"from": None, "to": None, "value": 1 + version / 10}], **rule))
        events.append(electricity("FR", 0.05 + version / 100, version=version + 1))
        green = {"guarantee_of_origin_share": version / 4, "residual_kg_per_kwh": 0.3}
        events.append(site("warsaw", version, country="PL", electricity=green))
    events.append(electricity("PL", 0.6))
    hosts, places = ["a", "b", "c"], [str(id_of("nanterre")), str(id_of("warsaw"))]
    for name in hosts:
        for version in (1, 2):
            turn = random_.choice(DAYS[2:])
            cpu = {"cpu": {"units": 1, "cores": random_.choice([4, 8, 16])}}
            states = [
                segment(DAYS[0], turn, configuration=cpu),
                segment(
                    turn,
                    configuration=cpu,
                    status=random_.choice(["in_service", "off"]),
                    site_id=random_.choice(places),
                ),
            ]
            support = {"kind": "maker", "eur_per_year": "100.00"} if name == "a" else None
            events.append(asset(name, version, states, support=support))
    for number in range(6):
        for version in range(1, random_.randint(2, 4)):
            edges = sorted(random_.sample(DAYS, random_.randint(1, 3)))
            stays = [
                guest(random_.choice([*hosts, "never-heard"]), random_.choice([1, 2, 8]), start, end)
                for start, end in zip(edges, [*edges[1:], None], strict=True)
            ]
            if number == 4:
                stays = [each | {"allocation": None} for each in stays]
            org = "globex" if number % 3 == 0 else "acme"
            events.append(
                machine(f"vm{number}", *stays, version=version, org=org, deleted=number == 5 and version == 2)
            )
    return events + observations(random_, hosts)


def observations(random_: random.Random, hosts: list[str]) -> list[Event]:
    """Some versions of what is measured of hosts and machines, of activities that change their home, of applications and of own factors."""
    machines = [f"vm{number}" for number in range(6)]
    events = [factor("car", "transport.car", 0.2, unit="kgCO2e/km")]
    for name in random_.sample([*hosts, *machines], 5):
        for version in range(1, random_.randint(2, 4)):
            month = f"2026-{random_.randint(2, 9):02d}"
            fields = {"org": "globex", "time_zone": "Indian/Reunion"} if name in ("vm0", "vm3") else {}
            events.append(measured(name, month, version, kwh=random_.choice([None, 1.0, 6.5]), **fields))
    for number in range(5):
        for version in range(1, random_.randint(2, 4)):
            asset_id = str(id_of(random_.choice([*hosts, *machines]))) if random_.random() < 0.6 else None
            site_id = str(id_of("nanterre")) if asset_id is None and random_.random() < 0.6 else None
            gone = version == 3
            days = {"from": "2026-04-12", "to": f"2026-{random_.randint(5, 9):02d}-03"}
            events.append(activity(f"act{number}", version, asset_id=asset_id, site_id=site_id, deleted=gone, **days))
    for number, name in enumerate(("vm1", "vm2", "vm4", "vm4", *hosts)):
        days = {"from": f"2026-{random_.randint(1, 4):02d}-07", "to": f"2026-{random_.randint(5, 9):02d}-03"}
        drawn: dict[str, Any] = {"kind": "other", "activity": "electricity", "quantity": 100.0 + number, "unit": "kWh"}
        events.append(activity(f"drawn{number}", asset_id=str(id_of(name)), **(drawn | days)))
    for number in range(2):
        for version in (1, 2, 3):
            claims = [
                claim(name, random_.choice(DAYS), weight=version) for name in random_.sample([*hosts, *machines], 4)
            ]
            events.append(application(f"app{number}", *claims, version=version, deleted=version == 3 and number == 1))
    for version in (1, 2):
        status = random_.choice(["published", "withdrawn"])
        events.append(override("ours", "embodied.server", 500.0 + version, version, status=status))
    return events


def metering(random_: random.Random, *, leaves: bool = True) -> list[Event]:
    """Servers with a measured year and the seasons of it, one of them corrected in the middle, one that turns out to have left."""
    since = [segment("2025-01-01T00:00:00+01:00")]
    events = [electricity("FR", 0.04, 2025)]
    for name in ("m0", "m1", "m2"):
        kwh = random_.uniform(4.0, 12.0)
        events += [asset(name, 1, since), *metered(name, kwh, winter=random_.uniform(1.0, 2.0) * kwh)]
    month = f"2026-{random_.randint(2, 9):02d}"
    events += metered("m1", random_.uniform(4.0, 12.0), version=2, months=[month])
    if leaves:
        left = segment("2025-01-01T00:00:00+01:00", random_.choice(DAYS))
        events.append(asset("m2", 2, [left], deleted=random_.random() < 0.5))
    events.append(application("meters", claim("m0", "2025-11-01T00:00:00Z"), claim("m1"), claim("m2", weight=2.0)))
    return events


async def derived(service: RunningService[FootprintSettings]) -> dict[str, list[str]]:
    """All that is derived, and all that is heard: nothing was left out, and the roll-ups are the sums of what they roll up."""
    async with service.database.snapshot(EVERY) as connection:
        assert await connection.fetch("SELECT type, reason FROM dead_letters") == []
        assert await connection.fetch("SELECT * FROM failed_marks") == []
        kept, added_up = await roll_ups(connection)
        assert differences(kept, added_up) == {}
        return await picture(connection, *DERIVED, *HEARD)


async def settle(calculator: Calculator) -> None:
    """Compute until nothing waits."""
    while await calculator.step():
        continue


@pytest.mark.parametrize("seed", range(4))
async def test_any_interleaving_ends_where_a_computation_from_scratch_ends(
    make_service: MakeService, seed: int
) -> None:
    random_ = random.Random(seed)
    events = [*history(random_), *metering(random_)]
    straight = await make_service(SERVICE, clock=lambda: NOW)
    await straight.handle(*events)
    await settle(Calculator(straight.database, lambda: NOW))

    shuffled = await make_service(SERVICE, clock=lambda: NOW)
    calculators = [Calculator(shuffled.database, lambda: NOW) for _ in range(2)]
    heard = [received(event) for event in [*events, *random_.sample(events, len(events) // 3)]]
    random_.shuffle(heard)
    while heard:
        batch = [heard.pop() for _ in range(min(len(heard), random_.randint(1, 6)))]
        await asyncio.gather(shuffled.handle(*batch), *(each.step() for each in calculators if random_.random() < 0.7))
    await asyncio.gather(*(settle(each) for each in calculators))
    await settle(calculators[0])

    found, expected = await derived(shuffled), await derived(straight)
    assert differences(found, expected) == {}
    assert not [table.name for table in DERIVED if not expected[table.name] and table.name not in OF_CLOSED_MONTHS]


async def test_versions_of_published_results_rise_by_one_and_the_last_is_what_is_stored(
    make_service: MakeService,
) -> None:
    service = await make_service(SERVICE, clock=lambda: NOW)
    calculator = Calculator(service.database, lambda: NOW)
    for event in history(random.Random(99)):
        await service.handle(event)
        await calculator.step()
    await settle(calculator)
    versions: dict[str, list[int]] = {}
    for document in payloads(await service.outbox()):
        versions.setdefault(f"{document['asset_id']}/{document['month']}", []).append(document["version"])
    assert versions
    for seen in versions.values():
        assert seen == sorted(set(seen))


async def test_hosts_heard_beside_their_machines_by_two_consumers_at_once_are_all_computed(
    make_service: MakeService,
) -> None:
    service = await make_service(SERVICE, clock=lambda: NOW)
    calculator = Calculator(service.database, lambda: NOW)
    await service.handle(organisation(), site(), *catalogue())
    for round_ in range(8):
        name = f"h{round_}"
        await asyncio.gather(
            service.handle(host(name)),
            service.handle(machine(f"m{round_}", guest(name, 4))),
            calculator.step(),
            calculator.step(),
        )
    await settle(calculator)
    async with service.database.snapshot(EVERY) as connection:
        lacking = await connection.fetchval(
            "SELECT count(*) FROM asset_months WHERE kind = 'virtual_machine' AND kwh IS NULL"
        )
    assert lacking == 0
