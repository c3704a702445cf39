"""Apache Kafka in KRaft mode: one node that is broker and controller."""

import base64
import shutil
import signal
import socket
import struct
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from local_stack.cache import cache_folder
from local_stack.kafka_jars import command as java_command
from local_stack.ports import LOOPBACK
from local_stack.servers import LocalServer, ServerError

NODE_ID = 1
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
DEFAULT_PARTITIONS = 6
# One node with few clients: small pools; without `-XX:TieredStopAtLevel=1` it starts later and takes more memory.
JAVA_OPTIONS = (
    "-Xms96m",
    "-Xmx320m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=64m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)
LOG_CONFIGURATION = Path(__file__).with_name("kafka-log4j2.properties")


class EmbeddedKafka(LocalServer):
    """A Kafka node on 127.0.0.1:port, its controller on `controller_port`, without authentication.

    Topics are never created by a client's mention of them; message size, partitions and retention are the platform's.
    """

    stop_signal: ClassVar[int] = signal.SIGTERM

    def __init__(
        self,
        data_dir: Path,
        port: int,
        controller_port: int,
        *,
        detached: bool = False,
        log: Path | None = None,
        cache: Path | None = None,
    ) -> None:
        super().__init__("kafka", data_dir, port, detached=detached, log=log)
        self.controller_port = controller_port
        self.cache = cache or cache_folder()

    @property
    def bootstrap(self) -> str:
        """The address that clients connect to first."""
        return f"{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Write the configuration (ports may have changed) and format the log directory when it is new."""
        super().prepare()
        self._configuration.write_text("".join(f"{name}={value}\n" for name, value in self._settings().items()))
        formatted = self.data_dir / "formatted"
        if formatted.exists():
            return
        shutil.rmtree(self._logs, ignore_errors=True)
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A", 1)
        arguments = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(self._configuration)]
        done = subprocess.run(self._java(*arguments), check=False, capture_output=True, text=True)
        if done.returncode:
            raise ServerError(f"Kafka's storage could not be formatted: {done.stderr.strip() or done.stdout.strip()}")
        formatted.touch()

    def command(self) -> Sequence[str]:
        """The foreground server."""
        return self._java("kafka.Kafka", str(self._configuration))

    def answers(self) -> bool:
        """Whether a client would find a broker that serves."""
        try:
            return serving_brokers(self.port) > 0
        except (OSError, struct.error, IndexError):
            return False

    @property
    def _configuration(self) -> Path:
        return self.data_dir / "server.properties"

    @property
    def _logs(self) -> Path:
        return self.data_dir / "topics"

    def _java(self, *arguments: str) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={LOG_CONFIGURATION}"
        java, class_path = java_command(self.cache)
        return [java, *JAVA_OPTIONS, log4j, "-cp", class_path, *arguments]

    def _settings(self) -> dict[str, object]:
        controller = f"{LOOPBACK}:{self.controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": NODE_ID,
            "controller.quorum.voters": f"{NODE_ID}@{controller}",
            "listeners": f"BROKER://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"BROKER://{self.bootstrap}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "BROKER",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self._logs,
            "auto.create.topics.enable": "false",
            "num.partitions": DEFAULT_PARTITIONS,
            "message.max.bytes": MAX_MESSAGE_BYTES,
            "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 2,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "log.index.size.max.bytes": 1024 * 1024,
            "log.segment.delete.delay.ms": 1000,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "background.threads": 2,
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 4000,
        }


def serving_brokers(port: int) -> int:
    """How many unfenced brokers the node on the port knows; raises OSError when it does not answer.

    One DescribeCluster request, version 0, as the Kafka protocol guide (kafka.apache.org/protocol) lays it out.
    """
    header = struct.pack(">hhih", 60, 0, 1, -1) + b"\x00"
    request = header + b"\x00\x00"
    with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as stream:
            (size,) = struct.unpack(">i", stream.read(4))
            answer = stream.read(size)
    at = 4 + 1 + 4  # correlation id, tagged fields, throttle time
    (error,) = struct.unpack_from(">h", answer, at)
    if error:
        return 0
    at += 2
    at += max(answer[at], 1)  # error message: a compact string holds its length + 1, 0 for none
    at += answer[at]  # cluster id
    at += 4  # controller id
    return answer[at] - 1
