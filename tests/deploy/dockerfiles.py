"""Building an image by hand: a small reader of our Dockerfiles that runs their steps in a scratch folder, without an engine.

It knows FROM, COPY, RUN, ENTRYPOINT and skips what only an engine gives meaning to (USER, ENV, EXPOSE, the commands that
make the user or install packages). Every stage is a folder; while a stage's steps run, the link `root` leads to it, and
the absolute paths of the image (/app, /src, /wheels) are read below `root`, so that a virtual environment copied between
stages stays whole.
"""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.environment import PIP_TO_UV

INSIDE = re.compile(r"(?<![\w.:-])/(?=(?:app|src|wheels)\b)")
ENGINE_ONLY = ("groupadd", "useradd", "apt-get")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction and the rest of its line."""

    instruction: str
    words: str


def read(dockerfile: Path) -> list[Step]:
    """The instructions of a Dockerfile, continued lines joined, comments dropped."""
    text = re.sub(r"\\\n\s*", "", dockerfile.read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Step(*line.split(maxsplit=1)) for line in lines]


@dataclass
class Builder:
    """Builds images one after another below `scratch`, from the checkout at `context`."""

    context: Path
    scratch: Path
    images: dict[str, Path] = field(default_factory=dict)
    _count: int = 0

    @property
    def root(self) -> Path:
        """Where the stage under way appears."""
        return self.scratch / "root"

    def build(self, dockerfile: Path, image: str) -> list[str]:
        """Run every step and keep the last stage as `image`; its entry point. Raises AssertionError with a failed step's output."""
        stages: dict[str, Path] = {}
        stage = self.scratch
        entry_point: list[str] = []
        for step in read(dockerfile):
            match step.instruction:
                case "FROM":
                    parent, _, name = step.words.partition(" AS ")
                    stage = self._begin(parent)
                    stages[name or "final"] = stage
                case "COPY":
                    self._copy(shlex.split(step.words), stages)
                case "RUN":
                    self._run(step.words)
                case "ENTRYPOINT":
                    entry_point = [word.strip(' "') for word in step.words.strip("[]").split(",")]
        self.images[image] = stage
        return entry_point

    def enter(self, image: str) -> Path:
        """Let `root` lead to a built image; the folder of its commands."""
        self._link(self.images[image])
        return self.root / "app/bin"

    def _begin(self, parent: str) -> Path:
        self._count += 1
        stage = self.scratch / f"stage-{self._count}"
        if parent in self.images:
            shutil.copytree(self.images[parent], stage, symlinks=True)
        else:
            stage.mkdir()
        self._link(stage)
        return stage

    def _link(self, stage: Path) -> None:
        self.root.unlink(missing_ok=True)
        self.root.symlink_to(stage)

    def _copy(self, words: list[str], stages: dict[str, Path]) -> None:
        origin = self.context
        if words[0].startswith("--from="):
            origin = stages[words.pop(0).removeprefix("--from=")]
        source, target = words
        destination = self.root / target.lstrip("/")
        destination.parent.mkdir(parents=True, exist_ok=True)
        place = origin / source.lstrip("/")
        if place.is_file():
            shutil.copy2(place, destination)
        elif origin == self.context:
            shutil.copytree(place, destination, dirs_exist_ok=True, ignore=self._ignored)
        else:
            shutil.copytree(place, destination, dirs_exist_ok=True, symlinks=True)

    def _ignored(self, folder: str, names: list[str]) -> set[str]:
        """What .dockerignore keeps out of the build context."""
        rules = [line for line in (self.context / ".dockerignore").read_text().splitlines() if line.startswith("!")]
        kept = [rule.removeprefix("!") for rule in rules]
        ignored = set()
        for name in names:
            path = str((Path(folder) / name).relative_to(self.context))
            within = any(fnmatch.fnmatch(path, rule) or fnmatch.fnmatch(path, f"{rule}/*") for rule in kept)
            if name == "__pycache__" or not within:
                ignored.add(name)
        return ignored

    def _run(self, command: str) -> None:
        if command.startswith(ENGINE_ONLY):
            return
        here = INSIDE.sub(f"{self.root}/", command)
        here = re.sub(r"\bpython\b(?= -m venv)", sys.executable, here)
        failure = ""
        for attempt in (self._with_uv(here), here):
            shell = ["sh", "-euc", attempt]
            done = subprocess.run(shell, env=_environment(), capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return
            failure = f"{command}\n{done.stdout}\n{done.stderr}"
        raise AssertionError(failure)

    def _with_uv(self, command: str) -> str:
        """The same installation by uv, which takes the same pins with the same digests in a tenth of the time."""
        commands = self.root / "app/bin"
        uv = f"{Path(sys.executable).parent / 'uv'} pip install --quiet --python {commands / 'python'}"
        return command.replace(f"{commands / 'pip'} install", uv)


def _environment() -> dict[str, str]:
    """This environment, with pip's settings told to uv; bytecode is left out, since nobody starts these images twice."""
    told = {uv: os.environ[pip] for pip, uv in PIP_TO_UV.items() if pip in os.environ}
    return {**told, **os.environ, "PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
