"""Write the contracts out: `make contracts`.

Publishes the event schemas (copies them to `contracts/published/`, the baseline that later changes are held against, which needs neither
git nor network) and writes each service's OpenAPI document. Refuses, and writes nothing, when a schema would break those who rely on it.
"""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from common import json
from common.process import openapi_document

from tests.contract.compatibility import breaks
from tests.contract.services import NAMES, service

CONTRACTS = Path(__file__).parents[2] / "contracts"
EVENTS, PUBLISHED, OPENAPI = CONTRACTS / "events", CONTRACTS / "published", CONTRACTS / "openapi"


def schemas() -> list[Path]:
    """Every event schema, relative to `contracts/events`."""
    return sorted(path.relative_to(EVENTS) for path in EVENTS.glob("*/*/v*.json"))


def objections() -> Iterator[str]:
    """What forbids publishing: a published schema that is gone, or whose successor breaks it."""
    for path in sorted(path.relative_to(PUBLISHED) for path in PUBLISHED.glob("*/*/v*.json")):
        if not (EVENTS / path).is_file():
            yield f"{path}: published, and gone"
            continue
        before, after = (json.loads((folder / path).read_bytes()) for folder in (PUBLISHED, EVENTS))
        yield from (f"{path}: {problem}" for problem in breaks(before, after))


def openapi(name: str) -> bytes:
    """The OpenAPI document of a service as it is written out."""
    return json.dumps_pretty(asyncio.run(openapi_document(service(name)))) + b"\n"


def main() -> None:
    """Publish, or say why not and exit with 1."""
    found = list(objections())
    if found:
        sys.exit("\n".join([*found, "An incompatible change is a new event type: write v2.json beside v1.json."]))
    for path in schemas():
        (PUBLISHED / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(EVENTS / path, PUBLISHED / path)
    OPENAPI.mkdir(exist_ok=True)
    for name in NAMES:
        (OPENAPI / f"{name}.json").write_bytes(openapi(name))


if __name__ == "__main__":
    main()
