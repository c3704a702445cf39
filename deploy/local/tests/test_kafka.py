"""Apache Kafka as the stack and the fault tests use it, and where it comes from."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError
from local_stack.jars import MINIMUM_JAVA, Jar, java, java_version
from local_stack.kafka import MAX_MESSAGE_BYTES, EmbeddedKafka
from local_stack.kafka_jars import KAFKA
from local_stack.ports import free_port


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), free_port(), free_port()) as server:
        yield server


@asynccontextmanager
async def admin(server: EmbeddedKafka) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def send(server: EmbeddedKafka, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=server.bootstrap, max_request_size=MAX_MESSAGE_BYTES, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, partition=0)
    finally:
        await producer.stop()


async def first(server: EmbeddedKafka, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=server.bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.start()
    try:
        return (await consumer.getone()).value
    finally:
        await consumer.stop()


async def test_a_topic_gets_six_partitions_unless_said_otherwise(kafka: EmbeddedKafka) -> None:
    async with admin(kafka) as client:
        await client.create_topics([NewTopic("six", num_partitions=-1, replication_factor=-1, replica_assignments={})])
        (description,) = await client.describe_topics(["six"])

    assert len(description["partitions"]) == 6


async def test_a_topic_nobody_created_is_not_there(kafka: EmbeddedKafka) -> None:
    async with admin(kafka) as client:
        (description,) = await client.describe_topics(["absent"])

    assert description["error_code"] == UnknownTopicOrPartitionError.errno


async def test_a_message_of_nearly_eight_mebibytes_passes(kafka: EmbeddedKafka) -> None:
    async with admin(kafka) as client:
        await client.create_topics([NewTopic("large", num_partitions=1, replication_factor=1)])
    value = bytes(MAX_MESSAGE_BYTES - 1024)

    await send(kafka, "large", value)

    assert await first(kafka, "large") == value


async def test_an_acknowledged_message_survives_a_kill_and_a_stop(kafka: EmbeddedKafka) -> None:
    async with admin(kafka) as client:
        await client.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    await send(kafka, "kept", b"kept")

    for end in (kafka.kill, kafka.stop):
        await asyncio.to_thread(end)
        assert not kafka.is_ready
        await asyncio.to_thread(kafka.start)
        assert await first(kafka, "kept") == b"kept"


def test_every_jar_is_pinned_by_coordinates_and_digest() -> None:
    jars = KAFKA.jars

    assert any(jar.coordinates == "org.apache.kafka:kafka_2.13:4.1.1" for jar in jars)
    assert all(len(jar.coordinates.split(":")) == 3 and len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
    assert len({jar.coordinates.rsplit(":", 1)[0] for jar in jars}) == len(jars)


def test_a_jar_is_intact_only_with_the_pinned_content(tmp_path: Path) -> None:
    jar = Jar("org.example:thing:1.0", hashlib.sha256(b"content").hexdigest())
    path = tmp_path / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"

    assert not jar.is_intact(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"content")
    assert jar.is_intact(tmp_path)
    path.write_bytes(b"conten")
    assert not jar.is_intact(tmp_path)


def test_a_java_runtime_comes_with_the_environment() -> None:
    assert java_version(java()) >= MINIMUM_JAVA
    assert java_version("/absent/java") == 0
