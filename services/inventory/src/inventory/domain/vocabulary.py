"""The closed word lists of the inventory, as the field uses them (domain.md §1 and §2)."""

from enum import StrEnum


class Kind(StrEnum):
    """What an asset is. A fleet of equal things is one asset with a quantity."""

    SERVER = "server"
    STORAGE = "storage"
    NETWORK = "network"
    VIRTUAL_MACHINE = "virtual_machine"
    LAPTOP = "laptop"
    DESKTOP = "desktop"
    MONITOR = "monitor"
    THIN_CLIENT = "thin_client"
    SMARTPHONE = "smartphone"
    TABLET = "tablet"
    PRINTER = "printer"
    IP_PHONE = "ip_phone"
    OTHER = "other"


HOSTING_KINDS = frozenset({Kind.SERVER, Kind.VIRTUAL_MACHINE})
"""What may host a virtual machine: a server, or another virtual machine (nested virtualisation)."""


class Status(StrEnum):
    """What an asset does at a date. `retired` has left; `off` is still there and draws nothing."""

    IN_SERVICE = "in_service"
    OFF = "off"
    STANDBY = "standby"
    RETIRED = "retired"


class Condition(StrEnum):
    """In which condition an asset came."""

    NEW = "new"
    REFURBISHED = "refurbished"
    LEASED = "leased"
    TAKEN_BACK = "taken_back"


class SupportKind(StrEnum):
    """Who maintains an asset."""

    MAKER = "maker"
    THIRD_PARTY = "third_party"
    NONE = "none"


class DiskType(StrEnum):
    """How a disk stores: flash or magnetic."""

    SSD = "ssd"
    HDD = "hdd"


class CaseType(StrEnum):
    """The enclosure of a server."""

    RACK = "rack"
    BLADE = "blade"


class Role(StrEnum):
    """An organisation hosts others (provider) or is hosted and measured (customer)."""

    PROVIDER = "provider"
    CUSTOMER = "customer"


class RefurbishedConvention(StrEnum):
    """How the embodied emissions of refurbished kit are counted (domain.md §3)."""

    REMAINING = "remaining"
    CUT_OFF = "cut_off"
    SHARED_LIFE = "shared_life"


class SiteKind(StrEnum):
    """What a site is; the default PUE follows from it."""

    DATACENTER = "datacenter"
    SERVER_ROOM = "server_room"
    OFFICE = "office"


class Operator(StrEnum):
    """Who runs a site: the organisation itself, a colocation host, or the provider."""

    OWN = "own"
    HOSTED = "hosted"
    PROVIDER = "provider"


class AllocationBy(StrEnum):
    """What the machines of a host are told apart by: what each was given, or the energy measured of each."""

    VCPU = "vcpu"
    RAM = "ram"
    STORAGE = "storage"
    MEASURED = "measured"


class AllocationRule(StrEnum):
    """Whether the unsold share of a host stays an idle line (`capacity`) or is passed on (`sold`)."""

    CAPACITY = "capacity"
    SOLD = "sold"
