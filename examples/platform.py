"""A small client of the platform's public calls: for the demonstration, the benchmarks and the end-to-end tests."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import NAMESPACE_URL, uuid5

import httpx

_POLL_S = 0.1
Found = TypeVar("Found")
STACK_FILE = Path(".local") / "stack.json"


class PlatformError(Exception):
    """What went wrong with the platform, as one sentence for the person in front of the terminal."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack as it describes itself: the edge, a token for everything, each service, Postgres and Kafka."""

    base_url: str
    token: str
    services: Mapping[str, str]
    postgres: str
    kafka: str

    @classmethod
    def read(cls, path: Path = STACK_FILE) -> Self:
        """Read the description that the local stack writes; raise PlatformError when there is none to use."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{name: content[name] for name in ("base_url", "token", "services", "postgres", "kafka")})
        except FileNotFoundError:
            raise PlatformError(f"No stack is described in {path}: start one with `make demo`.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise PlatformError(
                f"{path} does not describe a stack ({error!r}): `make down`, then start again."
            ) from None


class Platform:
    """Calls through the edge with one token; every refusal and every silence becomes a PlatformError."""

    def __init__(self, base_url: str, token: str, timeout_s: float = 60.0) -> None:
        self._client = httpx.Client(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(timeout_s)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int | None) -> Any:
        """Return the JSON that a GET of `path` below `/api` answers."""
        return self._call("GET", path, params=_given(query)).json()

    def text(self, path: str, **query: str | int | None) -> str:
        """Return the text that a GET of `path` below `/api` answers."""
        return self._call("GET", path, params=_given(query)).text

    def file(self, path: str, **query: str | int | None) -> bytes:
        """Return the bytes that a GET of `path` below `/api` answers."""
        return self._call("GET", path, params=_given(query)).content

    def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        """Return the JSON that a POST of `body` to `path` below `/api` answers; with an idempotency `key`, the same one again."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._call("POST", path, json=body, headers=headers).json()

    def put(self, path: str, body: Any) -> Any:
        """Return the JSON that a PUT of `body` to `path` below `/api` answers."""
        return self._call("PUT", path, json=body).json()

    def ensure(self, path: str, body: Mapping[str, Any]) -> None:
        """Create what `body` describes, or find that it is there already: running it again changes nothing."""
        key = uuid5(NAMESPACE_URL, path + json.dumps(body, sort_keys=True))
        self._call("POST", path, json=body, headers={"Idempotency-Key": str(key)}, accepted={409})

    def import_file(self, file: Path, *, org: str, file_format: str = "constellation", **defaults: str) -> str:
        """Hand `file` to the inventory and return the id of the import, which runs on by itself.

        `defaults` hold for rows that do not say: `site`, `source`, `effective_from`.
        """
        with file.open("rb") as stream:
            answer = self._call(
                "POST",
                "/inventory/v1/imports",
                params={"format": file_format},
                data={"org": org, **defaults},
                files={"file": (file.name, stream)},
            )
        return str(answer.json()["id"])

    def imported(self, import_id: str, timeout_s: float = 300.0) -> Mapping[str, Any]:
        """Wait for the end of an import and return its report; a failed import is a PlatformError."""

        def report() -> Mapping[str, Any] | None:
            answer: Mapping[str, Any] = self.get(f"/inventory/v1/imports/{import_id}")
            return answer if answer["status"] in ("done", "failed") else None

        ended = until(report, timeout_s, f"the end of import {import_id}")
        if ended["status"] == "failed":
            raise PlatformError(f"Import {import_id} failed: {ended['failure']['detail']}.")
        return ended

    def _call(
        self, method: str, path: str, accepted: frozenset[int] | set[int] = frozenset(), **request: Any
    ) -> httpx.Response:
        try:
            response = self._client.request(method, f"/api{path}", **request)
        except httpx.HTTPError as error:
            raise PlatformError(
                f"{method} /api{path} got no answer ({type(error).__name__}): is the stack up?"
            ) from error
        if response.is_error and response.status_code not in accepted:
            raise PlatformError(f"{method} /api{path} answered {response.status_code}: {_reason(response)}")
        return response


def until(condition: Callable[[], Found | None], timeout_s: float, what: str) -> Found:
    """Ask `condition` again and again until it returns something; raise PlatformError after `timeout_s` seconds."""
    deadline = monotonic() + timeout_s
    while (found := condition()) is None:
        if monotonic() > deadline:
            raise PlatformError(f"Waited {timeout_s:.0f} s in vain for {what}.")
        sleep(_POLL_S)
    return found


def _given(query: Mapping[str, str | int | None]) -> dict[str, str | int]:
    return {name: value for name, value in query.items() if value is not None}


def _reason(response: httpx.Response) -> str:
    """Return what a problem document says, or the beginning of whatever else was answered."""
    try:
        problem = response.json()
    except ValueError:
        return response.text[:200]
    fields = "; ".join(f"{error.get('field')}: {error.get('detail')}" for error in problem.get("errors", []))
    return f"{problem.get('detail') or problem.get('title')}{f' ({fields})' if fields else ''}"
