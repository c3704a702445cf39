"""Every table of the service in one list, by what its rows come from; and how what is derived is compared, to the last bit.

Whoever adds a table puts it into a list here (`test_derived.py` says so), and what is in `DERIVED` is compared with a recomputation from
scratch by the tests of convergence and by the fault rounds. All columns are compared but those named in `beside`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.database import Connection
from footprint.store.claims import AMOUNTS, monthly


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows are compared: without the columns `beside`, and only the rows that say something."""

    name: str
    beside: tuple[str, ...] = ()
    says: str = "true"


_OF_ORGANISATIONS: Final = " OR ".join(f"{amount} <> 0" for amount in AMOUNTS)
_OF_YEARS: Final = monthly("{0}_{1} <> 0").replace(", ", " OR ")

DERIVED: Final = (
    # How often an asset-month was computed, and when, is no part of what it says.
    Table("asset_months", ("version", "computed_at"), "NOT removed"),
    Table("figures"),
    Table("organisation_months", says=_OF_ORGANISATIONS),
    Table("application_figures"),
    Table("application_years", says=_OF_YEARS),
    Table("application_restatements", says="billionths <> 0 OR figures <> 0 OR kwh <> 0"),
    Table("seasons"),
    Table("organisation_seasons", says="billionths <> 0 OR assets <> 0"),
)
"""What calculators make of all that is heard and of which months are closed: whatever came in whatever order, the same rows."""

BY_ASSET: Final = frozenset({"asset_months", "figures", "application_figures"})
BY_SEASON: Final = frozenset({"seasons", "organisation_seasons"})

HEARD: Final = (
    # `current_month` is what the calendar has seen.
    Table("organisations", ("written_by", "current_month")),
    *(
        Table(name, ("written_by",))
        for name in (
            "sites", "assets", "placements", "factors", "measurement_months", "activities", "applications", "claims", "overrides",
        )
    ),
    Table("release_parts"),
    Table("release_factors"),
)  # fmt: skip
"""The copy of what inventory and factors publish: restored from the topics."""

RECORDED: Final = (
    Table("periods"),
    Table("restatements"),
    Table("restated_figures"),
    Table("restated_application_figures"),
    Table("organisation_settings"),
)
"""What was decided here, and what was found of closed months when: it only grows, in an order that no recomputation repeats."""

HISTORY: Final = tuple(
    f"replaced_{name}"
    for name in (
        "organisations", "sites", "assets", "placements", "factors", "measurement_months", "activities", "applications", "claims",
        "overrides", "organisation_settings",
    )
)  # fmt: skip
"""What closed months were computed from, by transactions."""

ON_ITS_WAY: Final = (
    "changes", "marks", "calculations", "homes", "failed_marks", "result_changes", "catalogue_revision", "heard",
)  # fmt: skip
"""What is to be computed, what may have to be (`homes` that have or had activities, as far as their versions were heard), who computes it,
and what is told of it."""

PLUMBING: Final = ("outbox", "processed_events", "dead_letters", "idempotency_keys", "schema_migrations")
"""What every service has."""

SUPERSEDED: Final = ("application_months",)
"""What nobody writes any more (0014)."""


@dataclass(frozen=True, slots=True)
class RollUp:
    """A table that is kept as the sum of others: its rows, and the sums, by the same columns in the same order."""

    kept: str
    added_up: str


_LINE: Final = "kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item"
_PINNED: Final = f"{_LINE}, factor, source"
_BY_ORGANISATION: Final = f"org_id, month, {_PINNED}"
_BY_APPLICATION: Final = f"org_id, month, application_id, {_PINNED}"
_SPREADS: Final = "factor_weighted, source_weighted, source_squares"

ROLL_UPS: Final = {
    "organisation_months": RollUp(
        f"""
        SELECT {_BY_ORGANISATION}, restates, billionths, figures, {_SPREADS}, kwh
        FROM organisation_months
        WHERE {_OF_ORGANISATIONS}
        """,
        f"""
        SELECT
            {_BY_ORGANISATION}, NULL::integer AS restates, sum(billionths(value)), count(*), sum(billionths(value * factor_ln_gsd2)),
            sum(CASE WHEN source = '' THEN 0 ELSE billionths(value * source_ln_gsd2) END),
            sum(CASE WHEN source = '' THEN square_billionths(value * source_ln_gsd2) ELSE 0 END), sum(kwh)
        FROM figures
        GROUP BY {_BY_ORGANISATION}
        UNION ALL
        SELECT org_id, counted_in, {_LINE}, '', '', month, sum(billionths), count(*), 0, 0, 0, sum(kwh)
        FROM restated_figures
        GROUP BY org_id, counted_in, {_LINE}, month
        """,
    ),
    "application_years": RollUp(
        f"""
        SELECT {_BY_APPLICATION}, billionths, figures, {_SPREADS}, kwh
        FROM applications_by_month
        WHERE restates IS NULL AND ({_OF_ORGANISATIONS})
        """,
        f"""
        SELECT
            {_BY_APPLICATION}, sum(billionths), count(*), sum(round((billionths * factor_ln_gsd2)::numeric)),
            sum(CASE WHEN source = '' THEN 0 ELSE round((billionths * source_ln_gsd2)::numeric) END),
            sum(CASE WHEN source = '' THEN square_billionths(billionths * source_ln_gsd2 / 1e9) ELSE 0 END), sum(kwh)
        FROM application_figures
        GROUP BY {_BY_APPLICATION}
        """,
    ),
    "application_restatements": RollUp(
        f"""
        SELECT org_id, month, application_id, {_LINE}, restates, billionths, figures, kwh
        FROM application_restatements
        """,
        f"""
        SELECT org_id, counted_in, application_id, {_LINE}, month, sum(billionths), count(*), sum(kwh)
        FROM restated_application_figures
        GROUP BY org_id, counted_in, application_id, {_LINE}, month
        """,
    ),
    "organisation_seasons": RollUp(
        "SELECT org_id, month, billionths, assets FROM organisation_seasons WHERE billionths <> 0 OR assets <> 0",
        "SELECT org_id, month, sum(billionths), count(*) FROM seasons GROUP BY org_id, month",
    ),
}

_KNOWN_LINE: Final = f"asset_id, month, org_id, {_LINE}"

KNOWN: Final = {
    "lines of assets": f"""
        SELECT {_KNOWN_LINE}, sum(billionths) AS billionths, sum(kwh) AS kwh
        FROM (
            SELECT {_KNOWN_LINE}, billionths(value) AS billionths, kwh FROM figures
            UNION ALL
            SELECT {_KNOWN_LINE}, billionths, kwh FROM restated_figures
        ) AS lines
        GROUP BY {_KNOWN_LINE}
        HAVING sum(billionths) <> 0 OR sum(kwh) <> 0
    """,
    "lines of applications": f"""
        SELECT application_id, {_KNOWN_LINE}, sum(billionths) AS billionths, sum(kwh) AS kwh
        FROM (
            SELECT application_id, {_KNOWN_LINE}, billionths, kwh FROM application_figures
            UNION ALL
            SELECT application_id, {_KNOWN_LINE}, billionths, kwh FROM restated_application_figures
        ) AS lines
        GROUP BY application_id, {_KNOWN_LINE}
        HAVING sum(billionths) <> 0 OR sum(kwh) <> 0
    """,
}
"""What is known of every line now: what its month was closed with and all that was restated of it since. The same, to the last billionth,
as had no month been closed, as long as no life is changed after the closing (ADR 0051 says what then becomes of what is left)."""

Rows = list[tuple[Any, ...]]


async def tables_of(connection: Connection) -> list[str]:
    """The tables of the schema, those of single months left out."""
    rows = await connection.fetch(
        """
        SELECT relname
        FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace
          AND relkind IN ('r', 'p')
          AND NOT relispartition
        ORDER BY relname
        """
    )
    return [row["relname"] for row in rows]


async def rows_of(connection: Connection, table: Table) -> list[str]:
    """The rows of a table as texts that name every bit, in a fixed order."""
    columns = await connection.fetchval(
        """
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname)
        FROM pg_attribute
        WHERE attrelid = $1::text::regclass
          AND attnum > 0
          AND NOT attisdropped
          AND attname <> ALL ($2::text[])
        """,
        table.name,
        list(table.beside),
    )
    rows = await connection.fetch(
        f"SELECT row_to_json(compared)::text AS told FROM (SELECT {columns} FROM {table.name} WHERE {table.says}) AS compared"
    )
    return sorted(row["told"] for row in rows)


async def picture(connection: Connection, *tables: Table) -> dict[str, list[str]]:
    """The rows of tables, by name."""
    return {table.name: await rows_of(connection, table) for table in tables}


def differences(
    found: Mapping[str, list[Any]], expected: Mapping[str, list[Any]]
) -> dict[str, tuple[list[Any], list[Any]]]:
    """By table, some rows that are only `found` and some that are only `expected`; empty where all are the same."""
    several = {}
    for name in sorted(found.keys() | expected.keys()):
        mine, theirs = found.get(name, []), expected.get(name, [])
        if mine != theirs:
            several[name] = _only(mine, theirs), _only(theirs, mine)
    return several


def _only(mine: list[Any], theirs: list[Any]) -> list[Any]:
    """The first rows that the others lack, each as often as it is lacking."""
    return sorted((Counter(mine) - Counter(theirs)).elements(), key=repr)[:3]


async def _sums(connection: Connection, statement: str) -> Rows:
    rows = await connection.fetch(f"SELECT * FROM ({statement}) AS sums")
    return sorted((tuple(row) for row in rows), key=repr)


async def known(connection: Connection) -> dict[str, Rows]:
    """What is known of every line now, closed months with what was restated of them."""
    return {name: await _sums(connection, statement) for name, statement in KNOWN.items()}


async def roll_ups(connection: Connection) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """The roll-ups as they are kept, and added up anew: the same, always."""
    kept = {name: await _sums(connection, each.kept) for name, each in ROLL_UPS.items()}
    return kept, {name: await _sums(connection, each.added_up) for name, each in ROLL_UPS.items()}


async def mark_everything(connection: Connection) -> None:
    """Have all that was ever computed be computed again, since ever."""
    await connection.execute("INSERT INTO marks (asset_id, priority) SELECT asset_id, 1 FROM calculations")
