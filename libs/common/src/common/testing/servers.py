"""Postgres and the broker for tests: containers where a Docker engine answers, the embedded servers otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException
from local_stack.kafka import EmbeddedKafka
from local_stack.ports import free_port
from local_stack.postgres import EmbeddedPostgres
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer

from common.kafka import MESSAGE_BYTES

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "confluentinc/cp-kafka:8.1.0"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A cluster that tests may create databases in. `embedded` is there when it can be stopped and killed."""

    admin_url: str
    embedded: EmbeddedPostgres | None = None


@dataclass(frozen=True, slots=True)
class KafkaServer:
    """A broker. `embedded` is there when it can be stopped and killed."""

    bootstrap: str
    embedded: EmbeddedKafka | None = None


def docker_answers() -> bool:
    """Whether a Docker engine is there to run containers."""
    try:
        client = docker.from_env()
        client.ping()
        client.close()
    except DockerException:
        return False
    return True


@contextmanager
def postgres_server(folder: Path) -> Iterator[PostgresServer]:
    """A Postgres for as long as the block runs."""
    if docker_answers():
        with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
            yield PostgresServer(container.get_connection_url())
        return
    with EmbeddedPostgres(folder / "postgres", free_port(), durable=False) as embedded:
        yield PostgresServer(embedded.admin_url, embedded)


@contextmanager
def kafka_server(folder: Path) -> Iterator[KafkaServer]:
    """A broker for as long as the block runs."""
    if docker_answers():
        container = KafkaContainer(KAFKA_IMAGE).with_kraft().with_env("KAFKA_MESSAGE_MAX_BYTES", str(MESSAGE_BYTES))
        with container:
            yield KafkaServer(container.get_bootstrap_server())
        return
    with EmbeddedKafka(folder / "kafka", free_port(), free_port()) as embedded:
        yield KafkaServer(embedded.bootstrap, embedded)
