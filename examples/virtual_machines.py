"""Virtual machines of one cluster through time: created, resized, moved, stopped, removed.

At no moment do the machines of a host hold more vCPU than it has cores.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from examples.dates import FIRST_DAY, LAST_DAY, day_between, midnight
from examples.machines import SOURCE, Host, site_prefix
from examples.rows import Row
from examples.shape import Group

_VCPU_SIZES = (1, 2, 4, 8, 16)
_VCPU_WEIGHTS = (6, 18, 16, 6, 1)
_RAM_GIB_PER_VCPU = (2, 4, 4, 8)
_APPLICATIONS = ("erp", "crm", "intranet", "paie", "ged", "bi", "supervision", "messagerie", "web", "annuaire")
_ENVIRONMENTS = ("production", "production", "recette", "developpement")
_FILL = 0.7
"""Share of a host's cores that virtual machines hold when its cluster is set up; the rest is room for growth."""
_CHANGES = (("resize", 0.18), ("move", 0.1), ("stop", 0.04), ("remove", 0.04))


@dataclass(slots=True)
class _Cluster:
    """The free cores of each host, kept while a history is told in the order of its days."""

    hosts: Sequence[Host]
    free: dict[str, int]

    def with_room(self, vcpu: int, day: date, unlike: str | None = None) -> Host | None:
        """Return the running host with the most free cores that can take `vcpu` more, other than `unlike`."""
        fitting = [
            host
            for host in self.hosts
            if host.since <= day and host.external_id != unlike and self.free[host.external_id] >= vcpu
        ]
        return max(fitting, key=lambda host: self.free[host.external_id], default=None)


def virtual_machines(random: Random, group: Group, hosts: Sequence[Host], org: str) -> Iterator[Row]:
    """Yield the rows of the cluster's virtual machines, machine by machine, each with its history in date order."""
    cluster = _Cluster(hosts, {host.external_id: host.cores for host in hosts})
    histories = [[row] for row in _created(random, group, cluster, org)]
    plans = [(_planned(random, history[0]), slot) for slot, history in enumerate(histories)]
    for (day, change), slot in sorted((plan, slot) for plan, slot in plans if plan is not None):
        changed = _change(random, cluster, histories[slot][-1], day, change)
        if changed is not None:
            histories[slot].append(changed)
    for history in histories:
        yield from history


def _created(random: Random, group: Group, cluster: _Cluster, org: str) -> Iterator[Row]:
    """Fill every host to its share; on hosts of the first inventory some machines come later than the host."""
    slot = 0
    for host in cluster.hosts:
        reserved = host.cores - int(_FILL * host.cores)
        while cluster.free[host.external_id] > reserved:
            vcpu = random.choices(_VCPU_SIZES, _VCPU_WEIGHTS)[0]
            vcpu = min(vcpu, cluster.free[host.external_id] - reserved)
            cluster.free[host.external_id] -= vcpu
            late = random.random() < 0.15
            since = day_between(random, host.since, LAST_DAY) if late else host.since
            yield _row(random, group, slot, host, vcpu, since, org)
            slot += 1


def _row(random: Random, group: Group, slot: int, host: Host, vcpu: int, since: date, org: str) -> Row:
    application = random.choice(_APPLICATIONS)
    environment = random.choice(_ENVIRONMENTS)
    return Row(
        kind="virtual_machine",
        source=f"vcenter-{host.site}",
        external_id=f"vm-{group.number:05d}-{slot:03d}",
        org=org,
        name=f"{site_prefix(host.site)}-{application}-{group.number:03d}{slot:03d}",
        effective_from=midnight(since),
        site=host.site,
        host_source=SOURCE,
        host_external_id=host.external_id,
        vcpu=vcpu,
        allocated_ram_gib=vcpu * random.choice(_RAM_GIB_PER_VCPU),
        allocated_disk_gib=random.choice((40, 60, 80, 120, 200, 500)),
        plan="cloud-like" if group.cloud_like else None,
        tags=f"application={application};environment={environment}",
    )


def _planned(random: Random, row: Row) -> tuple[date, str] | None:
    """Draw at most one change of a machine's life, after its first day; None when nothing happens to it."""
    since = date.fromisoformat((row.effective_from or "")[:10])
    drawn = random.random()
    for change, probability in _CHANGES:
        if drawn < probability:
            first = max(since, FIRST_DAY)
            day = day_between(random, first, LAST_DAY)
            return (day, change) if day > first else None
        drawn -= probability
    return None


def _change(random: Random, cluster: _Cluster, row: Row, day: date, change: str) -> Row | None:
    """Apply one change to the cluster and return the row that tells it; None when no host has the room."""
    at, vcpu, host = midnight(day), row.vcpu or 0, row.host_external_id or ""
    if change == "stop":
        return replace(row, status="off", effective_from=at)
    if change == "remove":
        cluster.free[host] += vcpu
        return replace(row, status="retired", effective_from=at)
    if change == "move":
        target = cluster.with_room(vcpu, day, unlike=host)
        if target is None:
            return None
        cluster.free[host] += vcpu
        cluster.free[target.external_id] -= vcpu
        return replace(row, host_external_id=target.external_id, effective_from=at)
    resized = 2 * vcpu if random.random() < 0.6 else vcpu // 2
    if resized == 0 or cluster.free[host] < resized - vcpu:
        return None
    cluster.free[host] -= resized - vcpu
    memory = (row.allocated_ram_gib or 0) * resized // vcpu
    return replace(row, vcpu=resized, allocated_ram_gib=memory, effective_from=at)
