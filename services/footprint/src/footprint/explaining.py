"""The explanation of an asset's month as text that a customer can read and recompute by hand, in French or English."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from footprint.domain.catalogue import GWP
from footprint.domain.months import parse_month
from footprint.domain.scopes import USE
from footprint.reports.words import (
    EVIDENCE,
    OPERATORS,
    RULES,
    STAGES,
    colon,
    decimal_text,
    month_name,
    said,
    semicolon,
    unit_text,
    word,
)
from footprint.trace_words import Language, trace_text
from footprint.wording import asset_text

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Empreinte carbone expliquée", "Carbon footprint explained"),
    "about": ("{kind}, {month} · organisation {org} · actif {asset}", "{kind}, {month} · organisation {org} · asset {asset}"),
    "state": ("quantité {quantity} · état en fin de mois : {status}", "quantity {quantity} · state at the end of the month: {status}"),
    "made": ("calculé le {day} par la méthode {method}", "computed on {day} by method {method}"),
    "projected": ("mois projeté : ce qui tourne aujourd’hui, prolongé", "projected month: what runs now, carried on"),
    "current": ("à jour : le calcul ci-dessous redonne exactement les valeurs enregistrées",
                "up to date: the computation below gives exactly the stored values"),
    "stale": (
        "pas à jour : un changement attend d’être calculé, ou le mois a été clos avant que ses données de l’époque ne soient conservées, "
        "ou par une autre méthode",
        "not up to date: a change waits to be computed, or the month was closed before its data of then were kept, or by another method",
    ),
    "closed": ("Mois clos le {day} par {by} : ces valeurs ne changent plus.", "Month closed on {day} by {by}: these values never change."),
    "corrected": (
        "Retraitement n° {id}, enregistré le {day}, compté en {month} : ce qui suit est ce que l’on savait alors.",
        "Restatement no. {id}, recorded on {day}, counted in {month}: what follows is what was known then.",
    ),
    "results": ("1. Résultats", "1. Results"),
    "total": ("Total, électricité selon la localisation", "Total, electricity location-based"),
    "quality": ("intervalle à 95 % {low} à {high}, qualité {quality} sur 5", "95% interval {low} to {high}, quality {quality} of 5"),
    "kwh": ("Énergie au compteur du site : {kwh} kWh", "Energy at the meter of the site: {kwh} kWh"),
    "evidence": ("2. Données retenues et écartées", "2. Evidence chosen and rejected"),
    "embodied": ("Fabrication", "Making"),
    "energy": ("Énergie", "Energy"),
    "electricity": ("Facteur d’électricité", "Electricity factor"),
    "chosen": ("retenu : {name}", "chosen: {name}"),
    "missing": ("meilleur mais absent : {names}", "better but not there: {names}"),
    "unusable": ("présent mais inutilisable, il y manque une donnée : {names}", "there but not usable, it lacks a datum: {names}"),
    "share": ("{name} ({share} % du temps)", "{name} ({share}% of the time)"),
    "spare": ("moins bon, non utilisé : {names}", "weaker, not used: {names}"),
    "from": ("Ce que l’on sait de {asset} ({kind}, quantité {quantity})", "What is known of {asset} ({kind}, quantity {quantity})"),
    "life": (
        "vie du {start} au {end} ({evidence}), amortie sur {days} jours",
        "life from {start} to {end} ({evidence}), spread over {days} days",
    ),
    "second_life": (
        "reconditionné, convention « {convention} » : ce que le second usage porte est amorti du {start} au {end}, sur {days} jours",
        "refurbished, convention `{convention}`: what the second use carries is spread from {start} to {end}, over {days} days",
    ),
    "site": ("site {code}, zone {region}, exploitant {operator}, répartition {rule}",
             "site {code}, region {region}, operator {operator}, allocation {rule}"),
    "computation": (
        "3. Calcul, ligne à ligne (de gauche à droite, en double précision, point décimal)",
        "3. Computation, line by line (from left to right, in double precision)",
    ),
    "span": ("du {start} au {end}", "from {start} to {end}"),
    "sum": ("somme", "sum"),
    "factors": ("4. Facteurs et sources", "4. Factors and sources"),
    "valid": ("valable du {start} au {end}", "valid from {start} to {end}"),
    "valid_from": ("valable dès le {start}", "valid from {start}"),
    "valid_to": ("valable jusqu’au {end}", "valid to {end}"),
    "warnings": ("5. Avertissements", "5. Warnings"),
    "none": ("aucun", "none"),
    "location": ("selon la localisation", "location-based"),
    "market": ("selon le marché", "market-based"),
    "beside": ("amont de l’électricité et pertes du réseau", "upstream of the electricity and losses of the grid"),
    "idle": ("part non vendue", "unsold share"),
    "sold": ("part utilisée par d’autres organisations", "share used by other organisations"),
    "restated": ("Retraitements depuis la clôture", "Restatements since the closing"),
    "restated_market": (
        "Retraitements depuis la clôture, vue marché (jamais ajoutés aux autres)",
        "Restatements since the closing, market-based (never added to the others)",
    ),
}  # fmt: skip

_STATUS: Final[Mapping[str, tuple[str, str]]] = {
    "in_service": ("en service", "in service"),
    "off": ("éteint", "off"),
    "standby": ("en veille", "standby"),
    "retired": ("retiré", "retired"),
}

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "server": ("serveur", "server"),
    "storage": ("stockage", "storage"),
    "network": ("équipement réseau", "network device"),
    "virtual_machine": ("machine virtuelle", "virtual machine"),
    "laptop": ("ordinateur portable", "laptop"),
    "desktop": ("ordinateur fixe", "desktop"),
    "monitor": ("écran", "monitor"),
    "thin_client": ("client léger", "thin client"),
    "smartphone": ("téléphone mobile", "smartphone"),
    "tablet": ("tablette", "tablet"),
    "printer": ("imprimante", "printer"),
    "ip_phone": ("téléphone IP", "IP phone"),
    "other": ("autre matériel", "other equipment"),
    "site": ("activités du site", "activities of the site"),
    "organisation": ("activités de l’organisation", "activities of the organisation"),
}
"""What one asset is."""

_LIVES: Final[Mapping[str, tuple[str, str]]] = {
    "actual": ("dates réelles", "actual dates"),
    "planned": ("durée prévue", "planned life"),
    "kind": ("défaut du type", "default of the kind"),
}

_CRITERIA: Final[Mapping[str, tuple[str, str]]] = {
    "pe": ("énergie primaire", "primary energy"),
    "adpe": ("ressources minérales et métalliques", "mineral and metal resources"),
    "water": ("eau", "water"),
}

_EVIDENCE_LINES: Final = ("embodied", "measured", "energy", "extras")
"""Where the evidence of an asset is told in lines, in their order."""

_VALIDITY: Final = ("valid_from", "valid_to")

UNITS: Final = {"gwp": "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}


def _climate_first(figures: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Figures in their order, those of climate change before the others."""
    return sorted(figures, key=lambda each: (each["criterion"] != GWP, each["criterion"]))


def evidence_in(known: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """What is known of an asset, its lines in the language."""
    return {
        **known,
        **{name: [trace_text(line, language) for line in known[name]] for name in _EVIDENCE_LINES},
    }


def figure_in(figure: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A figure of a trace, the origins of its lines in the language; its formulas are the same in each."""
    lines = [
        line | {"origin": trace_text(line["origin"], language)} if line.get("origin") else line
        for line in figure["lines"]
    ]
    return {**figure, "lines": lines}


def _amounts(restated: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each["counted_in"], each["reason"], each["value"]) for each in restated]


def as_text(document: Mapping[str, Any], zone: str, language: Language) -> str:
    """The explanation `document` (of `GET …/explanation`, in the same language) as text; instants are told in the organisation's time
    zone."""
    return "\n".join(_Text(document, ZoneInfo(zone), language).lines()) + "\n"


class _Text:
    def __init__(self, document: Mapping[str, Any], zone: ZoneInfo, language: Language) -> None:
        self.document = document
        self.zone = zone
        self.language = language
        self.colon = colon(language)
        self.semicolon = semicolon(language)

    def word(self, name: str, /, **values: object) -> str:
        return _WORDS[name][0 if self.language == "fr" else 1].format(**values)

    def asset(self, identifier: UUID) -> str:
        return asset_text(identifier, self.document["named_assets"])

    def instant(self, text: str) -> str:
        return f"{datetime.fromisoformat(text).astimezone(self.zone):%d/%m/%Y %H:%M}"

    def number(self, value: float | None) -> str:
        if value is None:
            return "–"
        text = f"{value:.9f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.language == "fr" else text

    def lines(self) -> Iterator[str]:
        yield from self.head()
        yield from self.results()
        yield from self.evidence()
        yield from self.computation()
        yield from self.factors()
        yield from self.warnings()

    def head(self) -> Iterator[str]:
        document = self.document
        kind = said(_KINDS, document["kind"], self.language)
        month = month_name(parse_month(document["month"]), self.language)
        yield self.word("title")
        yield self.word(
            "about",
            kind=kind[0].upper() + kind[1:],
            month=month,
            org=document["org"],
            asset=self.asset(document["asset_id"]),
        )
        status = said(_STATUS, document["status"], self.language)
        yield self.word("state", quantity=self.number(document["quantity"]), status=status)
        made = f"{document['computed_at'].astimezone(self.zone):%d/%m/%Y %H:%M}"
        yield self.word("made", day=made, method=document["method_version"])
        if document["projected"]:
            yield self.word("projected")
        yield self.word("current" if document["up_to_date"] else "stale")
        closed = document.get("closed")
        if closed:
            day = f"{closed['at'].astimezone(self.zone):%d/%m/%Y}"
            yield self.word("closed", day=day, by=closed["by"])
        correction = document.get("restatement")
        if correction:
            day = f"{correction['recorded_at'].astimezone(self.zone):%d/%m/%Y}"
            counted_in = month_name(parse_month(correction["counted_in"]), self.language)
            yield self.word("corrected", id=correction["id"], day=day, month=counted_in)

    def results(self) -> Iterator[str]:
        yield ""
        yield self.word("results")
        total = 0.0
        for each in _climate_first(self.document["figures"]):
            if each["criterion"] == "gwp" and each["basis"] != "market":
                total += each["value"]
            bounds = self.word(
                "quality", low=self.number(each["low"]), high=self.number(each["high"]), quality=each["quality"]
            )
            line = f"scope {each['scope']}, GHG {each['ghg_category']}, BEGES {each['beges_item']}"
            amount = f"{self.number(each['value'])} {UNITS[each['criterion']]}"
            yield f"  {self.figure_name(each)}{self.colon}{amount} ({bounds}{self.semicolon}{line})"
        yield f"  {self.word('total')}{self.colon}{self.number(total)} kgCO2e"
        yield f"  {self.word('kwh', kwh=self.number(self.document['kwh']))}"
        located, market = self.document.get("restated") or [], self.document.get("restated_market") or []
        yield from self.restated("restated", located)
        if _amounts(market) != _amounts(located):
            yield from self.restated("restated_market", market)

    def restated(self, heading: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """What was restated of the month on a basis, by the month that counts it and the reason; nothing where nothing was."""
        if rows:
            yield f"  {self.word(heading)}"
        for each in rows:
            value = decimal_text(each["value"], self.language)
            counted_in = month_name(parse_month(each["counted_in"]), self.language)
            reason = word(f"reason_{each['reason']}", self.language)
            yield f"    {counted_in} · {reason}{self.colon}{value} kgCO2e"

    def figure_name(self, figure: Mapping[str, Any]) -> str:
        names = [said(STAGES, figure["stage"], self.language)]
        if figure["criterion"] != GWP:
            names.append(said(_CRITERIA, figure["criterion"], self.language))
        if figure["basis"] in ("location", "market"):
            names.append(self.word(figure["basis"]))
        elif figure["stage"] == USE:
            names.append(self.word("beside"))
        if figure.get("share") in ("idle", "sold"):
            names.append(self.word(figure["share"]))
        return ", ".join(names)

    def evidence(self) -> Iterator[str]:
        yield ""
        yield self.word("evidence")
        for name, rungs in self.document["evidence_ladder"].items():
            used = ", ".join(map(self.used, (rung for rung in rungs if rung["chosen"])))
            parts = [self.word("chosen", name=used or said(EVIDENCE, "none", self.language))]
            for why, words in (("not_there", "missing"), ("not_usable", "unusable"), ("weaker", "spare")):
                names = self.names(rungs, because=why)
                if names:
                    parts.append(self.word(words, names=", ".join(names)))
            yield f"  {self.word(name)} — {self.semicolon.join(parts)}"
        for each in self.document["evidence_chosen"]:
            yield from self.source(each)

    def used(self, rung: Mapping[str, Any]) -> str:
        name = said(EVIDENCE, rung["evidence"], self.language)
        if rung["share"] == 1.0:
            return name
        share = f"{rung['share'] * 100:.1f}"
        return self.word("share", name=name, share=share.replace(".", ",") if self.language == "fr" else share)

    def names(self, rungs: Sequence[Mapping[str, Any]], **wanted: object) -> list[str]:
        return [
            said(EVIDENCE, rung["evidence"], self.language)
            for rung in rungs
            if all(rung[name] == value for name, value in wanted.items())
        ]

    def source(self, known: Mapping[str, Any]) -> Iterator[str]:
        kind = said(_KINDS, known["kind"], self.language)
        quantity = self.number(known["quantity"])
        yield f"  {self.word('from', kind=kind, asset=self.asset(known['asset_id']), quantity=quantity)}{self.colon.rstrip()}"
        for line in dict.fromkeys(line for name in _EVIDENCE_LINES for line in known[name]):
            yield f"    {line}"
        life = known["life"]
        if life is not None:
            yield f"    {self.life(life)}"
        for site in known["sites"]:
            yield "    " + self.word(
                "site",
                code=site["code"],
                region=site["region"],
                operator=said(OPERATORS, site["operator"], self.language),
                rule=said(RULES, site["allocation_rule"], self.language),
            )

    def life(self, life: Mapping[str, Any]) -> str:
        """Over what the making is spread: the life, or of refurbished kit what its convention says."""
        convention = life.get("refurbished_convention")
        start, days = self.instant(life["from"]), life["spread_over_days"]
        if convention is not None and life["spread_to"] is not None:
            return self.word(
                "second_life", convention=str(convention), start=start, end=self.instant(life["spread_to"]), days=days
            )
        evidence = said(_LIVES, life["evidence"], self.language)
        return self.word("life", start=start, end=self.instant(life["to"]), evidence=evidence, days=days)

    def computation(self) -> Iterator[str]:
        yield ""
        yield self.word("computation")
        for each in _climate_first(self.document["trace"]):
            unit = UNITS[each["criterion"]]
            yield f"  {self.figure_name(each)}"
            for line in each["lines"]:
                span = self.word("span", start=self.instant(line["from"]), end=self.instant(line["to"]))
                origin = f" — {line['origin']}" if line.get("origin") else ""
                yield f"    {span}{self.colon}{line['formula']} = {line['value']!r} {unit}{origin}"
            yield f"    {self.word('sum')} = {each['value']!r} {unit}"

    def factors(self) -> Iterator[str]:
        yield ""
        yield self.word("factors")
        for each in self.document["factors"]:
            source, name = each.get("source") or {}, each.get("name")
            told = name.get(self.language) if isinstance(name, dict) else name
            origin = ", ".join(
                str(part) for part in (source.get("name"), source.get("year"), source.get("licence")) if part
            )
            link = f" <{source['url']}>" if source.get("url") else ""
            amount = f"{each['value']!r} {unit_text(each['unit'], self.language, each['value'])}".rstrip()
            named = f"[{each['id']} v{each['version']}] {told or each['id']}{self.colon}{amount}{self.validity(each)}"
            yield f"  {named} — {origin}{link}"
        if not self.document["factors"]:
            yield f"  {self.word('none')}"

    def validity(self, factor: Mapping[str, Any]) -> str:
        """When a factor holds, its last day included; '' where it holds at all times."""
        first, after = (None if factor.get(name) is None else date.fromisoformat(factor[name]) for name in _VALIDITY)
        days = {
            "start": None if first is None else f"{first:%d/%m/%Y}",
            "end": None if after is None else f"{after - timedelta(days=1):%d/%m/%Y}",
        }
        words = "valid" if first and after else "valid_from" if first else "valid_to" if after else None
        return "" if words is None else f" ({self.word(words, **days)})"

    def warnings(self) -> Iterator[str]:
        yield ""
        yield self.word("warnings")
        for each in self.document["warnings"]:
            yield f"  - {each['detail']}"
        if not self.document["warnings"]:
            yield f"  {self.word('none')}"
