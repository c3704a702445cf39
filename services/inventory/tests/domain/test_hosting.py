"""Chains of hosts over time."""

from datetime import UTC, datetime
from uuid import UUID

from inventory.domain.hosting import Stay, comes_back

A, B, C, SERVER = (UUID(int=number) for number in range(1, 5))
JANUARY, MARCH, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 6))


def test_a_machine_on_a_machine_on_a_server_is_no_cycle() -> None:
    hosting = {A: [Stay(B, JANUARY, None)], B: [Stay(SERVER, JANUARY, None)]}
    assert not comes_back(A, hosting)


def test_two_machines_on_each_other_are_a_cycle() -> None:
    hosting = {A: [Stay(B, JANUARY, None)], B: [Stay(A, MARCH, None)]}
    assert comes_back(A, hosting)
    assert comes_back(B, hosting)


def test_a_cycle_over_three_machines_is_found() -> None:
    hosting = {A: [Stay(B, JANUARY, None)], B: [Stay(C, JANUARY, None)], C: [Stay(A, JANUARY, JUNE)]}
    assert comes_back(C, hosting)


def test_machines_that_swapped_places_one_after_the_other_are_no_cycle() -> None:
    hosting = {A: [Stay(B, JANUARY, MARCH)], B: [Stay(A, MARCH, JUNE)]}
    assert not comes_back(A, hosting)
    assert not comes_back(B, hosting)


def test_a_cycle_elsewhere_on_the_way_does_not_keep_the_search_busy() -> None:
    hosting = {A: [Stay(B, JANUARY, None)], B: [Stay(C, JANUARY, None)], C: [Stay(B, JANUARY, None)]}
    assert not comes_back(A, hosting)
    assert comes_back(B, hosting)
