"""What lines of traces and of evidence say, in English and in French."""

from typing import Final, Literal

Language = Literal["fr", "en"]

_FRENCH: Final[tuple[tuple[str, str], ...]] = (
    (" power curve at a load of ", " courbe de puissance à la charge "),
    (" power at a load of ", " puissance à la charge "),
    (" (CPU, RAM, disks; other parts ×", " (processeurs, mémoire, disques ; autres composants ×"),
    (" of the TDP", " du TDP"),
    (" projected from the last measured days,", " projeté des derniers jours mesurés,"),
    (" projected from the load of the last measured days,", " projeté de la charge des derniers jours mesurés,"),
    (" measured at the device:", " mesuré à l’appareil:"),
    (" measured at the facility, with the PUE in it:", " mesuré au compteur du site, PUE compris:"),
    (" kWh over ", " kWh sur "),
    (" graphics cards from ", " cartes graphiques à partir du "),
    (" what making them weighed is not known", " ce que leur fabrication a pesé n’est pas connu"),
    (" upgrade of ", " évolution du "),
    (" removal on ", " retrait du "),
    (" less what was left of ", " moins ce qui restait de "),
    (" what was left of ", " ce qui restait de "),
    (" share left of a life of ", " part restante d’une durée de "),
    (" closed through ", " close jusqu’au "),
    (" left to spread over ", " reste à amortir sur "),
    (" from ", " du "),
    (" to ", " au "),
    (" activity ", " activité "),
    (" each", " par unité"),
    (" vCPUs of a reference host, made for ", " vCPU d’un hôte de référence, fabriqué pour "),
    (" vCPUs of a reference host, carried for ", " vCPU d’un hôte de référence, transporté pour "),
    (" vCPUs of a reference host, disposed of for ", " vCPU d’un hôte de référence, éliminé pour "),
    (" (default of a server), over ", " (défaut d’un serveur), sur "),
    (" its share of a reference host is not known", " sa part d’un hôte de référence n’est pas connue"),
    (" share of the host:", " part de l’hôte:"),
    (" share of a reference host:", " part d’un hôte de référence:"),
    (" of the ", " des "),
    (
        " less what falls on the device itself, a figure of its own",
        " moins ce qui revient à l’appareil même, une valeur à part",
    ),
    (" size of an SSD", " taille d’un SSD"),
    (" size of ", " taille de "),
    (" hosts", " hôte(s)"),
    (" PUE of ", " PUE chez "),
    (" life (kind):", " durée de vie (défaut du type):"),
    (" years", " ans"),
    (" manufacturing ", " fabrication "),
    (" end_of_life ", " fin de vie "),
    (" energy:", " énergie:"),
    (" upstream and losses ", " amont et pertes "),
    (" use ", " utilisation "),
    (
        " refurbished, as new: the age is not stated; convention",
        " reconditionné, compté comme neuf: l’âge n’est pas indiqué ; convention",
    ),
    (" refurbished (remaining):", " reconditionné, convention « remaining »:"),
    (" refurbished (cut_off):", " reconditionné, convention « cut_off »:"),
    (" refurbished (shared_life):", " reconditionné, convention « shared_life »:"),
    (" refurbishing:", " reconditionnement:"),
    (" a unit, in the month of acquisition", " par unité, au mois d’acquisition"),
    (" embodied: given by the customer", " fabrication: donnée par le client"),
    (" embodied (model)", " fabrication (modèle)"),
    (" embodied (configuration)", " fabrication (composants)"),
    (" embodied (kind)", " fabrication (défaut du type)"),
    (" not stated, so not counted", " non indiqué, donc non compté"),
    ("power supply", "alimentation"),
    (" motherboard", " carte mère"),
    (" rack case", " châssis rack"),
    (" blade case", " châssis lame"),
    (" assembly", " assemblage"),
    (" memory", " mémoire"),
    (" disks", " disques"),
    ("CPU:", "processeur:"),
    ("RAM:", "mémoire:"),
    ("HDD:", "disque dur:"),
    (" per unit", " par unité"),
    (" power (declared)", " puissance (déclarée)"),
    (" power (utilisation)", " puissance (courbe de puissance)"),
    (" power (model)", " puissance (modèle)"),
    (" power (kind)", " puissance (défaut du type)"),
    (" power (cloud", " puissance (cloud"),
    (" W on average", " W en moyenne"),
    (" W at ", " W à la charge "),
    (" An annual figure is for 365 days", " Une valeur annuelle vaut pour 365 jours"),
    (": ", " : "),
)
"""The words of traces, in the order in which they are looked for. None can be found within an identifier (`spare_parts.memory`),
which holds neither a space nor a colon; the space before a colon comes last."""


def trace_text(line: str, language: Language) -> str:
    """A line of a trace; its numbers, and what stands in brackets behind them (identifiers, nobody's words), stay as they are."""
    if language == "en":
        return line
    words, bracket, factors = line.partition(" [")
    words = f" {words}"
    for english, french in _FRENCH:
        words = words.replace(english, french)
    return words[1:] + bracket + factors
