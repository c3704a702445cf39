"""The images: built by hand where no engine is, and their rules."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.dockerfiles import Builder, read
from tests.deploy.manifests import ROOT, SERVICES

BASE = ROOT / "libs/common/Dockerfile"


def _dockerfile(service: str) -> Path:
    return ROOT / "services" / service / "Dockerfile"


@pytest.mark.timeout(900)
def test_the_image_of_a_service_builds_from_pinned_requirements_and_brings_its_migrations(tmp_path: Path) -> None:
    builder = Builder(ROOT, tmp_path)
    builder.build(BASE, "base")
    entry_point = builder.build(_dockerfile("scenarios"), "scenarios")
    commands = builder.enter("scenarios")

    helped = subprocess.run([commands / entry_point[0], "--help"], capture_output=True, text=True, check=False)
    assert helped.returncode == 0, helped.stderr
    assert {"api", "consume", "relay", "migrate"} <= set(re.findall(r"[a-z-]+", helped.stdout))

    question = (
        "from common.migrations import read; from scenarios.main import SERVICE; "
        "print(*[m.name for m in read('scenarios', SERVICE.migrations)]); print(SERVICE.migrations)"
    )
    asked = subprocess.run(
        [commands / "python", "-c", question], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    names, place = asked.stdout.splitlines()
    assert names.split() == sorted(file.name for file in (ROOT / "services/scenarios/migrations").glob("*.sql"))
    assert place.startswith(str(tmp_path))

    described = [
        subprocess.run([folder / "scenarios", "openapi"], capture_output=True, check=True, cwd=tmp_path).stdout
        for folder in (commands, Path(sys.executable).parent)
    ]
    assert described[0] == described[1]


@pytest.mark.parametrize("dockerfile", [BASE, *map(_dockerfile, SERVICES)], ids=lambda path: path.parent.name)
def test_every_image_ends_unprivileged_and_installs_only_what_is_pinned(dockerfile: Path) -> None:
    steps = read(dockerfile)
    users = [step.words for step in steps if step.instruction == "USER"]
    assert users[-1] == "10001:10001"
    assert len([step for step in steps if step.instruction == "FROM"]) == 2
    installs = re.findall(r"pip install [^&]*", " && ".join(step.words for step in steps if step.instruction == "RUN"))
    assert all("--require-hashes" in install or "--no-deps" in install for install in installs)
    assert len(installs) == 2


@pytest.mark.parametrize("service", SERVICES)
def test_the_images_of_the_services_differ_in_nothing_but_the_name_and_system_packages(service: str) -> None:
    def own_steps(name: str) -> list[tuple[str, str]]:
        return [
            (step.instruction, step.words.replace(name, "scenarios"))
            for step in read(_dockerfile(name))
            if not step.words.startswith("apt-get")
        ]

    assert own_steps(service) == own_steps("scenarios")


def test_the_python_of_the_images_is_one_that_the_project_is_for() -> None:
    releases = {step.words.split(" AS ")[0] for step in read(BASE) if step.instruction == "FROM"}
    assert releases == {"python:3.11-slim-trixie"}
    assert 'python_version = "3.11"' in (ROOT / "pyproject.toml").read_text()
