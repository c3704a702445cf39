"""What an organisation could do, with its evidence, and kg and € a year; what nothing is known of is null, never invented.

Each line of evidence is told in English and in French.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from footprint.domain.catalogue import Catalogue
from footprint.domain.insights import widening
from footprint.domain.inventory import Asset, Site
from footprint.domain.loads import DAYS_LOOKED_AT, IDLE_BELOW, SPARE_BELOW, Load
from footprint.domain.results import AssetMonth
from footprint.domain.rollup import Rolled, ln_gsd2_of_rolled
from footprint.domain.uncertainty import Interval, interval

RENEWED_ENERGY_SAVING: Final = 0.30
"""Share of energy that new kit saves (assumption of the provider's catalogue for Long Life Support; range 0–50 %)."""

SHARED_HOSTING_PUE: Final = 1.3
"""PUE of the provider's shared hosting (catalogue, Cloud Like)."""

MONTHS_PER_YEAR: Final = 12

VCPU_EUR_PER_MONTH: Final = 7.9
"""Price of a vCPU (catalogue, Cloud Like)."""

REFURBISHED_DISCOUNT: Final = 0.30
"""What refurbished kit costs less than new, the cautious end of 30–80 % (catalogue)."""

LEAST_WIDENING: Final = 0.01
"""Share of the (squared) width of an interval from which a default is worth replacing."""

THIRD_PARTY_DISCOUNT: Final = 0.15
"""What third-party support costs less than the maker's, the cautious end of 15–80 % (catalogue, Long Life Support)."""


class Line(NamedTuple):
    """A line of evidence in English and French."""

    en: str
    fr: str


TWELVEFOLD: Final = Line(
    "kg a year are twelve times what this month says, whatever its season",
    "les kg par an sont douze fois ce que dit ce mois, quelle que soit sa saison",
)
"""What `kg_per_year` is where it follows from the figures of the month."""

ENERGY_TWELVEFOLD: Final = Line(
    "their energy in a year is taken as twelve times this month's, whatever its season",
    "leur énergie d’un an est prise comme douze fois celle de ce mois, quelle que soit sa saison",
)
"""What the energy of a year is where making is weighed against it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """An asset computed as if nobody shared it: the asset and its month."""

    asset: Asset
    month: AssetMonth

    def kg(self, stage: str) -> float:
        """Location-based kg of climate change of a stage in the month."""
        return sum(
            each.value
            for each in self.month.figures
            if each.stage == stage and each.basis != "market" and each.criterion == "gwp"
        )


def _support(machines: Sequence[Machine]) -> tuple[float | None, int]:
    known = [each.asset.support_eur_per_year for each in machines if each.asset.support_eur_per_year is not None]
    return (sum(known) if known else None), len(known)


def powered_off(machines: Sequence[Machine]) -> dict[str, Any] | None:
    """Servers that are off and still there: what making them still weighs could serve somebody; their support is paid for nothing."""
    if not machines:
        return None
    kg = sum(machine.kg("manufacturing") for machine in machines) * MONTHS_PER_YEAR
    support, known = _support(machines)
    return _recommendation(
        "powered_off_but_racked",
        [each.asset.id for each in machines],
        kg,
        support,
        [
            _of_number(
                len(machines),
                Line(
                    "1 server is off at the end of the month and not retired",
                    "1 serveur est éteint à la fin du mois sans être retiré",
                ),
                Line(
                    f"{len(machines)} servers are off at the end of the month and not retired",
                    f"{len(machines)} serveurs sont éteints à la fin du mois sans être retirés",
                ),
            ),
            _of_number(
                len(machines),
                Line(
                    f"making it weighs {kg:.1f} kg a year as long as it stays: reuse it, or have it taken back",
                    f"sa fabrication pèse {_fr(kg)} kg par an tant qu’il reste : le réemployer, ou le faire reprendre",
                ),
                Line(
                    f"making them weighs {kg:.1f} kg a year as long as they stay: reuse them, or have them taken back",
                    f"leur fabrication pèse {_fr(kg)} kg par an tant qu’ils restent : les réemployer, ou les faire reprendre",
                ),
            ),
            _contracts_known(known, len(machines)),
            TWELVEFOLD,
        ],
    )


def idle(machines: Sequence[Machine], kg: Mapping[UUID, float], loads: Mapping[UUID, Load]) -> dict[str, Any] | None:
    """Machines that are on and do nothing: all that they emit, and the support paid for them."""
    if not machines:
        return None
    support, known = _support(machines)
    mean = sum(loads[each.asset.id].mean for each in machines) / len(machines)
    load = Line(
        f"under {IDLE_BELOW:.0%} of CPU over {DAYS_LOOKED_AT} measured days ({mean:.1%} on average)",
        f"sous {IDLE_BELOW * 100:.0f} % de CPU sur {DAYS_LOOKED_AT} jours mesurés ({_fr(mean * 100)} % en moyenne)",
    )
    return _recommendation(
        "idle",
        [each.asset.id for each in machines],
        sum(kg.get(each.asset.id, 0.0) for each in machines) * MONTHS_PER_YEAR,
        support,
        [
            _of_number(
                len(machines),
                Line(f"1 machine is on and {load.en}", f"1 machine est allumée et {load.fr}"),
                Line(
                    f"{len(machines)} machines are on and {load.en}",
                    f"{len(machines)} machines sont allumées et {load.fr}",
                ),
            ),
            Line(
                "switched off and given back, nothing more would be emitted",
                "une fois tout éteint et rendu, plus rien ne serait émis",
            ),
            _contracts_known(known, len(machines)),
            TWELVEFOLD,
        ],
    )


def over_allocated(
    machines: Sequence[Machine], kg: Mapping[UUID, float], loads: Mapping[UUID, Load]
) -> dict[str, Any] | None:
    """Virtual machines for which half the vCPUs would do; none that has a single vCPU. Euros are those of vCPUs on hosts: what a smaller
    type of a public cloud costs is not known."""
    spares = {each.asset.id: math.floor((each.asset.segments[-1].vcpu or 0.0) / 2) for each in machines}
    virtual = [each for each in machines if each.asset.is_virtual and spares[each.asset.id]]
    if not virtual:
        return None
    on_hosts = [each for each in virtual if each.asset.segments[-1].cloud is None]
    freed, sold = (sum(each.asset.quantity * spares[each.asset.id] for each in found) for found in (virtual, on_hosts))
    saved = sum(
        kg.get(each.asset.id, 0.0) * MONTHS_PER_YEAR * spares[each.asset.id] / (each.asset.segments[-1].vcpu or 1.0)
        for each in virtual
    )
    load = Line(
        f"under {SPARE_BELOW:.0%} of CPU 95% of the time over {DAYS_LOOKED_AT} measured days",
        f"sous {SPARE_BELOW * 100:.0f} % de CPU 95 % du temps sur {DAYS_LOOKED_AT} jours mesurés",
    )
    return _recommendation(
        "over_allocated",
        [each.asset.id for each in virtual],
        saved,
        sold * VCPU_EUR_PER_MONTH * MONTHS_PER_YEAR if on_hosts else None,
        [
            _of_number(
                len(virtual),
                Line(f"1 virtual machine stays {load.en}", f"1 machine virtuelle reste {load.fr}"),
                Line(
                    f"{len(virtual)} virtual machines stay {load.en}",
                    f"{len(virtual)} machines virtuelles restent {load.fr}",
                ),
            ),
            Line(
                f"half the vCPUs would do: {freed:g} freed",
                f"la moitié des vCPU suffirait, soit {_fr_short(freed)} de moins",
            ),
            *([_freed_on_hosts(sold)] if on_hosts else []),
            *([_freed_at_clouds(freed - sold)] if len(on_hosts) < len(virtual) else []),
            TWELVEFOLD,
        ],
    )


def _freed_on_hosts(vcpus: float) -> Line:
    return Line(
        f"of these {vcpus:g} on hosts, worth {VCPU_EUR_PER_MONTH} € a month each (catalogue, Cloud Like): what is freed stays on the host "
        "as idle until it is sold or the host leaves",
        f"dont {_fr_short(vcpus)} sur des hôtes, à {_fr(VCPU_EUR_PER_MONTH, 2)} € par mois chacun (catalogue, Cloud Like) : ce qui est "
        "libéré reste à l’hôte, inoccupé, tant qu’il n’est pas revendu ou que l’hôte ne part pas",
    )


def _freed_at_clouds(vcpus: float) -> Line:
    return Line(
        f"of these {vcpus:g} at public clouds, where a smaller type gives them back to the provider; its price is not known",
        f"dont {_fr_short(vcpus)} dans des clouds publics, où un type plus petit les rend au fournisseur ; son prix n’est pas connu",
    )


def past_life(machines: Sequence[Machine], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Servers past their life: worth keeping where making a new one weighs more a year than the energy it would save, else due."""
    embodied, life = catalogue.coefficient("embodied.server"), catalogue.parameter("life.server")
    if embodied is None or life is None:
        return []
    keep, renew = [], []
    kept_kg = renewed_kg = 0.0
    for machine in machines:
        making = embodied.value * machine.asset.quantity / life.value
        saving = machine.kg("use") * MONTHS_PER_YEAR * RENEWED_ENERGY_SAVING
        if making >= saving:
            keep.append(machine)
            kept_kg += making - saving
        else:
            renew.append(machine)
            renewed_kg += saving - making
    prices = [
        machine.asset.price_eur * machine.asset.quantity / life.value
        for machine in keep
        if machine.asset.price_eur is not None
    ]
    why = Line(
        f"a new server: {embodied.value:g} kg over {life.value:g} years [{embodied.id}, {life.id}], "
        f"{RENEWED_ENERGY_SAVING:.0%} less energy (assumption)",
        f"un serveur neuf : {_fr_short(embodied.value)} kg sur {_fr_short(life.value)} ans [{embodied.id}, {life.id}], "
        f"{RENEWED_ENERGY_SAVING * 100:.0f} % d’énergie en moins (hypothèse)",
    )
    found = []
    if keep:
        lines = [
            why,
            Line("on this grid keeping emits less", "sur ce réseau électrique, garder émet moins que renouveler"),
            _prices_known(len(prices), len(keep)),
            ENERGY_TWELVEFOLD,
        ]
        ids = [each.asset.id for each in keep]
        found.append(_recommendation("past_life_keep", ids, kept_kg, sum(prices) if prices else None, lines))
    if renew:
        lines = [
            why,
            Line("on this grid renewing emits less", "sur ce réseau électrique, renouveler émet moins que garder"),
            Line(
                "no price of a new server, nor of electricity, is known: what renewing costs or saves is not told",
                "ni le prix d’un serveur neuf ni celui de l’électricité n’est connu : ce que renouveler coûte ou épargne n’est pas dit",
            ),
            ENERGY_TWELVEFOLD,
        ]
        found.append(_recommendation("past_life_renew", [each.asset.id for each in renew], renewed_kg, None, lines))
    return found


def due_for_renewal(machines: Sequence[Machine], catalogue: Catalogue) -> dict[str, Any] | None:
    """Servers whose life ends within six months: refurbished ones instead of new, or third-party support and some years more."""
    embodied, life = catalogue.coefficient("embodied.server"), catalogue.parameter("life.server")
    if not machines or embodied is None or life is None:
        return None
    kg = sum(embodied.value * each.asset.quantity / life.value for each in machines)
    prices = [each.asset.price_eur * each.asset.quantity for each in machines if each.asset.price_eur is not None]
    support, known = _support(machines)
    eur = sum(prices) * REFURBISHED_DISCOUNT / life.value + (support or 0.0) * THIRD_PARTY_DISCOUNT
    return _recommendation(
        "due_for_renewal",
        [each.asset.id for each in machines],
        kg,
        eur if prices or known else None,
        [
            _of_number(
                len(machines),
                Line("the life of 1 server ends within six months", "1 serveur arrive en fin de vie dans les six mois"),
                Line(
                    f"the life of {len(machines)} servers ends within six months",
                    f"{len(machines)} serveurs arrivent en fin de vie dans les six mois",
                ),
            ),
            Line(
                f"refurbished servers instead of new ones ({embodied.value:g} kg over {life.value:g} years [{embodied.id}]), or longer "
                "support by a third party: nothing new is made",
                f"des serveurs reconditionnés plutôt que neufs ({_fr_short(embodied.value)} kg sur {_fr_short(life.value)} ans "
                f"[{embodied.id}]), ou un support "
                "prolongé par un tiers : rien de neuf n’est fabriqué",
            ),
            Line(
                f"refurbished {REFURBISHED_DISCOUNT:.0%} below new (prices known: {len(prices)}), third-party "
                f"support {THIRD_PARTY_DISCOUNT:.0%} "
                f"below the maker's (contracts known: {known}): cautious ends of the catalogue's ranges",
                f"reconditionné {REFURBISHED_DISCOUNT * 100:.0f} % sous le neuf (prix connus : {len(prices)}), support tiers "
                f"{THIRD_PARTY_DISCOUNT * 100:.0f} % sous celui du constructeur "
                f"(contrats connus : {known}) : bornes prudentes du catalogue",
            ),
        ],
    )


def fleet_due(machines: Sequence[Machine], catalogue: Catalogue) -> dict[str, Any] | None:
    """End-user kit past its life: reconditioned, it serves on, and nothing new is made for it."""
    kg = 0.0
    units = 0.0
    for each in machines:
        embodied = catalogue.coefficient(f"embodied.{each.asset.kind}")
        life = catalogue.parameter(f"life.{each.asset.kind}")
        if embodied is not None and life is not None:
            kg += embodied.value * each.asset.quantity / life.value
            units += each.asset.quantity
    if not units:
        return None
    lots = "1 lot" if len(machines) == 1 else f"{len(machines)} lots"
    prices = [each.asset.price_eur * each.asset.quantity for each in machines if each.asset.price_eur is not None]
    lives = [life.value for each in machines if (life := catalogue.parameter(f"life.{each.asset.kind}")) is not None]
    return _recommendation(
        "fleet_due_for_reconditioning",
        [each.asset.id for each in machines],
        kg,
        sum(prices) * REFURBISHED_DISCOUNT / (sum(lives) / len(lives)) if prices and lives else None,
        [
            _of_number(
                units,
                Line(
                    f"{units:g} device in {lots} is past its life and in service",
                    f"{_fr_short(units)} appareil en {lots} a dépassé sa durée de vie et sert encore",
                ),
                Line(
                    f"{units:g} devices in {lots} are past their life and in service",
                    f"{_fr_short(units)} appareils en {lots} ont dépassé leur durée de vie et servent encore",
                ),
            ),
            Line(
                "reconditioned (battery, disk, wiped) they serve on: a new one of each kind weighs its default "
                "of the catalogue over its life",
                "reconditionnés (batterie, disque, effacement), ils servent encore : un appareil neuf de chaque type "
                "pèse sa valeur par défaut du catalogue sur sa vie",
            ),
            _prices_known(len(prices), len(machines)),
        ],
    )


def high_pue(site: Site, pue: float, use_kg: float, threshold: float) -> dict[str, Any] | None:
    """A computer room less efficient than the world mean, against the provider's shared hosting."""
    if pue <= threshold:
        return None
    kg = use_kg * MONTHS_PER_YEAR * (1.0 - SHARED_HOSTING_PUE / pue)
    lines = [
        Line(
            f"the PUE of {site.code} is {pue:g}, above the world mean of {threshold:g}",
            f"le PUE de {site.code} est {_fr(pue, 2)}, au-dessus de la moyenne mondiale de {_fr(threshold, 2)}",
        ),
        Line(
            f"at {SHARED_HOSTING_PUE:g} (the provider's shared hosting) the same equipment would use "
            f"{1 - SHARED_HOSTING_PUE / pue:.0%} less",
            f"à {_fr(SHARED_HOSTING_PUE)} (hébergement mutualisé du fournisseur), le même matériel consommerait "
            f"{(1 - SHARED_HOSTING_PUE / pue) * 100:.0f} % de moins",
        ),
        Line("no price of electricity is known for the site", "aucun prix de l’électricité n’est connu pour ce site"),
        TWELVEFOLD,
    ]
    return _recommendation("high_pue_site", [], kg, None, lines) | {"site": site.code}


def widest_default(rows: Sequence[Rolled]) -> str | None:
    """The default of the catalogue that stands in for missing data and widens the interval most; None where none is a hundredth of it."""
    widest = next((each for each in widening(rows) if each["what"] == "source"), None)
    return None if widest is None or widest["share"] < LEAST_WIDENING else str(widest["id"])


def missing_data(rows: Sequence[Rolled], default: str, assets: Sequence[UUID]) -> dict[str, Any]:
    """What a default stands in for, on which `assets`: it saves nothing (its kg are null), it makes the rest sure."""
    widest = next(each for each in widening(rows) if (each["what"], each["id"]) == ("source", default))
    surer = [each._replace(source_weighted=0.0) if each.source == default else each for each in rows]
    now, then = (_bounds(each) for each in (rows, surer))
    lines = [
        Line(
            f"{default} stands in for data that is missing, and makes {widest['share']:.0%} of the (squared) width of the month's interval",
            f"{default} tient lieu de données manquantes, et fait {widest['share'] * 100:.0f} % de la largeur (au "
            f"carré) de l’intervalle du mois",
        ),
        Line(
            f"it holds {widest['value']:.1f} kg of the month: measure or declare what it stands for",
            f"il porte {_fr(widest['value'])} kg du mois : mesurer ou déclarer ce dont il tient lieu",
        ),
        Line(
            f"once known, the 95% interval of the month is {then.low:.1f}–{then.high:.1f} kg instead of {now.low:.1f}–{now.high:.1f} kg",
            f"une fois connu, l’intervalle à 95 % du mois est de {_fr(then.low)} à {_fr(then.high)} kg au lieu "
            f"de {_fr(now.low)} à {_fr(now.high)} kg",
        ),
        Line(
            "it saves nothing by itself, so no kg and no euros are told: the figure gets surer, not smaller",
            "cela n’épargne rien en soi, donc ni kg ni euros ne sont dits : le chiffre devient plus sûr, il ne baisse pas",
        ),
    ]
    return _recommendation("missing_data", assets, None, None, lines)


def _bounds(rows: Sequence[Rolled]) -> Interval:
    return interval(math.fsum(each.value for each in rows), ln_gsd2_of_rolled(rows))


def _of_number(number: float, one: Line, many: Line) -> Line:
    """The line that agrees with a number: in English only 1 is singular, in French all below 2."""
    return Line(one.en if number == 1 else many.en, one.fr if number < 2 else many.fr)


def _contracts_known(known: int, of: int) -> Line:
    return Line(f"support contracts known: {known} of {of}", f"contrats de support connus : {known} sur {of}")


def _prices_known(known: int, of: int) -> Line:
    return Line(f"purchase prices known: {known} of {of}", f"prix d’achat connus : {known} sur {of}")


def _fr(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def _fr_short(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _recommendation(
    code: str, assets: Sequence[UUID], kg: float | None, eur: float | None, evidence: Sequence[Line]
) -> dict[str, Any]:
    return {
        "code": code,
        "site": None,
        "assets": list(assets),
        "kg_per_year": None if kg is None else round(kg, 3),
        "eur_per_year": None if eur is None else f"{eur:.2f}",
        "evidence": [each.en for each in evidence],
        "evidence_fr": [each.fr for each in evidence],
    }
