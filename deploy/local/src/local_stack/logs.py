"""The logs of the stack's processes, together."""

import time
from collections.abc import Iterator, Mapping, Sequence
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


def sizes(files: Sequence[Path]) -> dict[Path, int]:
    """Where each log ends now, in bytes."""
    return {file: file.stat().st_size for file in files}


def follow(files: Sequence[Path], positions: Mapping[Path, int]) -> Iterator[str]:
    """Whole lines written after the given positions, as they come and for ever, each with the part's name before it."""
    read_up_to = dict(positions)
    while True:
        for file in files:
            with file.open("rb") as stream:
                stream.seek(read_up_to[file])
                written = stream.read()
            whole = written[: written.rfind(b"\n") + 1]
            read_up_to[file] += len(whole)
            for line in whole.decode(errors="replace").splitlines():
                yield f"{file.stem}: {line}"
        time.sleep(POLL_INTERVAL_S)
