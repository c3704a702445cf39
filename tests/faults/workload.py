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
METERED = 2
"""Servers whose consumption is measured, of which only what is declared changes."""
SPARE = 2
"""Servers that leave and come back."""


@dataclass
class Acknowledged:
    """What the platform has promised: the versions of each asset that it answered with."""

    versions: dict[str, set[int]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """The ids of assets by their external ids."""
    taken: int = 0
    refused: int = 0

    def add(self, sent: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> None:
        """Remember the rows of one answer; AssertionError when a row was rejected, since all of them are valid."""
        self.taken += 1
        for result in results:
            assert result["status"] != "error", result
            self.versions.setdefault(result["id"], set()).add(result["version"])
            self.ids[sent[result["index"]]["external_id"]] = result["id"]

    @property
    def metered(self) -> list[str]:
        """The ids of the metered servers, in their order."""
        return [self.ids[f"metered-{number}"] for number in range(METERED)]


class Workload:
    """A client that sends one random, valid command after another. Equal seeds send equal commands.

    While `leavings`, some change how long an asset lives. What a month was closed with is spread over the life that it was closed with, so
    figures are those of a computation without closings only as long as no life changes after the first one.
    """

    def __init__(self, seed: int, base_url: str, token: str) -> None:
        self.acknowledged = Acknowledged()
        self.leavings = True
        self._random = Random(seed)
        self._site = ""
        self._client = httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(20.0)
        )

    async def begin(self) -> None:
        """Create the organisation, its site, the servers and their virtual machines."""
        await self._created("/v1/organizations", {"id": ORG, "name": "Faults", "role": "customer"})
        site = {"org": ORG, "code": SITE, "name": "Hall 1", "kind": "datacenter", "country": "FR", "operator": "own"}
        self._site = f"/v1/sites/{(await self._created('/v1/sites', site))['id']}"
        assert await self.send([_host(number, 1500.0) for number in range(HOSTS)])
        assert await self.send([_machine(number, number % HOSTS, 2) for number in range(MACHINES)])
        assert await self.send([_server("metered", number, 2000.0) for number in range(METERED)])
        assert await self.send([_server("spare", number, 1000.0) for number in range(SPARE)])

    async def step(self) -> bool:
        """Send one command, which changes one to five assets or what holds at the site; return whether it was acknowledged."""
        if self._random.random() < 0.1:
            return await self._correct_site()
        changed = self._random.sample(range(HOSTS + MACHINES + METERED + SPARE), self._random.randint(1, 5))
        return await self.send([self._change(number) for number in changed])

    async def send(self, assets: Sequence[Mapping[str, Any]]) -> bool:
        """Send one batch. What is not acknowledged may or may not have happened, and is not sent again."""
        answer = await self._answer("POST", "/v1/assets/batch", json=list(assets))
        if answer is None:
            return False
        self.acknowledged.add(assets, answer.json()["results"])
        return True

    async def _correct_site(self) -> bool:
        """Say for some days what the PUE of the site was, or under which contract its electricity was bought."""
        first = self._random.randint(1, 9)
        days = {"from": f"2026-{first:02d}-{self._random.choice([10, 20])}", "to": f"2026-{first + 1:02d}-15"}
        contract = {
            "guarantee_of_origin_share": self._random.choice([0.0, 0.4, 1.0]),
            "residual_kg_per_kwh": self._random.choice([None, 0.06]),
        }
        said: Mapping[str, Any] = self._random.choice(
            [{"pue": self._random.choice([1.2, 1.4, 1.9])}, {"electricity": contract}]
        )
        known = await self._answer("GET", self._site)
        if known is None:
            return False
        headers = {"If-Match": known.headers["etag"]}
        taken = await self._answer("POST", f"{self._site}/corrections", json={**days, **said}, headers=headers)
        if taken is None:
            return False
        self.acknowledged.taken += 1
        return True

    async def _answer(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """The answer to a request; None where there is none, or none that says what became of it."""
        try:
            answer = await self._client.request(method, path, **request)
        except httpx.HTTPError:
            self.acknowledged.refused += 1
            return None
        if answer.status_code >= 500:
            self.acknowledged.refused += 1
            return None
        assert answer.status_code == 200, answer.text
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _change(self, number: int) -> Mapping[str, Any]:
        """A new consumption or an upgrade of a host, a move and another size of a virtual machine, what is declared of a server."""
        chance, kwh = self._random, float(self._random.randint(800, 4000))
        if number < HOSTS:
            return _host(number, kwh) if chance.random() < 0.7 else self._upgrade(number, kwh)
        number -= HOSTS
        if number < MACHINES:
            host, vcpu, day = chance.randrange(HOSTS), chance.choice((1, 2, 4)), chance.randint(1, 28)
            return _machine(number, host, vcpu, day, "off" if chance.random() < 0.1 else "in_service")
        number -= MACHINES
        if number < METERED:
            return _server("metered", number, kwh)
        changed = _server("spare", number - METERED, kwh)
        if not self.leavings:
            return changed
        since = f"2026-{chance.randint(1, 10):02d}-{chance.randint(1, 28):02d}T00:00:00+01:00"
        return {**changed, "effective_from": since, "status": chance.choice(["in_service", "off", "retired"])}

    def _upgrade(self, number: int, kwh: float) -> Mapping[str, Any]:
        """A host with so much memory since one of three days, however many commands there are."""
        since = f"2026-{self._random.choice([2, 5, 10]):02d}-11T00:00:00+01:00"
        ram = [{"units": self._random.randint(1, 8), "gib": self._random.choice([16, 32])}]
        host = _host(number, kwh)
        return {**host, "effective_from": since, "configuration": {**host["configuration"], "ram": ram}}

    async def _created(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = await self._client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        created: Mapping[str, Any] = answer.json()
        return created


def _host(number: int, annual_kwh: float) -> Mapping[str, Any]:
    configuration = {"cpu": {"units": 2, "cores": 32, "die_mm2": 500, "tdp_w": 150}}
    return {**_server("host", number, annual_kwh), "configuration": configuration}


def _server(name: str, number: int, annual_kwh: float) -> Mapping[str, Any]:
    return {
        "source": "faults",
        "external_id": f"{name}-{number}",
        "org": ORG,
        "kind": "server",
        "site": SITE,
        "status": "in_service",
        "effective_from": "2025-01-01T00:00:00+01:00",
        "acquired": {"on": "2023-10-01", "condition": "new"},
        "planned_life_years": 6,
        "declared": {"annual_kwh": annual_kwh},
    }


def _machine(number: int, host: int, vcpu: int, day: int = 1, status: str = "in_service") -> Mapping[str, Any]:
    return {
        "source": "faults",
        "external_id": f"vm-{number}",
        "org": ORG,
        "kind": "virtual_machine",
        "site": SITE,
        "host": {"source": "faults", "external_id": f"host-{host}"},
        "status": status,
        "effective_from": f"2026-{1 + number % 9:02d}-{day:02d}T00:00:00+01:00",
        "allocation": {"vcpu": vcpu, "ram_gib": 4 * vcpu, "disk_gib": 40},
    }
