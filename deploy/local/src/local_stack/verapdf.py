"""Whether PDF files conform to PDF/A-3b, by veraPDF: the validator of the PDF Association and the Open Preservation Foundation.

`python -m local_stack.verapdf FILE…` prints a line for each file and for each rule that it breaks (ISO 19005-3, clause and test), and ends
with 1 when any does.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local_stack.cache import cache_folder
from local_stack.jars import Program, class_path, java

VERAPDF = Program("verapdf", ("org.verapdf.apps:greenfield-apps:1.28.2",), transitive=False)
"""Its jar holds what it depends on."""

MAIN = "org.verapdf.apps.GreenfieldCliWrapper"
FLAVOUR = "3b"


class ValidatorError(RuntimeError):
    """veraPDF has not said of every file whether it conforms."""


def faults(files: Sequence[Path]) -> dict[Path, list[str]]:
    """What each file breaks of PDF/A-3b, a sentence a rule; nothing where it conforms. Raises JarsUnavailableError and ValidatorError."""
    resolved = {str(file.resolve()): file for file in files}
    where = ("-cp", class_path(VERAPDF, cache_folder()), MAIN, "-f", FLAVOUR, "--format", "json")
    command = [java(), "-Djava.awt.headless=true", *where, *resolved]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        jobs = json.loads(done.stdout)["report"]["jobs"]
    except ValueError as error:
        raise ValidatorError(done.stderr.strip() or done.stdout.strip()) from error
    found = {resolved[job["itemDetails"]["name"]]: _broken(job) for job in jobs}
    missing = [str(file) for file in files if file not in found]
    if missing:
        raise ValidatorError(f"not validated: {', '.join(missing)}")
    return found


def _broken(job: Mapping[str, Any]) -> list[str]:
    """Raises ValidatorError for a file that was not validated to the end."""
    [result] = job.get("validationResult") or [{"statement": "not validated"}]
    rules = [rule for rule in result.get("details", {}).get("ruleSummaries", ()) if rule["ruleStatus"] == "FAILED"]
    if result.get("compliant") is not (not rules):
        raise ValidatorError(f"{job['itemDetails']['name']}: {result['statement']}")
    return [f"{rule['specification']} {rule['clause']}-{rule['testNumber']}: {rule['description']}" for rule in rules]


def main() -> int:
    """Validate the files named on the command line."""
    found = faults([Path(name) for name in sys.argv[1:]])
    for file, broken in found.items():
        print(f"{file}: {'breaks' if broken else 'conforms to'} PDF/A-3b", *broken, sep="\n  ")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
