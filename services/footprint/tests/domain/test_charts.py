"""Charts of the report show all of what they are of: long names whole, negative parts too."""

import re

from footprint.domain.dashboard import Parts
from footprint.reports.charts import bars_chart, shares_bar


def test_a_long_name_is_set_smaller_instead_of_cut() -> None:
    sizes = [
        float(size)
        for size in re.findall(
            r'text-anchor="end" font-size="([\d.]+)"', bars_chart([("paris", 2, ""), ("x" * 42, 1, "")])
        )
    ]
    assert sizes == [10.0, 5.0]


def test_a_negative_part_is_drawn_and_hatched() -> None:
    drawn = re.findall(r'width="([\d.]+)" height="16" fill="([^"]+)"', shares_bar(Parts((-50, 25, 25))))
    assert [float(width) for width, _ in drawn] == [340, 340, 170, 170]
    assert drawn[1][1] == "url(#projected)"
    assert "url(#projected)" not in "".join(fill for _, fill in drawn[2:])
