"""The logs of the stack's processes, together."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

POLL_INTERVAL_S = 0.3


def log_files(folder: Path, parts: Sequence[str]) -> list[Path]:
    """The log files of the named parts, or of all; raises FileNotFoundError naming the part that has none."""
    if not parts:
        return sorted(folder.glob("*.log"))
    files = [folder / f"{part}.log" for part in parts]
    for file in files:
        if not file.exists():
            known = ", ".join(sorted(path.stem for path in folder.glob("*.log"))) or "none yet"
            raise FileNotFoundError(f"There is no log of {file.stem!r}; there are: {known}.")
    return files


def last_lines(file: Path, lines: int) -> Iterator[str]:
    """The last lines of one log, each with the part's name before it."""
    if lines > 0:
        for line in file.read_text(errors="replace").splitlines()[-lines:]:
            yield f"{file.stem}: {line}"


def follow(files: Sequence[Path]) -> Iterator[str]:
    """Lines as they are written from now on, for ever, each with the part's name before it."""
    positions = {file: file.stat().st_size for file in files}
    while True:
        for file in files:
            with file.open("rb") as stream:
                stream.seek(positions[file])
                written = stream.read()
            whole = written[: written.rfind(b"\n") + 1]
            positions[file] += len(whole)
            for line in whole.decode(errors="replace").splitlines():
                yield f"{file.stem}: {line}"
        time.sleep(POLL_INTERVAL_S)
