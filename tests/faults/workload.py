"""Seeded commands to the inventory, and the memory of which of them were acknowledged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

ORG = "faults"
SITE = "hall-1"
HOSTS = 4
MACHINES = 12


@dataclass
class Acknowledged:
    """What the platform has promised: the versions of each asset that it answered with."""

    versions: dict[str, set[int]] = field(default_factory=dict)
    refused: int = 0

    def add(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Remember the rows of one answer; AssertionError when a row was rejected, since all of them are valid."""
        for result in results:
            assert result["status"] != "error", result
            self.versions.setdefault(result["id"], set()).add(result["version"])


class Workload:
    """A client that sends one random, valid command after another. Equal seeds send equal commands."""

    def __init__(self, seed: int, base_url: str, token: str) -> None:
        self.acknowledged = Acknowledged()
        self._random = Random(seed)
        self._client = httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(20.0)
        )

    async def begin(self) -> None:
        """Create the organisation, its site, the hosts and their virtual machines."""
        await self._created("/v1/organizations", {"id": ORG, "name": "Faults", "role": "customer"})
        site = {"org": ORG, "code": SITE, "name": "Hall 1", "kind": "datacenter", "country": "FR", "operator": "own"}
        await self._created("/v1/sites", site)
        assert await self.send([_host(number, 1500.0) for number in range(HOSTS)])
        assert await self.send([_machine(number, number % HOSTS, 2) for number in range(MACHINES)])

    async def step(self) -> bool:
        """Send one command that changes one to five assets; return whether it was acknowledged."""
        changed = self._random.sample(range(HOSTS + MACHINES), self._random.randint(1, 5))
        return await self.send([self._change(number) for number in changed])

    async def send(self, assets: Sequence[Mapping[str, Any]]) -> bool:
        """Send one batch. What is not acknowledged may or may not have happened, and is not sent again."""
        try:
            answer = await self._client.post("/v1/assets/batch", json=list(assets))
        except httpx.HTTPError:
            self.acknowledged.refused += 1
            return False
        if answer.status_code >= 500:
            self.acknowledged.refused += 1
            return False
        assert answer.status_code == 200, answer.text
        self.acknowledged.add(answer.json()["results"])
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _change(self, number: int) -> Mapping[str, Any]:
        """A new consumption of a host, or a move and another size of a virtual machine."""
        if number < HOSTS:
            return _host(number, float(self._random.randint(800, 4000)))
        host, vcpu, day = self._random.randrange(HOSTS), self._random.choice((1, 2, 4)), self._random.randint(1, 28)
        return _machine(number - HOSTS, host, vcpu, day)

    async def _created(self, path: str, body: Mapping[str, Any]) -> None:
        answer = await self._client.post(path, json=body)
        assert answer.status_code == 201, answer.text


def _host(number: int, annual_kwh: float) -> Mapping[str, Any]:
    return {
        "source": "faults",
        "external_id": f"host-{number}",
        "org": ORG,
        "kind": "server",
        "site": SITE,
        "status": "in_service",
        "effective_from": "2025-10-01T00:00:00+02:00",
        "acquired": {"on": "2023-10-01", "condition": "new"},
        "planned_life_years": 6,
        "configuration": {"cpu": {"units": 2, "cores": 32, "die_mm2": 500, "tdp_w": 150}},
        "declared": {"annual_kwh": annual_kwh},
    }


def _machine(number: int, host: int, vcpu: int, day: int = 1) -> Mapping[str, Any]:
    return {
        "source": "faults",
        "external_id": f"vm-{number}",
        "org": ORG,
        "kind": "virtual_machine",
        "site": SITE,
        "host": {"source": "faults", "external_id": f"host-{host}"},
        "status": "in_service",
        "effective_from": f"2026-{1 + number % 9:02d}-{day:02d}T00:00:00+01:00",
        "allocation": {"vcpu": vcpu, "ram_gib": 4 * vcpu, "disk_gib": 40},
    }
