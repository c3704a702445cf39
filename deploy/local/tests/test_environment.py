"""The environment is set up from pinned, portable requirements and nothing but Python."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from local_stack.cache import CHECKOUT
from local_stack.environment import pinned_block, workspace_packages
from packaging.requirements import Requirement

PINS = sorted([*CHECKOUT.glob("requirements*.txt"), *CHECKOUT.glob("services/*/requirements.txt")])


@pytest.mark.parametrize("path", PINS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_requirements_are_pinned_with_digests_and_name_no_host_and_no_path(path: Path) -> None:
    text = path.read_text()
    requirements = re.split(r"\n(?! )", text.strip())

    assert "://" not in text
    assert not re.search(r"^(-|#|file)", text, re.MULTILINE)
    assert all(re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==\S+ ", requirement) for requirement in requirements)
    assert all("--hash=sha256:" in requirement for requirement in requirements)


def test_every_service_has_pins_for_its_image_and_they_are_those_of_the_whole() -> None:
    whole = set(re.findall(r"^[a-z0-9.-]+==[^ ]+", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE))

    for service in (CHECKOUT / "services").iterdir():
        pins = set(re.findall(r"^[a-z0-9.-]+==[^ ]+", (service / "requirements.txt").read_text(), re.MULTILINE))
        assert pins
        assert pins <= whole


@pytest.mark.parametrize("service", sorted(path.name for path in (CHECKOUT / "services").iterdir()))
def test_what_a_service_depends_on_is_pinned_for_its_image(service: str) -> None:
    folder = CHECKOUT / "services" / service
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    wanted = {Requirement(each).name for each in project["dependencies"]} - {"constellation-common"}
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", (folder / "requirements.txt").read_text(), re.MULTILINE))

    assert wanted <= pinned, "run `make pins`"


def test_every_package_of_the_workspace_is_found() -> None:
    names = {package.name for package in workspace_packages()}

    assert names == {"common", "local", "inventory", "factors", "footprint", "scenarios", "billing", "cli"}


def test_the_pinned_block_of_a_package_holds_its_digests() -> None:
    block = pinned_block("uv")

    assert block.startswith("uv==")
    assert "--hash=sha256:" in block
    assert block.count("==") == 1


def test_without_a_fitting_python_setup_says_so_in_one_sentence(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname"):
        (tools / tool).symlink_to(f"/usr/bin/{tool}")
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)

    done = subprocess.run(
        [CHECKOUT / "deploy" / "local" / "setup.sh"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(tools), "HOME": os.environ.get("HOME", "/")},
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 to 3.14" in done.stderr
