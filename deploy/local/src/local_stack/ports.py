"""TCP ports of this machine: is one free, who holds it, which one may be used."""

import secrets
import socket
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
LOWEST_TEST_PORT = 10_000


def free_port(following: int = 0) -> int:
    """A port that nobody listens on now, of which the `following` next ones are free as well: for tests.

    Below the range that the system takes the ports of outgoing connections from. Otherwise some client may hold the
    port when a stopped server comes back: even one that tries to reach that server, by connecting to itself.
    """
    last = _first_outgoing_port() - 1 - following
    while True:
        port = LOWEST_TEST_PORT + secrets.randbelow(last - LOWEST_TEST_PORT)
        if all(is_free(each) for each in range(port, port + following + 1)):
            return port


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def accepts(port: int) -> bool:
    """Whether somebody accepts connections on the port of the loopback interface."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def holder(port: int) -> str:
    """Who listens on the port, in words; says so when the system does not tell."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            listening = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listening and connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return "another process"


def _first_outgoing_port() -> int:
    """Where the range of outgoing connections begins: as Linux says, elsewhere as IANA does (RFC 6335 section 6)."""
    setting = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(setting.read_text().split()[0]) if setting.exists() else 49152
    return max(first, LOWEST_TEST_PORT + 1000)
