"""Bringing new rows in: by COPY, the fastest way there is, into temporary tables, the only ones for which row-level security allows it.

Most of a row is the same in very many rows of a group: such parts are sent once, numbered, and joined where the rows are stored.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import numpy as np
from common.database import Connection

from footprint.domain.catalogue import FactorRef
from footprint.domain.results import METHOD_VERSION, AssetMonth, Figure


@dataclass(frozen=True, slots=True)
class Change:
    """An asset-month to be written: `stored` when it was before, `removed` when it is no longer part of the timeline.

    `claims_digest` tells apart what applications use of it, None for nothing.
    """

    result: AssetMonth
    version: int
    digest: bytes
    stored: bool
    published: bool
    removed: bool
    claims_digest: bytes | None = None


_OF_A_MONTH: Final = "asset_id, month, version, digest, kwh, embodied_kg, embodied_left_kg, claims_digest"
_CIRCUMSTANCES: Final = (
    "org_id, removed, published, kind, quantity, status, site_id, host_id, embodied_evidence, energy_evidence, electricity_evidence, "
    "notices, factor_ids, factor_versions, method_version, life_start, spread_days, first_life_days, "
    "use_days"
)
HEADER: Final = f"{_OF_A_MONTH}, {_CIRCUMSTANCES}"
"""The columns of `asset_months`; those of `new_asset_months` and `new_circumstances` together."""

LINE: Final = "org_id, kind, stage, criterion, basis, share, site_id, scope, ghg_category, beges_item, factor, source"
NUMBERS: Final = "value, ln_gsd2, factor_ln_gsd2, source_ln_gsd2, kwh"
FIGURE: Final = f"asset_id, month, {LINE}, {NUMBERS}"
"""The columns of `figures`; those of `new_figures` and `new_lines` together."""

_TABLES: Final = {
    "new_asset_months": ("circumstances", _OF_A_MONTH, "asset_months"),
    "new_circumstances": ("circumstances", _CIRCUMSTANCES, "asset_months"),
    "new_figures": ("line", f"asset_id, month, {NUMBERS}", "figures"),
    "new_lines": ("line", LINE, "figures"),
}
"""Each temporary table: the number by which it is joined, and the columns that it has of a table."""

_PREPARE: Final = ";".join(
    f"""
    CREATE TEMP TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS
    SELECT 0 AS {number}, {columns} FROM {table} WITH NO DATA;
    DELETE FROM {name}
    """
    for name, (number, columns, table) in _TABLES.items()
)
"""Made once a connection; emptied each time, for assets that are computed one by one are written in one transaction."""


async def stage(connection: Connection, changes: Sequence[Change]) -> None:
    """Fill the temporary tables with the asset-months and figures of `changes`; they are empty again when the transaction ends."""
    circumstances: dict[tuple[Any, ...], int] = {}
    lines: dict[tuple[Any, ...], int] = {}
    months = [
        (
            circumstances.setdefault(_circumstances(change), len(circumstances)),
            change.result.asset.id,
            change.result.month,
            change.version,
            change.digest,
            change.result.kwh,
            change.result.embodied_kg,
            change.result.embodied_left_kg,
            change.claims_digest,
        )
        for change in changes
    ]
    figures = _packed([change.result for change in changes], lines)
    await connection.execute(_PREPARE)
    await connection.copy_records_to_table("new_asset_months", records=months)
    await connection.copy_records_to_table(
        "new_circumstances",
        records=[
            (number, *each[:-5], *_columns(each[-5]), METHOD_VERSION, *each[-4:])
            for each, number in circumstances.items()
        ],
    )
    await connection.copy_to_table("new_figures", source=_whole(figures), format="binary")
    await connection.copy_records_to_table("new_lines", records=[(number, *line) for line, number in lines.items()])


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    """`data` in one piece. Of a file the driver would make a class for each copy, whose cycle keeps the file until garbage is collected."""
    yield data


def _circumstances(change: Change) -> tuple[Any, ...]:
    """What an asset-month has in common with very many, in the order of `_CIRCUMSTANCES`, its factors as one."""
    result = change.result
    return (
        result.asset.org,
        change.removed,
        change.published,
        result.asset.kind,
        result.asset.quantity,
        result.status,
        result.site,
        result.host,
        result.embodied_evidence,
        result.energy_evidence,
        result.electricity_evidence,
        result.notices,
        result.references,
        result.life_start,
        result.spread_days,
        result.first_life_days,
        result.use_days,
    )


@lru_cache(maxsize=4096)
def _columns(references: tuple[FactorRef, ...]) -> tuple[list[str], list[int]]:
    """Ids and versions apart: the same few sets of factors stand behind very many results."""
    return [reference.id for reference in references], [reference.version for reference in references]


_MEASURES: Final = ("value", "ln_gsd2", "factor_ln_gsd2", "source_ln_gsd2")
_FIELDS: Final = (
    ("line", ">i4"),
    ("asset_id", "V16"),
    ("month", ">i4"),
    *((each, ">f8") for each in _MEASURES),
    ("kwh", ">i8"),
)
_ROW: Final = np.dtype(
    [("fields", ">i2"), *(part for name, kind in _FIELDS for part in ((f"{name}_bytes", ">i4"), (name, kind)))]
)
"""A row of `new_figures` as PostgreSQL reads it in binary COPY: the number of fields, then each with its length before it."""

_ABOUT: Final = attrgetter(*Figure._fields[:8], "factor", "source")
_AMOUNTS: Final = attrgetter(*_MEASURES)

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"


def _packed(results: Sequence[AssetMonth], lines: dict[tuple[Any, ...], int]) -> bytes:
    """The figures of `results` as a binary COPY of `new_figures`; their lines are numbered in `lines`."""
    of_figure: list[int] = []
    numbers: list[float] = []
    kwh: list[int] = []
    known: dict[tuple[str, str], dict[tuple[Any, ...], int]] = {}
    for result in results:
        of_kind = known.setdefault((result.asset.org, result.asset.kind), {})
        for each in result.every_figure:
            about = _ABOUT(each)
            number = of_kind.get(about)
            if number is None:
                of_kind[about] = number = len(lines)
                lines[result.asset.org, result.asset.kind, *about] = number
            of_figure.append(number)
            numbers += _AMOUNTS(each)
            kwh.append(each.kwh)
    counts = [len(result.every_figure) for result in results]
    rows = np.zeros(len(of_figure), dtype=_ROW)
    rows["fields"] = len(_FIELDS)
    for name, kind in _FIELDS:
        rows[f"{name}_bytes"] = np.dtype(kind).itemsize
    rows["line"] = of_figure
    rows["asset_id"] = np.repeat(np.frombuffer(b"".join(each.asset.id.bytes for each in results), dtype="V16"), counts)
    rows["month"] = np.repeat(np.array([each.month for each in results], dtype=np.int32), counts)
    rows["kwh"] = kwh
    for name, column in zip(_MEASURES, np.array(numbers, dtype=np.float64).reshape(-1, 4).T, strict=True):
        rows[name] = column
    return _HEAD + rows.tobytes() + _END
