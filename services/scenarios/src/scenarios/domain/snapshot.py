"""The assets of a study, frozen: from what was heard of them to the values a scenario starts from, each with its evidence.

Nothing is guessed: an asset of which something is not known is left out, with the reason.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.description import AssetValues, Kilograms, Kwh, Life, Ref, Written
from scenarios.domain.kinds import Kind

DAYS = 365
GENERATION: Final = ("direct", "production")
"""The perimeters of the electricity itself; of those of one year the first. As footprint takes them (docs/decisions/0099)."""

YEAR_GAP: Final = 5
"""How many years old upstream and losses may be."""

View = Literal["kit", "load"]
"""`kit`: hosts with all that their virtual machines use. `load`: virtual machines with their share, hosts with the rest."""


@dataclass(frozen=True, slots=True)
class HeardMonth:
    """A month of an asset's footprint, for its whole quantity. `kwh` is at the meter; construction is all but use and maintenance.

    `embodied_kg` is what making all that is in it at the end of the month weighs, whole and as new, and `embodied_left_kg` what of it is
    charged afterwards; None where the footprint does not say.
    """

    month: date
    kwh: float | None
    construction_kg: float
    maintenance_kg: float
    embodied_kg: float | None = None
    embodied_left_kg: float | None = None

    @property
    def days(self) -> int:
        """The length of the month."""
        return monthrange(self.month.year, self.month.month)[1]

    @property
    def end(self) -> date:
        """The first day after it."""
        return self.month + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class HeardAsset:
    """An asset at the start of the study, as inventory tells it, with the newest months of its footprint, newest first."""

    id: UUID
    kind: str
    quantity: int
    status: str
    site_id: UUID | None
    host_id: UUID | None
    entered_on: date
    age_then_years: float
    planned_life_years: float | None
    declared_annual_kwh: float | None
    declared_embodied_kg: float | None
    support_eur_per_year: Decimal
    price_eur: Decimal
    tags: Mapping[str, str]
    vcpu: float = 0.0
    ram_gib: float = 0.0
    months: Sequence[HeardMonth] = ()
    carries: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class HeardSite:
    """A site; `pue` holds its values by date."""

    id: UUID
    code: str
    country: str
    region: str | None
    pue: Sequence[Mapping[str, object]]

    def pue_on(self, day: date) -> float | None:
        """The PUE that counts on `day`."""
        for entry in self.pue:
            start, end = entry.get("from"), entry.get("to")
            if (start is None or date.fromisoformat(str(start)) <= day) and (
                end is None or day < date.fromisoformat(str(end))
            ):
                return float(str(entry["value"]))
        return None


class FactorUsed(BaseModel):
    """A factor as a snapshot froze it."""

    model_config = ConfigDict(frozen=True)

    id: str
    version: int
    activity: str
    region: str | None
    valid_from: date | None
    valid_to: date | None
    value: float
    perimeter: str | None = None

    def is_near(self, day: date) -> bool:
        """Whether its last year is at most `YEAR_GAP` before that of `day`."""
        return self.valid_to is None or day.year - (self.valid_to - timedelta(days=1)).year <= YEAR_GAP


class SnapshotAsset(AssetValues):
    """An asset with what its values rest on, and the id of its electricity factor (none where the study gives the electricity).

    `beside` are the factors of upstream and losses that a kWh weighs as well. In the view `kit`, `carries` names the machines that are part
    of it.
    """

    electricity: str | None
    beside: list[str] = Field(default_factory=list)
    evidence: dict[str, str]
    carries: list[str] = Field(default_factory=list)


class LeftOut(BaseModel):
    """An asset that the study does without, and why."""

    model_config = ConfigDict(frozen=True)

    ref: str
    kind: str
    reason: str


class Snapshot(BaseModel):
    """What a run computes with."""

    model_config = ConfigDict(frozen=True)

    assets: list[SnapshotAsset]
    left_out: list[LeftOut]
    factors: list[FactorUsed]
    release: str | None = None


class GivenValues(Written):
    """What a study says of assets of which it is not known otherwise, with where it comes from; per unit, before PUE."""

    kinds: list[Kind] | None = None
    refs: list[Ref] | None = None
    annual_kwh: Kwh | None = None
    embodied_kg: Kilograms | None = None
    life_years: Life | None = None
    source: Annotated[str, Field(min_length=1, max_length=1000, examples=["data sheet of the maker"])]

    def holds(self, asset: "HeardAsset") -> bool:
        """Whether it is about `asset`."""
        return (self.kinds is None or asset.kind in self.kinds) and (self.refs is None or str(asset.id) in self.refs)


@dataclass(frozen=True)
class Heard:
    """All that was heard of an organisation and matters to a study."""

    assets: Sequence[HeardAsset]
    sites: Mapping[UUID, HeardSite]
    factors: Sequence[FactorUsed]

    @cached_property
    def site_of_asset(self) -> Mapping[UUID, UUID | None]:
        """The site of each asset that has one of its own."""
        return {asset.id: asset.site_id for asset in self.assets}


@dataclass(slots=True)
class _Missing(Exception):
    reason: str


@dataclass(slots=True)
class Freezer:
    """Freezes heard assets at the `start` of a study.

    `region` is for assets without a site; with `electricity_given` the study has its own and no factor is looked for.
    """

    heard: Heard
    start: date
    region: str | None
    electricity_given: bool
    given: Sequence[GivenValues] = ()
    release: str | None = None
    used: dict[str, FactorUsed] = field(default_factory=dict)

    def freeze(self, view: View) -> Snapshot:
        """The snapshot. In the view `kit` a machine on a host of the organisation is part of that host."""
        assets = folded(self.heard.assets) if view == "kit" else self.heard.assets
        frozen, left_out = [], []
        for asset in sorted(assets, key=lambda each: each.id):
            try:
                frozen.append(self._asset(asset))
            except _Missing as missing:
                left_out.append(LeftOut(ref=str(asset.id), kind=asset.kind, reason=missing.reason))
        factors = sorted(self.used.values(), key=lambda each: each.id)
        return Snapshot(assets=frozen, left_out=left_out, factors=factors, release=self.release)

    def _asset(self, asset: HeardAsset) -> SnapshotAsset:
        if asset.status == "retired":
            raise _Missing("retired before the start")
        if asset.entered_on > self.start:
            raise _Missing("enters after the start")
        site = self._site(asset)
        life_years, life = self._life(asset)
        annual_kwh, pue, energy = self._energy(asset, site)
        embodied_kg, embodied = self._embodied(asset, life_years)
        electricity, beside, instead = self._electricity(site)
        return SnapshotAsset.model_validate(
            {
                "ref": str(asset.id),
                "kind": asset.kind,
                "quantity": asset.quantity,
                "annual_kwh": annual_kwh / asset.quantity,
                "pue": pue,
                "embodied_kg": embodied_kg,
                "embodied_left_kg": self._left(asset, life_years),
                "life_years": life_years,
                "age_years": _age(asset, self.start),
                "maintenance_kg_per_year": _yearly(asset.months, lambda month: month.maintenance_kg) / asset.quantity,
                "opex_eur_per_year": asset.support_eur_per_year,
                "price_eur": asset.price_eur,
                "site": site.code if site else None,
                "vcpu": asset.vcpu / asset.quantity,
                "ram_gib": asset.ram_gib / asset.quantity,
                "electricity": electricity,
                "beside": beside,
                "evidence": {"life": life, "energy": energy, "embodied": embodied} | instead,
                "tags": dict(asset.tags),
                "carries": sorted(str(machine) for machine in asset.carries),
            }
        )

    def _site(self, asset: HeardAsset) -> HeardSite | None:
        """Its own, or its host's."""
        site_id = asset.site_id or (self.heard.site_of_asset.get(asset.host_id) if asset.host_id else None)
        return self.heard.sites.get(site_id) if site_id else None

    def _life(self, asset: HeardAsset) -> tuple[float, str]:
        if asset.planned_life_years is not None:
            return asset.planned_life_years, "planned"
        kind = "server" if asset.kind == "virtual_machine" else asset.kind
        factor = self._factor(f"life.{kind}", None)
        if factor is not None:
            return factor.value, "kind"
        return self._given(asset, "life_years", "no life is known")

    def _energy(self, asset: HeardAsset, site: HeardSite | None) -> tuple[float, float, str]:
        """Annual kWh of the kit, PUE, evidence. Where a site's PUE is not known, the energy stays that at its meter and the PUE 1."""
        if asset.status != "in_service":
            return 0.0, (site.pue_on(self.start) if site else None) or 1.0, "off"
        pue = site.pue_on(self.start) if site else None
        known = [month for month in _settled(asset.months) if month.kwh is not None]
        if known:
            kwh = _yearly(known, lambda month: (month.kwh or 0.0) / self._pue_then(site, month, pue))
            return kwh, pue or 1.0, f"footprint of {len(known)} months"
        if asset.declared_annual_kwh is not None:
            return asset.declared_annual_kwh * asset.quantity, pue or 1.0, "declared"
        annual_kwh, evidence = self._given(asset, "annual_kwh", "no energy is known")
        return annual_kwh * asset.quantity, pue or 1.0, evidence

    @staticmethod
    def _pue_then(site: HeardSite | None, month: HeardMonth, pue: float | None) -> float:
        if site is None or pue is None:
            return 1.0
        return site.pue_on(month.month) or pue

    def _embodied(self, asset: HeardAsset, life_years: float) -> tuple[float, str]:
        """Kg of one unit, whole: as the newest footprint says, else declared, else the monthly charge over the life, else of the kind."""
        said = asset.months[0].embodied_kg if asset.months else None
        if said is not None:
            return said / asset.quantity, "footprint"
        if asset.declared_embodied_kg is not None:
            return asset.declared_embodied_kg, "declared"
        daily = max((month.construction_kg / month.days for month in asset.months), default=0.0)
        if daily > 0:
            return daily * life_years * DAYS / asset.quantity, "footprint"
        factor = self._factor(f"embodied.{asset.kind}", None)
        if factor is not None:
            return factor.value, "kind"
        return self._given(asset, "embodied_kg", "nothing is known of its making")

    def _left(self, asset: HeardAsset, life_years: float) -> float | None:
        """Kg of one unit that are not charged yet at the start: what the newest footprint says of its end, less what the line from there to
        the end of the life charges until the start; None where it does not say."""
        newest = asset.months[0] if asset.months else None
        if newest is None or newest.embodied_left_kg is None:
            return None
        rest, then = (life_years - _age(asset, day) for day in (self.start, newest.end))
        return newest.embodied_left_kg * max(0.0, rest) / then / asset.quantity if then > 0 else 0.0

    def _given(self, asset: HeardAsset, name: str, reason: str) -> tuple[float, str]:
        """What the study says. Raises `_Missing` with the reason."""
        for each in self.given:
            value = getattr(each, name)
            if value is not None and each.holds(asset):
                return value, f"study: {each.source}"
        raise _Missing(reason)

    def _electricity(self, site: HeardSite | None) -> tuple[str | None, list[str], dict[str, str]]:
        """The ids of the factor of the electricity itself, and of those of upstream and losses that are not inside it; and what must be
        said where the country stands in for a region without a factor."""
        instead: dict[str, str] = {}
        if self.electricity_given:
            return None, [], instead
        region = (site.region or site.country) if site else self.region
        if region is None:
            raise _Missing("no site, and the study names no region")
        factor = self._factor("electricity", region, GENERATION)
        if factor is None and site is not None and site.region is not None:
            factor = self._factor("electricity", site.country, GENERATION)
            instead = {"electricity": f"factor of {site.country}: none is known for {site.region}"}
        if factor is None:
            raise _Missing(f"no electricity factor for {region}")
        parts = ("upstream", "losses") if factor.perimeter == "direct" else ("losses",)
        beside = (self._factor("electricity", factor.region, (part,), near=True) for part in parts)
        return factor.id, [each.id for each in beside if each is not None], instead

    def _factor(
        self, activity: str, region: str | None, perimeters: Sequence[str] = (), *, near: bool = False
    ) -> FactorUsed | None:
        """The factor that counts at the start: the newest that is valid or was, of one of the `perimeters` where they are named, the first
        going before the others; with `near` none that is too old. It is then part of the snapshot."""
        fitting = [
            factor
            for factor in self.heard.factors
            if factor.activity == activity
            and factor.region == region
            and (not perimeters or factor.perimeter in perimeters)
            and (factor.valid_from is None or factor.valid_from <= self.start)
            and (not near or factor.is_near(self.start))
        ]
        if not fitting:
            return None
        ranks = {perimeter: -rank for rank, perimeter in enumerate(perimeters)}
        chosen = max(
            fitting,
            key=lambda factor: (factor.valid_from or date.min, ranks.get(factor.perimeter or "", 0), factor.id),
        )
        self.used[chosen.id] = chosen
        return chosen


def folded(assets: Sequence[HeardAsset]) -> list[HeardAsset]:
    """Each host with the months and the load of the machines on it added to its own; machines whose host is not among `assets` stay."""
    hosts = {asset.id for asset in assets}
    carried: dict[UUID, list[HeardAsset]] = defaultdict(list)
    for asset in assets:
        if asset.host_id is not None and asset.host_id in hosts:
            carried[asset.host_id].append(asset)
    return [
        _loaded(asset, carried[asset.id]) if asset.id in carried else asset
        for asset in assets
        if asset.host_id not in hosts
    ]


def _loaded(host: HeardAsset, machines: Sequence[HeardAsset]) -> HeardAsset:
    running = [machine for machine in machines if machine.status == "in_service"]
    return replace(
        host,
        months=_together(host.months, [month for machine in machines for month in machine.months]),
        vcpu=sum(machine.vcpu for machine in running),
        ram_gib=sum(machine.ram_gib for machine in running),
        carries=[machine.id for machine in machines],
    )


def _together(own: Sequence[HeardMonth], carried: Iterable[HeardMonth]) -> list[HeardMonth]:
    sums = {month.month: month for month in own}
    for month in carried:
        known = sums.get(month.month)
        if known is not None:
            sums[month.month] = HeardMonth(
                month.month,
                None if known.kwh is None and month.kwh is None else (known.kwh or 0.0) + (month.kwh or 0.0),
                known.construction_kg + month.construction_kg,
                known.maintenance_kg + month.maintenance_kg,
                _sum(known, month, known.embodied_kg, month.embodied_kg),
                _sum(known, month, known.embodied_left_kg, month.embodied_left_kg),
            )
    return sorted(sums.values(), key=lambda month: month.month, reverse=True)


def _sum(own: HeardMonth, carried: HeardMonth, one: float | None, other: float | None) -> float | None:
    """Two kg; of one that is charged with making and does not say them, nothing is known of the sum."""
    if (one is None and own.construction_kg) or (other is None and carried.construction_kg):
        return None
    return None if one is None and other is None else (one or 0.0) + (other or 0.0)


def _age(asset: HeardAsset, day: date) -> float:
    """Its age in years on a day."""
    return asset.age_then_years + (day - asset.entered_on).days / DAYS


def _settled(months: Sequence[HeardMonth]) -> Sequence[HeardMonth]:
    """Without the newest, which may still run, and the oldest, in which the asset may have come: while others remain. At most 12."""
    settled = months[1:-1] if len(months) > 2 else months
    return settled[:12]


def _yearly(months: Sequence[HeardMonth], value: Callable[[HeardMonth], float]) -> float:
    """What `value` is over 365 days, at the mean of `months`; 0 without months."""
    days = sum(month.days for month in months)
    return sum(value(month) for month in months) / days * DAYS if days else 0.0
