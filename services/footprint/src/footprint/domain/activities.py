"""Activities: what was done besides running machines (support contracts, journeys, spare parts, refrigerant leaks, training …).

`kg = quantity in the factor's unit × factor`, spread evenly over its local days by real seconds. The factor is that of the activity in
the country where it took place (stated, else the region of its site, or of where the asset, or what carries it, was on its first day), else
one tied to no place; of its first day, else of the nearest earlier year at most five back. What stood in is said. Electricity is weighed as
that of assets is: itself on both bases, its upstream and losses beside it on a line of their own; market-based under the contract of where
it was drawn (its site, else where the asset was that day), unless the activity names another country. A unit of another dimension, or no
factor, leaves it out with a warning: never a guess. Who operates the site, and its contract, are asked day by day.

Home: an activity of an asset stands with the asset, and is shared out with it. One of a site stands in asset-months of kind `site` under
the site's own id; one of the organisation in asset-months of kind `organisation` under `organisation_home`. They are stored, rolled up,
explained and published as those of assets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from footprint.domain.catalogue import ELECTRICITY as ELECTRICITY_ACTIVITY
from footprint.domain.catalogue import GWP, Catalogue, Factor
from footprint.domain.dated import Dated, contract_at, cut, midnight, operator_at
from footprint.domain.extras import NOTHING, Extra, OwnRate
from footprint.domain.inventory import (
    CUSTOMER,
    ORGANISATION_HOME,
    SITE_HOME,
    Activity,
    Asset,
    Operator,
    Organisation,
    Segment,
    Site,
    Status,
)
from footprint.domain.notices import Notice
from footprint.domain.places import Place, Places, place_of_site
from footprint.domain.scopes import (
    BOTH,
    CLOUD,
    DIRECT_FUGITIVE,
    ELECTRICITY,
    ENERGY_UPSTREAM,
    PURCHASED_PARTS,
    PURCHASED_SERVICES,
    UPSTREAM_TRANSPORT,
    USE,
    WASTE,
    Line,
)
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2, UNRATED_LN_GSD2
from footprint.domain.units import UnitError, conversion, denominator

MAINTENANCE: Final = "maintenance_and_sale"
END_OF_LIFE: Final = "end_of_life"

PLACES: Final[Mapping[str, tuple[str, Line]]] = {
    "maintenance_contract": (MAINTENANCE, PURCHASED_SERVICES),
    "intervention": (MAINTENANCE, PURCHASED_SERVICES),
    "training": (MAINTENANCE, PURCHASED_SERVICES),
    "spare_part": (MAINTENANCE, PURCHASED_PARTS),
    "sales_logistics": (MAINTENANCE, UPSTREAM_TRANSPORT),
    "refrigerant_leak": (MAINTENANCE, DIRECT_FUGITIVE),
    "end_of_life": (END_OF_LIFE, WASTE),
    "other": (MAINTENANCE, PURCHASED_SERVICES),
}
"""Stage and reporting line of each kind of activity; a kind that is not listed is `other`."""

OF_THE_OPERATOR: Final = frozenset({DIRECT_FUGITIVE, ELECTRICITY, ENERGY_UPSTREAM})
"""The lines of what is bought as a service at a site that another runs."""


def organisation_home(org: str) -> UUID:
    """The id under which the activities of an organisation as a whole stand."""
    return uuid5(NAMESPACE_URL, f"constellation:organisation:{org}")


def home_of(activity: Activity) -> UUID:
    """Where the figures of an activity stand."""
    return activity.asset or activity.site or organisation_home(activity.org)


def span(activity: Activity, zone: str) -> tuple[int, int]:
    """The Unix seconds over which an activity is spread: its local days."""
    return midnight(zone, activity.start), midnight(zone, activity.end)


def home_asset(home: UUID, activities: Sequence[Activity], zone: str) -> Asset:
    """The site or organisation as the engine sees it: something that exists while it has activities."""
    first = activities[0]
    spans = [span(each, zone) for each in activities]
    segment = Segment(
        min(start for start, _ in spans), max(end for _, end in spans), Status.IN_SERVICE, site=first.site
    )
    kind = SITE_HOME if first.site is not None else ORGANISATION_HOME
    return Asset(home, first.org, kind, (segment,))


def read_activities(
    activities: Iterable[Activity],
    organisation: Organisation,
    sites: Mapping[UUID, Site],
    catalogue: Catalogue,
    places: Places,
) -> tuple[Extra, ...]:
    """What activities of an asset with these `places` (or of the home that it stands for) weigh, in the order of their days."""
    zone = organisation.time_zone
    extras: list[Extra] = []
    for each in sorted(activities, key=lambda one: (one.start, one.id.bytes)):
        start, end = span(each, zone)
        site = None if each.site is None else sites.get(each.site)
        there = places if each.site is None else Places((), place_of_site(site))
        region = each.country or there.at(start).region
        for low, high in _times(each, zone, there, site):
            elsewhere = _run_by_another(operator_at(site, zone, low), organisation)
            terms = _Terms(elsewhere, _supply_at(each, there.at(low), zone, low))
            extras.extend(_weigh(each, (low, high), float(end - start), terms, catalogue, region))
    return tuple(extras)


def _times(activity: Activity, zone: str, places: Places, site: Site | None) -> Iterator[tuple[int, int]]:
    """The days of an activity, cut where another runs its site; of electricity also where another contract, or another site's, holds."""
    start, end = span(activity, zone)
    electric = _is_electric(activity)
    for begin, until in pairwise((start, *(places.moves(start, end) if electric else ()), end)):
        premises = places.at(begin).premises if electric else None
        dated: list[Dated] = [*(site.operators if site else ()), *(premises.contracts if premises else ())]
        yield from cut(zone, dated, begin, until)


def _run_by_another(operator: Operator, organisation: Organisation) -> bool:
    """Whether a site is run by somebody else than the organisation: what the provider of the platform runs is its own of the provider."""
    return operator is Operator.HOSTED or (operator is Operator.PROVIDER and organisation.role == CUSTOMER)


def _is_electric(activity: Activity) -> bool:
    return activity.activity == ELECTRICITY_ACTIVITY


def _lies_there(country: str | None, site: Site) -> bool:
    """Whether an activity that names `country`, or none, took place at the site."""
    return country in (None, site.region, site.region.partition("-")[0])


class _Supply(NamedTuple):
    """What a contract says of electricity: the part that no guarantee of origin covers, and the supplier's own factor of it, if stated;
    else its residual mix is that of a region."""

    rest: float
    own: OwnRate | None
    region: str | None


class _Terms(NamedTuple):
    """What holds at a time: whether another runs the site, and under which contract electricity is bought."""

    elsewhere: bool
    supply: _Supply


def _supply_at(activity: Activity, place: Place, zone: str, instant: int) -> _Supply:
    """The supply of the place where electricity is drawn, or of the country that the activity names, of which no contract is known."""
    region, site = activity.country or place.region, place.premises
    if site is None or not _lies_there(activity.country, site):
        return _Supply(1.0, None, region)
    contract = contract_at(site, zone, instant)
    own = contract.residual_kg_per_kwh
    stated = None if own is None else OwnRate(own, UNRATED_LN_GSD2, site.supplier)
    return _Supply(1.0 - contract.guarantee_share, stated, region)


class _Weighed(NamedTuple):
    """A factor that an activity is weighed with (of the catalogue or its `own`, else it weighs nothing), which part of it (`rest`), on
    which basis and line, and what must be said of it."""

    basis: str
    line: Line
    factor: Factor | None
    notices: Notice
    rest: float = 1.0
    own: OwnRate | None = None

    @property
    def denominator(self) -> str:
        """The unit in which the amount is told."""
        return "kWh" if self.factor is None else denominator(self.factor.unit)


def _weigh(
    activity: Activity,
    seconds: tuple[int, int],
    over_s: float,
    terms: _Terms,
    catalogue: Catalogue,
    region: str | None,
) -> Iterator[Extra]:
    """What falls on some seconds of the `over_s` of an activity, during which its `terms` hold."""
    stage, line = PLACES.get(activity.kind, PLACES["other"])
    electric = _is_electric(activity)
    if electric:
        stage, line = USE, ELECTRICITY

    def absent(why: Notice) -> Extra:
        return Extra(
            *seconds,
            stage,
            GWP,
            BOTH,
            0.0,
            activity.unit,
            _origin(activity, 1.0, activity.unit),
            notices=why,
            void=True,
        )

    found = False
    for criterion in (GWP, *sorted(catalogue.criteria - {GWP})):
        weighed = (
            _electricity(catalogue, activity, criterion, region, terms.supply)
            if electric
            else _in_place(catalogue, activity, criterion, region, line)
        )
        for each in weighed:
            try:
                ratio = conversion(activity.unit, each.denominator)
                kwh = conversion(activity.unit, "kWh") * activity.quantity if electric and each.basis != BOTH else 0.0
            except UnitError:
                yield absent(Notice.ACTIVITY_UNIT)
                return
            found |= criterion == GWP and each.basis != "market"
            amount = activity.quantity * ratio
            yield Extra(
                *seconds,
                stage=stage,
                criterion=criterion,
                basis=each.basis,
                amount=amount * each.rest,
                unit=each.denominator,
                origin=_origin(activity, ratio, each.denominator),
                factor=each.factor,
                line=CLOUD if terms.elsewhere and each.line in OF_THE_OPERATOR else each.line,
                source_ln_gsd2=ACTIVITY_LN_GSD2["declared"] if each.rest > 0 else 0.0,
                over_s=over_s,
                notices=each.notices,
                written_amount="" if each.rest == 1.0 else f"({amount!r} kWh × {each.rest!r})",
                own=each.own,
                kwh=kwh,
            )
    if not found:
        yield absent(Notice.NO_ACTIVITY_FACTOR)


def _in_place(
    catalogue: Catalogue, activity: Activity, criterion: str, region: str | None, line: Line
) -> Iterator[_Weighed]:
    """The factor of what was done, alike on both bases."""
    choice = catalogue.activity(activity.activity, region, activity.start, criterion)
    if choice is not None:
        yield _Weighed(BOTH, line, choice.factor, choice.notices)


def _electricity(
    catalogue: Catalogue, activity: Activity, criterion: str, region: str | None, bought: _Supply
) -> Iterator[_Weighed]:
    """The factors of each basis, and those of upstream and losses, alike on both. Market-based, guarantees of origin count 0, the rest the
    supplier's own factor, else the residual mix of where it was bought (GHG Protocol, Scope 2 Guidance)."""
    supply = None if region is None else catalogue.electricity(region, activity.start, criterion)
    if supply is not None:
        said = supply.notices if criterion == GWP else supply.used.notices
        yield _Weighed("location", ELECTRICITY, supply.used.factor, said)
        for each in supply.beside:
            yield _Weighed(BOTH, ENERGY_UPSTREAM, each.factor, said)
    if criterion != GWP:
        return
    mix = None if bought.region is None else catalogue.residual_mix(bought.region, activity.start)
    if bought.rest <= 0:
        yield _Weighed("market", ELECTRICITY, None, NOTHING, 0.0)
    elif bought.own is not None:
        yield _Weighed("market", ELECTRICITY, None, Notice.RESIDUAL_OF_SUPPLIER, bought.rest, bought.own)
    elif mix is not None:
        yield _Weighed("market", ELECTRICITY, mix.factor, mix.notices, bought.rest)


def _origin(activity: Activity, ratio: float, unit: str) -> str:
    days = f"from {activity.start} to {activity.end}"
    stated = f"activity {activity.activity} ({activity.kind}): {activity.quantity!r} {activity.unit} {days}"
    return stated if ratio == 1.0 else f"{stated}, {ratio!r} {unit} each"
