"""Sentences that a customer reads, in French and English: warnings, recommendations, conventions."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from footprint.domain.estimate_words import Speech
from footprint.domain.notices import SENTENCES, sentences
from footprint.trace_words import Language, trace_text

NO_RESIDUAL_MIX: Final = {
    "code": "no_residual_mix",
    "detail": "electricity without guarantee of origin and without a residual mix in the catalogue is not in this total",
}
"""What a market-based total lacks."""

ASSETS_FAILED: Final = "assets_failed"
"""The code of what must be said where assets could not be computed."""

VCPUS_UNKNOWN: Final = {
    "code": "vcpus_unknown",
    "detail": "a virtual machine with energy or making of its own states no vCPUs: kg per vCPU is absent",
}
"""Why a ratio by vCPU is absent."""

_ENGLISH: Final = {
    ASSETS_FAILED: "assets that could not be computed (their number): what is told of them was computed before, or is absent",
    **{str(notice.name).lower(): text for notice, text in SENTENCES.items()},
    **{each["code"]: each["detail"] for each in (NO_RESIDUAL_MIX, VCPUS_UNKNOWN)},
}

_FRENCH: Final[Mapping[str, str]] = {
    ASSETS_FAILED: "actifs qui n’ont pas pu être calculés (leur nombre) : ce qui en est dit a été calculé avant, ou est absent",
    "no_embodied_evidence": "la fabrication est absente : ni valeur donnée, ni facteur pour le modèle, la configuration ou le type",
    "no_life": "la fabrication est absente : ni acquisition, ni durée prévue, ni durée par défaut du type ne bornent la vie",
    "no_energy_evidence": "l’utilisation est absente : aucune énergie déclarée, aucun facteur pour le modèle ou le type",
    "no_site": "aucun site n’est indiqué : ni pays ni facteur d’électricité ne sont connus",
    "default_pue": "le site n’indique pas de PUE : la moyenne mondiale du catalogue est utilisée",
    "no_pue": "l’utilisation est absente : le site n’indique pas de PUE et le catalogue n’a pas de valeur par défaut",
    "no_electricity_factor": "l’utilisation est absente : pas de facteur d’électricité de cette zone à cinq "
    "ans près, et aucune autre zone n’en tient lieu",
    "country_factor": "le facteur est celui du pays : aucun n’est connu de sa région, qui est sur le même réseau",
    "earlier_year_factor": "le facteur d’électricité est le plus proche parmi les antérieurs : sa validité était échue",
    "capacity_unknown": "la capacité de l’hôte est inconnue : ses machines virtuelles se le partagent en entier",
    "host_unknown": "l’hôte (ou le cloud public) n’est pas indiqué, est inconnu, ou lui-même virtuel : sa part est absente",
    "no_allocation": "aucune allocation de vCPU n’est indiquée : la part de l’hôte est absente",
    "no_maintenance_factor": "la maintenance est absente : le catalogue n’a pas de facteur par euro de maintenance de matériel",
    "refurbished": "reconditionné : ce que le reconditionnement lui-même a pesé est absent, faute de facteur « refurbishing.<type> » "
    "au catalogue ; un facteur propre de l’organisation le fournit",
    "standby": "la veille est comptée comme sous tension",
    "partial": "une partie du mois est sans donnée et n’est pas comptée",
    "unstated_parts": "la configuration ne dit rien de la mémoire, des disques (ou de la taille d’un SSD) ou de l’alimentation : "
    "ils ne sont pas comptés",
    "configuration_not_used": "la configuration ne sert pas à la fabrication, c’est le défaut du type qui compte : les composants ne "
    "sont additionnés que pour les serveurs dont « cpu.die_mm2 » est indiqué",
    "cloud_region_left_out": "country ou region est indiqué et n’est pas là où se trouve cloud.region : ce qui est indiqué est pris, "
    "cloud.region laissée de côté",
    "utilisation_left_out": "energy.utilisation est indiquée à côté d’une énergie déclarée : celle-ci est prise, utilisation laissée "
    "de côté",
    "life_from_timeline": "le jour d’acquisition est inconnu : la vie est comptée du premier jour de la chronologie",
    "past_life": "la durée de vie est écoulée : la fabrication ne pèse plus rien",
    "measurement_gaps": "une partie du mois n’a pas été mesurée : la meilleure donnée suivante en tient lieu pour cette partie seulement",
    "projected": "l’utilisation après la dernière mesure est projetée : ce qui a été mesuré en dernier continue à la moyenne des "
    "derniers jours mesurés",
    "measured_while_off": "de l’énergie a été mesurée alors que l’inventaire le dit éteint : elle est comptée",
    "no_activity_factor": "une activité est absente : le catalogue n’en a pas de facteur pour son lieu et sa date",
    "activity_unit": "une activité est absente : son unité est inconnue, ou d’une autre dimension que celle de son facteur",
    "shared_by_vcpu": "réparti par vCPU : ce que demande la règle du site n’est pas connu de toutes les machines de l’hôte",
    "no_cloud_factor": "la part d’un hôte de cloud est absente : le catalogue n’a pas de coefficients de ce fournisseur",
    "cloud_load_assumed": "aucune utilisation n’a été mesurée de la machine de cloud : une demi-charge est supposée",
    "cloud_region_unknown": "le pays de la région de cloud est inconnu, donc le facteur d’électricité aussi",
    "residual_of_supplier": "vue marché : ce que les garanties d’origine ne couvrent pas est compté au facteur du fournisseur",
    "declared_twice": "energy.annual_kwh et energy.average_w sont indiqués tous deux : annual_kwh est pris, average_w laissé de côté",
    "cloud_instance_unknown": "le type d’instance de cloud n’est pas répertorié, ou d’une autre taille que celle indiquée : les vCPU et la "
    "mémoire indiqués comptent, et sans eux sa part est absente",
    "upstream_inside": "l’amont de l’électricité est compris dans son facteur de production, pour autant que la source compte le cycle de "
    "vie, et n’a pas de ligne à lui ; un facteur d’amont n’y est pas ajouté, il compterait double",
    "no_upstream": "l’amont de l’électricité n’est pas compté : le catalogue n’en a pas de facteur pour ce réseau à cinq ans près",
    "no_losses": "les pertes du réseau ne sont pas comptées : le catalogue n’en a pas de facteur pour ce réseau à cinq ans près",
    "grid_years_differ": "l’amont ou les pertes de l’électricité sont d’une autre année que ce qui est utilisé : chacun est le plus proche "
    "que l’on connaisse",
    "consumption_not_taken": "un facteur propre d’électricité de périmètre « consumption » n’est pas retenu : électricité, amont et "
    "pertes sont comptés à part ; l’indiquer en « production » (ou « direct », « upstream ») et « losses »",
    "no_transport": "le transport est absent : le catalogue n’a pas de facteur de cette étape",
    "no_end_of_life": "la fin de vie est absente : le catalogue n’a pas de facteur de cette étape, "
    "et aucune activité de ce genre n’est connue",
    "age_missing": "reconditionné, d’âge non indiqué : sa fabrication compte en entier, comme neuve, "
    "tant que « acquired.age_years » manque",
    "declared_on_host": "une machine sur un hôte a sa part de l’hôte : l’énergie et la fabrication déclarées pour elle-même "
    "ne sont pas comptées",
    "measured_on_host": "de l’énergie a été mesurée de la machine et n’est pas comptée : elle a sa part de l’hôte, dont le site répartit "
    "autrement (« shared_by » n’est pas « measured »)",
    "gpus_not_counted": "les cartes graphiques ou accélératrices ne sont pas comptées là où la fabrication ou la puissance vient de "
    "la configuration : la méthode n’en a pas de coefficient ; une mesure, une consommation déclarée ou un facteur "
    "propre du modèle les contient",
    "no_factor_of_criterion": "étape absente de ce critère, sans valeur donnée ni facteur",
    "vcpus_unknown": "une machine virtuelle qui a une énergie ou une fabrication propre n’indique pas de vCPU : kg par vCPU est absent",
    "no_residual_mix": "l’électricité sans garantie d’origine n’est pas dans le total fondé sur le marché : le "
    "mix résiduel manque au catalogue",
}

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "month_not_over": (
        "{month} n’est pas terminé : ses valeurs prolongent ce qui tourne aujourd’hui",
        "{month} is not over: its figures are a projection of what runs now",
    ),
    "no_figure_of": (
        "aucune valeur pour {asked} : rien n’y était en service, ou rien n’est connu de ce qui l’était ; 0 kg tient lieu "
        "de ce qui est absent, non de ce qui n’émet rien",
        "no figure of {asked}: nothing was in service, or what was lacks evidence; 0 kg stands for what is absent, "
        "not for what emits nothing",
    ),
    "one_asset_failed": (
        "{count} actif n’a pas pu être calculé : ce qui en est dit a été calculé avant, ou est absent",
        "{count} asset could not be computed: what is told of it was computed before, or is absent",
    ),
    "assets_failed": (
        "{count} actifs n’ont pas pu être calculés : ce qui en est dit a été calculé avant, ou est absent",
        "{count} assets could not be computed: what is told of them was computed before, or is absent",
    ),
    "one_foreign_machine": (
        "{count} machine utilisée appartient à une autre organisation : ses kg sont comptés chez son propriétaire, et non ici",
        "{count} machine that is claimed belongs to another organisation: its kg are counted with its owner, not here",
    ),
    "foreign_machines": (
        "{count} machines utilisées appartiennent à d’autres organisations : leurs kg sont comptés chez leurs propriétaires, et non ici",
        "{count} machines that are claimed belong to other organisations: their kg are counted with their owners, not here",
    ),
    "no_ratios": (
        "aucune valeur en ces mois : rien n’y était en service, ou rien n’est connu de ce qui l’était ; "
        "les ratios sont absents, et non nuls",
        "no figure in these months: nothing was in service, or what was lacks evidence; ratios are absent, not 0",
    ),
    "no_total": (
        "aucune valeur en ces mois : rien n’y était en service, ou rien n’est connu de ce qui l’était ; le total est absent, et non nul",
        "no figure in these months: nothing was in service, or what was lacks evidence; a total is absent, not 0",
    ),
    "no_criterion": (
        "aucune valeur du critère « {criterion} » de {first} à {last} : ni le catalogue ni le client n’en donnent pour ce qui est compté",
        "no figure of criterion {criterion} from {first} to {last}: neither catalogue nor customer gives one for what was counted",
    ),
    "no_figure_filtered": (
        "aucune valeur de {first} à {last} avec ces filtres : rien n’en était en service, ou rien n’est connu de ce qui l’était ; "
        "le total est absent, et non nul",
        "no figure from {first} to {last} for these filters: nothing of it was in service, or what was lacks evidence; "
        "a total is absent, not 0",
    ),
    "boundary_machines": (
        "toutes les machines virtuelles en marche dont on a des valeurs, avec leur quantité : celles des hôtes, dont les parts non vendues "
        "restent à l’exploitant, celles des clouds publics, et celles qui ont une énergie propre",
        "all virtual machines that run and have figures, with their quantity: on hosts, where unsold shares stay with "
        "the operator, at public clouds, and with energy of their own",
    ),
    "boundary_employees": (
        "tout l’inventaire de l’organisation, divisé par les effectifs qu’indique l’appelant",
        "everything in the inventory of the organisation, divided by the employees that the caller states",
    ),
    "boundary_sci": (
        "E·I est l’électricité de tout le matériel du périmètre au compteur de son site (PUE compris), selon la localisation ; "
        "M est la fabrication, le transport et la fin de vie étalés sur les durées de vie ; les parts inoccupées des hôtes y sont, "
        "la maintenance et la vente n’y sont pas ; R est le nombre d’unités fonctionnelles "
        "indiqué par l’appelant (Software Carbon Intensity, ISO/IEC 21031:2024).",
        "E·I is the electricity of all equipment in the scope at the meter of its site (PUE included), location-based; M is "
        "making, transport and end of life spread over the lives; idle shares of hosts are inside, maintenance and sale are "
        "outside; R is the count of functional units that the caller states (Software Carbon Intensity, ISO/IEC 21031:2024).",
    ),
    "boundary_sci_application": (
        "E·I est l’électricité de ce que l’application utilise, au compteur de son site (PUE compris), selon la localisation : sa "
        "part de ses machines, qui portent de leur hôte ce que la règle de leur site leur attribue ; M est leur fabrication, leur "
        "transport et leur fin de vie étalés sur les durées de vie ; des parts inoccupées d’un hôte n’y est que ce que cette règle "
        "met à la charge de ses machines (rien selon la règle capacité) ; la maintenance et la vente n’y sont pas ; R est le nombre "
        "d’unités fonctionnelles indiqué par l’appelant (Software Carbon Intensity, ISO/IEC 21031:2024).",
        "E·I is the electricity of what the application uses at the meter of its site (PUE included), location-based: its part of its "
        "machines, which carry of their host what the rule of their site gives them; M is their making, transport and end of life spread "
        "over the lives; of a host's idle shares only what that rule lays on its machines is inside (nothing under the rule capacity); "
        "maintenance and sale are outside; R is the count of functional units that the caller states (Software Carbon Intensity, "
        "ISO/IEC 21031:2024).",
    ),
}
"""What answers say beside their figures, in French and English."""


def assets_failed(count: int, language: Language) -> list[dict[str, str]]:
    """The warning that assets could not be computed; none where all could."""
    if not count:
        return []
    return [warning(ASSETS_FAILED, "one_asset_failed" if count == 1 else "assets_failed", language, count=count)]


def foreign_machines(count: int, language: Language) -> list[dict[str, str]]:
    """The warning that applications claim machines of other organisations; none where they claim none."""
    if not count:
        return []
    return [
        warning("foreign_machines", "one_foreign_machine" if count == 1 else "foreign_machines", language, count=count)
    ]


_ADVICE: Final[Mapping[str, tuple[str, str]]] = {
    "powered_off_but_racked": ("Serveurs éteints mais toujours en baie", "Servers off but still racked"),
    "past_life_keep": ("Matériel amorti : le prolonger", "Past its life: keep it"),
    "past_life_renew": ("Matériel amorti : le renouveler", "Past its life: renew it"),
    "high_pue_site": ("Salle au PUE élevé", "Site with a high PUE"),
    "idle": ("Serveurs allumés et inactifs", "Servers on and idle"),
    "over_allocated": ("Machines virtuelles surdimensionnées", "Over-allocated virtual machines"),
    "due_for_renewal": (
        "Renouvellement proche : reconditionné ou support tiers",
        "Due for renewal: refurbished or third-party support",
    ),
    "fleet_due_for_reconditioning": ("Parc à reconditionner", "Fleet due for reconditioning"),
    "missing_data": ("Donnée manquante qui élargit le plus l’intervalle", "Missing data that widens the interval most"),
}

_CONVENTIONS: Final[tuple[tuple[str, str], ...]] = (
    (
        "La construction est la fabrication, le transport et la fin de vie. Une étape sans facteur ni donnée est absente, signalée par un "
        "avertissement, jamais comptée 0.",
        "Construction is making, transport and end of life. A stage without a factor or data is absent, said by a warning, never counted "
        "as 0.",
    ),
    (
        "Les mois sont ceux du calendrier local de l’organisation, comptés en secondes réelles (heure d’été et "
        "années bissextiles comprises).",
        "Months are those of the organisation's local calendar, counted in real seconds (daylight saving and leap years included).",
    ),
    (
        "La fabrication est amortie linéairement sur la durée de vie (une année de vie compte 365 jours), rien "
        "ensuite, et s’arrête au départ.",
        "Making is spread in a straight line over the life (a year of life is 365 days), nothing after it, and "
        "stops when the asset leaves.",
    ),
    (
        "L’électricité est comptée une fois avec le PUE du site à la date, aux facteurs du lieu ; à défaut de l’année, la plus proche "
        "antérieure (cinq ans au plus) ; à défaut de la région, son pays si elle est sur le même réseau ; jamais une autre zone.",
        "Electricity is counted once with the site's PUE of the date, at the factors of the place; without one of the year the nearest "
        "earlier one (five years at most); without one of the region that of its country if it is on the same grid; never another region.",
    ),
    (
        "L’amont de l’électricité et les pertes du réseau sont à part, en 3.3 (BEGES 4.1), les mêmes dans les deux vues, là où le "
        "catalogue en a les facteurs : l’amont auprès d’un facteur direct, qui n’a que le scope 2 ; un facteur de production est de cycle "
        "de vie là où sa source le dit, l’amont y est alors compris et reste où il est. Ce qui manque n’est pas compté, et signalé.",
        "Upstream of the electricity and losses of the grid stand apart, in 3.3 (BEGES 4.1), alike in both views, where the catalogue has "
        "their factors: upstream beside a direct factor, which is scope 2 alone; a production factor is of the life cycle where its source "
        "says so: upstream is then inside and stays there. What is missing is not counted, and said.",
    ),
    (
        "Un hôte est réparti entre ses machines virtuelles ; la somme des machines et de la part non vendue "
        "est l’hôte, chaque mois, chaque étape.",
        "A host is shared out to its virtual machines; machines and unsold share add up to the host, each month, each stage.",
    ),
    (
        "Intervalles à 95 % log-normaux (Bilan Carbone) : corrélés au sein d’un facteur, indépendants entre facteurs ; un retraitement les "
        "déplace sans les élargir.",
        "95% intervals are log-normal (Bilan Carbone): correlated within a factor, independent between factors; a restatement moves them "
        "and does not widen them.",
    ),
    (
        "Les émissions évitées ne sont jamais soustraites de cette empreinte.",
        "Avoided emissions are never subtracted from this footprint.",
    ),
)

_REFURBISHED: Final[Mapping[str, tuple[str, str]]] = {
    "remaining": (
        "Matériel reconditionné, convention « remaining » : le second usage porte ce que la première vie n’avait pas amorti, "
        "plus le reconditionnement, au mois d’acquisition.",
        "Refurbished equipment, convention `remaining`: the second use carries what the first life had not amortised, "
        "plus the refurbishing in the month of acquisition.",
    ),
    "cut_off": (
        "Matériel reconditionné, convention « cut_off » : la fabrication reste tout entière au premier usage ; "
        "le reconditionnement compte, au mois d’acquisition.",
        "Refurbished equipment, convention `cut_off`: making stays wholly with the first use; "
        "the refurbishing counts, in the month of acquisition.",
    ),
    "shared_life": (
        "Matériel reconditionné, convention « shared_life » : la fabrication est partagée au prorata des jours d’usage, "
        "plus le reconditionnement, au mois d’acquisition.",
        "Refurbished equipment, convention `shared_life`: making is shared by days of use, "
        "plus the refurbishing in the month of acquisition.",
    ),
}


@lru_cache(maxsize=256)
def preferred(accepted: str) -> Language:
    """The language that an `Accept-Language` header likes best of the two, by weight, then by order; French where it names none."""
    best: Language = "fr"
    weight = 0.0
    for part in accepted.lower().split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().partition("-")[0]
        try:
            given = float(parameter.strip().removeprefix("q=") or 1.0)
        except ValueError:
            continue
        if given > weight and language in ("fr", "en"):
            best, weight = ("en" if language == "en" else "fr"), given
    return best


_REFUSED: Final[Mapping[str, str]] = {
    "greater_than_equal": "doit être au moins {ge}",
    "greater_than": "doit être supérieur à {gt}",
    "less_than_equal": "doit être au plus {le}",
    "less_than": "doit être inférieur à {lt}",
    "finite_number": "doit être un nombre fini",
    "missing": "manque",
    "extra_forbidden": "n’est pas un champ connu ici",
    "literal_error": "doit être l’un de {expected}",
    "float_type": "doit être un nombre",
    "int_type": "doit être un nombre entier",
    "int_from_float": "doit être un nombre entier",
    "string_type": "doit être un texte",
    "dict_type": "doit être un objet",
    "list_type": "doit être une liste",
    "string_too_short": "doit avoir au moins {min_length} caractère(s)",
    "string_too_long": "doit avoir au plus {max_length} caractères",
    "too_short": "doit avoir au moins {min_length} élément(s)",
    "too_long": "doit avoir au plus {max_length} éléments",
    "date_from_datetime_inexact": "doit être une date, AAAA-MM-JJ",
    "date_from_datetime_parsing": "doit être une date, AAAA-MM-JJ",
    "date_type": "doit être une date, AAAA-MM-JJ",
    "date_parsing": "doit être une date, AAAA-MM-JJ",
}
"""What the rules of pydantic say in French, by the kind of error."""


def refused_text(kind: str, english: str, values: Mapping[str, Any]) -> str:
    """A rule of pydantic in French; its English where the rule has none here."""
    whole = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in values.items()
    }
    return _REFUSED[kind].format(**whole).replace("' or '", "', '") if kind in _REFUSED else english


def notice_text(code: str, language: Language) -> str:
    """The sentence of a warning."""
    return (_FRENCH.get(code) if language == "fr" else None) or _ENGLISH.get(code) or code.replace("_", " ")


def warnings_of(notices: int, language: Language) -> list[dict[str, str]]:
    """The warnings held in a stored number, as `{code, detail}`."""
    return [each | {"detail": notice_text(each["code"], language)} for each in sentences(notices)]


def speech(language: Language) -> Speech:
    """How the texts of estimates are said."""
    return _SPEECHES[language]


def warning_of(code: str, language: Language) -> dict[str, str]:
    """The warning of a code."""
    return {"code": code, "detail": notice_text(code, language)}


def warning(code: str, sentence: str, language: Language, **values: object) -> dict[str, str]:
    """A warning that names what it is about."""
    return {"code": code, "detail": sentence_text(sentence, language, **values)}


def sentence_text(name: str, language: Language, **values: object) -> str:
    """A sentence of an answer, with its values."""
    return _SENTENCES[name][0 if language == "fr" else 1].format(**values)


def asset_text(asset: UUID | str, names: Iterable[Mapping[str, Any]]) -> str:
    """An asset as a reader knows it: what its source calls it, its maker and model, and its id; the id alone where no more is known."""
    known = next((each for each in names if str(each["asset_id"]) == str(asset)), None)
    if known is None:
        return str(asset)
    model = " ".join(each for each in (known["model"]["maker"], known["model"]["name"]) if each)
    return " · ".join(each for each in (known["external_id"], model, str(asset)) if each)


def advice_text(code: str, language: Language) -> str:
    """The heading of a recommendation."""
    found = _ADVICE.get(code)
    return code.replace("_", " ") if found is None else found[0 if language == "fr" else 1]


def conventions(refurbished: str, language: Language) -> list[str]:
    """The conventions that every figure rests on, the organisation's own first."""
    place = 0 if language == "fr" else 1
    return [_REFURBISHED[refurbished][place], *(each[place] for each in _CONVENTIONS)]


_SPEECHES: Final[Mapping[Language, Speech]] = {
    "fr": Speech(lambda line: trace_text(line, "fr"), lambda notices: warnings_of(notices, "fr")),
    "en": Speech(lambda line: line, sentences),
}
