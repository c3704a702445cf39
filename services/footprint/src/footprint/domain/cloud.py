"""A virtual machine at a public cloud, which has no host here: its share of a reference host of the provider.

Power after Cloud Carbon Footprint ("Methodology", Compute and Memory): `vCPU × (min + load × (max − min)) + GiB × W per GiB`, the load half
where it was not measured (their assumption); the PUE is the provider's. Making, carriage and disposal: those of a server by default, in
each criterion, shared by vCPU over those of the reference host, along its life: `kg × vCPU ÷ vCPUs of the host × time ÷ life`. The
coefficients are records of the catalogue.
"""

from collections.abc import Sequence
from typing import Final

from footprint.domain.catalogue import GWP, UNITS, Catalogue, Factor
from footprint.domain.embodied import MANUFACTURING, OTHER_STAGES
from footprint.domain.energy import Load, Power
from footprint.domain.extras import Extra
from footprint.domain.formulas import DAY_S, YEAR_DAYS
from footprint.domain.instances import Size, instance_size
from footprint.domain.inventory import Cloud
from footprint.domain.notices import Notice
from footprint.domain.scopes import BOTH, CLOUD
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2

_REFERENCE: Final = "embodied.server"
"""What a reference host is made of, as nothing else is known of it."""

_MADE: Final = {MANUFACTURING: "made for", "transport": "carried for", "end_of_life": "disposed of for"}

HALF: Final = (Load(1.0, 0.5),)

_REGIONS: Final = {
    "aws": """
        AU ap-southeast-2
        BH me-south-1
        BR sa-east-1
        CA ca-central-1
        CN cn-north-1 cn-northwest-1
        DE eu-central-1
        FR eu-west-3
        GB eu-west-2
        HK ap-east-1
        IE eu-west-1
        IN ap-south-1
        IT eu-south-1
        JP ap-northeast-1 ap-northeast-3
        KR ap-northeast-2
        SE eu-north-1
        SG ap-southeast-1
        US us-east-1 us-east-2 us-west-1 us-west-2 us-gov-east-1 us-gov-west-1
        ZA af-south-1
    """,
    "azure": """
        AE uaecentral uaenorth
        AT austriaeast
        AU australiacentral australiacentral2 australiaeast australiasoutheast
        BE belgiumcentral
        BR brazilsouth brazilsoutheast
        CA canadacentral canadaeast
        CH switzerlandnorth switzerlandwest
        CL chilecentral
        DE germanynorth germanywestcentral
        DK denmarkeast
        ES spaincentral
        FR francecentral francesouth
        GB uksouth ukwest
        HK eastasia
        ID indonesiacentral
        IE northeurope
        IL israelcentral
        IN centralindia southindia westindia
        IT italynorth
        JP japaneast japanwest
        KR koreacentral koreasouth
        MX mexicocentral
        MY malaysiawest
        NL westeurope
        NO norwayeast norwaywest
        NZ newzealandnorth
        PL polandcentral
        QA qatarcentral
        SE swedencentral
        SG southeastasia
        US centralus eastus eastus2 northcentralus southcentralus westcentralus westus westus2 westus3
        ZA southafricanorth southafricawest
    """,
    "gcp": """
        AU australia-southeast1 australia-southeast2
        BE europe-west1
        BR southamerica-east1
        CA northamerica-northeast1 northamerica-northeast2
        CH europe-west6
        CL southamerica-west1
        DE europe-west3 europe-west10
        ES europe-southwest1
        FI europe-north1
        FR europe-west9
        GB europe-west2
        HK asia-east2
        ID asia-southeast2
        IL me-west1
        IN asia-south1 asia-south2
        IT europe-west8 europe-west12
        JP asia-northeast1 asia-northeast2
        KR asia-northeast3
        MX northamerica-south1
        NL europe-west4
        PL europe-central2
        QA me-central1
        SA me-central2
        SE europe-north2
        SG asia-southeast1
        TH asia-southeast3
        TW asia-east1
        US us-east1 us-east4 us-east5 us-west1 us-west2 us-west3 us-west4 us-central1 us-south1
        ZA africa-south1
    """,
    "scaleway": """
        FR fr-par
        NL nl-ams
        PL pl-waw
    """,
}
"""The country of each region of a provider, as the providers publish them (listed by BoaviztAPI, cloud regions)."""

_COUNTRY: Final = {
    (provider, region): country
    for provider, text in _REGIONS.items()
    for country, *regions in (line.split() for line in text.strip().splitlines())
    for region in regions
}


def cloud_region(cloud: Cloud) -> str | None:
    """The country of the machine's region; None where it is not known."""
    return _COUNTRY.get((cloud.provider, (cloud.region or "").lower()))


def cloud_size(
    cloud: Cloud, vcpu: float | None, ram_gib: float | None
) -> tuple[float | None, float | None, Size | None, Notice]:
    """vCPUs and memory of the machine: as stated, else those of its instance type; the size of the type, and what must be said."""
    listed = instance_size(cloud)
    if listed is None:
        said = Notice.CLOUD_INSTANCE_UNKNOWN if cloud.instance_type else Notice(0) if vcpu else Notice.NO_ALLOCATION
        return vcpu, ram_gib, None, said
    differs = vcpu not in (None, listed.vcpu) or ram_gib not in (None, listed.ram_gib)
    said = Notice.CLOUD_INSTANCE_UNKNOWN if differs else Notice(0)
    return listed.vcpu if vcpu is None else vcpu, listed.ram_gib if ram_gib is None else ram_gib, listed, said


def cloud_power(
    catalogue: Catalogue, cloud: Cloud, vcpu: float | None, ram_gib: float | None, loads: Sequence[Load]
) -> tuple[Power | None, Notice]:
    """The mean power of the machine and what must be said of it; None without the coefficients of the provider."""
    provider = cloud.provider
    low, high, memory = (
        catalogue.parameter(f"cloud.{name}")
        for name in (f"{provider}.min_w_per_vcpu", f"{provider}.max_w_per_vcpu", "w_per_gib")
    )
    vcpu, ram_gib, _, sized = cloud_size(cloud, vcpu, ram_gib)
    if low is None or high is None:
        return None, sized | Notice.NO_CLOUD_FACTOR
    if vcpu is None:
        return None, sized
    load = 0.0
    for each in loads or HALF:
        load += each.share_of_time * each.utilisation
    watts = vcpu * (low.value + load * (high.value - low.value))
    text = f"{vcpu!r} vCPU × ({low.value!r} + {load!r} × ({high.value!r} − {low.value!r}))"
    factors: tuple[Factor, ...] = (low, high)
    if memory is not None and ram_gib is not None:
        watts += ram_gib * memory.value
        text = f"{text} + {ram_gib!r} GiB × {memory.value!r}"
        factors = (low, high, memory)
    evidence = "utilisation" if loads else "kind"
    said = sized if loads else sized | Notice.CLOUD_LOAD_ASSUMED
    return Power(watts, evidence, factors, (f"power (cloud, {provider}): {text} = {watts!r} W",)), said


def cloud_making(
    catalogue: Catalogue, cloud: Cloud, quantity: float, vcpu: float | None, start: int, end: int
) -> tuple[tuple[Extra, ...], Notice]:
    """What `quantity` machines of `vcpu` each share of the making of their reference host while they run: each stage and criterion of which
    the default of a server is known; nothing where the kg of making are not."""
    life = catalogue.parameter("life.server")
    host = catalogue.parameter(f"cloud.{cloud.provider}.host_vcpu")
    vcpu, _, _, sized = cloud_size(cloud, vcpu, None)
    if catalogue.coefficient(_REFERENCE) is None or life is None or host is None:
        return (), sized | Notice.NO_CLOUD_FACTOR
    if vcpu is None:
        return (), sized
    share, times = vcpu / host.value, "" if quantity == 1.0 else f"{quantity!r} × "
    extras = [
        Extra(
            start,
            end,
            stage=stage,
            criterion=criterion,
            basis=BOTH,
            amount=quantity * share,
            unit="server",
            origin=f"cloud ({cloud.provider}): {times}{vcpu!r} of the {host.value!r} vCPUs of a reference host, {_MADE[stage]} "
            f"{made.value!r} {UNITS[criterion]} (default of a server), over {life.value!r} years "
            f"[{host.id} v{host.version}, {made.id} v{made.version}, {life.id} v{life.version}]",
            factor=made,
            line=CLOUD,
            source_ln_gsd2=ACTIVITY_LN_GSD2["kind"],
            over_s=life.value * YEAR_DAYS * DAY_S,
            anywhere=False,
            written_amount=f"{times}({vcpu!r} vCPU ÷ {host.value!r} vCPU)",
        )
        for criterion in (GWP, *sorted(catalogue.criteria - {GWP}))
        for stage in (MANUFACTURING, *OTHER_STAGES)
        if (made := catalogue.coefficient(_REFERENCE, criterion, None if stage == MANUFACTURING else stage)) is not None
    ]
    return tuple(extras), sized


def unknown_making(cloud: Cloud, start: int, end: int) -> Extra:
    """A share of the making of a reference host of which nothing is known."""
    origin = f"cloud ({cloud.provider}): its share of a reference host is not known"
    return Extra(start, end, MANUFACTURING, GWP, BOTH, 0.0, "server", origin, line=CLOUD, anywhere=False, void=True)
