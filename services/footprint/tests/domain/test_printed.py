"""An amount is printed as the exact number that it is, whether as a double or as a decimal."""

from footprint.api.numbers import dumps, written
from footprint.domain.sums import exact, printed
from hypothesis import example, given
from hypothesis import strategies as st


@given(st.integers(-(10**19), 10**19) | st.integers(-(10**6), 10**6) | st.integers(10**14, 2 * 10**15))
@example(0)
@example(99_999)
@example(100_000)
@example(10**15 - 1)
@example(10**15 + 1)
@example(2**53 + 1)
def test_an_amount_is_printed_with_all_its_digits_and_no_others(amount: int) -> None:
    assert dumps(printed(amount)).decode() == written(exact(amount))
