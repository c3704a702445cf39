"""The shape of an inventory: which groups of machines stand at which site, for any number of servers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from examples.hardware import (
    BRANCH_FLEETS,
    HEAD_OFFICE_FLEETS,
    NETWORK,
    OVERSEAS_FLEETS,
    STORAGE,
    Appliance,
    Workstations,
)

NANTERRE = "nanterre-1"
LYON = "lyon-1"
FORT_DE_FRANCE = "fort-de-france-1"


@dataclass(frozen=True, slots=True)
class Group:
    """Machines that live together at one site; nothing in a group refers to another group.

    `hosts` form one cluster that carries virtual machines, `standalone` servers carry none; `off` of the standalone
    ones are switched off during the history. `retired` servers come on top: they leave before its end.
    """

    number: int
    site: str
    hosts: int = 0
    standalone: int = 0
    off: int = 0
    retired: int = 0
    recent_hosts: int = 0
    cloud_like: bool = False
    appliances: Sequence[Appliance] = field(default=())
    fleets: Sequence[Workstations] = field(default=())

    @property
    def servers(self) -> int:
        """Servers present at the end of the history, running or off."""
        return self.hosts + self.standalone


_NETWORK_ROOM = (*NETWORK, NETWORK[0])
_BLOCK = (
    Group(0, NANTERRE, hosts=4, recent_hosts=1, appliances=(STORAGE[0], *_NETWORK_ROOM)),
    Group(0, LYON, hosts=4, cloud_like=True, appliances=(STORAGE[1], NETWORK[1], NETWORK[2])),
    Group(0, NANTERRE, standalone=10, off=2, retired=2, fleets=HEAD_OFFICE_FLEETS),
    Group(0, FORT_DE_FRANCE, hosts=4, appliances=(STORAGE[1], NETWORK[2], NETWORK[3]), fleets=OVERSEAS_FLEETS),
    Group(0, NANTERRE, hosts=4, appliances=(STORAGE[2], NETWORK[0])),
    Group(0, LYON, hosts=4, recent_hosts=1, cloud_like=True, appliances=(STORAGE[0], NETWORK[0])),
    Group(0, LYON, standalone=4, fleets=BRANCH_FLEETS),
    Group(0, NANTERRE, hosts=4),
    Group(0, FORT_DE_FRANCE, standalone=2),
    Group(0, NANTERRE, hosts=4, recent_hosts=1),
    Group(0, LYON, hosts=4, cloud_like=True),
    Group(0, NANTERRE, hosts=4),
)
"""Fifty-two servers over three sites: thirty-six hosts, sixteen standalone of which two are off."""


def groups(servers: int | None) -> Iterator[Group]:
    """Yield groups that hold exactly `servers` servers, the block over and over; None never ends.

    A count that no whole group fills cuts the last group short.
    """
    if servers is not None and servers < 1:
        raise ValueError(f"servers is {servers}; an inventory has at least 1 server")
    missing = servers
    for number in count():
        if missing == 0:
            return
        group = replace(_BLOCK[number % len(_BLOCK)], number=number)
        if missing is not None:
            group = _cut(group, missing)
            missing -= group.servers
        yield group


def _cut(group: Group, servers: int) -> Group:
    """Return the group with at most `servers` servers; groups hold either hosts or standalone servers."""
    hosts, standalone = min(group.hosts, servers), min(group.standalone, servers)
    return replace(
        group,
        hosts=hosts,
        standalone=standalone,
        off=min(group.off, standalone),
        recent_hosts=min(group.recent_hosts, hosts),
    )
