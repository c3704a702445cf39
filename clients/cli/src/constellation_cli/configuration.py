"""Where the platform is and who calls: options, the environment, a file of `constellation login`, or a local stack, in this order."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constellation_cli.failures import Exit, Failure

URL_VARIABLE = "CONSTELLATION_URL"
TOKEN_VARIABLE = "CONSTELLATION_TOKEN"  # noqa: S105 - the name of a variable
FILE_VARIABLE = "CONSTELLATION_CONFIG"
STACK_FILE = Path(".local") / "stack.json"


@dataclass(frozen=True, slots=True)
class Connection:
    """The edge's address, the token, and where each was found."""

    url: str
    token: str
    origin: str


def configuration_file() -> Path:
    """The file that `login` writes: `CONSTELLATION_CONFIG`, else below the user's configuration folder."""
    named = os.environ.get(FILE_VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "constellation" / "config.json"


def find_connection(url: str | None, token: str | None) -> Connection:
    """The connection of this call. Raises Failure when an address or a token is missing.

    Each of the two comes from the first place that has it; a token is never taken from another place than one that also
    names the address in use, so that it is not sent to a stranger.
    """
    given_url, given_token = url or os.environ.get(URL_VARIABLE), token or os.environ.get(TOKEN_VARIABLE)
    places = [(given_url, given_token, "options and environment"), _saved(), _local_stack()]
    address, origin = next(((found.rstrip("/"), where) for found, _, where in places if found), (None, ""))
    if address is None:
        raise Failure(
            f"No platform is configured: set {URL_VARIABLE} and {TOKEN_VARIABLE}, run `constellation login`, "
            "or start a local stack with `make demo`.",
            Exit.NO_PLATFORM,
        )
    known = given_token or next(
        (secret for found, secret, _ in places[1:] if found and secret and found.rstrip("/") == address), None
    )
    if known is None:
        raise Failure(f"No token for {address}: set {TOKEN_VARIABLE}, or run `constellation login`.", Exit.NOT_ALLOWED)
    return Connection(address, known, origin)


def save(url: str, token: str) -> Path:
    """Keep an address and its token for later calls, readable by the user alone; the file."""
    path = configuration_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({"url": url.rstrip("/"), "token": token}, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
    return path


def claims_of(token: str) -> Mapping[str, Any]:
    """What a token says of its holder, unchecked: only the platform can check it. Raises Failure when it is no JWT."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        raise Failure("The token is no JWT: three parts with dots between are wanted.", Exit.NOT_ALLOWED) from None
    if not isinstance(claims, dict):
        raise Failure("The token is no JWT: its second part is no object.", Exit.NOT_ALLOWED)
    return claims


def _saved() -> tuple[str | None, str | None, str]:
    path = configuration_file()
    return (*_read(path, "url"), str(path))


def _local_stack() -> tuple[str | None, str | None, str]:
    """The stack of this folder, or of one above it."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        path = folder / STACK_FILE
        if path.is_file():
            return (*_read(path, "base_url"), str(path))
    return None, None, ""


def _read(path: Path, address: str) -> tuple[str | None, str | None]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError) as error:
        raise Failure(f"{path} cannot be read ({error}): mend or delete it.", Exit.NO_PLATFORM) from None
    if not isinstance(content, dict):
        raise Failure(f"{path} is no JSON object: mend or delete it.", Exit.NO_PLATFORM)
    return content.get(address), content.get("token")
