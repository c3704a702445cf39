"""What a provider's instance types give: vCPU and memory, from its own tables or its own naming."""

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from inventory.imports.words import plain

_PROVIDERS = {
    "aws": "aws",
    "amazon": "aws",
    "amazon web services": "aws",
    "amazon web services inc": "aws",
    "microsoft": "azure",
    "microsoft azure": "azure",
    "azure": "azure",
    "google": "gcp",
    "google cloud": "gcp",
    "google cloud platform": "gcp",
    "gcp": "gcp",
    "oracle": "oracle",
    "oracle cloud": "oracle",
    "oci": "oracle",
}
_AZURE = re.compile(r"(?:standard|basic)[_ ][a-z]+(?P<vcpu>\d+)(?:-(?P<active>\d+))?[a-z]*(?:_.*)?_v\d+", re.IGNORECASE)
_GCP = re.compile(r"(?:[a-z]\d[a-z]?-(?:standard|highmem|highcpu|megamem|ultramem)-(?P<vcpu>\d+)(?:-[a-z]+)?)")
_GCP_CUSTOM = re.compile(r"(?:[a-z]\d[a-z]?-)?custom-(?P<vcpu>\d+)-(?P<mib>\d+)(?:-ext)?")


def provider_of(name: str) -> str:
    """A provider by its short name: aws, azure, gcp, oracle; another as it is called, in lower case."""
    return _PROVIDERS.get(plain(name), plain(name).replace(" ", "-"))


def cloud_allocation(
    provider: str, instance_type: str | None, region: str | None, vcpu: int | None = None, ram_gib: float | None = None
) -> dict[str, Any] | None:
    """The allocation of a machine at a provider; None when neither the export nor the type says how many vCPU it has.

    AWS: its table (see `data/README.md`). Azure: the number in a name with a version is the vCPU, the one after a hyphen
    those that are active (Microsoft's naming convention of VM sizes). Google: the last number of a predefined type, the
    first two of a custom one (its machine families). Older names of Azure follow no rule and are not read.
    """
    known = size_of(provider, instance_type)
    vcpu = vcpu if vcpu is not None else known[0] if known else None
    if vcpu is None:
        return None
    cloud = {"provider": provider, "instance_type": instance_type, "region": region}
    allocation: dict[str, Any] = {"vcpu": vcpu, "cloud": {name: value for name, value in cloud.items() if value}}
    ram_gib = ram_gib if ram_gib is not None else known[1] if known else None
    if ram_gib is not None:
        allocation["ram_gib"] = ram_gib
    return allocation


def size_of(provider: str, instance_type: str | None) -> tuple[int, float | None] | None:
    """vCPU and memory in GiB of an instance type, where they are known."""
    if instance_type is None:
        return None
    name = instance_type.lower()
    if provider == "aws":
        return _aws().get(name)
    if provider == "azure" and (found := _AZURE.fullmatch(name)):
        return int(found["active"] or found["vcpu"]), None
    if provider == "gcp":
        if found := _GCP.fullmatch(name):
            return int(found["vcpu"]), None
        if found := _GCP_CUSTOM.fullmatch(name):
            return int(found["vcpu"]), int(found["mib"]) / 1024
    return None


@cache
def _aws() -> Mapping[str, tuple[int, float]]:
    table = files("inventory.imports").joinpath("data/aws_instance_types.csv").read_text(encoding="utf-8")
    return {
        row["instance_type"]: (int(row["vcpu"]), int(row["ram_mib"]) / 1024)
        for row in csv.DictReader(table.splitlines())
    }
