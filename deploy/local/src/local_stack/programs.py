"""The platform's own processes on one machine: each service, and the edge in front of them."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import ClassVar

from local_stack.layout import SERVICES, Layout
from local_stack.ports import LOOPBACK
from local_stack.servers import LocalServer


class Program(LocalServer):
    """A process of the platform that serves HTTP and says on `ready_path` whether it can."""

    stop_signal: ClassVar[int] = signal.SIGTERM

    def __init__(
        self,
        name: str,
        layout: Layout,
        port: int,
        command: Sequence[str],
        variables: Callable[[], Mapping[str, str]] = lambda: os.environ,
        ready_path: str = "/readyz",
        *,
        detached: bool = True,
    ) -> None:
        super().__init__(name, layout.state(name), port, detached=detached, log=layout.log(name))
        self._command = command
        self._variables = variables
        self._ready_path = ready_path

    def command(self) -> Sequence[str]:
        """The command line given."""
        return self._command

    def environment(self) -> Mapping[str, str]:
        """The environment given, asked for when it is needed."""
        return self._variables()

    def answers(self) -> bool:
        """Whether the program calls itself ready."""
        connection = HTTPConnection(LOOPBACK, self.port, timeout=2)
        try:
            connection.request("GET", self._ready_path)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def service(
    name: str, layout: Layout, command: Path, variables: Callable[[], Mapping[str, str]], *, detached: bool = True
) -> Program:
    """A service of the platform as one process: API, consumers, relay and workers."""
    return Program(name, layout, layout.service_port(name), [str(command), "all"], variables, detached=detached)


def edge(layout: Layout, *, detached: bool = True) -> Program:
    """The edge in front of all services."""
    services = [f"{name}={layout.service_url(name)}" for name in SERVICES]
    command = [sys.executable, "-m", "local_stack.edge", str(layout.port), *services]
    return Program("edge", layout, layout.port, command, ready_path="/livez", detached=detached)


def executable(name: str) -> Path:
    """A command that the workspace installed beside this Python."""
    return Path(sys.executable).with_name(name)
