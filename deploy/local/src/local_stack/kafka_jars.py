"""Apache Kafka's jars, and the advice that is given where they cannot be had."""

from pathlib import Path

from local_stack import jars
from local_stack.jars import JarsUnavailableError, Program

KAFKA_VERSION = "4.1.1"
# What Kafka itself needs, and what its distribution adds so that it logs.
KAFKA = Program(
    "kafka", (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3")
)


class KafkaUnavailableError(RuntimeError):
    """Apache Kafka's jars, or a Java runtime for them, cannot be had on this machine."""


def command(cache: Path) -> tuple[str, str]:
    """The Java runtime and the class path of Kafka, downloading what `cache` lacks. Raises KafkaUnavailableError."""
    try:
        return jars.java(), jars.class_path(KAFKA, cache)
    except JarsUnavailableError as error:
        raise KafkaUnavailableError(
            f"Apache Kafka cannot be run: {error}, or set KAFKA_BOOTSTRAP to a Kafka that runs already."
        ) from error
