"""Seeded observations of the fault rounds' assets, told to the topics as inventory tells them: measurements, activities, applications."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from tests.faults.workload import ORG
from tests.support.topics import Record

NOW = "2026-11-20T12:00:00Z"


class Observer:
    """Makes one observation after another, each a newer version of its aggregate. Equal seeds make equal observations."""

    def __init__(self, seed: int, prefix: str) -> None:
        self._random = Random(f"observations/{seed}")
        self._prefix = prefix
        self._versions: dict[str, int] = {}

    def year(self, metered: Sequence[str], months: Sequence[str]) -> list[Record]:
        """All days of these months measured of each of `metered`, at twice the power in winter."""
        return [self._reading(asset, month, 6.0) for asset in metered for month in months]

    def some(self, assets: Sequence[str], metered: Sequence[str], months: Sequence[str]) -> list[Record]:
        """One observation of each kind: of some of `assets`, and of one of `metered` between the first and the last of `months`."""
        ordered = sorted(assets)
        read = self._reading(
            self._random.choice(metered), self._random.choice(months[1:-1]), self._random.uniform(3, 9)
        )
        others = [each for each in ordered if each not in metered]
        return [self._measurement(others), self._activity(ordered), self._application(ordered), read]

    def _reading(self, asset: str, month: str, kwh: float) -> Record:
        """A month of which all but an hour a day is measured."""
        year, number = map(int, month.split("-"))
        kwh = 2 * kwh if number in (11, 12, 1, 2) else kwh
        energy = [{"level": "it", "kwh": kwh, "covered": [[0, 82_800]]}]
        days = [
            {"day": f"{month}-{day:02d}", "seconds": 86_400, "energy": energy, "utilisation": None}
            for day in range(1, monthrange(year, number)[1] + 1)
        ]
        return self._measured(asset, month, days)

    def _measurement(self, assets: Sequence[str]) -> Record:
        asset, month = self._random.choice(assets), f"2026-{self._random.randint(1, 10):02d}"
        covered = [[0, self._random.choice([43_200, 82_800])]]
        kwh = self._random.uniform(1.0, 20.0)
        days = []
        for day in range(1, 29):
            energy = [{"level": self._random.choice(["it", "facility"]), "kwh": kwh, "covered": covered}]
            days.append({"day": f"{month}-{day:02d}", "seconds": 86_400, "energy": energy, "utilisation": None})
        return self._measured(asset, month, days)

    def _measured(self, asset: str, month: str, days: Sequence[Mapping[str, Any]]) -> Record:
        document = {"org": ORG, "asset_id": asset, "month": month, "time_zone": "Europe/Paris", "days": days}
        return self._record("measurements", "measurement-month.changed", f"{asset}/{month}", document)

    def _activity(self, assets: Sequence[str]) -> Record:
        number = self._random.randrange(6)
        key = str(uuid5(NAMESPACE_OID, f"activity {number}"))
        asset = self._random.choice([None, self._random.choice(assets)])
        document = {
            "id": key, "org": ORG, "source": "faults", "external_id": str(number), "asset_id": asset, "site_id": None,
            "kind": "maintenance_contract", "activity": "maintenance.it_hardware", "country": None, "from": "2026-02-01",
            "to": f"2026-{self._random.randint(3, 12):02d}-01", "quantity": self._random.uniform(10.0, 900.0), "unit": "EUR", "note": None,
        }  # fmt: skip
        return self._record("activities", "activity.changed", key, document)

    def _application(self, assets: Sequence[str]) -> Record:
        number = self._random.randrange(3)
        key = str(uuid5(NAMESPACE_OID, f"application {number}"))
        machines = []
        for asset in self._random.sample(list(assets), 4):
            start, weight = f"2026-0{self._random.randint(1, 9)}-01T00:00:00Z", self._random.uniform(0.5, 4.0)
            machines.append({"asset_id": asset, "from": start, "to": None, "weight": weight})
        document = {
            "id": key,
            "org": ORG,
            "code": f"app-{number}",
            "name": f"App {number}",
            "users": None,
            "machines": machines,
        }
        return self._record("applications", "application.changed", key, document)

    def _record(self, topic: str, name: str, key: str, document: Mapping[str, Any]) -> Record:
        version = self._versions[key] = self._versions.get(key, 0) + 1
        headers = {
            "ce_specversion": "1.0", "ce_id": str(uuid4()), "ce_source": "inventory", "ce_type": f"inventory.{name}.v1",
            "ce_subject": f"{topic}/{key}", "ce_time": NOW, "content-type": "application/json",
        }  # fmt: skip
        data = {**document, "version": version, "deleted": False, "recorded_at": NOW}
        return Record(f"{self._prefix}inventory.{topic}", 0, 0, key, headers, data)
