"""Listing and searching versions, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.database import Connection

from factors.domain.records import FactorVersion, Status
from factors.domain.text import plain
from factors.store.rows import VERSION_COLUMNS, to_version

LIKENESS = 0.45
"""How alike a word sought and a word found must be (trigrams, 0 to 1): one or two wrong letters in a word are tolerated."""

MOST_VALUES = 50
"""How many values of a facet are told."""

Position = tuple[float, str, int]
"""The sort key of a row: likeness (1 without a text), factor id, version."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list. `activity` includes those below it (`embodied` finds `embodied.server`); `year` is one of validity."""

    text: str | None = None
    activity: str | None = None
    region: str | None = None
    year: int | None = None
    criterion: str | None = None
    perimeter: str | None = None
    source: str | None = None
    status: Status = Status.PUBLISHED


@dataclass(frozen=True, slots=True)
class Found:
    """One page, and the position of its last row when there are more."""

    versions: list[FactorVersion]
    after: Position | None


@dataclass(frozen=True, slots=True)
class Facet:
    """How often a value stands in what was found."""

    facet: str
    value: str
    count: int


class _Where:
    """Conditions with their parameters, numbered as they come."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.parameters: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition in which each `{}` is the place of one of `values`."""
        self.conditions.append(condition.format(*(self.place(value) for value in values)))

    def place(self, value: Any) -> str:
        """The placeholder of one more parameter."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"


async def search(connection: Connection, filters: Filters, after: Position | None, limit: int) -> Found:
    """The versions that `filters` let through, the likest first, then by id. Call it inside a transaction.

    Each word of the text must be found, accents and case apart, and up to `LIKENESS`.
    """
    where, likeness = await _matching(connection, filters)
    if after is not None:
        where.add("(-likeness, factor_id, version) > (-{}::real, {}, {})", *after)
    rows = await connection.fetch(
        f"""
        SELECT *
        FROM (
            SELECT {", ".join(VERSION_COLUMNS)}, search_text, ({likeness})::real AS likeness
            FROM factor_versions
        ) AS version
        WHERE {" AND ".join(where.conditions)}
        ORDER BY -likeness, factor_id, version
        LIMIT {where.place(limit + 1)}
        """,
        *where.parameters,
    )
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    return Found(
        [to_version(row) for row in page],
        None if last is None else (last["likeness"], last["factor_id"], last["version"]),
    )


async def facets(connection: Connection, filters: Filters) -> list[Facet]:
    """How many of the versions that `filters` let through have each region, year, source and activity, the commonest first.

    Activities are counted by their first word. At most `MOST_VALUES` of each. Call it inside a transaction.
    """
    where, _ = await _matching(connection, filters)
    rows = await connection.fetch(
        f"""
        WITH found AS (
            SELECT region, published_year::text AS year, source_name AS source, split_part(activity, '.', 1) AS activity
            FROM factor_versions
            WHERE {" AND ".join(where.conditions)}
        ),
        counted AS (
            SELECT facet, value, count(*) AS count,
                row_number() OVER (PARTITION BY facet ORDER BY count(*) DESC, value) AS place
            FROM found
            CROSS JOIN LATERAL (
                VALUES ('region', region), ('year', year), ('source', source), ('activity', activity)
            ) AS each (facet, value)
            WHERE value IS NOT NULL
            GROUP BY facet, value
        )
        SELECT facet, value, count
        FROM counted
        WHERE place <= {MOST_VALUES}
        ORDER BY facet, place
        """,
        *where.parameters,
    )
    return [Facet(row["facet"], row["value"], row["count"]) for row in rows]


async def _matching(connection: Connection, filters: Filters) -> tuple[_Where, str]:
    """The conditions that `filters` make, and the expression of how well the text is found."""
    where = _Where()
    words = plain(filters.text or "").split()
    likeness = _likeness(where, words)
    _filter(where, filters)
    if words:
        await connection.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {LIKENESS}")
    return where, likeness


def _likeness(where: _Where, words: Sequence[str]) -> str:
    """Conditions that each word is found, and the expression of how well they are all found, 0 to 1."""
    places = [where.place(word) for word in words]
    where.conditions += [f"{place}::text <% search_text" for place in places]
    if not places:
        return "1"
    return " + ".join(f"word_similarity({place}, search_text)" for place in places).join("()") + f" / {len(places)}"


def _filter(where: _Where, filters: Filters) -> None:
    where.add("status = {}", filters.status.value)
    if filters.activity is not None:
        where.add("(activity = {} OR starts_with(activity, {}))", filters.activity, f"{filters.activity}.")
    for column, value in (
        ("region", filters.region),
        ("criterion", filters.criterion),
        ("perimeter", filters.perimeter),
    ):
        if value is not None:
            where.add(f"{column} = {{}}", value)
    if filters.source is not None:
        where.add("position(lower({}) IN lower(source_name)) > 0", filters.source)
    if filters.year is not None:
        where.add("daterange(valid_from, valid_to) && daterange(make_date({}, 1, 1), make_date({}, 1, 1))",
                  filters.year, filters.year + 1)  # fmt: skip
