"""Virtual machines in stateless estimates: a share of the host that the item describes, or of a public cloud's reference host."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.cloud import cloud_power, cloud_region, cloud_size
from footprint.domain.configuration import read_configuration
from footprint.domain.countries import COUNTRIES
from footprint.domain.energy import Load, Power
from footprint.domain.errors import ItemError
from footprint.domain.inventory import Cloud
from footprint.domain.notices import Notice

OF_THE_HOST: Final = ("configuration", "model", "life", "embodied", "energy")
OF_THE_PROVIDER: Final = ("configuration", "model", "embodied")
MACHINE: Final = "virtual_machine"


class CloudMachine(NamedTuple):
    """A machine at a public cloud: hosts that one machine takes, its power, the provider's PUE, its country, notices and lines."""

    share: float
    power: Power | None
    pue: float
    country: str | None
    notices: Notice
    factors: tuple[Factor, ...]
    trace: tuple[str, ...]


def check_machine(item: Mapping[str, Any]) -> None:
    """Raises ItemError where `allocation`, `host` or `cloud` are stated of what is no virtual machine, or contradict one another."""
    for name in ("allocation", "host", "cloud"):
        if name in item and item["kind"] != MACHINE:
            raise ItemError(
                name, "contradictory", f"{name} is of a {MACHINE}, not of a {item['kind']}",
                f"{name} se dit d’une {MACHINE}, non de {item['kind']}",
            )  # fmt: skip
    if "host" in item and "cloud" in item:
        raise ItemError(
            "cloud", "contradictory", "a machine at a public cloud has no host here; leave one of them out",
            "une machine d’un cloud public n’a pas d’hôte ici ; retirer l’un des deux",
        )  # fmt: skip
    for place, others in (("host", OF_THE_HOST), ("cloud", OF_THE_PROVIDER)):
        stated = [name for name in others if name in item and place in item]
        if stated:
            rule = f"{stated[0]} beside {place}: it is that of the host, {'state it within host' if place == 'host' else 'leave it out'}"
            remedy = "l’indiquer dans host" if place == "host" else "le retirer"
            french = f"{stated[0]} à côté de {place} : c’est celui de l’hôte, {remedy}"
            raise ItemError(stated[0], "contradictory", rule, french)


def whole_host(item: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The share of a host as so many servers, and the line of the trace that says how many.

    What the item says of the place (country, region, pue, electricity, duty) holds for the host. Shared by vCPU: those that the host
    states (all it has, or those it has sold), else the cores of its configuration. Raises ItemError without them.
    """
    host: Mapping[str, Any] = item["host"]
    vcpu = _vcpu(item)
    stated = host.get("configuration")
    capacity = host.get("vcpu")
    if capacity is None and stated is not None:
        capacity = read_configuration(stated).cores
    if capacity is None:
        rule = "host.vcpu is missing: a machine has its share of the host's vCPUs, or of the cores of host.configuration.cpu"
        french = "host.vcpu manque : une machine a sa part des vCPU de l’hôte, ou des cœurs de host.configuration.cpu"
        raise ItemError("host.vcpu", "missing", rule, french)
    if vcpu > capacity:
        raise ItemError(
            "allocation.vcpu",
            "too_large",
            f"allocation.vcpu {vcpu!r} is more than the host's {capacity!r}",
            f"allocation.vcpu {vcpu!r} dépasse ceux de l’hôte, {capacity!r}",
        )
    quantity = item.get("quantity", 1.0)
    hosts = quantity * vcpu / float(capacity)
    line = f"share of the host: {quantity!r} × {vcpu!r} vCPU ÷ {float(capacity)!r} vCPU = {hosts!r} hosts"
    own = {name: value for name, value in item.items() if name not in ("host", "allocation")}
    theirs = {name: value for name, value in host.items() if name != "vcpu"}
    return {**own, **theirs, "kind": "server", "quantity": hosts}, line


def cloud_machine(item: Mapping[str, Any], loads: tuple[Load, ...], catalogue: Catalogue) -> CloudMachine:
    """What one machine at a public cloud takes. Raises ItemError for a provider without coefficients, and without its vCPUs."""
    cloud = Cloud(**item["cloud"])
    provider = cloud.provider
    host = catalogue.parameter(f"cloud.{provider}.host_vcpu")
    if host is None:
        stated = item["cloud"]["provider"]
        rule = f"cloud.provider {stated!r} has no coefficients in the catalogue"
        french = f"cloud.provider {stated!r} n’a pas de coefficients au catalogue"
        raise ItemError("cloud.provider", "unknown", rule, french)
    vcpu, ram_gib, lines = _sized(cloud, item)
    power, notices = cloud_power(catalogue, cloud, vcpu, ram_gib, loads)
    of_provider = catalogue.parameter(f"cloud.{provider}.pue")
    share = vcpu / host.value
    lines += [f"share of a reference host: {vcpu!r} vCPU ÷ {host.value!r} vCPU = {share!r} [{host.id} v{host.version}]"]
    if of_provider is not None and "pue" not in item:
        lines.append(f"PUE of {provider}: {of_provider.value!r} [{of_provider.id} v{of_provider.version}]")
    country = cloud_region(cloud)
    if country is None and cloud.region is not None and not {"country", "region"} & item.keys():
        rule = f"cloud.region {cloud.region!r} is not a known region of {provider}; state country, or leave it out"
        french = (
            f"cloud.region {cloud.region!r} n’est pas une région connue de {provider} ; indiquer country, ou la retirer"
        )
        raise ItemError("cloud.region", "unknown", rule, french)
    if country is None and not {"country", "region"} & item.keys():
        notices |= Notice.CLOUD_REGION_UNKNOWN
    return CloudMachine(
        share,
        power,
        of_provider.value if of_provider is not None else 1.0,
        country,
        notices,
        (host, *((of_provider,) if of_provider is not None and "pue" not in item else ())),
        tuple(lines),
    )


def lies_elsewhere(item: Mapping[str, Any], country: str | None) -> bool:
    """Whether the item states another place than the `country` of its cloud region (None: not known): what is stated is taken."""
    for stated in (item.get("country"), item.get("region")):
        if stated is not None and stated != country and country is not None:
            nation = stated.partition("-")[0]
            if nation in COUNTRIES and nation != country:
                return True
    return False


def _sized(cloud: Cloud, item: Mapping[str, Any]) -> tuple[float, float | None, list[str]]:
    """vCPUs and memory of the instance, and the line that says where they come from. Raises ItemError for a type that is not listed where
    no vCPUs are stated, and for a stated size that is not that of the type."""
    allocation: Mapping[str, float] = item.get("allocation") or {}
    vcpu, ram_gib, listed, _ = cloud_size(cloud, allocation.get("vcpu"), allocation.get("ram_gib"))
    if listed is None:
        if vcpu is None and cloud.instance_type is not None:
            named = f"cloud.instance_type {cloud.instance_type!r}"
            rule = f"{named} is not listed for {cloud.provider}; state allocation.vcpu"
            french = f"{named} n’est pas connu de {cloud.provider} ; indiquer allocation.vcpu"
            raise ItemError("cloud.instance_type", "unknown", rule, french)
        return _vcpu(item), ram_gib, []
    for name, stated, size in (("vcpu", vcpu, listed.vcpu), ("ram_gib", ram_gib, listed.ram_gib)):
        if stated != size:
            rule = f"allocation.{name} {stated!r} contradicts cloud.instance_type {cloud.instance_type!r}, which has {size!r}"
            french = (
                f"allocation.{name} {stated!r} contredit cloud.instance_type {cloud.instance_type!r}, qui a {size!r}"
            )
            raise ItemError(f"allocation.{name}", "contradictory", rule, french)
    line = f"size of {cloud.instance_type}: {listed.vcpu!r} vCPU, {listed.ram_gib!r} GiB"
    return listed.vcpu, listed.ram_gib, [line]


def _vcpu(item: Mapping[str, Any]) -> float:
    vcpu: float | None = (item.get("allocation") or {}).get("vcpu")
    if vcpu is None:
        raise ItemError(
            "allocation.vcpu", "missing", "allocation.vcpu is missing: a machine has its share by vCPU",
            "allocation.vcpu manque : une machine a sa part par vCPU",
        )  # fmt: skip
    return vcpu
