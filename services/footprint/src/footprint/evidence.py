"""Stored figures computed again from the evidence that was kept: the world as it was when a month was closed, or restated."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from common.database import Connection

from footprint.documents import read_figure_documents
from footprint.domain.catalogue import Catalogue, Catalogues
from footprint.domain.explanation import Explanation, explain
from footprint.domain.months import format_month
from footprint.domain.results import Figure
from footprint.domain.sums import exact
from footprint.domain.uncertainty import interval, quality
from footprint.store import answers, catalogues, periods, picture
from footprint.trace_words import Language
from footprint.wording import warnings_of


async def explain_then(
    connection: Connection, asset: UUID, month: int, moment: str, now: datetime
) -> Explanation | None:
    """Compute an asset's month again from what was known at `moment`; None where the asset, or the month of it, was not known then.

    `connection` sees every organisation: a host of another one is part of the evidence. Factors are those of then, whatever became of them;
    the lives of months that were closed already are the ones that they were closed with.
    """
    assets = await picture.read_assets(connection, [asset], moment)
    if not assets:
        return None
    world = await picture.read_world(connection, assets, Catalogues(Catalogue()), now, moment)
    orgs = {each.org for each in (*assets, *world.hosts.values())}
    then = await catalogues.catalogues_at(connection, moment, orgs)
    world = replace(world, catalogue=then.default, own_catalogues=then.own)
    return explain(assets[0], month, await periods.with_closed_lives(connection, world, assets, moment))


def figures_document(figures: list[Figure]) -> list[dict[str, Any]]:
    """Figures with their 95 % intervals and qualities."""
    return [
        {
            **each._asdict(),
            "kwh": None if each.basis == "both" else exact(each.kwh),
            "basis": None if each.basis == "both" else each.basis,
            "low": interval(each.value, each.ln_gsd2).low,
            "high": interval(each.value, each.ln_gsd2).high,
            "quality": quality(each.ln_gsd2),
        }
        for each in figures
    ]


async def restatement_document(
    connection: Connection, row: Mapping[str, Any], moved: list[Mapping[str, Any]], language: Language
) -> dict[str, Any]:
    """What a restatement says of an asset's closed month: the figures known from then on, and by how much each line moved and why.

    Its warnings are in the language."""
    counted_in = format_month(row["counted_in"])
    return {
        "asset_id": row["asset_id"],
        "month": format_month(row["month"]),
        "org": row["org_id"],
        "kind": row["kind"],
        "quantity": row["quantity"],
        "status": "retired",
        "site_id": None,
        "host_id": None,
        "kwh": row["kwh"],
        "projected": False,
        "figures": figures_document(read_figure_documents(row["figures"])),
        "evidence": {
            "embodied": row["embodied_evidence"],
            "energy": row["energy_evidence"],
            "electricity": row["electricity_evidence"],
        },
        "factors": await answers.factor_documents(connection, row["factor_ids"], row["factor_versions"]),
        "warnings": warnings_of(row["notices"], language),
        "method_version": row["method_version"],
        "computed_at": row["recorded_at"],
        "pending": False,
        "restated": _restated(row, moved, "location"),
        "restated_market": _restated(row, moved, "market"),
        "restatement": {
            "id": row["id"],
            "recorded_at": row["recorded_at"],
            "counted_in": counted_in,
            "heard": row["causes"],
            "gone": row["removed"],
            "moved": [
                {
                    name: line[name]
                    for name in (
                        "site_id",
                        "stage",
                        "criterion",
                        "basis",
                        "share",
                        "scope",
                        "ghg_category",
                        "beges_item",
                        "reason",
                    )
                }
                | {"value": exact(int(line["billionths"]))}
                for line in moved
            ],
        },
    }


def _restated(row: Mapping[str, Any], moved: list[Mapping[str, Any]], basis: str) -> list[dict[str, Any]]:
    """By how much a restatement moved the asset's month on a basis, by reason."""
    by_reason: dict[str, int] = {}
    for line in moved:
        if line["criterion"] == "gwp" and line["basis"] in ("both", basis):
            by_reason[line["reason"]] = by_reason.get(line["reason"], 0) + int(line["billionths"])
    told = {name: row[name] for name in ("counted_in", "recorded_at")}
    return [
        restated_document(told | {"reason": reason, "billionths": amount})
        for reason, amount in sorted(by_reason.items())
    ]


def restated_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """By how much a closed month was restated for a reason, and which month counts it."""
    return {
        "counted_in": format_month(row["counted_in"]),
        "reason": row["reason"],
        "recorded_at": row["recorded_at"],
        "value": exact(int(row["billionths"])),
    }
