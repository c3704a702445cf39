"""The rows of an import, whatever they tell of, into assets and sites; each row comes to an outcome."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from common.api.problems import Problem
from pydantic import ValidationError

from inventory.domain.configuration import Part
from inventory.domain.defects import Defect, Refused, defects_of
from inventory.domain.places import PueInterval, Site, corrected
from inventory.domain.planning import Row
from inventory.domain.quantities import Day
from inventory.imports.charges import facts_of_charges
from inventory.imports.reading import Entity
from inventory.service.import_purchases import purchased
from inventory.service.import_writing import Writing
from inventory.service.rows import Result, RowOutcome, outcome_of, read_sent_row
from inventory.store import places
from inventory.store.import_rows import StagedRow


class Life(Part):
    """Since when a new asset has been there, and when it left."""

    begins_on: Day | None = None
    retired_on: Day | None = None


async def apply_entity(
    writing: Writing, entity: Entity, rows: Sequence[StagedRow], options: Mapping[str, Any], learnt: Mapping[str, Any]
) -> list[RowOutcome]:
    """Apply rows that all tell of one sort of thing; their outcomes, in their order."""
    match entity:
        case Entity.SITE:
            return [await _site(writing, index, row.content) for index, row in enumerate(rows)]
        case Entity.CHARGE:
            return await _charges(writing, rows, learnt)
        case Entity.PURCHASE:
            return await _purchases(writing, rows)
        case Entity.APPLICATION:
            return await writing.applications([row.content for row in rows])
        case _:
            contents = [row.content for row in rows]
            hosts = options.get("missing_hosts") != "none"
            return await _assets(writing, contents, host_required=hosts, adds_tags=bool(options.get("adds_tags")))


async def _assets(
    writing: Writing, contents: Sequence[Any], *, host_required: bool = True, adds_tags: bool = True
) -> list[RowOutcome]:
    good: list[Row] = []
    positions: list[int] = []
    outcomes: dict[int, RowOutcome] = {}
    for index, content in enumerate(contents):
        try:
            row = replace(_row(writing, content), host_required=host_required, adds_tags=adds_tags)
        except Refused as refused:
            outcomes[index] = RowOutcome(index, Result.ERROR, defects=refused.defects)
        else:
            positions.append(index)
            good.append(row)
    if good:
        plan = await writing.assets(good)
        outcomes.update({index: outcome_of(plan, position, index) for position, index in enumerate(positions)})
    return [outcomes[index] for index in range(len(contents))]


def _row(writing: Writing, content: Any) -> Row:
    organisations = writing.unit.organisations
    if not ("begins_on" in content or "retired_on" in content):
        return Row(read_sent_row(content, organisations))
    said = dict(content)
    dates = {name: said.pop(name) for name in Life.model_fields if name in said}
    try:
        life = Life.model_validate(dates)
    except ValidationError as failure:
        raise Refused(defects_of(failure)) from None
    record = read_sent_row(said, organisations)
    return Row(record, begins=life.begins_on, retired_from=life.retired_on)


async def _charges(writing: Writing, rows: Sequence[StagedRow], learnt: Mapping[str, Any]) -> list[RowOutcome]:
    """The charges of each machine become facts of its timeline; all of them come to what the machine comes to."""
    of_machine: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        of_machine[row.asset].append(index)
    facts: list[Any] = []
    machines: list[str] = []
    for machine, indices in of_machine.items():
        for fact in facts_of_charges([rows[index].content for index in indices], learnt.get("charged_until")):
            facts.append(fact)
            machines.append(machine)
    told: dict[str, RowOutcome] = {}
    for machine, outcome in zip(machines, await _assets(writing, facts), strict=True):
        if machine not in told or outcome.result is Result.ERROR:
            told[machine] = outcome
    return [replace(told[row.asset], index=index) for index, row in enumerate(rows)]


async def _purchases(writing: Writing, rows: Sequence[StagedRow]) -> list[RowOutcome]:
    outcomes: dict[int, RowOutcome] = {}
    contents: list[Any] = []
    positions: list[int] = []
    for index, found in enumerate(await purchased(writing.unit.connection, [row.content for row in rows])):
        if isinstance(found, Defect):
            outcomes[index] = RowOutcome(index, Result.ERROR, defects=[found])
        else:
            contents.append(found)
            positions.append(index)
    for index, outcome in zip(positions, await _assets(writing, contents), strict=True):
        outcomes[index] = replace(outcome, index=index)
    return [outcomes[index] for index in range(len(rows))]


async def _site(writing: Writing, index: int, content: Mapping[str, Any]) -> RowOutcome:
    said = {name: value for name, value in content.items() if name not in ("implied", "pue")}
    today = await writing.today(str(said.get("org")))
    if today is None:
        rule = f"no organisation {said.get('org')!r} is known"
        return RowOutcome(index, Result.ERROR, defects=[Defect("org", "unknown_organisation", rule)])
    value = content.get("pue")
    try:
        site = Site.model_validate({**said, "pue": [] if value is None else [{"value": value}]})
    except ValidationError as failure:
        return RowOutcome(index, Result.ERROR, defects=[_of_the_site(defect) for defect in defects_of(failure)])
    known = await places.find_site_by_code(writing.unit.connection, site.org, site.code)
    change: dict[str, Any] = {}
    if known is not None:
        if content.get("implied"):
            return RowOutcome(index, Result.UNCHANGED)
        change = {name: getattr(site, name) for name in ("name", "country") if name in said}
        if value is not None:
            change["pue"] = _pue_from(known.site, today, value)
        site = Site.model_validate({**known.site.model_dump(by_alias=True), **change})
    try:
        result = await writing.site(known, site, change)
    except Problem as problem:
        return RowOutcome(index, Result.ERROR, defects=[Defect("code", problem.code, problem.detail)])
    return RowOutcome(index, result)


def _of_the_site(defect: Defect) -> Defect:
    """`pue.0.value` is what the row calls `pue`."""
    return Defect(defect.field.split(".")[0], defect.code, defect.detail)


def _pue_from(site: Site, day: date, value: float) -> list[dict[str, Any]]:
    """The PUE of a site when it is `value` from `day` on, as long as nothing else is known of later days."""
    if not site.pue:
        return [{"value": value}]
    holds = [one.value for one in site.pue if (one.start or day) <= day and (one.end is None or day < one.end)]
    if holds == [value]:
        return [one.model_dump(by_alias=True) for one in site.pue]
    later = min((one.start for one in site.pue if one.start is not None and one.start > day), default=None)
    now = PueInterval.model_validate({"from": day, "to": later, "value": value})
    return [one.model_dump(by_alias=True) for one in corrected(site.pue, now)]
