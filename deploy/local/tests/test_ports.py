"""Ports that tests may rely on, and who holds one."""

import os
import socket
from pathlib import Path

from local_stack.ports import LOOPBACK, accepts, free_port, holder, is_free


def test_a_free_port_is_never_one_that_an_outgoing_connection_may_take() -> None:
    setting = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(setting.read_text().split()[0]) if setting.exists() else 49152

    assert all(free_port(following=20) + 20 < first for _ in range(50))


def test_a_port_with_a_listener_is_taken_and_its_holder_is_named() -> None:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, free_port()))
        listener.listen()
        port = listener.getsockname()[1]

        assert not is_free(port)
        assert accepts(port)
        assert f"process {os.getpid()}" in holder(port)

    assert is_free(port)
    assert not accepts(port)
