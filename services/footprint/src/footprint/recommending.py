"""The recommendations of a month: candidates from the store, weighed by the engine as if nobody shared them, told in both languages."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import structlog
from common.database import Connection

from footprint.documents import asset_name, read_measured_days, read_site
from footprint.domain import recommendations
from footprint.domain.catalogue import Catalogue, Catalogues
from footprint.domain.engine import World, compute
from footprint.domain.inventory import Asset, Site
from footprint.domain.loads import Load, is_idle, is_over_allocated, load_of
from footprint.domain.notices import Notice
from footprint.domain.recommendations import Machine
from footprint.domain.rollup import Rolled
from footprint.store import answers, failures, insights, picture

log = structlog.get_logger()

MOST: Final = 100
"""Assets looked at for a recommendation; their figures are computed when the dashboard is asked for."""

MOST_MEASURED: Final = 2_000
FLEET: Final = ("laptop", "desktop", "smartphone", "tablet", "monitor", "thin_client")


class Recommending:
    """Finds what an organisation could do."""

    def __init__(self, read_catalogues: Callable[[], Awaitable[Catalogues]], clock: Callable[[], datetime]) -> None:
        self._read_catalogues = read_catalogues
        self._clock = clock

    async def of(self, connection: Connection, org: str, month: int, rows: Sequence[Rolled]) -> list[dict[str, Any]]:
        """All that applies in a month, the greatest saving first, what saves nothing last; `rows` are those of the month's total."""
        catalogues: Catalogues = await self._read_catalogues()
        catalogue = catalogues.of(org)
        off = await answers.servers_off(connection, org, month, MOST)
        old = await answers.servers_past_life(connection, org, month, int(Notice.PAST_LIFE), MOST)
        due = await self._due(connection, org, month, catalogue)
        fleet = await answers.past_life(connection, org, month, int(Notice.PAST_LIFE), FLEET, MOST)
        loads = await self._loads(connection, org, month)
        idle = [each for each, load in loads.items() if is_idle(load)]
        large = [each for each, load in loads.items() if is_over_allocated(load) and each not in idle]
        wanted = list(dict.fromkeys([*off, *old, *due, *fleet, *idle[:MOST], *large[:MOST]]))
        machines = await self._machines(connection, wanted, month, catalogues)
        kg = await insights.kg_of(connection, [*idle, *large], month)

        def known(ids: Sequence[UUID]) -> list[Machine]:
            return [machines[each] for each in ids if each in machines]

        found = [
            recommendations.powered_off(known(off)),
            recommendations.idle(known(idle), kg, loads),
            recommendations.over_allocated(known(large), kg, loads),
            *recommendations.past_life(known(old), catalogue),
            recommendations.due_for_renewal(known(due), catalogue),
            recommendations.fleet_due(known(fleet), catalogue),
            await self._missing(connection, org, month, rows),
        ]
        threshold = catalogue.default_pue(date(month // 12, month % 12 + 1, 1))
        if threshold is not None:
            for row in await answers.electricity_by_site(connection, org, month):
                site = read_site(row)
                pue = _pue_in(site, month)
                found.append(recommendations.high_pue(site, pue, row["kg"], threshold.value) if pue else None)
        ordered = sorted((each for each in found if each), key=lambda each: -(each["kg_per_year"] or 0.0))
        return await _named(connection, ordered)

    async def _missing(
        self, connection: Connection, org: str, month: int, rows: Sequence[Rolled]
    ) -> dict[str, Any] | None:
        default = recommendations.widest_default(rows)
        if default is None:
            return None
        return recommendations.missing_data(
            rows, default, await answers.resting_on(connection, org, month, default, MOST)
        )

    async def _due(self, connection: Connection, org: str, month: int, catalogue: Catalogue) -> list[UUID]:
        life = catalogue.parameter("life.server")
        following = month + 1
        after = date(following // 12, following % 12 + 1, 1)
        return await answers.servers_due(connection, org, month, after, life.value if life else None, MOST)

    async def _loads(self, connection: Connection, org: str, month: int) -> dict[UUID, Load]:
        """Of each server and machine that was measured the loads of the last thirty days that were."""
        days: dict[UUID, list[Any]] = {}
        kinds = ("server", "virtual_machine")
        for row in await insights.measured_since(connection, org, month, kinds, MOST_MEASURED):
            days.setdefault(row["asset_id"], []).extend(read_measured_days(row))
        return {asset: load_of(measured) for asset, measured in days.items()}

    async def _machines(
        self, connection: Connection, ids: Sequence[UUID], month: int, catalogues: Catalogues
    ) -> dict[UUID, Machine]:
        """Assets computed by the engine as if nobody shared them; machines on hosts come without figures of their own.

        Those that cannot be computed are left out: the warnings of the dashboard say how many there are.
        """
        failed = await failures.failed_of(connection, ids)
        able = [each for each in ids if each not in failed]
        if not able:
            return {}
        assets = await picture.read_assets(connection, able)
        world = await picture.read_world(connection, assets, catalogues, self._clock())
        alone = replace(world, hosts={}, placements=(), claims={})
        try:
            return _computed(assets, alone, month)
        except Exception as error:
            log.warning("recommendations.one_by_one", assets=len(assets), reason=repr(error))
            return {key: found for each in assets for key, found in _computed_alone(each, alone, month).items()}


def _computed(assets: Sequence[Asset], world: World, month: int) -> dict[UUID, Machine]:
    return {
        result.asset.id: Machine(result.asset, result)
        for result in compute(assets, world).results()
        if result.month == month
    }


def _computed_alone(asset: Asset, world: World, month: int) -> dict[UUID, Machine]:
    """Nothing of an asset that cannot be computed and that no calculator has set aside yet."""
    try:
        return _computed([asset], world, month)
    except Exception as error:
        log.warning("recommendations.left_out", asset=str(asset.id), reason=repr(error))
        return {}


async def _named(connection: Connection, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Recommendations with the names of their assets."""
    rows = await insights.named(connection, sorted({asset for each in found for asset in each["assets"]}))
    names = {row["id"]: asset_name(row) for row in rows}
    return [each | {"named_assets": [names[asset] for asset in each["assets"] if asset in names]} for each in found]


def _pue_in(site: Site, month: int) -> float | None:
    """The PUE of a site on the first day of a month, None where it states none."""
    day = date(month // 12, month % 12 + 1, 1)
    return next(
        (each.value for each in site.pue if (not each.start or each.start <= day) and (not each.end or day < each.end)),
        None,
    )
