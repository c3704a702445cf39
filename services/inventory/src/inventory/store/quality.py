"""The rule of each gap, in the terms of `inventory.store.finding`: asset `a`, state `s`, site `site`, at moment `$1`."""

from collections.abc import Mapping

from inventory.domain.quality import Gap

_PHYSICAL = "a.kind <> 'virtual_machine'"
_VIRTUAL = "a.kind = 'virtual_machine'"
_IN_RACKS = "a.kind IN ('server', 'storage', 'network')"
_COMPUTERS = "a.kind IN ('server', 'storage', 'network', 'laptop', 'desktop', 'thin_client')"

_UNMEASURED = """NOT EXISTS (
        SELECT FROM measurement_days d
        WHERE d.asset_id = a.id AND d.day > $1::timestamptz::date - 31 AND d.day <= $1::timestamptz::date
          AND jsonb_array_length(d.energy) > 0)"""
"""No energy was measured in the month before."""

_LOCAL_DAY = """(
        SELECT ($1::timestamptz AT TIME ZONE o.time_zone)::date AS day
        FROM organisations o
        WHERE o.org_id = site.org_id) today"""

RULES: Mapping[Gap, str] = {
    Gap.SITE: f"{_PHYSICAL} AND s.site_id IS NULL",
    Gap.HOST: f"{_VIRTUAL} AND s.host_id IS NULL AND s.allocation -> 'cloud' IS NULL",
    Gap.HOST_RETIRED: """s.host_id IS NOT NULL AND EXISTS (
        SELECT FROM asset_states h
        WHERE h.asset_id = s.host_id AND upper_inf(h.known) AND h.valid @> $1::timestamptz AND h.status = 'retired')""",
    Gap.ALLOCATION: f"{_VIRTUAL} AND s.allocation IS NULL",
    Gap.ENERGY: f"""{_PHYSICAL} AND coalesce(a.details #> '{{declared,annual_kwh}}', a.details #> '{{declared,average_w}}')
        IS NULL AND {_UNMEASURED}""",
    Gap.CPU_TDP: """a.kind = 'server' AND s.configuration #> '{cpu,tdp_w}' IS NULL
        AND coalesce(a.details #> '{declared,annual_kwh}', a.details #> '{declared,average_w}') IS NULL
        AND """
    + _UNMEASURED,
    Gap.MODEL: f"{_PHYSICAL} AND a.details -> 'model' IS NULL",
    Gap.CONFIGURATION: f"""{_COMPUTERS} AND s.configuration IS NULL
        AND a.details #> '{{declared,embodied_kg}}' IS NULL""",
    Gap.ACQUIRED_ON: f"{_PHYSICAL} AND a.details #> '{{acquired,on}}' IS NULL",
    Gap.CONDITION: f"{_PHYSICAL} AND a.details #> '{{acquired,condition}}' IS NULL",
    Gap.AGE: """a.details #>> '{acquired,condition}' IN ('refurbished', 'taken_back')
        AND a.details #> '{acquired,age_years}' IS NULL""",
    Gap.SITE_PUE: f"""{_PHYSICAL} AND s.site_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(site.pue) p, {_LOCAL_DAY}
        WHERE coalesce((p ->> 'from')::date <= today.day, true) AND coalesce((p ->> 'to')::date > today.day, true))""",
    Gap.SUPPORT: f"{_IN_RACKS} AND a.details -> 'support' IS NULL",
    Gap.PLANNED_LIFE: f"{_PHYSICAL} AND a.details -> 'planned_life_years' IS NULL",
    Gap.PRICE: f"{_PHYSICAL} AND a.details #> '{{acquired,price_eur}}' IS NULL",
    Gap.APPLICATION: f"""({_VIRTUAL} OR a.kind = 'server' AND NOT EXISTS (
        SELECT FROM asset_states vm
        WHERE vm.host_id = a.id AND upper_inf(vm.known) AND vm.valid @> $1::timestamptz))
        AND NOT EXISTS (
        SELECT FROM application_machines m
        WHERE m.asset_id = a.id AND m.valid @> $1::timestamptz)""",
    Gap.SERIAL_NUMBER: f"{_IN_RACKS} AND a.quantity = 1 AND a.details -> 'serial_number' IS NULL",
}
"""By gap, the condition under which an asset has it."""


def has(gap: Gap) -> str:
    """The condition under which an asset that is there has a gap."""
    return f"(s.status <> 'retired' AND {RULES[gap]})"
