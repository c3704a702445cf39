"""Processes that are started, recorded, found again and ended, without ever touching a stranger.

A process is known by its id *and* its start time: after a reboot, or when the system reuses an id, the record of a
process that is gone matches nobody.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import psutil

from local_stack import supervisor

# Linux derives a start time from the boot time, which clock adjustments move by a little.
START_TIME_TOLERANCE_S = 2.0
POLL_INTERVAL_S = 0.05


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """Which process was started: its id and its start time in seconds since the epoch."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The record of a running process; raises psutil.NoSuchProcess when there is none."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read a record; None when the file is absent or is not one."""
        try:
            document = json.loads(path.read_text())
            return cls(int(document["pid"]), float(document["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Write the record, replacing an older one at once."""
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps({"pid": self.pid, "started": self.started}))
        draft.replace(path)

    def find(self) -> psutil.Process | None:
        """The very process that was recorded, while it runs; None when it ended, whoever has its id now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < START_TIME_TOLERANCE_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@dataclass(slots=True)
class StartedProcess:
    """A process just started. While `leash` is open the process lives; None for one that outlives its parent."""

    record: ProcessRecord
    parent: subprocess.Popen[bytes]
    leash: IO[bytes] | None

    def release(self) -> None:
        """Let go of the leash and collect the exit status: call when the process has ended or has to."""
        if self.leash is not None:
            self.leash.close()
        self.parent.wait()


def start_leashed(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, directory: Path | None = None
) -> StartedProcess:
    """Start a process that cannot outlive this one, its output appended to `log`."""
    with log.open("ab") as output:
        parent = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
    if parent.stdin is None or parent.stdout is None:
        raise RuntimeError("the supervisor was started without its pipes")
    with parent.stdout:
        announced = parent.stdout.readline()
    if not announced:
        parent.stdin.close()
        parent.wait()
        raise FileNotFoundError(f"{command[0]} could not be started; see {log}")
    return StartedProcess(record_of_child(int(announced)), parent, parent.stdin)


def start_detached(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, directory: Path | None = None
) -> StartedProcess:
    """Start a process in a session of its own, which goes on when this one ends, its output appended to `log`."""
    with log.open("ab") as output:
        parent = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
    return StartedProcess(record_of_child(parent.pid), parent, None)


def record_of_child(pid: int) -> ProcessRecord:
    """The record of a child just started; of one that has already ended, a record that matches no process."""
    try:
        return ProcessRecord.of(pid)
    except psutil.NoSuchProcess:
        return ProcessRecord(pid, 0.0)


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Poll a condition until it holds; False when it does not within the time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def kill_tree(process: psutil.Process) -> None:
    """SIGKILL a process and its descendants, and wait until all are gone."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=10)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, for an error message; empty when there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 16_384))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
