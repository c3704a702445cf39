"""Conditional updates: an entity's version is its ETag, and an update must say which version it changes."""

from fastapi import Request

from common.api.problems import Problem


def etag(version: int) -> str:
    """The strong entity tag of `version`."""
    return f'"{version}"'


def require_match(request: Request, version: int) -> None:
    """Check `If-Match` against the entity's `version`. Raises `Problem` 428 when it is missing, 412 when it names another version."""
    given = request.headers.get("if-match")
    if given is None:
        raise Problem(
            428,
            "precondition-required",
            f"send If-Match with the ETag that you read; the current one is {etag(version)}",
        )
    tags = [tag.strip() for tag in given.split(",")]
    if "*" not in tags and etag(version) not in tags:
        detail = f"the resource is at {etag(version)}, your change was made for {given}; read it again"
        raise Problem(412, "precondition-failed", detail, headers={"ETag": etag(version)})
