"""Processes of services under a test's control, with their output kept for the message of a failure.

They are forked from a server that has imported the services once, so that a test can afford to kill many. Each is a
process of its own: SIGKILL takes from it exactly what it would take from one started by an init system.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Thread

from local_stack.processes import tail

from tests.support.victim import arrange_death

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["__main__", "tests.support.preload"])


@dataclass(frozen=True, slots=True)
class Death:
    """When a process kills itself: the `nth` time that it comes to `moment` (see `tests.support.victim`)."""

    moment: str
    nth: int


class ServiceProcess:
    """`<service> <arguments>` as a process that ends with the test run, however that one ends."""

    def __init__(
        self,
        service: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        death: Death | None = None,
    ) -> None:
        self.name = f"{service} {' '.join(arguments)}"
        self.log = log
        leash, self._leash = _FORKS.Pipe(duplex=False)
        self._process = _FORKS.Process(target=_live, args=(service, arguments, environment, log, leash, death))
        self._process.start()
        leash.close()

    @property
    def runs(self) -> bool:
        """Whether the process is alive."""
        return self._process.is_alive()

    def wait_for_end(self, timeout_s: float = 60.0) -> int:
        """Return the exit code once the process has ended by itself: minus the signal's number when one killed it.

        AssertionError with the end of its log when it goes on.
        """
        wait([self._process.sentinel], timeout_s)
        code = self._process.exitcode
        assert code is not None, f"{self.name} still runs after {timeout_s} s:\n{tail(self.log, 20)}"
        self._leash.close()
        return code

    def kill(self) -> None:
        """SIGKILL, wherever the process is; harmless when it has ended."""
        self._process.kill()
        self.wait_for_end()

    def stop(self) -> None:
        """Ask the process to end (SIGTERM); AssertionError unless it does so in good order."""
        self._process.terminate()
        code = self.wait_for_end()
        assert code in (0, -signal.SIGTERM), f"{self.name} left with {code}:\n{tail(self.log, 20)}"

    def run_to_end(self) -> str:
        """Wait for the end of a command and return what it printed; AssertionError when it failed."""
        code = self.wait_for_end()
        assert code == 0, f"{self.name} left with {code}:\n{tail(self.log, 20)}"
        return self.log.read_text(encoding="utf-8")


def module_of(service: str) -> str:
    """The module that holds the service's composition root and its `main`."""
    return {"ledger": "tests.faults.ledger.main"}.get(service, f"{service}.main")


def _live(
    service: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    leash: Connection,
    death: Death | None,
) -> None:
    """The life of a forked process: become the service's command."""
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
    Thread(target=_end_with_the_leash, args=(leash,), daemon=True).start()
    if death is not None:
        arrange_death(death.moment, death.nth)
    sys.argv = [service, *arguments]
    import_module(module_of(service)).main()


def _end_with_the_leash(leash: Connection) -> None:
    try:
        leash.recv_bytes()
    except EOFError:
        os.kill(os.getpid(), signal.SIGKILL)
