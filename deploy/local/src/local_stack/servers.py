"""What the servers of one machine have in common: PostgreSQL, Kafka, the services, the edge."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import psutil

from local_stack.ports import holder, is_free
from local_stack.processes import (
    ProcessRecord,
    StartedProcess,
    kill_tree,
    start_detached,
    start_leashed,
    tail,
    wait_until,
)


class ServerError(RuntimeError):
    """A server did not start, or ended while starting; the message holds the end of its log."""


class LocalServer(ABC):
    """A server with its data in `data_dir`, started, stopped, killed and started again on the same data and port.

    All methods are synchronous: from a coroutine, call them through `asyncio.to_thread`. The process is recorded in
    `data_dir`, so another object made with the same directory (in this process or a later one) governs the same
    server. Unless `detached`, the server dies with the process that started it, however that one ends.
    """

    start_timeout_s: ClassVar[float] = 60.0
    stop_timeout_s: ClassVar[float] = 20.0
    stop_signal: ClassVar[int]

    def __init__(
        self, name: str, data_dir: Path, port: int, *, detached: bool = False, log: Path | None = None
    ) -> None:
        self.name = name
        self.data_dir = data_dir.resolve()
        self.port = port
        self.detached = detached
        self.log = log or self.data_dir / f"{name}.log"
        self._started: StartedProcess | None = None

    def prepare(self) -> None:
        """Make the data directory ready for `command`; harmless when it is."""
        self.data_dir.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The command line that runs the server in the foreground."""

    def environment(self) -> Mapping[str, str] | None:
        """The environment variables of the server; None for those of this process."""
        return None

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server answers a client's question now."""

    @property
    def is_running(self) -> bool:
        """Whether the recorded process runs, ready or not."""
        return self._find() is not None

    @property
    def is_ready(self) -> bool:
        """Whether the recorded process runs and answers."""
        return self.is_running and self.answers()

    @property
    def pid(self) -> int | None:
        """The id of the running server process; None while it is stopped."""
        process = self._find()
        return process.pid if process else None

    def start(self) -> None:
        """Start the server and wait until it answers; harmless when it runs. Raises ServerError."""
        if not self.is_running:
            self.prepare()
            self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start the process, after `prepare`, and record it; it may not answer yet. Raises ServerError: port in use."""
        if not is_free(self.port):
            raise ServerError(f"{self.name} cannot start: port {self.port} is in use by {holder(self.port)}.")
        start = start_detached if self.detached else start_leashed
        self._started = start(self.command(), self.log, environment=self.environment(), directory=self.data_dir)
        self._started.record.save(self._record_file)

    def wait_ready(self) -> None:
        """Wait until the server answers; kills it and raises ServerError when it ends or does not answer in time."""
        if wait_until(lambda: self.is_ready or not self.is_running, self.start_timeout_s) and self.is_ready:
            return
        fate = "did not answer in time" if self.is_running else "ended while starting"
        self.kill()
        raise ServerError(f"{self.name} {fate}; its log {self.log} ends with:\n{tail(self.log)}")

    def stop(self) -> None:
        """Shut down in good order and wait for the end, by SIGKILL when it takes too long; harmless when stopped."""
        self.ask_to_stop()
        wait_until(lambda: not self.is_running, self.stop_timeout_s)
        self.kill()

    def ask_to_stop(self) -> None:
        """Send the signal of an orderly end and do not wait; harmless when stopped."""
        process = self._find()
        if process is not None:
            process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """SIGKILL the server and everything it started, as a crash would; harmless when stopped."""
        process = self._find()
        if process is not None:
            kill_tree(process)
        if self._started is not None:
            self._started.release()
            self._started = None
        self._record_file.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _record_file(self) -> Path:
        return self.data_dir / "process.json"

    def _find(self) -> psutil.Process | None:
        record = ProcessRecord.load(self._record_file)
        return record.find() if record else None
