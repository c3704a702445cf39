"""How the service keeps what it heard (JSON documents in its own tables), and how it reads them back as the domain's types."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from footprint.domain.catalogue import Factor, FactorRef, Source
from footprint.domain.configuration import Configuration, read_configuration
from footprint.domain.inventory import (
    Activity,
    Allocated,
    AllocationRule,
    Asset,
    Claim,
    Cloud,
    Contract,
    Convention,
    Operated,
    Operator,
    Organisation,
    Placement,
    Pue,
    Segment,
    SharedBy,
    Site,
    Status,
)
from footprint.domain.measurements import MeasuredDay, Meter, Utilisation
from footprint.domain.results import AssetMonth, Figure, figure_order
from footprint.domain.uncertainty import Ratings
from footprint.events import ActivityChanged, AssetChanged, FactorChanged, MeasurementMonthChanged, SiteChanged


def _seconds(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())


def asset_document(heard: AssetChanged) -> dict[str, Any]:
    """What is kept of an asset."""
    model, acquired, declared = heard.model, heard.acquired, heard.declared
    return {
        "source": heard.source,
        "external_id": heard.external_id,
        "quantity": heard.quantity,
        "maker": model.maker if model else None,
        "model": model.name if model else None,
        "acquired_on": acquired.on if acquired else None,
        "condition": acquired.condition if acquired else None,
        "price_eur": acquired.price_eur if acquired else None,
        "age_years": acquired.age_years if acquired else None,
        "planned_life_years": heard.planned_life_years,
        "annual_kwh": declared.annual_kwh if declared else None,
        "average_w": declared.average_w if declared else None,
        "embodied_kg": declared.embodied_kg if declared else None,
        "support_eur_per_year": heard.support.eur_per_year if heard.support else None,
        "segments": [
            {
                "start": _seconds(each.start),
                "end": _seconds(each.end),
                "status": each.status,
                "site": each.site_id,
                "host": each.host_id,
                "vcpu": each.allocation.vcpu if each.allocation else None,
                "configuration": each.configuration,
                "ram_gib": each.allocation.ram_gib if each.allocation else None,
                "disk_gib": each.allocation.disk_gib if each.allocation else None,
                "cloud": each.allocation.cloud.model_dump() if each.allocation and each.allocation.cloud else None,
            }
            for each in heard.timeline
        ],
    }


def asset_name(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an asset is called: by whoever sends it, and by its maker. None of what was not said, or not heard when it was stored."""
    kept = row["document"]
    return {
        "asset_id": row["id"],
        "source": kept.get("source"),
        "external_id": kept.get("external_id"),
        "model": {"maker": kept["maker"], "name": kept["model"]},
    }


def plain(identifier: UUID) -> UUID:
    """The same id as the standard library's own type, which is written to JSON several times faster than the driver's subclass."""
    return UUID(int=identifier.int)


def read_asset(row: Record) -> Asset:
    """An asset from its row."""
    return _asset(row, _segments(row["document"]["segments"]))


def read_both(before: Record, after: Record) -> tuple[Asset, Asset]:
    """An asset from two of its rows. What its timeline begins with in both is read once: changes add to the end of long timelines."""
    one, other = before["document"]["segments"], after["document"]["segments"]
    same = next(
        (place for place, (old, new) in enumerate(zip(one, other, strict=False)) if old != new),
        min(len(one), len(other)),
    )
    begin = _segments(one[:same])
    return _asset(before, begin + _segments(one[same:])), _asset(after, begin + _segments(other[same:]))


def _asset(row: Record, segments: tuple[Segment, ...]) -> Asset:
    kept = row["document"]
    return Asset(
        id=plain(row["id"]),
        org=row["org_id"],
        kind=row["kind"],
        segments=segments,
        quantity=kept["quantity"],
        maker=kept["maker"],
        model=kept["model"],
        acquired_on=date.fromisoformat(kept["acquired_on"]) if kept["acquired_on"] else None,
        condition=kept["condition"],
        price_eur=kept["price_eur"],
        age_years=kept["age_years"],
        planned_life_years=kept["planned_life_years"],
        annual_kwh=kept["annual_kwh"],
        average_w=kept["average_w"],
        embodied_kg=kept["embodied_kg"],
        support_eur_per_year=kept["support_eur_per_year"],
    )


def _segments(kept: Sequence[Mapping[str, Any]]) -> tuple[Segment, ...]:
    """Segments from their documents; a configuration that segment after segment states is read once."""
    segments = []
    stated, configuration = None, None
    for each in kept:
        if each["configuration"] != stated:
            stated = each["configuration"]
            configuration = None if stated is None else read_configuration(stated)
        segments.append(_segment(each, configuration))
    return tuple(segments)


def _segment(kept: Mapping[str, Any], configuration: Configuration | None) -> Segment:
    return Segment(
        start=kept["start"],
        end=kept["end"],
        status=Status(kept["status"]),
        site=UUID(kept["site"]) if kept["site"] else None,
        host=UUID(kept["host"]) if kept["host"] else None,
        vcpu=kept["vcpu"],
        configuration=configuration,
        ram_gib=kept.get("ram_gib"),
        disk_gib=kept.get("disk_gib"),
        cloud=Cloud(**kept["cloud"]) if kept.get("cloud") else None,
    )


def placements_of(heard: AssetChanged) -> Iterator[Placement]:
    """The stays of a virtual machine on hosts, a quantity of equal ones holding as many times what each does.

    While it is not powered it holds no vCPU, and is on its host all the same. So is one whose vCPUs are not stated (NaN): it has no share.
    """
    if heard.kind != "virtual_machine" or heard.deleted:
        return
    for each in heard.timeline:
        held = each.allocation
        start, end = int(each.start.timestamp()), _seconds(each.end)
        if each.host_id is None or each.status is Status.RETIRED or start == end:
            continue
        vcpu = math.nan if held is None or held.vcpu is None else heard.quantity * held.vcpu
        yield Placement(
            heard.id,
            heard.org,
            each.host_id,
            start,
            end,
            vcpu if each.status.powered or math.isnan(vcpu) else 0.0,
            None if held is None or held.ram_gib is None else heard.quantity * held.ram_gib,
            None if held is None or held.disk_gib is None else heard.quantity * held.disk_gib,
        )


def site_document(heard: SiteChanged) -> dict[str, Any]:
    """What is kept of a site."""
    return {
        "code": heard.code,
        "kind": heard.kind,
        "country": heard.country,
        "operator": heard.operator,
        "rule": heard.allocation_rule,
        "shared_by": heard.allocation_by,
        "guarantee_share": heard.electricity.guarantee_of_origin_share if heard.electricity else 0.0,
        "residual": heard.electricity.residual_kg_per_kwh if heard.electricity else None,
        "contracts": [
            {
                "share": each.guarantee_of_origin_share,
                "residual": each.residual_kg_per_kwh,
                "start": each.start,
                "end": each.end,
            }
            for each in (heard.electricity.contracts if heard.electricity else ())
        ],
        "operators": [{"operator": each.operator, "start": each.start, "end": each.end} for each in heard.operators],
        "allocations": [
            {"rule": each.allocation_rule, "shared_by": each.allocation_by, "start": each.start, "end": each.end}
            for each in heard.allocations
        ],
        "pue": [{"value": each.value, "start": each.start, "end": each.end} for each in heard.pue],
    }


def read_site(row: Record) -> Site:
    """A site from its row."""
    kept = row["document"]
    return Site(
        id=plain(row["id"]),
        org=row["org_id"],
        code=kept["code"],
        kind=kept["kind"],
        region=row["region"],
        pue=tuple(Pue(each["value"], _day(each["start"]), _day(each["end"])) for each in kept["pue"]),
        operator=Operator(kept["operator"]),
        rule=AllocationRule(kept["rule"]),
        guarantee_share=kept["guarantee_share"],
        shared_by=SharedBy(kept.get("shared_by", SharedBy.VCPU)),
        residual_kg_per_kwh=kept.get("residual"),
        contracts=tuple(
            Contract(each["share"], each["residual"], _day(each["start"]), _day(each["end"]))
            for each in kept.get("contracts", ())
        ),
        operators=tuple(
            Operated(Operator(each["operator"]), _day(each["start"]), _day(each["end"]))
            for each in kept.get("operators", ())
        ),
        allocations=tuple(
            Allocated(AllocationRule(each["rule"]), SharedBy(each["shared_by"]), _day(each["start"]), _day(each["end"]))
            for each in kept.get("allocations", ())
        ),
    )


def read_organisation(row: Record) -> Organisation:
    """An organisation from its row."""
    return Organisation(row["org_id"], row["role"], row["time_zone"], Convention(row["convention"]))


def read_placement(row: Record) -> Placement:
    """A placement from its row."""
    return Placement(
        row["vm_id"],
        row["org_id"],
        row["host_id"],
        row["starts"],
        row["ends"],
        row["vcpu"],
        row["ram_gib"],
        row["disk_gib"],
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def measured_document(heard: MeasurementMonthChanged) -> dict[str, Any]:
    """What is kept of a month of measurements."""
    days = [
        {
            "day": each.day,
            "energy": [{"level": one.level, "kwh": one.kwh, "covered": one.covered} for one in each.energy],
            "utilisation": None
            if each.utilisation is None
            else {
                "covered": each.utilisation.covered,
                "bands": [[band.mean, band.seconds] for band in each.utilisation.bands],
            },
        }
        for each in heard.days
    ]
    return {"days": days}


def read_measured_days(row: Record) -> Iterator[MeasuredDay]:
    """The days of a month of measurements from its row."""
    for kept in row["document"]["days"]:
        meters = {
            each["level"]: Meter(each["kwh"], tuple((low, high) for low, high in each["covered"]))
            for each in kept["energy"]
        }
        load = kept["utilisation"]
        yield MeasuredDay(
            row["time_zone"],
            date.fromisoformat(kept["day"]),
            meters.get("it"),
            meters.get("facility"),
            None
            if load is None
            else Utilisation(
                tuple((mean, seconds) for mean, seconds in load["bands"]),
                tuple((low, high) for low, high in load["covered"]),
            ),
        )


def activity_of(heard: ActivityChanged) -> Activity:
    """An activity as it was heard."""
    return Activity(
        heard.id,
        heard.org,
        heard.kind,
        heard.activity,
        heard.start,
        heard.end,
        heard.quantity,
        heard.unit,
        heard.asset_id,
        heard.site_id,
        heard.country,
    )


def activity_document(heard: ActivityChanged) -> dict[str, Any]:
    """What is kept of an activity beside its columns."""
    return {"kind": heard.kind, "country": heard.country, "quantity": heard.quantity, "unit": heard.unit}


def read_activity(row: Record) -> Activity:
    """An activity from its row."""
    kept = row["document"]
    return Activity(
        plain(row["id"]),
        row["org_id"],
        kept["kind"],
        row["activity"],
        row["starts"],
        row["ends"],
        kept["quantity"],
        kept["unit"],
        plain(row["asset_id"]) if row["asset_id"] else None,
        plain(row["site_id"]) if row["site_id"] else None,
        kept["country"],
    )


def read_claim(row: Record) -> Claim:
    """What an application claims of a machine, from its row."""
    return Claim(plain(row["application_id"]), row["starts"], row["ends"], row["weight"])


def override_id(org: str, identifier: str) -> str:
    """How results name the factor that an organisation has put in the place of a public one."""
    return f"{org}/{identifier}"


def factor_document(heard: FactorChanged) -> dict[str, Any]:
    """The whole document of a factor: results name it, explanations quote it."""
    return heard.model_dump(mode="json")


def read_override(row: Record) -> Factor:
    """An organisation's own factor from its row."""
    return replace(read_factor(row["document"]), id=override_id(row["org_id"], row["id"]), own=True)


def read_factor(document: Mapping[str, Any]) -> Factor:
    """A factor from its document."""
    source, ratings, name = document.get("source") or {}, document.get("ratings"), document.get("name")
    return Factor(
        id=document["id"],
        version=document["version"],
        activity=document["activity"],
        criterion=document["criterion"],
        value=document["value"],
        unit=document["unit"],
        stage=document.get("stage"),
        region=document.get("region"),
        valid_from=_day(document.get("valid_from")),
        valid_to=_day(document.get("valid_to")),
        published_year=document.get("published_year"),
        perimeter=document.get("perimeter"),
        gwp_set=document.get("gwp_set"),
        ratings=None
        if ratings is None
        else Ratings(
            *(ratings.get(each) for each in ("technical", "reliability", "temporal", "completeness", "geographic"))
        ),
        gsd2=document.get("gsd2"),
        source=Source(source.get("name") or "unknown", source.get("link"), source.get("licence"), source.get("year")),
        name=name.get("en", "") if isinstance(name, dict) else str(name or ""),
    )


def read_result(row: Record, figures: Sequence[Record]) -> AssetMonth:
    """A stored result from its row and the rows of its figures."""
    return AssetMonth(
        asset=Asset(row["asset_id"], row["org_id"], row["kind"], (), quantity=row["quantity"]),
        month=row["month"],
        status=row["status"],
        site=row["site_id"],
        host=row["host_id"],
        kwh=row["kwh"],
        figures=sorted((read_figure(each) for each in figures), key=figure_order),
        references=tuple(map(FactorRef, row["factor_ids"], row["factor_versions"])),
        embodied_evidence=row["embodied_evidence"],
        energy_evidence=row["energy_evidence"],
        electricity_evidence=row["electricity_evidence"],
        notices=row["notices"],
        embodied_kg=row["embodied_kg"],
        embodied_left_kg=row["embodied_left_kg"],
    )


def figure_documents(result: AssetMonth) -> dict[str, Any]:
    """What is kept of the figures of a restatement."""
    return {
        "figures": [each._asdict() for each in result.figures],
        "without_factor": [each._asdict() for each in result.without_factor],
    }


def read_figure_documents(kept: Mapping[str, Any], name: str = "figures") -> list[Figure]:
    """The figures of a restatement, in their order; by the other name, what electricity without a factor stands for."""
    figures = (Figure(**(each | {"site": UUID(each["site"]) if each["site"] else None})) for each in kept.get(name, ()))
    return sorted(figures, key=figure_order)


def read_figure(row: Record) -> Figure:
    """A stored figure from its row."""
    return Figure(
        stage=row["stage"],
        criterion=row["criterion"],
        basis=row["basis"],
        share=row["share"],
        site=row["site_id"],
        scope=row["scope"],
        ghg_category=row["ghg_category"],
        beges_item=row["beges_item"],
        value=row["value"],
        ln_gsd2=row["ln_gsd2"],
        factor=row["factor"],
        factor_ln_gsd2=row["factor_ln_gsd2"],
        source=row["source"],
        source_ln_gsd2=row["source_ln_gsd2"],
        kwh=row["kwh"],
    )
