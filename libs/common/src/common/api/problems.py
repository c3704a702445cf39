"""Errors as RFC 9457 `application/problem+json`, with stable types and field-level detail."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.responses import Response

from common import json, telemetry

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

_CODES = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    412: "precondition-failed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    428: "precondition-required",
    429: "too-many-requests",
    503: "unavailable",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that breaks one rule. `field` is a dotted path, `code` is stable, `detail` names value and rule."""

    field: str
    code: str
    detail: str


class Problem(Exception):
    """An error that the caller is told. `code` ends the stable `type` URI; `extra` adds members to the document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra

    def document(self) -> dict[str, Any]:
        """The members of the problem document."""
        members: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            members["errors"] = [asdict(error) for error in self.errors]
        return members | self.extra

    def response(self) -> Response:
        """The HTTP answer."""
        return Response(json.dumps(self.document()), self.status, self.headers, MEDIA_TYPE)


class NotFound(Problem):
    """404: nothing of that kind and id, or not visible to the caller: the two are not told apart."""

    def __init__(self, what: str, identifier: object) -> None:
        super().__init__(404, "not-found", f"no {what} {identifier!s} is known to you")


class Forbidden(Problem):
    """403: the token is valid and does not allow this."""

    def __init__(self, detail: str) -> None:
        super().__init__(403, "forbidden", detail)


class Conflict(Problem):
    """409: the state of the resource forbids it."""

    def __init__(self, detail: str, code: str = "conflict") -> None:
        super().__init__(409, code, detail)


class Unprocessable(Problem):
    """422: understood and refused; each field error names field, value and rule."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), code: str = "invalid") -> None:
        super().__init__(422, code, detail, errors)


class Unavailable(Problem):
    """503 with `Retry-After`: right now, not for ever."""

    def __init__(self, detail: str, retry_after_s: int = 5) -> None:
        super().__init__(503, "unavailable", detail, headers={"Retry-After": str(retry_after_s)})


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "detail")},
            },
        },
    },
}


def field_errors(errors: Sequence[Any], *, skip: int = 0) -> list[FieldError]:
    """Pydantic's errors as field errors; `skip` leading parts of each location are left out (`body`, say)."""
    found = []
    for error in errors:
        path = ".".join(str(part) for part in error["loc"][skip:]) or "body"
        given = error.get("input")
        shown = f" (got {given!r:.80})" if isinstance(given, (str, int, float, bool)) else ""
        found.append(FieldError(path, str(error["type"]), f"{error['msg']}{shown}"))
    return found


def _from_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, f"http-{error.status_code}")
    return Problem(error.status_code, code, str(error.detail), headers=error.headers).response()


def _from_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if any(item["type"] == "json_invalid" for item in errors):
        return Problem(400, "malformed-json", f"the body is not JSON: {errors[0]['ctx']['error']}").response()
    located = [
        FieldError(_path(item["loc"]), found.code, found.detail)
        for item, found in zip(errors, field_errors(errors), strict=True)
    ]
    return Unprocessable(f"{len(located)} field(s) break a rule", located).response()


def _path(location: Sequence[Any]) -> str:
    parts = location[1:] if len(location) > 1 and location[0] in ("body", "query", "path", "header") else location
    return ".".join(str(part) for part in parts)


def _from_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


def _from_unstorable_text(request: Request, error: Exception) -> Response:
    return Unprocessable("a text holds the character U+0000, which cannot be stored", code="unstorable-text").response()


def unexpected(request: Request, error: Exception) -> Response:
    """The answer to an error that nobody foresaw: logged whole, told without any detail."""
    trace_id = format(request.scope.get(telemetry.SPAN, trace.INVALID_SPAN_CONTEXT).trace_id, "032x")
    log.error("request.crashed", path=request.url.path, trace_id=trace_id, exc_info=error)
    return Problem(500, "internal-error", "an unexpected error; it has been logged", trace_id=trace_id).response()


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(Problem, _from_problem)
    app.add_exception_handler(HTTPException, _from_http)
    app.add_exception_handler(RequestValidationError, _from_validation)
    app.add_exception_handler(asyncpg.CharacterNotInRepertoireError, _from_unstorable_text)
    app.add_exception_handler(asyncpg.UntranslatableCharacterError, _from_unstorable_text)
    app.add_exception_handler(Exception, unexpected)
