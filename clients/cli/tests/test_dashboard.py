"""What `dashboard` prints adds up as printed."""

import re
from collections.abc import Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from constellation_cli.dashboard import PARTS, shown
from rich.console import Console


def told(parts: Sequence[Sequence[float]], moved: float = 0.0, restated: float = 0.0) -> dict[str, Any]:
    """A dashboard of October as footprint answers it: the parts of each month, what seasons move the estimate by, and what of the months
    ahead corrects closed ones."""
    months: list[dict[str, Any]] = [
        {
            "month": f"2026-{number:02d}",
            "parts": dict(zip(PARTS, row, strict=True)),
            "total_kg": sum(row),
            "projected": number > 10,
        }
        for number, row in enumerate(parts, start=1)
    ]
    elapsed, ahead = sum(map(sum, parts[:10])), sum(map(sum, parts[10:]))
    october = months[9]
    return {
        "org": "acme", "month": "2026-10", "total_kg": october["total_kg"], "parts": october["parts"], "months": months,
        "year": {
            "elapsed_kg": elapsed, "restated_kg": restated, "forecast_kg": ahead + moved - restated, "estimate_kg": elapsed + ahead + moved,
        },
        "servers": {"in_service": 1, "off": 0}, "recommendations": [],
    }  # fmt: skip


def numbers(line: str) -> list[Decimal]:
    """The kilograms of a line."""
    return [Decimal(each.replace(",", "")) for each in re.findall(r"-?[\d,]+\.\d{3}", line)]


@pytest.mark.parametrize("moved", [0.0, 12.3456, -0.0004], ids=["no seasons", "colder", "warmer"])
@pytest.mark.parametrize(
    "row", [(1.0004, 2.0004, 3.0004), (1000.3336, 0.3333, 0.3333), (5.0, -1.2345, 0.0)], ids=["down", "up", "negative"]
)
def test_months_parts_and_year_add_up_as_printed(row: tuple[float, float, float], moved: float) -> None:
    console = Console(file=StringIO(), width=160)
    found = told([row] * 12, moved)
    for each in shown(found):
        console.print(each)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    months = [numbers(line) for line in lines if re.search(r"2026-\d\d +[│|]", line)]
    assert len(months) == 12
    for total, *parts in months:
        assert total == sum(parts)
    [title] = [numbers(line) for line in lines if "acme 2026-10" in line]
    parts = [
        numbers(line)[0]
        for line in lines
        if any(re.search(rf"[│|] {name} +[│|] ", line) for name in PARTS.values()) and numbers(line)
    ]
    assert (title[0], parts) == (sum(parts), months[9][1:])
    assert sum(int(each) for each in re.findall(r"(-?\d+)%", "\n".join(lines))) == 100
    [(whole, elapsed, forecast, *season)] = [numbers(line) for line in lines if line.startswith("Year:")]
    assert whole == elapsed + forecast == Decimal(f"{found['year']['estimate_kg']:.3f}")
    assert elapsed == sum(each[0] for each in months[:10])
    assert forecast == sum(each[0] for each in months[10:]) + sum(season)


@pytest.mark.parametrize("restated", [-68.94049, 3.0004], ids=["less", "more"])
def test_corrections_of_closed_months_are_no_forecast_and_add_up_as_printed(restated: float) -> None:
    found = told([(100.0004, 50.3336, 0.3333)] * 12, 12.3456, restated)
    [line] = [each for each in shown(found) if isinstance(each, str) and each.startswith("Year:")]
    assert "restated of closed months" in line
    whole, elapsed, corrections, forecast, _ = numbers(line)
    assert whole == elapsed + corrections + forecast
    assert corrections == round(Decimal(restated), 3)
    assert abs(forecast - Decimal(found["year"]["forecast_kg"])) <= Decimal("0.003")
