"""Calls of the public API through the edge: every refusal and every silence becomes one sentence."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from constellation_cli.configuration import Connection
from constellation_cli.failures import Exit, Failure

TIMEOUT_S = 120.0


class Client:
    """One connection to the platform."""

    def __init__(self, connection: Connection) -> None:
        """Calls go to `/api` at the connection's address."""
        self._url = connection.url
        self._http = httpx.Client(
            base_url=f"{connection.url}/api",
            headers={"Authorization": f"Bearer {connection.token}", "User-Agent": "constellation-cli"},
            timeout=httpx.Timeout(TIMEOUT_S, connect=10.0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON that a GET answers. Raises Failure."""
        return self._call("GET", path, params=_given(query)).json()

    def text(self, path: str, **query: Any) -> str:
        """The text that a GET answers. Raises Failure."""
        return self._call("GET", path, params=_given(query)).text

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """The JSON that a POST of JSON answers. Raises Failure."""
        return self._call("POST", path, json=body, params=_given(query)).json()

    def upload(self, path: str, files: Sequence[tuple[str, Any]], fields: Mapping[str, Any], **query: Any) -> Any:
        """The JSON that a POST of files answers. Raises Failure."""
        parts = [("file", part) for part in files]
        return self._call("POST", path, files=parts, data=_given(fields), params=_given(query)).json()

    def pages(self, path: str, limit: int, **query: Any) -> Iterator[Mapping[str, Any]]:
        """Up to `limit` items of a list, page after page. Raises Failure."""
        cursor, left = None, limit
        while left > 0:
            page = self.get(path, limit=min(left, 1000), cursor=cursor, **query)
            yield from page["items"]
            left -= len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    @contextmanager
    def events(self, path: str) -> Iterator[Iterator[tuple[str, Any]]]:
        """The server-sent events of a GET, as (name, data). Raises Failure."""
        with (
            self._reached("GET", path),
            self._http.stream("GET", path, timeout=httpx.Timeout(None, connect=10.0)) as answer,
        ):
            if answer.is_error:
                answer.read()
                raise _refusal("GET", path, answer)
            yield _events(answer)

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        with self._reached(method, path):
            answer = self._http.request(method, path, **request)
        if answer.is_error:
            raise _refusal(method, path, answer)
        return answer

    @contextmanager
    def _reached(self, method: str, path: str) -> Iterator[None]:
        try:
            yield
        except httpx.InvalidURL as error:
            raise Failure(f"{self._url} is no address: {error}.", Exit.NO_PLATFORM) from error
        except httpx.HTTPError as error:
            why = type(error).__name__
            raise Failure(
                f"{self._url} did not answer {method} {path} ({why}): is it up, and is the address right?",
                Exit.NO_PLATFORM,
            ) from error


def _events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    name, data = "message", ""
    for line in answer.iter_lines():
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            yield name, json.loads(data)
            name, data = "message", ""


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name.rstrip("_"): value for name, value in query.items() if value is not None}


def _refusal(method: str, path: str, answer: httpx.Response) -> Failure:
    said = _reason(answer)
    if answer.status_code == 401:
        return Failure(f"The token is not accepted: {said}. Run `constellation login` with another.", Exit.NOT_ALLOWED)
    if answer.status_code == 403:
        return Failure(f"Not allowed: {said}.", Exit.NOT_ALLOWED)
    if answer.status_code in (502, 503, 504):
        return Failure(f"Not now: {said}. Try again in a moment.", Exit.NO_PLATFORM)
    return Failure(f"{method} {path} answered {answer.status_code}: {said}.")


def _reason(answer: httpx.Response) -> str:
    """What a problem document says, or the beginning of whatever else was answered."""
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200].strip() or answer.reason_phrase
    if not isinstance(problem, dict):
        return str(problem)[:200]
    fields = "; ".join(f"{error.get('field')}: {error.get('detail')}" for error in problem.get("errors", []))
    return f"{problem.get('detail') or problem.get('title')}{f' ({fields})' if fields else ''}".rstrip(".")
