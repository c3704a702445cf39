"""Words that people write in their own way: without case, accents, and differences in spaces and signs."""

import re
import unicodedata
from collections.abc import Mapping

from inventory.domain.vocabulary import Kind, Status


def plain(text: str) -> str:
    """`text` in lower case, without accents, its runs of other signs as one space."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9#%]+", " ", bare.lower()).strip()


def code_of(text: str) -> str:
    """A site's code made of what others call it: its letters and digits, everything else as one hyphen."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", bare).strip("-._")[:64]


def _by_word(words: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    return {plain(spelling): word for word, spellings in words.items() for spelling in (word, *spellings)}


KINDS = _by_word(
    {
        Kind.SERVER: ("servers", "serveur", "serveurs", "rack server", "serveur rack", "blade", "blade server", "lame"),
        Kind.STORAGE: ("stockage", "storage array", "baie de stockage", "nas", "san"),
        Kind.NETWORK: (
            "networking",
            "network equipment",
            "equipement reseau",
            "reseau",
            "switch",
            "commutateur",
            "router",
            "routeur",
            "firewall",
            "pare-feu",
        ),
        Kind.VIRTUAL_MACHINE: ("vm", "virtual machine", "machine virtuelle", "vmware", "serveur virtuel", "virtual"),
        Kind.LAPTOP: ("laptops", "notebook", "portable", "ordinateur portable", "pc portable", "ultrabook"),
        Kind.DESKTOP: (
            "desktops",
            "ordinateur fixe",
            "ordinateur de bureau",
            "pc fixe",
            "tower",
            "tour",
            "mini tower",
            "workstation",
            "station de travail",
            "all in one",
        ),
        Kind.MONITOR: ("monitors", "screen", "ecran", "moniteur", "ecrans"),
        Kind.THIN_CLIENT: ("thin client", "client leger", "zero client"),
        Kind.SMARTPHONE: ("smartphones", "mobile", "telephone mobile", "mobile phone", "telephone portable"),
        Kind.TABLET: ("tablets", "tablette", "tablettes"),
        Kind.PRINTER: ("printers", "imprimante", "imprimantes", "multifunction printer", "copieur", "multifonction"),
        Kind.IP_PHONE: ("ip phone", "voip phone", "telephone ip", "telephone fixe", "telephone"),
        Kind.OTHER: ("others", "autre", "autres"),
    }
)
"""Kinds as inventories of the field call them, in French and English, by `plain` spelling."""

STATUSES = _by_word(
    {
        Status.IN_SERVICE: (
            "in use",
            "in service",
            "en service",
            "en production",
            "production",
            "actif",
            "active",
            "utilise",
            "used",
            "deployed",
            "affecte",
            "operational",
            "operationnel",
            "en fonction",
        ),
        Status.OFF: (
            "in stock",
            "stock",
            "en stock",
            "off",
            "arrete",
            "stopped",
            "powered off",
            "eteint",
            "hors tension",
            "spare",
            "en panne",
            "out of order",
            "en reparation",
            "in repair",
            "under repair",
        ),
        Status.STANDBY: ("standby", "en veille", "suspended", "suspendu", "veille"),
        Status.RETIRED: (
            "decommissioned",
            "reforme",
            "retire",
            "rebut",
            "mis au rebut",
            "scrapped",
            "disposed",
            "hors service",
            "out of service",
            "sorti",
            "donne",
            "vendu",
            "sold",
            "recycle",
            "recycled",
            "obsolete",
        ),
    }
)
"""What states of the field mean here, in French and English, by `plain` spelling."""
