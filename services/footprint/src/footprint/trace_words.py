"""What lines of traces and of evidence say, in English and in French."""

import re
from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["fr", "en"]

_FRENCH: Final[Mapping[str, str]] = {
    "power curve at a load of ": "courbe de puissance à la charge ",
    "power at a load of ": "puissance à la charge ",
    " (CPU, RAM, disks; other parts ×": " (processeurs, mémoire, disques ; autres composants ×",
    " of the TDP": " du TDP",
    "projected from the last measured days, ": "projeté des derniers jours mesurés, ",
    "projected from the load of the last measured days,": "projeté de la charge des derniers jours mesurés,",
    "measured at the device:": "mesuré à l’appareil :",
    "measured at the facility, with the PUE in it:": "mesuré au compteur du site, PUE compris :",
    " kWh over ": " kWh sur ",
    " from ": " du ",
    " to ": " au ",
    "activity ": "activité ",
    " each": " par unité",
    " vCPUs of a reference host, made for ": " vCPU d’un hôte de référence, fabriqué pour ",
    " vCPUs of a reference host, carried for ": " vCPU d’un hôte de référence, transporté pour ",
    " vCPUs of a reference host, disposed of for ": " vCPU d’un hôte de référence, éliminé pour ",
    " (default of a server), over ": " (défaut d’un serveur), sur ",
    "its share of a reference host is not known": "sa part d’un hôte de référence n’est pas connue",
    " of the ": " des ",
    "less what falls on the device itself, a figure of its own": "moins ce qui revient à l’appareil même, une valeur à part",
    "size of an SSD": "taille d’un SSD",
    "size of ": "taille de ",
    "share of the host:": "part de l’hôte :",
    "share of a reference host:": "part d’un hôte de référence :",
    " hosts": " hôte(s)",
    "PUE of ": "PUE chez ",
    "life (kind):": "durée de vie (défaut du type) :",
    " years": " ans",
    "manufacturing ": "fabrication ",
    "end_of_life ": "fin de vie ",
    "maintenance_and_sale ": "maintenance et vente ",
    "energy:": "énergie :",
    "upstream and losses ": "amont et pertes ",
    "use gwp": "utilisation gwp",
    "use pe": "utilisation pe",
    "use adpe": "utilisation adpe",
    "use water": "utilisation water",
    "refurbished (remaining):": "reconditionné, convention « remaining » :",
    "refurbished (cut_off):": "reconditionné, convention « cut_off » :",
    "refurbished (shared_life):": "reconditionné, convention « shared_life » :",
    "refurbished, as new: the age is not stated; convention": "reconditionné, compté comme neuf : l’âge n’est pas indiqué ; convention",
    "refurbishing:": "reconditionnement :",
    "graphics cards from": "cartes graphiques à partir du",
    "what making them weighed is not known": "leur fabrication n’est pas connue",
    "upgrade of": "évolution du",
    "removal on": "retrait du",
    "less what was left of": "moins ce qui restait de",
    "what was left of": "ce qui restait de",
    " a unit, in the month of acquisition": " par unité, au mois d’acquisition",
    "embodied: given by the customer": "fabrication : donnée par le client",
    "embodied (model)": "fabrication (modèle)",
    "embodied (configuration)": "fabrication (composants)",
    "embodied (kind)": "fabrication (défaut du type)",
    "not stated, so not counted": "non indiqué, donc non compté",
    "power supply": "alimentation",
    "motherboard": "carte mère",
    "rack case": "châssis rack",
    "blade case": "châssis lame",
    "assembly": "assemblage",
    "memory": "mémoire",
    "disks": "disques",
    "CPU:": "processeur :",
    "RAM:": "mémoire :",
    "HDD:": "disque dur :",
    " per unit": " par unité",
    "power (declared)": "puissance (déclarée)",
    "power (utilisation)": "puissance (courbe de puissance)",
    "power (model)": "puissance (modèle)",
    "power (kind)": "puissance (défaut du type)",
    "power (cloud": "puissance (cloud",
    " W on average": " W en moyenne",
    " W at ": " W à la charge ",
    "An annual figure is for 365 days": "Une valeur annuelle vaut pour 365 jours",
    ": ": " : ",
}
"""The words of traces; a word that begins with a letter counts where one begins, not within an identifier (`spare_parts.memory`)."""

_WORDS: Final = re.compile(
    "|".join(
        (r"(?<![\w.])" if english[0].isalpha() else "") + re.escape(english)
        for english in sorted(_FRENCH, key=len, reverse=True)
    )
)


def trace_text(line: str, language: Language) -> str:
    """A line of a trace; its numbers, and what stands in brackets behind them (identifiers, nobody's words), stay as they are."""
    if language == "en":
        return line
    words, bracket, factors = line.partition(" [")
    return _WORDS.sub(lambda found: _FRENCH[found[0]], words) + bracket + factors
