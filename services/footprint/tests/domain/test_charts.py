"""Charts of the report show all of what they are of: long names whole, negative parts too."""

import re

import pytest
from footprint.domain.dashboard import Parts
from footprint.reports.charts import bars_chart, months_chart, shares_bar
from footprint.reports.words import unbroken
from footprint.trace_words import Language


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


@pytest.mark.parametrize(
    ("language", "large", "small"),
    [
        ("fr", ["0", "500", "1\u202f000", "1\u202f500", "2\u202f000"], "0,5"),
        ("en", ["0", "500", "1,000", "1,500", "2,000"], "0.5"),
    ],
)
def test_the_axis_is_numbered_as_the_tables_are(language: Language, large: list[str], small: str) -> None:
    def axis(kg: int) -> list[str]:
        chart = months_chart([("a", Parts((kg * 10**9, 0, 0)), False)], "kg", language)
        return re.findall(r'font-size="8.5"[^>]*>([^<]+)<', chart)

    assert axis(2_000) == large
    assert small in axis(2)


@pytest.mark.parametrize(
    ("text", "unbroken_text"),
    [
        (
            "une fois connu : 12 kg, 30 % de « remaining » ; 5,00 € !",
            "une fois connu_: 12_kg, 30_% de «_remaining_»_; 5,00_€_!",
        ),
        ("of 1,215.0 kWh: 30% of it", "of 1,215.0_kWh: 30% of it"),
        ("1 kgCO₂e, 2 t, 3 tours", "1_kgCO₂e, 2_t, 3 tours"),
    ],
)
def test_lines_do_not_break_before_french_signs_nor_between_an_amount_and_its_unit(
    text: str, unbroken_text: str
) -> None:
    assert unbroken(text) == unbroken_text.replace("_", "\u00a0")
