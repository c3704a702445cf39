"""No table of the service is forgotten by what compares it with a recomputation from scratch."""

from common.organisations import EVERY
from common.testing.plugin import MakeService
from footprint.main import SERVICE

from services.footprint.tests.derived import (
    DERIVED,
    HEARD,
    HISTORY,
    ON_ITS_WAY,
    PLUMBING,
    RECORDED,
    ROLL_UPS,
    SUPERSEDED,
    tables_of,
)


async def test_every_table_is_in_one_of_the_lists_by_which_tables_are_compared(make_service: MakeService) -> None:
    """A new one belongs to `services.footprint.tests.derived`, and there to `DERIVED` when calculators write it."""
    service = await make_service(SERVICE)
    async with service.database.snapshot(EVERY) as connection:
        tables = await tables_of(connection)
    compared = [table.name for table in (*DERIVED, *HEARD, *RECORDED)]
    assert sorted([*compared, *HISTORY, *ON_ITS_WAY, *PLUMBING, *SUPERSEDED]) == tables
    assert set(ROLL_UPS) <= {table.name for table in DERIVED}


async def test_columns_that_are_not_compared_are_columns(make_service: MakeService) -> None:
    service = await make_service(SERVICE)
    async with service.database.snapshot(EVERY) as connection:
        for table in (*DERIVED, *HEARD, *RECORDED):
            found = await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0", table.name
            )
            assert set(table.beside) < {row["attname"] for row in found}, table.name
