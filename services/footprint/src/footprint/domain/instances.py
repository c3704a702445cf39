"""How large the named instance types of public clouds are: vCPUs and memory.

The sizes are the providers' own, as BoaviztAPI 2.5.0 lists them (data/archetypes/cloud, AGPL-3.0): general families without accelerators,
not all there are. What a name means never changes, so it has no version, as the countries of regions have none (ADR 0092).
"""

from typing import Final, NamedTuple

from footprint.domain.inventory import Cloud


class Size(NamedTuple):
    """What one instance has."""

    vcpu: float
    ram_gib: float


_SIZES: Final = {
    "aws": """
        1 0.5 t2.nano
        1 1 t2.micro
        1 2 c6g.medium c7a.medium c7g.medium t2.small
        1 4 m6g.medium m7a.medium m7g.medium
        1 8 r6g.medium r7a.medium r7g.medium
        2 0.5 t3.nano t3a.nano t4g.nano
        2 1 t3.micro t3a.micro t4g.micro
        2 2 t3.small t3a.small t4g.small
        2 3.75 c4.large
        2 4 c5.large c5a.large c6a.large c6g.large c6i.large c7a.large c7g.large
        2 4 c7i.large t2.medium t3.medium t3a.medium t4g.medium
        2 8 m4.large m5.large m5a.large m5d.large m6a.large m6g.large
        2 8 m6i.large m7a.large m7g.large m7i.large t2.large t3.large t3a.large t4g.large
        2 15.25 r4.large
        2 16 r5.large r5a.large r6a.large r6g.large r6i.large r7a.large r7g.large
        2 16 r7i.large
        4 7.5 c4.xlarge
        4 8 c5.xlarge c5a.xlarge c6a.xlarge c6g.xlarge c6i.xlarge c7a.xlarge
        4 8 c7g.xlarge c7i.xlarge
        4 16 m4.xlarge m5.xlarge m5a.xlarge m5d.xlarge m6a.xlarge m6g.xlarge
        4 16 m6i.xlarge m7a.xlarge m7g.xlarge m7i.xlarge t2.xlarge t3.xlarge t3a.xlarge t4g.xlarge
        4 30.5 r4.xlarge
        4 32 r5.xlarge r5a.xlarge r6a.xlarge r6g.xlarge r6i.xlarge r7a.xlarge
        4 32 r7g.xlarge r7i.xlarge
        8 15 c4.2xlarge
        8 16 c5.2xlarge c5a.2xlarge c6a.2xlarge c6g.2xlarge c6i.2xlarge
        8 16 c7a.2xlarge c7g.2xlarge c7i.2xlarge
        8 32 m4.2xlarge m5.2xlarge m5a.2xlarge m5d.2xlarge m6a.2xlarge
        8 32 m6g.2xlarge m6i.2xlarge m7a.2xlarge m7g.2xlarge m7i.2xlarge t2.2xlarge t3.2xlarge
        8 32 t3a.2xlarge t4g.2xlarge
        8 61 r4.2xlarge
        8 64 r5.2xlarge r5a.2xlarge r6a.2xlarge r6g.2xlarge r6i.2xlarge
        8 64 r7a.2xlarge r7g.2xlarge r7i.2xlarge
        16 30 c4.4xlarge
        16 32 c5.4xlarge c5a.4xlarge c6a.4xlarge c6g.4xlarge c6i.4xlarge
        16 32 c7a.4xlarge c7g.4xlarge c7i.4xlarge
        16 64 m4.4xlarge m5.4xlarge m5a.4xlarge m5d.4xlarge m6a.4xlarge
        16 64 m6g.4xlarge m6i.4xlarge m7a.4xlarge m7g.4xlarge m7i.4xlarge
        16 122 r4.4xlarge
        16 128 r5.4xlarge r5a.4xlarge r6a.4xlarge r6g.4xlarge r6i.4xlarge
        16 128 r7a.4xlarge r7g.4xlarge r7i.4xlarge
        32 64 c5a.8xlarge c6a.8xlarge c6g.8xlarge c6i.8xlarge c7a.8xlarge c7g.8xlarge c7i.8xlarge
        32 128 m5.8xlarge m5a.8xlarge m5d.8xlarge m6a.8xlarge m6g.8xlarge m6i.8xlarge m7a.8xlarge
        32 128 m7g.8xlarge m7i.8xlarge
        32 244 r4.8xlarge
        32 256 r5.8xlarge r5a.8xlarge r6a.8xlarge r6g.8xlarge r6i.8xlarge r7a.8xlarge r7g.8xlarge
        32 256 r7i.8xlarge
        36 60 c4.8xlarge
        36 72 c5.9xlarge
        40 160 m4.10xlarge
        48 96 c5.12xlarge c5a.12xlarge c6a.12xlarge c6g.12xlarge c6i.12xlarge c7a.12xlarge
        48 96 c7g.12xlarge c7i.12xlarge
        48 192 m5.12xlarge m5a.12xlarge m5d.12xlarge m6a.12xlarge m6g.12xlarge
        48 192 m6i.12xlarge m7a.12xlarge m7g.12xlarge m7i.12xlarge
        48 384 r5.12xlarge r5a.12xlarge r6a.12xlarge r6g.12xlarge
        48 384 r6i.12xlarge r7a.12xlarge r7g.12xlarge r7i.12xlarge
        64 128 c5a.16xlarge c6a.16xlarge c6g.16xlarge c6i.16xlarge c7a.16xlarge c7g.16xlarge c7i.16xlarge
        64 256 m4.16xlarge m5.16xlarge m5a.16xlarge m5d.16xlarge m6a.16xlarge m6g.16xlarge m6i.16xlarge m7a.16xlarge m7g.16xlarge
        64 256 m7i.16xlarge
        64 488 r4.16xlarge
        64 512 r5.16xlarge r5a.16xlarge r6a.16xlarge r6g.16xlarge r6i.16xlarge r7a.16xlarge r7g.16xlarge r7i.16xlarge
        72 144 c5.18xlarge
        96 192 c5.24xlarge c5a.24xlarge c6a.24xlarge c6i.24xlarge c7a.24xlarge c7i.24xlarge
        96 384 m5.24xlarge m5a.24xlarge m5d.24xlarge m6a.24xlarge m6i.24xlarge m7a.24xlarge m7i.24xlarge
        96 768 r5.24xlarge r5a.24xlarge r6a.24xlarge r6i.24xlarge r7a.24xlarge r7i.24xlarge
        128 256 c6a.32xlarge c6i.32xlarge c7a.32xlarge
        128 512 m6a.32xlarge m6i.32xlarge m7a.32xlarge
        128 1024 r6a.32xlarge r6i.32xlarge r7a.32xlarge
        192 384 c6a.48xlarge c7a.48xlarge c7i.48xlarge
        192 768 m6a.48xlarge m7a.48xlarge m7i.48xlarge
        192 1536 r6a.48xlarge r7a.48xlarge r7i.48xlarge
    """,
    "azure": """
        1 0.5 b1ls
        1 1 b1s
        1 2 a1_v2 b1ms
        2 4 a2_v2 b2s f2s_v2
        2 8 b2ms d2ads_v5 d2as_v4 d2as_v5 d2ds_v4 d2ds_v5 d2s_v3 d2s_v4 d2s_v5
        2 16 a2m_v2 e2ads_v5 e2as_v4 e2as_v5 e2bds_v5 e2bs_v5 e2ds_v4 e2ds_v5 e2s_v3 e2s_v4 e2s_v5
        4 8 a4_v2 f4s_v2
        4 16 b4ms d4ads_v5 d4as_v4 d4as_v5 d4ds_v4 d4ds_v5 d4s_v3 d4s_v4 d4s_v5
        4 32 e4ads_v5 e4as_v4 e4as_v5 e4bds_v5 e4bs_v5 e4ds_v4 e4ds_v5 e4s_v3 e4s_v4 e4s_v5
        4 84 fx4mds
        8 16 a8_v2 f8s_v2
        8 32 b8ms d8ads_v5 d8as_v4 d8as_v5 d8ds_v4 d8ds_v5 d8s_v3 d8s_v4 d8s_v5
        8 64 a8m_v2 e8ads_v5 e8as_v4 e8as_v5 e8bds_v5 e8bs_v5 e8ds_v4 e8ds_v5 e8s_v3 e8s_v4 e8s_v5
        12 48 b12ms
        12 252 fx12mds
        16 32 f16s_v2
        16 64 b16ms d16ads_v5 d16as_v4 d16as_v5 d16ds_v4 d16ds_v5 d16s_v3 d16s_v4 d16s_v5
        16 128 e16ads_v5 e16as_v4 e16as_v5 e16bds_v5 e16bs_v5 e16ds_v4 e16ds_v5 e16s_v3 e16s_v4 e16s_v5
        20 80 b20ms
        20 160 e20ads_v5 e20as_v4 e20as_v5 e20ds_v4 e20ds_v5 e20s_v3 e20s_v4 e20s_v5
        24 504 fx24mds
        32 64 f32s_v2
        32 128 d32ads_v5 d32as_v4 d32as_v5 d32ds_v4 d32ds_v5 d32s_v3 d32s_v4 d32s_v5
        32 256 e32ads_v5 e32as_v4 e32as_v5 e32bds_v5 e32bs_v5 e32ds_v4 e32ds_v5 e32s_v3 e32s_v4 e32s_v5
        36 756 fx36mds
        48 96 f48s_v2
        48 192 d48ads_v5 d48as_v4 d48as_v5 d48ds_v4 d48ds_v5 d48s_v3 d48s_v4 d48s_v5
        48 384 e48ads_v5 e48as_v4 e48as_v5 e48bds_v5 e48bs_v5 e48ds_v4 e48ds_v5 e48s_v3 e48s_v4 e48s_v5
        48 1008 fx48mds
        64 128 f64s_v2
        64 256 d64ads_v5 d64as_v4 d64as_v5 d64ds_v4 d64ds_v5 d64s_v3 d64s_v4 d64s_v5
        64 432 e64s_v3
        64 504 e64ds_v4 e64s_v4
        64 512 e64ads_v5 e64as_v4 e64as_v5 e64bds_v5 e64bs_v5 e64ds_v5 e64s_v5
        72 144 f72s_v2
        80 504 e80ids_v4 e80is_v4
        96 384 d96ads_v5 d96as_v4 d96as_v5 d96ds_v5 d96s_v5
        96 672 e96ads_v5 e96as_v4 e96as_v5 e96ds_v5 e96s_v5
        104 672 e104ids_v5 e104is_v5
    """,
    "gcp": """
        1 3.75 n1-standard-1
        1 4 t2a-standard-1 t2d-standard-1
        2 1 e2-micro
        2 1.8 n1-highcpu-2
        2 2 e2-highcpu-2 e2-small n2-highcpu-2 n2d-highcpu-2
        2 4 e2-medium
        2 7.5 n1-standard-2
        2 8 e2-standard-2 n2-standard-2 n2d-standard-2 t2a-standard-2 t2d-standard-2
        2 13 n1-highmem-2
        2 16 e2-highmem-2 n2-highmem-2 n2d-highmem-2
        4 3.6 n1-highcpu-4
        4 4 e2-highcpu-4 n2-highcpu-4 n2d-highcpu-4
        4 15 n1-standard-4
        4 16 c2-standard-4 c3-standard-4 e2-standard-4 n2-standard-4 n2d-standard-4 t2a-standard-4 t2d-standard-4
        4 26 n1-highmem-4
        4 32 e2-highmem-4 n2-highmem-4 n2d-highmem-4
        8 7.2 n1-highcpu-8
        8 8 e2-highcpu-8 n2-highcpu-8 n2d-highcpu-8
        8 30 n1-standard-8
        8 32 c2-standard-8 c3-standard-8 e2-standard-8 n2-standard-8 n2d-standard-8 t2a-standard-8 t2d-standard-8
        8 52 n1-highmem-8
        8 64 e2-highmem-8 n2-highmem-8 n2d-highmem-8
        16 14.4 n1-highcpu-16
        16 16 e2-highcpu-16 n2-highcpu-16 n2d-highcpu-16
        16 60 n1-standard-16
        16 64 c2-standard-16 e2-standard-16 n2-standard-16 n2d-standard-16 t2a-standard-16 t2d-standard-16
        16 104 n1-highmem-16
        16 128 e2-highmem-16 n2-highmem-16 n2d-highmem-16
        22 88 c3-standard-22
        30 120 c2-standard-30
        32 28.8 n1-highcpu-32
        32 32 e2-highcpu-32 n2-highcpu-32 n2d-highcpu-32
        32 120 n1-standard-32
        32 128 e2-standard-32 n2-standard-32 n2d-standard-32 t2a-standard-32 t2d-standard-32
        32 208 n1-highmem-32
        32 256 n2-highmem-32 n2d-highmem-32
        44 176 c3-standard-44
        48 48 n2-highcpu-48 n2d-highcpu-48
        48 192 n2-standard-48 n2d-standard-48 t2a-standard-48 t2d-standard-48
        48 384 n2-highmem-48 n2d-highmem-48
        60 240 c2-standard-60 t2d-standard-60
        64 57.6 n1-highcpu-64
        64 64 n2-highcpu-64 n2d-highcpu-64
        64 240 n1-standard-64
        64 256 n2-standard-64 n2d-standard-64
        64 416 n1-highmem-64
        64 512 n2-highmem-64 n2d-highmem-64
        80 80 n2-highcpu-80 n2d-highcpu-80
        80 320 n2-standard-80 n2d-standard-80
        80 640 n2-highmem-80 n2d-highmem-80
        88 352 c3-standard-88
        96 86.4 n1-highcpu-96
        96 96 n2-highcpu-96 n2d-highcpu-96
        96 360 n1-standard-96
        96 384 n2-standard-96 n2d-standard-96
        96 624 n1-highmem-96
        96 768 n2-highmem-96 n2d-highmem-96
        128 128 n2d-highcpu-128
        128 512 n2-standard-128 n2d-standard-128
        128 864 n2-highmem-128
        176 704 c3-standard-176
        224 224 n2d-highcpu-224
        224 896 n2d-standard-224
    """,
    "scaleway": """
        1 2 play2-pico
        2 2 dev1-s
        2 4 play2-nano pop2-hc-2c-4g pop2-hn-3
        2 8 coparm1-2c-8g ent1-xxs pop2-2c-8g pro2-xxs
        2 16 pop2-hm-2c-16g
        3 4 dev1-m
        4 8 dev1-l play2-micro pop2-hc-4c-8g pop2-hn-10 pop2-hn-5
        4 12 dev1-xl
        4 16 coparm1-4c-16g ent1-xs gp1-xs pop2-4c-16g pro2-xs
        4 32 pop2-hm-4c-32g
        8 16 pop2-hc-8c-16g
        8 32 coparm1-8c-32g ent1-s gp1-s gp1-viz pop2-8c-32g pro2-s
        8 64 pop2-hm-8c-64g
        16 32 pop2-hc-16c-32g
        16 64 coparm1-16c-64g ent1-m gp1-m pop2-16c-64g pro2-m
        16 128 pop2-hm-16c-128g
        32 64 pop2-hc-32c-64g
        32 128 coparm1-32c-128g ent1-l gp1-l pop2-32c-128g pro2-l
        32 256 pop2-hm-32c-256g
        48 256 gp1-xl
        64 128 pop2-hc-64c-128g
        64 256 ent1-xl pop2-64c-256g
        64 512 pop2-hm-64c-512g
        96 384 ent1-2xl
    """,
}
"""Lines of vCPUs, GiB and the types that have them, by provider."""

_BY_TYPE: Final = {
    (provider, name): Size(float(vcpu), float(ram_gib))
    for provider, text in _SIZES.items()
    for vcpu, ram_gib, *names in (line.split() for line in text.strip().splitlines())
    for name in names
}


def instance_size(cloud: Cloud) -> Size | None:
    """The size of the machine's instance type; None where it states none, or one that is not listed."""
    name = (cloud.instance_type or "").lower().removeprefix("standard_")
    return _BY_TYPE.get((cloud.provider, name))
