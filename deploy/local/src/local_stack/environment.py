"""Makes the checkout's virtual environment `.venv` from the pinned requirements; `make setup` runs it as a script.

It runs before anything is installed, so: standard library only. pip brings the pinned uv, uv brings everything else;
where uv cannot (an index that only pip is configured for), pip does it all. A stamp makes the next run a matter of
milliseconds until a requirement changes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]
ENVIRONMENT = CHECKOUT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
REQUIREMENTS = CHECKOUT / "requirements-dev.txt"
STAMP = ENVIRONMENT / ".constellation"
NEEDED_DISK_BYTES = 1_500_000_000
# What pip reads from its environment, and the name under which uv reads the same.
PIP_TO_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def main() -> int:
    """Make `.venv` ready; the exit code."""
    try:
        if not _is_up_to_date():
            _install()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def workspace_packages() -> Iterator[Path]:
    """The folders of the workspace's own packages."""
    for pattern in ("libs/*", "services/*", "deploy/local", "clients/*"):
        for project in sorted(CHECKOUT.glob(f"{pattern}/pyproject.toml")):
            yield project.parent


def pinned_block(package: str) -> str:
    """The lines of the pinned requirements that name one package and its digests; raises SetupError."""
    lines = REQUIREMENTS.read_text().splitlines()
    for at, line in enumerate(lines):
        if line.startswith(f"{package}=="):
            end = at + 1
            while end < len(lines) and lines[end].startswith(" "):
                end += 1
            return "\n".join(lines[at:end]) + "\n"
    raise SetupError(f"{REQUIREMENTS.name} does not pin {package}: run `make pins`")


def _is_up_to_date() -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == _fingerprint()


def _fingerprint() -> str:
    """Changes with the requirements, the packages' metadata, the Python version and the place of the checkout."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {CHECKOUT}".encode())
    for path in (REQUIREMENTS, Path(__file__), *(package / "pyproject.toml" for package in workspace_packages())):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _install() -> None:
    free = shutil.disk_usage(CHECKOUT).free
    if free < NEEDED_DISK_BYTES:
        raise SetupError(
            f"Only {free / 1e6:.0f} MB are free here; .venv needs {NEEDED_DISK_BYTES / 1e6:.0f} MB: make room."
        )
    print("Setting up .venv from the pinned requirements …", flush=True)
    STAMP.unlink(missing_ok=True)
    _make_environment()
    editable = [argument for package in workspace_packages() for argument in ("-e", str(package))]
    for installer in _installers():
        pinned = _run([*installer, "install", "-q", "-r", str(REQUIREMENTS)])
        if pinned and _run([*installer, "install", "-q", "--no-deps", "--no-build-isolation", *editable]):
            STAMP.write_text(_fingerprint())
            return
    raise SetupError("The requirements could not be installed; the reason is above (is there a network or an index?).")


def _make_environment() -> None:
    if PYTHON.exists() and not _run(
        [str(PYTHON), "-c", f"import sys; assert sys.version_info[:2] == {sys.version_info[:2]}"], quiet=True
    ):
        shutil.rmtree(ENVIRONMENT)
    if not PYTHON.exists() and not _run([sys.executable, "-m", "venv", str(ENVIRONMENT)]):
        raise SetupError("Python's venv module does not work here: install it (python3-venv on Debian) and try again.")
    if not _run([str(PYTHON), "-m", "pip", "--version"], quiet=True):
        _run([str(PYTHON), "-m", "ensurepip"], quiet=True)


def _installers() -> Iterator[Sequence[str]]:
    """uv first, when pip can bring it; then pip."""
    pip = [str(PYTHON), "-m", "pip"]
    pins = ENVIRONMENT / "uv-requirement.txt"
    pins.write_text(pinned_block("uv"))
    if _run([*pip, "install", "-q", "-r", str(pins)]):
        yield [str(ENVIRONMENT / "bin" / "uv"), "pip"]
        print("uv did not succeed; trying with pip, which takes longer.", flush=True)
    yield pip


def _run(command: Sequence[str], *, quiet: bool = False) -> bool:
    done = subprocess.run(command, check=False, capture_output=quiet, env=_variables(), cwd=CHECKOUT)
    return done.returncode == 0


def _variables() -> dict[str, str]:
    """The environment of pip and uv: this one, with pip's settings told to uv and a cache that can be written."""
    variables = {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    variables.setdefault("UV_COMPILE_BYTECODE", "1")  # once here, or by every process that starts before another has
    for pip_name, uv_name in PIP_TO_UV.items():
        if pip_name in variables:
            variables.setdefault(uv_name, variables[pip_name])
    if not os.access(os.environ.get("HOME", ""), os.W_OK):
        variables.setdefault("UV_CACHE_DIR", str(CHECKOUT / ".local" / "cache" / "uv"))
    return variables


if __name__ == "__main__":
    sys.exit(main())
