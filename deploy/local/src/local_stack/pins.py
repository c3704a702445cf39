"""`python -m local_stack.pins`: write the lock file of Kafka's jars anew."""

from local_stack.cache import cache_folder
from local_stack.kafka_jars import LOCK_FILE, resolve_roots

HEADER = "# Maven coordinates and SHA-256 of Apache Kafka's jars, written by `make pins`.\n"


def main() -> None:
    """Resolve Kafka's dependencies as Maven would and pin them."""
    jars = resolve_roots(cache_folder())
    LOCK_FILE.write_text(HEADER + "".join(f"{jar.coordinates} {jar.sha256}\n" for jar in jars))


if __name__ == "__main__":
    main()
