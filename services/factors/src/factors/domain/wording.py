"""Sentences of a resolution, in French and English, that a consultant can read aloud."""

from datetime import date

from factors.domain.records import GWP, PARAMETER, Bilingual, FactorContent, FactorVersion, Perimeter
from factors.domain.regions import Region

_PERIMETERS = {
    Perimeter.CONSUMPTION: Bilingual("consommation", "consumption"),
    Perimeter.PRODUCTION: Bilingual("production", "production"),
    Perimeter.UPSTREAM: Bilingual("amont", "upstream"),
    Perimeter.LOSSES: Bilingual("pertes", "losses"),
    Perimeter.DIRECT: Bilingual("direct", "direct"),
}


_CRITERIA = {
    GWP: Bilingual("changement climatique", "climate change"),
    "pe": Bilingual("énergie primaire", "primary energy"),
    "adpe": Bilingual("ressources minérales et métalliques", "mineral and metal resources"),
    "water": Bilingual("eau", "water"),
    PARAMETER: Bilingual("paramètre de la méthode", "parameter of the method"),
}

_ACTIVITIES = {
    "electricity": Bilingual("électricité", "electricity"),
    "electricity.residual_mix": Bilingual("mix résiduel de l'électricité", "residual mix of electricity"),
    "embodied": Bilingual("fabrication", "manufacturing"),
    "component": Bilingual("composant", "component"),
    "gas": Bilingual("gaz", "gas"),
    "refrigerant": Bilingual("fluide frigorigène", "refrigerant"),
    "fuel": Bilingual("carburant", "fuel"),
    "freight": Bilingual("fret", "freight"),
    "transport": Bilingual("trajet en véhicule", "journey by vehicle"),
    "travel": Bilingual("voyage", "travel"),
    "maintenance": Bilingual("maintenance", "maintenance"),
    "spare_part": Bilingual("pièce détachée", "spare part"),
    "purchase": Bilingual("achat", "purchase"),
    "service": Bilingual("prestation", "service"),
    "training": Bilingual("formation", "training"),
    "equivalent": Bilingual("équivalent", "equivalent"),
    "life": Bilingual("durée de vie", "life"),
    "energy": Bilingual("consommation annuelle", "yearly consumption"),
}
"""How an activity is called, by its name or by its first word."""

_MONTHS_FR = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def day(on: date) -> Bilingual:
    """A date as it is said: "1er juin 2021", "1 June 2021"."""
    first = "1er" if on.day == 1 else str(on.day)
    return Bilingual(f"{first} {_MONTHS_FR[on.month - 1]} {on.year}", f"{on.day} {_MONTHS_EN[on.month - 1]} {on.year}")


def number(value: float) -> Bilingual:
    """A number to its last digit, with the decimal mark of each language."""
    return Bilingual(repr(value).replace(".", ","), repr(value))


def words_of(activity_name: str) -> Bilingual | None:
    """What an activity is called, without its code; None where there are no words for it."""
    return _ACTIVITIES.get(activity_name) or _ACTIVITIES.get(activity_name.partition(".")[0])


def activity(name: str) -> Bilingual:
    """An activity in words, with its code; the code alone where there are none."""
    words = words_of(name)
    return Bilingual(f"{words.fr} ({name})", f"{words.en} ({name})") if words else Bilingual(name, name)


def criterion(name: str) -> Bilingual:
    """A criterion in words, with its code; the code alone where there are none."""
    words = _CRITERIA.get(name)
    return Bilingual(f"{words.fr} ({name})", f"{words.en} ({name})") if words else Bilingual(name, name)


def place(region: Region | None) -> Bilingual:
    """A place with its code, or "any place"."""
    if region is None:
        return Bilingual("tout lieu", "any place")
    if region.code in region.name.en:
        return region.name
    return Bilingual(f"{region.name.fr} ({region.code})", f"{region.name.en} ({region.code})")


def perimeter(value: Perimeter) -> Bilingual:
    """A perimeter's name."""
    return _PERIMETERS[value]


def sought(sought_activity: str, of: str, where: Region | None, then: Bilingual, asked: Perimeter | None) -> Bilingual:
    """What is looked for, of which criterion, on the day that `then` says."""
    here, what, judged = place(where), activity(sought_activity), criterion(of)
    fr = f"périmètre {perimeter(asked).fr}" if asked else "périmètre non précisé"
    en = f"perimeter {perimeter(asked).en}" if asked else "perimeter not given"
    return Bilingual(
        f"Recherche : {what.fr}, {judged.fr}, {here.fr}, au {then.fr}, {fr}.",
        f"Looked for: {what.en}, {judged.en}, {here.en}, on {then.en}, {en}.",
    )


def in_place(found: Region | None, then: Bilingual) -> Bilingual:
    """A record of the place asked for is valid on the day asked for, `then`."""
    if found is None:
        return Bilingual(
            f"La donnée n'est attachée à aucun lieu et vaut au {then.fr}.",
            f"The record is tied to no place and is valid on {then.en}.",
        )
    here = place(found)
    return Bilingual(
        f"Donnée propre au lieu, {here.fr}, valable au {then.fr}.",
        f"A record of the very place, {here.en}, valid on {then.en}.",
    )


def overseas(region: Region) -> Bilingual:
    """Why metropolitan France is no answer here."""
    return Bilingual(
        f"{region.name.fr} a son propre réseau : la valeur de la France métropolitaine n'est jamais reprise.",
        f"{region.name.en} has a grid of its own: the value of metropolitan France is never taken instead.",
    )


def wider_place(asked: Region, used: Region) -> Bilingual:
    """A wider place stood in for the one asked for."""
    narrow, wide = place(asked), place(used)
    return Bilingual(
        f"Repli autorisé : {wide.fr} à la place de {narrow.fr}.",
        f"Allowed fallback: {wide.en} instead of {narrow.en}.",
    )


def earlier_year(asked: int, then: Bilingual, used: FactorContent, limit: int) -> Bilingual:
    """A record of an earlier year, which has an end, stood in for the day asked for, `then`, in the year `asked`."""
    assert used.last_day is not None
    year, gap = used.last_day.year, asked - used.last_day.year
    fr = "un an" if gap == 1 else f"{gap} ans"
    en = "one year" if gap == 1 else f"{gap} years"
    return Bilingual(
        f"Repli autorisé : valeur de {year} pour le {then.fr}, {fr} plus tôt ; {limit} au plus étaient admis.",
        f"Allowed fallback: the value of {year} for {then.en}, {en} back; at most {limit} were allowed.",
    )


def consumption_not_taken() -> Bilingual:
    """An own electricity factor of consumption changes no footprint."""
    return Bilingual(
        "Les empreintes ne retiennent aucun facteur d’électricité de périmètre « consumption » : électricité, amont et pertes y "
        "sont comptés à part. Pour qu’elle change l’empreinte, indiquer la valeur en « production » (ou « direct », « upstream ») et "
        "« losses ».",
        "Footprints take no electricity factor of perimeter `consumption`: electricity, upstream and losses are told apart there. To "
        "change the footprint, state the value as `production` (or `direct`, `upstream`) and `losses`.",
    )


def chosen_perimeter(chosen: FactorVersion, others: list[FactorVersion]) -> Bilingual:
    """No perimeter was asked for, and there were several."""
    assert chosen.content.perimeter is not None
    kept = perimeter(chosen.content.perimeter)
    fr = ", ".join(f"{perimeter(o.content.perimeter).fr} ({o.id})" for o in others if o.content.perimeter)
    en = ", ".join(f"{perimeter(o.content.perimeter).en} ({o.id})" for o in others if o.content.perimeter)
    return Bilingual(
        f"Périmètre non précisé : {kept.fr} par ordre de préférence ; existe aussi, jamais mêlé : {fr}.",
        f"Perimeter not given: {kept.en} taken by order of preference; also there, never mixed: {en}.",
    )


def only_perimeter(chosen: FactorVersion) -> Bilingual:
    """No perimeter was asked for, and there was one."""
    assert chosen.content.perimeter is not None
    kept = perimeter(chosen.content.perimeter)
    return Bilingual(
        f"Périmètre non précisé : une seule donnée, de périmètre {kept.fr}.",
        f"Perimeter not given: only {kept.en} is there.",
    )


def restated(found: FactorVersion) -> Bilingual:
    """The value was computed anew from the gases, under another set than the source's."""
    content = found.content
    shown = content.gases if content.source.displayable else ()
    fr = ", ".join(f"{number(mass).fr} kg {gas}" for gas, mass in shown) or "***"
    en = ", ".join(f"{number(mass).en} kg {gas}" for gas, mass in shown) or "***"
    return Bilingual(
        f"La source compte en {found.restated_from} ; CO2e recalculé avec les PRG {content.gwp_set} depuis ses gaz : {fr}.",
        f"The source counts with {found.restated_from}; CO2e computed anew with the GWPs of {content.gwp_set} from its gases: {en}.",
    )


def result(found: FactorVersion) -> Bilingual:
    """The factor that answers."""
    content = found.content
    value = number(content.value) if content.source.displayable else Bilingual("***", "***")
    return Bilingual(
        f"Retenu : {found.id}, version {found.version}, {value.fr} {content.unit}, {content.source.link}.",
        f"Taken: {found.id}, version {found.version}, {value.en} {content.unit}, {content.source.link}.",
    )


def override(org: str, replaced: FactorVersion | None) -> Bilingual:
    """An organisation's own value was taken."""
    if replaced is None:
        return Bilingual(
            f"Valeur propre à l'organisation {org} ; aucune donnée publique ne répond.",
            f"A value of organisation {org}'s own; no public record answers.",
        )
    public = f"{replaced.id}, version {replaced.version}"
    return Bilingual(
        f"Valeur propre à l'organisation {org}, à la place de la donnée publique {public}.",
        f"A value of organisation {org}'s own, in the place of the public record {public}.",
    )
