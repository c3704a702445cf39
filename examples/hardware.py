"""Models of makers as an inventory states them.

Processors, cores, thermal design power and modules follow the makers' data sheets; a die is given where its area has
been published, and left out where not. Prices are plausible, nothing more. These are example data, never factors.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ServerModel:
    """A server in the one configuration in which the example buys it.

    `sold` is the interval of purchase dates; `declared_w` is the customer's own metered average, watts, where known.
    """

    maker: str
    name: str
    cpu_model: str
    cpu_cores: int
    cpu_tdp_w: int
    cpu_die_mm2: int | None
    ram_units: int
    ram_gib: int
    disk_units: int
    disk_type: str
    disk_gib: int
    psu_kg: float | None
    price_eur: int
    life_years: int
    sold: tuple[date, date]
    declared_w: int | None = None

    @property
    def cores(self) -> int:
        """Physical cores of the two sockets."""
        return 2 * self.cpu_cores


@dataclass(frozen=True, slots=True)
class Appliance:
    """Storage or network gear known by its declared consumption, in watts per unit."""

    kind: str
    maker: str
    name: str
    average_w: int
    price_eur: int
    life_years: int
    disk_units: int | None = None
    disk_type: str | None = None
    disk_gib: int | None = None


@dataclass(frozen=True, slots=True)
class Workstations:
    """A fleet of equal devices bought together; `annual_kwh` is per device and may be unknown."""

    kind: str
    maker: str
    name: str
    quantity: int
    price_eur: int
    annual_kwh: float | None
    refurbished: bool = False


HOST_MODELS = (
    ServerModel(
        "Dell",
        "PowerEdge R640",
        "Xeon Gold 6140",
        18,
        140,
        485,
        12,
        32,
        2,
        "ssd",
        480,
        2.5,
        9400,
        5,
        (date(2019, 3, 1), date(2020, 9, 30)),
    ),
    ServerModel(
        "Dell",
        "PowerEdge R740",
        "Xeon Gold 6230",
        20,
        125,
        694,
        12,
        32,
        2,
        "ssd",
        960,
        2.5,
        9800,
        6,
        (date(2020, 1, 15), date(2021, 9, 30)),
        312,
    ),
    ServerModel(
        "HPE",
        "ProLiant DL380 Gen10",
        "Xeon Gold 5218",
        16,
        125,
        485,
        12,
        32,
        2,
        "ssd",
        960,
        2.2,
        8900,
        6,
        (date(2019, 10, 1), date(2022, 3, 31)),
    ),
    ServerModel(
        "Lenovo",
        "ThinkSystem SR650",
        "Xeon Gold 6226R",
        16,
        150,
        485,
        12,
        32,
        2,
        "ssd",
        480,
        2.4,
        8700,
        5,
        (date(2020, 9, 1), date(2022, 6, 30)),
        338,
    ),
    ServerModel(
        "Dell",
        "PowerEdge R750",
        "Xeon Gold 6338",
        32,
        205,
        628,
        16,
        32,
        2,
        "ssd",
        960,
        2.6,
        14600,
        6,
        (date(2022, 4, 1), date(2023, 11, 30)),
    ),
)
"""What the virtual machines run on, bought before the first inventory."""

RECENT_HOST_MODEL = ServerModel(
    "Dell",
    "PowerEdge R760",
    "Xeon Gold 5418Y",
    24,
    185,
    None,
    16,
    64,
    2,
    "ssd",
    960,
    2.6,
    17900,
    6,
    (date(2025, 10, 1), date(2026, 8, 31)),
)
"""What is bought during the history."""

STANDALONE_MODELS = (
    ServerModel(
        "HPE",
        "ProLiant DL360 Gen10",
        "Xeon Silver 4214",
        12,
        85,
        485,
        8,
        16,
        4,
        "ssd",
        480,
        None,
        5200,
        5,
        (date(2019, 4, 1), date(2021, 5, 31)),
    ),
    ServerModel(
        "Dell",
        "PowerEdge R740xd",
        "Xeon Silver 4210",
        10,
        85,
        325,
        8,
        32,
        12,
        "hdd",
        8000,
        2.5,
        11200,
        6,
        (date(2019, 9, 1), date(2021, 11, 30)),
    ),
    ServerModel(
        "Lenovo",
        "ThinkSystem SR630 V2",
        "Xeon Silver 4314",
        16,
        135,
        None,
        16,
        32,
        4,
        "ssd",
        1920,
        2.2,
        10300,
        6,
        (date(2022, 2, 1), date(2024, 10, 31)),
        286,
    ),
    ServerModel(
        "Dell",
        "PowerEdge R440",
        "Xeon Silver 4110",
        8,
        85,
        325,
        4,
        16,
        2,
        "hdd",
        2000,
        None,
        3600,
        5,
        (date(2018, 2, 1), date(2019, 6, 30)),
    ),
)
"""Databases, backup and file servers that run on their own machine; the last is what gets switched off or retired."""

STORAGE = (
    Appliance("storage", "Dell", "PowerStore 500T", 420, 46000, 6, 16, "ssd", 3840),
    Appliance("storage", "HPE", "MSA 2060", 370, 18500, 6, 24, "hdd", 2400),
    Appliance("storage", "NetApp", "FAS2750", 510, 39500, 6, 24, "hdd", 1800),
)
NETWORK = (
    Appliance("network", "Cisco", "Catalyst 9300-48P", 155, 6900, 7),
    Appliance("network", "Cisco", "Nexus 93180YC-FX", 260, 13800, 7),
    Appliance("network", "Fortinet", "FortiGate 100F", 38, 3100, 5),
    Appliance("network", "Aruba", "6300M 24G", 62, 3900, 7),
)
HEAD_OFFICE_FLEETS = (
    Workstations("laptop", "Dell", "Latitude 5440", 260, 1080, 22.0),
    Workstations("laptop", "Lenovo", "ThinkPad T480", 90, 390, None, refurbished=True),
    Workstations("monitor", "Dell", "P2422H", 310, 170, 31.0),
    Workstations("ip_phone", "Yealink", "T46U", 140, 120, 26.0),
)
BRANCH_FLEETS = (
    Workstations("desktop", "HP", "EliteDesk 800 G6", 60, 780, 88.0),
    Workstations("monitor", "HP", "E24 G4", 75, 165, None),
    Workstations("smartphone", "Samsung", "Galaxy A54", 45, 380, 4.0),
)
OVERSEAS_FLEETS = (
    Workstations("laptop", "HP", "ProBook 450 G9", 28, 890, None),
    Workstations("thin_client", "IGEL", "UD3", 16, 420, 35.0),
    Workstations("printer", "Brother", "MFC-L8900CDW", 3, 520, 71.0),
)
