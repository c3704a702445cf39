"""Servers, storage, network gear and workstation fleets of a group, each with its history as rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from examples.dates import FIRST_DAY, LAST_SERVER_CHANGE, day_between, midnight
from examples.hardware import HOST_MODELS, RECENT_HOST_MODEL, STANDALONE_MODELS, Appliance, ServerModel, Workstations
from examples.rows import Row
from examples.shape import LYON, NANTERRE, Group

SOURCE = "cmdb"
_PREFIX = {NANTERRE: "nan", LYON: "lyo"}
_STANDALONE_ROLES = ("sql", "backup", "files", "oracle", "archive", "build")


@dataclass(frozen=True, slots=True)
class Host:
    """A server that carries virtual machines: where it is, how many cores it has and since when it runs."""

    external_id: str
    site: str
    cores: int
    since: date


def site_prefix(site: str) -> str:
    """Return the three letters that begin the names of machines at `site`."""
    return _PREFIX.get(site, "fdf")


def hosts_of(random: Random, group: Group, org: str) -> tuple[list[Row], list[Host]]:
    """Return the rows of the group's hosts, and the hosts themselves for whoever places virtual machines on them."""
    rows: list[Row] = []
    hosts: list[Host] = []
    for slot in range(group.hosts):
        recent = slot >= group.hosts - group.recent_hosts
        model = RECENT_HOST_MODEL if recent else random.choice(HOST_MODELS)
        row = _bought(random, model, group, slot, org, f"{site_prefix(group.site)}-esx-{group.number:03d}{slot}")
        since = date.fromisoformat(row.acquired_on or "") if recent else FIRST_DAY
        first = replace(row, effective_from=midnight(since), tags="role=hypervisor")
        rows.append(first)
        if not recent and random.random() < 0.1:
            rows.append(_with_more_memory(random, first))
        hosts.append(Host(row.external_id, group.site, model.cores, since))
    return rows, hosts


def standalone_servers(random: Random, group: Group, org: str) -> Iterator[Row]:
    """Yield the servers that carry no virtual machine: the last ones are switched off, further ones retired.

    One server of a group that has some moves to Lyon when it stands in Nanterre.
    """
    for slot in range(group.standalone + group.retired):
        leaves = slot >= group.standalone
        switched_off = group.standalone - group.off <= slot < group.standalone
        model = STANDALONE_MODELS[-1] if leaves or switched_off else random.choice(STANDALONE_MODELS[:-1])
        role = _STANDALONE_ROLES[slot % len(_STANDALONE_ROLES)]
        row = _bought(random, model, group, slot, org, f"{site_prefix(group.site)}-{role}-{group.number:03d}{slot:02d}")
        row = replace(row, effective_from=midnight(FIRST_DAY), tags=f"role={role}")
        yield row
        day = midnight(day_between(random, date(2025, 11, 1), LAST_SERVER_CHANGE))
        if switched_off:
            yield replace(row, status="off", effective_from=day)
        elif leaves:
            yield replace(row, status="retired", effective_from=day)
        elif slot == 0 and group.site == NANTERRE:
            yield replace(row, site=LYON, effective_from=day)


def appliances(random: Random, group: Group, org: str) -> Iterator[Row]:
    """Yield the storage arrays and the network gear of the group."""
    for slot, appliance in enumerate(group.appliances):
        yield _appliance(random, appliance, group, slot, org)


def fleets(random: Random, group: Group, org: str) -> Iterator[Row]:
    """Yield the workstation fleets of the group, one row each: a quantity is not dated."""
    for slot, fleet in enumerate(group.fleets):
        yield _fleet(random, fleet, group, slot, org)


def _bought(random: Random, model: ServerModel, group: Group, slot: int, org: str, name: str) -> Row:
    first, last = model.sold
    bought = day_between(random, first, last)
    support_kind, support_eur = _support(random, model.price_eur, bought)
    return Row(
        kind="server",
        source=SOURCE,
        external_id=f"SN-{group.number:05d}-{slot:02d}",
        org=org,
        name=name,
        site=group.site,
        maker=model.maker,
        model=model.name,
        acquired_on=bought.isoformat(),
        condition="new",
        price_eur=f"{model.price_eur + 50 * random.randint(-10, 10)}.00",
        planned_life_years=model.life_years,
        cpu_units=2,
        cpu_cores=model.cpu_cores,
        cpu_tdp_w=model.cpu_tdp_w,
        cpu_die_mm2=model.cpu_die_mm2,
        cpu_model=model.cpu_model,
        ram_units=model.ram_units,
        ram_gib=model.ram_gib,
        disk_units=model.disk_units,
        disk_type=model.disk_type,
        disk_gib=model.disk_gib,
        psu_units=2,
        psu_kg=model.psu_kg,
        case="rack",
        average_w=model.declared_w,
        support_kind=support_kind,
        support_eur_per_year=support_eur,
    )


def _with_more_memory(random: Random, row: Row) -> Row:
    day = day_between(random, date(2025, 12, 1), LAST_SERVER_CHANGE)
    return replace(row, ram_units=2 * (row.ram_units or 0), effective_from=midnight(day))


def _support(random: Random, price_eur: int, bought: date) -> tuple[str, str]:
    """The maker's contract while the machine is young, a third party's or none afterwards: 9 % or 4 % of the price."""
    if bought >= date(2021, 7, 1):
        return "maker", f"{price_eur * 9 // 100}.00"
    if random.random() < 0.75:
        return "third_party", f"{price_eur * 4 // 100}.00"
    return "none", "0.00"


def _appliance(random: Random, appliance: Appliance, group: Group, slot: int, org: str) -> Row:
    bought = day_between(random, date(2020, 2, 1), date(2024, 12, 20))
    return Row(
        kind=appliance.kind,
        source=SOURCE,
        external_id=f"{appliance.kind[:3].upper()}-{group.number:05d}-{slot:02d}",
        org=org,
        name=f"{site_prefix(group.site)}-{appliance.kind}-{group.number:03d}{slot}",
        effective_from=midnight(FIRST_DAY),
        site=group.site,
        maker=appliance.maker,
        model=appliance.name,
        acquired_on=bought.isoformat(),
        condition="new",
        price_eur=f"{appliance.price_eur}.00",
        planned_life_years=appliance.life_years,
        disk_units=appliance.disk_units,
        disk_type=appliance.disk_type,
        disk_gib=appliance.disk_gib,
        average_w=appliance.average_w,
        support_kind="maker",
        support_eur_per_year=f"{appliance.price_eur * 8 // 100}.00",
    )


def _fleet(random: Random, fleet: Workstations, group: Group, slot: int, org: str) -> Row:
    bought = day_between(random, date(2022, 9, 1), date(2025, 8, 31))
    return Row(
        kind=fleet.kind,
        source=SOURCE,
        external_id=f"FLEET-{group.number:05d}-{slot:02d}",
        org=org,
        name=f"{fleet.maker} {fleet.name} {bought.year}",
        quantity=fleet.quantity,
        effective_from=midnight(FIRST_DAY),
        site=group.site,
        maker=fleet.maker,
        model=fleet.name,
        acquired_on=bought.isoformat(),
        condition="refurbished" if fleet.refurbished else "new",
        price_eur=f"{fleet.price_eur}.00",
        annual_kwh=fleet.annual_kwh,
    )
