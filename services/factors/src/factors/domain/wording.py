"""Sentences of a resolution, in French and English, that a consultant can read aloud."""

from datetime import date

from factors.domain.records import Bilingual, FactorContent, FactorVersion, Perimeter
from factors.domain.regions import Region

_PERIMETERS = {
    Perimeter.CONSUMPTION: Bilingual("consommation", "consumption"),
    Perimeter.PRODUCTION: Bilingual("production", "production"),
    Perimeter.UPSTREAM: Bilingual("amont", "upstream"),
    Perimeter.LOSSES: Bilingual("pertes", "losses"),
    Perimeter.DIRECT: Bilingual("direct", "direct"),
}


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


def sought(activity: str, criterion: str, where: Region | None, on: date, asked: Perimeter | None) -> Bilingual:
    """What is looked for."""
    here = place(where)
    fr = f"périmètre {perimeter(asked).fr}" if asked else "périmètre non précisé"
    en = f"perimeter {perimeter(asked).en}" if asked else "perimeter not given"
    return Bilingual(
        f"Recherche : {activity}, critère {criterion}, {here.fr}, au {on.isoformat()}, {fr}.",
        f"Looked for: {activity}, criterion {criterion}, {here.en}, on {on.isoformat()}, {en}.",
    )


def in_place(found: Region | None, on: date) -> Bilingual:
    """A record of the place asked for is valid on the date asked for."""
    if found is None:
        return Bilingual(
            f"La donnée n'est attachée à aucun lieu et vaut au {on.isoformat()}.",
            f"The record is tied to no place and is valid on {on.isoformat()}.",
        )
    here = place(found)
    return Bilingual(
        f"Une donnée de {here.fr} est valable au {on.isoformat()}.",
        f"A record of {here.en} is valid on {on.isoformat()}.",
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


def earlier_year(on: date, used: FactorContent, limit: int) -> Bilingual:
    """A record of an earlier year, which has an end, stood in for the date asked for."""
    assert used.last_day is not None
    year, gap = used.last_day.year, on.year - used.last_day.year
    return Bilingual(
        f"Repli autorisé : valeur de {year} pour le {on.isoformat()}, {gap} an(s) plus tôt, {limit} au plus.",
        f"Allowed fallback: the value of {year} for {on.isoformat()}, {gap} year(s) back, at most {limit}.",
    )


def chosen_perimeter(chosen: FactorVersion, others: list[FactorVersion]) -> Bilingual:
    """No perimeter was asked for, and there were several."""
    assert chosen.content.perimeter is not None
    kept = perimeter(chosen.content.perimeter)
    fr = ", ".join(f"{perimeter(o.content.perimeter).fr} ({o.id})" for o in others if o.content.perimeter)
    en = ", ".join(f"{perimeter(o.content.perimeter).en} ({o.id})" for o in others if o.content.perimeter)
    return Bilingual(
        f"Périmètre non précisé : {kept.fr} retenu par ordre de préférence ; aussi disponible, non mélangé : {fr}.",
        f"Perimeter not given: {kept.en} taken by order of preference; also there, never mixed: {en}.",
    )


def only_perimeter(chosen: FactorVersion) -> Bilingual:
    """No perimeter was asked for, and there was one."""
    assert chosen.content.perimeter is not None
    kept = perimeter(chosen.content.perimeter)
    return Bilingual(
        f"Périmètre non précisé : seul {kept.fr} est disponible.",
        f"Perimeter not given: only {kept.en} is there.",
    )


def restated(found: FactorVersion) -> Bilingual:
    """The value was computed anew from the gases, under another set than the source's."""
    content = found.content
    gases = ", ".join(f"{mass!r} kg {gas}" for gas, mass in content.gases) if content.source.displayable else "***"
    return Bilingual(
        f"La source compte en {found.restated_from} ; CO2e recalculé avec les PRG {content.gwp_set} depuis ses gaz : {gases}.",
        f"The source counts with {found.restated_from}; CO2e computed anew with the GWPs of {content.gwp_set} from its gases: {gases}.",
    )


def result(found: FactorVersion) -> Bilingual:
    """The factor that answers."""
    content = found.content
    value = f"{content.value!r} {content.unit}" if content.source.displayable else f"*** {content.unit}"
    return Bilingual(
        f"Retenu : {found.id}, version {found.version}, {value}, {content.source.link}.",
        f"Taken: {found.id}, version {found.version}, {value}, {content.source.link}.",
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
