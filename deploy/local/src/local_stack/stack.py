"""Brings the whole platform up on one machine, and down again."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from local_stack import interrupts, programs, tokens
from local_stack.kafka import EmbeddedKafka
from local_stack.kafka_jars import KafkaUnavailableError
from local_stack.layout import SERVICES, Layout, StackError
from local_stack.ports import holder, is_free
from local_stack.postgres import EmbeddedPostgres
from local_stack.processes import tail, wait_until
from local_stack.programs import Program
from local_stack.servers import LocalServer, ServerError

NEEDED_DISK_BYTES = 1_000_000_000
LARGEST_LOG_BYTES = 50_000_000  # a longer one is put aside when its process starts again
Report = Callable[[str], None]


class Stack:
    """One stack: Postgres, Kafka, the services and the edge, all recorded in the layout's folder.

    `DATABASE_URL` and `KAFKA_BOOTSTRAP` in `variables` replace the embedded Postgres and Kafka. Unless `detached`, it
    lives no longer than the process that brought it up: for tests.
    """

    def __init__(
        self,
        layout: Layout,
        variables: Mapping[str, str] = os.environ,
        report: Report = print,
        executable: Callable[[str], Path] = programs.executable,
        *,
        detached: bool = True,
    ) -> None:
        self.layout = layout
        self._variables = variables
        self._report = report
        self._executable = executable
        self._detached = detached
        self.postgres = EmbeddedPostgres(
            layout.state("postgres"), layout.postgres_port, detached=detached, log=layout.log("postgres")
        )
        self.kafka = EmbeddedKafka(
            layout.state("kafka"),
            layout.kafka_port,
            layout.controller_port,
            detached=detached,
            log=layout.log("kafka"),
        )
        self.edge = programs.edge(layout, detached=detached)
        self.services = [self._service(name) for name in SERVICES]
        self._external_postgres = variables.get("DATABASE_URL")
        self._external_kafka = variables.get("KAFKA_BOOTSTRAP")
        self._launched: list[LocalServer] = []

    @property
    def parts(self) -> list[LocalServer]:
        """Everything this stack itself runs, in the order of starting."""
        servers: list[LocalServer] = [] if self._external_postgres else [self.postgres]
        if not self._external_kafka:
            servers.append(self.kafka)
        return [*servers, *self.services, self.edge]

    @property
    def admin_url(self) -> str:
        """Postgres as an administrator."""
        return self._external_postgres or self.postgres.admin_url

    @property
    def kafka_bootstrap(self) -> str:
        """Where clients find Kafka."""
        return self._external_kafka or self.kafka.bootstrap

    def up(self) -> None:
        """Start whatever does not run and wait until all is ready; harmless when everything runs.

        Raises StackError with one sentence. On an error or an interruption, what this call started is stopped again.
        """
        with self._alone(), interrupts.raising():
            try:
                self._up()
            except (ServerError, KafkaUnavailableError) as error:
                self._undo()
                raise StackError(str(error)) from error
            except BaseException:
                self._undo()
                raise

    def down(self) -> None:
        """Stop everything that runs; the data stays. Harmless when nothing runs."""
        with self._alone(), interrupts.deferred():
            self._stop([self.postgres, self.kafka, *self.services, self.edge])
            self.layout.stack_file.unlink(missing_ok=True)

    def _up(self) -> None:
        self._refuse_full_disk()
        self._refuse_other_ports()
        stopped = [part for part in self.parts if not part.is_running]
        self._refuse_busy_ports(stopped)
        self.layout.logs.mkdir(parents=True, exist_ok=True)
        tokens.ensure_keys(self.layout)
        own = [server for server in (self.postgres, self.kafka) if server in self.parts]
        for server in own:
            if server in stopped:
                self._launch(server)
        fresh = [service for service in self.services if service in stopped]
        if self.postgres in own:
            self._wait(self.postgres)
        if fresh:  # while Kafka is still starting
            self._bootstrap()
            self._migrate(fresh)
        if self.kafka in own:
            self._wait(self.kafka)
        for program in [*fresh, self.edge]:
            if program in stopped:
                self._launch(program)
        for program in [*self.services, self.edge]:
            self._wait(program)
        self._describe()

    def _launch(self, server: LocalServer) -> None:
        if server.log.exists() and server.log.stat().st_size > LARGEST_LOG_BYTES:
            server.log.replace(server.log.with_suffix(".log.1"))
        server.prepare()
        with interrupts.deferred():
            self._launched.append(server)
            server.launch()

    def _wait(self, server: LocalServer) -> None:
        server.wait_ready()
        self._report(f"{server.name} is ready on port {server.port}")

    def _bootstrap(self) -> None:
        variables = {
            **self._variables,
            "CONSTELLATION_ADMIN_URL": self.admin_url,
            "CONSTELLATION_DATABASE_PASSWORD": tokens.service_password(self.layout),
        }
        command = [sys.executable, "-m", "common.bootstrap", *SERVICES]
        log = self.layout.log("bootstrap")
        with log.open("ab") as output:
            done = subprocess.run(command, check=False, env=variables, stdout=output, stderr=output)
        if done.returncode:
            raise StackError(f"The database could not be prepared; {log} ends with:\n{tail(log)}")

    def _migrate(self, services: Sequence[Program]) -> None:
        """Run the migrations of several services side by side."""
        runs: list[tuple[Program, Path, subprocess.Popen[bytes]]] = []
        try:
            for service in services:
                log = self.layout.log(f"{service.name}-migrate")
                with log.open("wb") as output:
                    command = [str(self._executable(service.name)), "migrate"]
                    run = subprocess.Popen(command, env=service.environment(), stdout=output, stderr=output)
                runs.append((service, log, run))
            for service, log, run in runs:
                if run.wait():
                    raise StackError(f"The migrations of {service.name} failed; {log} ends with:\n{tail(log)}")
        finally:
            for _, _, run in runs:
                run.terminate()
                run.wait()

    def _describe(self) -> None:
        document = {
            "base_url": self.layout.base_url,
            "token": tokens.mint(self.layout),
            "services": {name: self.layout.service_url(name) for name in SERVICES},
            "postgres": self.admin_url,
            "kafka": self.kafka_bootstrap,
        }
        tokens.write_secret(self.layout.stack_file, json.dumps(document, indent=2) + "\n")

    def _service(self, name: str) -> Program:
        return programs.service(
            name,
            self.layout,
            self._executable(name),
            lambda: self._service_variables(name),
            detached=self._detached,
        )

    def _service_variables(self, name: str) -> Mapping[str, str]:
        password = tokens.service_password(self.layout)
        return {
            **self._variables,
            "CONSTELLATION_DATABASE_URL": _with_role(self.admin_url, name, password),
            "CONSTELLATION_MIGRATION_DATABASE_URL": _with_role(self.admin_url, f"{name}_owner", password),
            "CONSTELLATION_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "CONSTELLATION_HOST": "127.0.0.1",
            "CONSTELLATION_PORT": str(self.layout.service_port(name)),
            "CONSTELLATION_JWKS": str(self.layout.jwks),
            "CONSTELLATION_ISSUER": tokens.ISSUER,
            "CONSTELLATION_AUDIENCE": tokens.AUDIENCE,
        }

    def _refuse_other_ports(self) -> None:
        """A stack of this folder that runs elsewhere must go down first, or two would share the data."""
        running_at = self.layout.recorded_port
        if running_at != self.layout.port and any(part.is_running for part in self.parts):
            raise StackError(f"The stack of this checkout already runs on port {running_at}: `make down` it first.")
        self.layout.record_port()

    def _refuse_full_disk(self) -> None:
        self.layout.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.layout.folder).free
        if free < NEEDED_DISK_BYTES:
            raise StackError(
                f"Only {free / 1e6:.0f} MB are free in {self.layout.folder}; the stack needs "
                f"{NEEDED_DISK_BYTES / 1e6:.0f} MB: make room and try again."
            )

    def _refuse_busy_ports(self, stopped: Sequence[LocalServer]) -> None:
        wanted = {part.port: part.name for part in stopped}
        if self.kafka in stopped:
            wanted[self.layout.controller_port] = "kafka's controller"
        for port, name in wanted.items():
            if not is_free(port):
                raise StackError(
                    f"Port {port}, which {name} needs, is in use by {holder(port)}: "
                    "end it, or move the stack with CONSTELLATION_PORT."
                )

    def _undo(self) -> None:
        with interrupts.deferred():
            self._stop(self._launched)

    def _stop(self, servers: Sequence[LocalServer]) -> None:
        """Programs first and all at once, then what they use."""
        running = [server for server in servers if isinstance(server, Program)]
        for program in running:
            program.ask_to_stop()
        wait_until(lambda: not any(program.is_running for program in running), LocalServer.stop_timeout_s)
        for server in [*running, *(server for server in servers if server not in running)]:
            server.stop()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One `up` or `down` at a time per folder."""
        self.layout.folder.mkdir(parents=True, exist_ok=True)
        with (self.layout.folder / "stack.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._report("Another command is starting or stopping this stack; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _with_role(admin_url: str, role: str, password: str) -> str:
    """The same database, as another role."""
    parts = urlsplit(admin_url)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{address}"))
