"""`make pins`: write every pin anew: Python requirements through uv, jars through jgo.

Versions move only when `uv.lock` (not committed) is deleted first, or where a constraint changed.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from local_stack.cache import CHECKOUT, cache_folder
from local_stack.jars import resolve_roots
from local_stack.kafka_jars import KAFKA
from local_stack.verapdf import VERAPDF

JARS_HEADER = "# Maven coordinates and SHA-256 of the jars of {name}, written by `make pins`.\n"
EXPORT = ("uv", "export", "-q", "--frozen", "--no-emit-workspace", "--no-header", "--no-annotate")


def main() -> None:
    """Pin the whole workspace: for development, to run everything, and for each image."""
    subprocess.run(["uv", "lock", "-q"], check=True, cwd=CHECKOUT)
    for target, selection in _exports():
        subprocess.run([*EXPORT, *selection, "-o", str(target)], check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    for program in (KAFKA, VERAPDF):
        jars = resolve_roots(program, cache_folder())
        lines = "".join(f"{jar.coordinates} {jar.sha256}\n" for jar in jars)
        program.lock_file.write_text(JARS_HEADER.format(name=program.name) + lines)


def _exports() -> Iterator[tuple[Path, Sequence[str]]]:
    yield CHECKOUT / "requirements-dev.txt", ("--all-packages", "--all-extras")
    yield CHECKOUT / "requirements.txt", ("--no-dev",)
    for project in [*sorted(CHECKOUT.glob("services/*/pyproject.toml")), CHECKOUT / "libs/common/pyproject.toml"]:
        package = project.parent
        yield package / "requirements.txt", ("--package", f"constellation-{package.name}", "--no-dev")


if __name__ == "__main__":
    main()
