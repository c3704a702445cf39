"""The spread of a sum has the same bits in whatever order the database gives its rows."""

import random

from footprint.domain.rollup import Rolled, ln_gsd2_of_rolled


def test_the_spread_of_a_sum_does_not_depend_on_the_order_of_its_rows() -> None:
    chance = random.Random(5)
    rows = [
        Rolled(month, f"factor-{month % 3}", f"source-{month % 2}", *(chance.uniform(0.1, 1e4) for _ in range(4)))
        for month in range(40)
    ]
    expected = ln_gsd2_of_rolled(rows)
    shuffled = [chance.sample(rows, len(rows)) for _ in range(50)]

    assert expected > 0
    assert {ln_gsd2_of_rolled(each) for each in shuffled} == {expected}
