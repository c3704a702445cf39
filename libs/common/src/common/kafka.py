"""Producers, consumers and topics, with every aiokafka default that would lose or skip an event set right in this one place."""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.partitioner import DefaultPartitioner

from common.settings import ServiceSettings

MESSAGE_BYTES = 8 * 1024 * 1024
"""Largest message of the platform; brokers are configured with it, fetches with twice of it."""

BATCH_BYTES = 1024 * 1024
"""What a producer sends to a partition at once, before it is compressed; an event that is larger goes alone."""

GATHERED_BYTES = 64 * 1024
"""What a consumer with a linger waits for, at most that long."""

COMPACTED = {"cleanup.policy": "compact", "max.message.bytes": str(MESSAGE_BYTES)}
KEPT = {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": str(MESSAGE_BYTES)}


def _connection(settings: ServiceSettings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security_protocol,
        "metadata_max_age_ms": 30_000,
    }
    if "SSL" in settings.kafka_security_protocol:
        options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if "SASL" in settings.kafka_security_protocol:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password
    return options


def make_producer(settings: ServiceSettings, service: str) -> AIOKafkaProducer:
    """A producer that the broker acknowledges from all in-sync replicas, without duplicates of its own making."""
    return AIOKafkaProducer(
        **_connection(settings),
        client_id=f"{service}-relay",
        acks="all",
        enable_idempotence=True,
        max_request_size=MESSAGE_BYTES,
        max_batch_size=BATCH_BYTES,
        compression_type=None if settings.kafka_compression == "none" else settings.kafka_compression,
        request_timeout_ms=10_000,
    )


_partitioner = DefaultPartitioner()


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """The partition of a key among all of a topic, in order: the one that any producer chooses that is not told otherwise."""
    chosen: int = _partitioner(key, partitions, partitions)
    return chosen


def make_consumer(settings: ServiceSettings, service: str) -> AIOKafkaConsumer:
    """A consumer that commits nothing by itself and starts from the earliest event when its group is new."""
    return AIOKafkaConsumer(
        **_connection(settings),
        client_id=f"{service}-consumer",
        group_id=f"{settings.topic_prefix}{service}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2 * MESSAGE_BYTES,
        fetch_max_bytes=8 * MESSAGE_BYTES,
        **_gathering(settings.consumer_linger_ms),
        max_poll_interval_ms=600_000,
        session_timeout_ms=round(settings.session_timeout_s * 1000),
        heartbeat_interval_ms=round(settings.session_timeout_s * 200),
        isolation_level="read_committed",
    )


def make_observer(settings: ServiceSettings, service: str) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
    """Who looks at the topics and at the consumer group of a service, and takes no part in it. To be started and closed both."""
    admin = AIOKafkaAdminClient(**_connection(settings), client_id=f"{service}-observer", request_timeout_ms=10_000)
    return admin, AIOKafkaConsumer(**_connection(settings), client_id=f"{service}-observer", request_timeout_ms=10_000)


def _gathering(linger_ms: int) -> dict[str, int]:
    """Each batch has its transaction, its commits and its fetch, whatever its size: who is in no hurry waits for larger ones."""
    return {"fetch_min_bytes": GATHERED_BYTES, "fetch_max_wait_ms": linger_ms} if linger_ms else {}


async def ensure_topics(settings: ServiceSettings, topics: Mapping[str, Mapping[str, str]]) -> None:
    """Create those of `topics` (name without prefix → configuration) that are missing. Raises `KafkaError`.

    Does nothing where `create_topics` is off: there an operator owns them.
    """
    if not settings.create_topics or not topics:
        return
    admin = AIOKafkaAdminClient(**_connection(settings))
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [
            NewTopic(
                name=settings.topic_prefix + name,
                num_partitions=settings.topic_partitions,
                replication_factor=settings.topic_replication,
                topic_configs=dict(configuration),
            )
            for name, configuration in sorted(topics.items())
            if settings.topic_prefix + name not in present
        ]
        if missing:
            answer: Any = await admin.create_topics(missing)
            _raise_for_codes(answer.topic_errors)
    finally:
        await admin.close()


def _raise_for_codes(errors: Iterable[Any]) -> None:
    for error in errors:
        kind = for_code(error[1])
        if error[1] != 0 and kind is not TopicAlreadyExistsError:
            raise kind(f"creating topic {error[0]}")
