"""The load generator: bounded, on this machine only, and honest about what waited."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.http_connection import Pool, Target
from benchmarks.load import CALLS_LIMIT, at_rate, percentile


@pytest.mark.parametrize(
    "url", ["http://example.org", "http://10.0.0.1:8080", "http://0.0.0.0:80", "https://[fe80::1]/"]
)
def test_a_target_off_this_machine_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Target.of(url, "token")


async def test_more_calls_than_the_limit_are_refused() -> None:
    async def never(index: int) -> None:
        raise AssertionError(f"call {index} was made")

    with pytest.raises(ValueError, match="limit"):
        await at_rate(1000.0, CALLS_LIMIT / 1000.0 + 1, never)


async def test_calls_start_on_time_although_earlier_ones_are_not_answered() -> None:
    everyone = asyncio.Event()
    started = []

    async def call(index: int) -> None:
        started.append(index)
        if len(started) == 20:
            everyone.set()
        await everyone.wait()

    times = await at_rate(200.0, 0.1, call)
    assert started == list(range(20))
    assert times == sorted(times, reverse=True), "who was due earlier waited longer, and that is counted"


async def test_the_first_error_of_a_call_ends_the_measurement() -> None:
    async def fail(index: int) -> None:
        raise ConnectionError("refused")

    with pytest.raises(ExceptionGroup):
        await at_rate(100.0, 0.05, fail)


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=200), share=st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_a_measured_value_that_enough_others_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


async def test_a_call_is_sent_again_where_the_server_closed_an_idle_connection_at_that_moment() -> None:
    answered: list[bool] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            answered.append(len(answered) != 1)
            if not answered[-1]:
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        pool = Pool(Target.of(f"http://127.0.0.1:{port}", "token"), 1)
        assert [await pool.call("GET", "/") for _ in range(2)] == [{}, {}]
        pool.close()
    assert answered == [True, False, True]
