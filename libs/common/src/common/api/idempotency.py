"""`Idempotency-Key`: a create that is sent twice happens once and is answered twice.

The key's row commits with the use case itself, so there is no moment at which one is kept without the other. While the first call is
under way its advisory lock tells the second one so.
"""

import hashlib
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.responses import Response

from common.api.auth import Caller
from common.api.problems import Conflict, FieldError, Unprocessable
from common.database import Transaction

HEADER = "Idempotency-Key"
LONGEST = 255


async def once(
    request: Request,
    unit: Transaction,
    caller: Caller,
    action: Callable[[], Awaitable[Response]],
    payload: bytes | None = None,
) -> Response:
    """Answer with `action`, or with what it answered before under the same key; without a key, always with `action`.

    `payload` stands for the request's content where the body was a stream. Raises `Conflict` 409 while the first call is under way and
    `Unprocessable` 422 when the key came with another request, or is too long.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await action()
    if not 1 <= len(key) <= LONGEST:
        rule = f"must have 1 to {LONGEST} characters"
        raise Unprocessable(f"{HEADER} {rule}", [FieldError(HEADER, "length", rule)])
    fingerprint = _fingerprint(request, await request.body() if payload is None else payload)
    if not await unit.connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 1))", f"{caller.client}\n{key}"
    ):
        raise Conflict(f"a request with {HEADER} {key!r} is under way", code="idempotency-in-flight")
    row = await unit.connection.fetchrow(
        "SELECT request_hash, status, headers, body FROM idempotency_keys WHERE client = $1 AND key = $2",
        caller.client,
        key,
    )
    if row is None:
        response = await action()
        await _remember(unit, caller, key, fingerprint, response)
        return response
    if row["request_hash"] != fingerprint:
        rule = "was used before for another request; use a new key"
        raise Unprocessable(
            f"{HEADER} {key!r} {rule}", [FieldError(HEADER, "reused", rule)], code="idempotency-key-reused"
        )
    return Response(row["body"], row["status"], row["headers"])


def _fingerprint(request: Request, payload: bytes) -> bytes:
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(payload)
    return digest.digest()


async def _remember(unit: Transaction, caller: Caller, key: str, fingerprint: bytes, response: Response) -> None:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    await unit.connection.execute(
        "INSERT INTO idempotency_keys (client, key, request_hash, status, headers, body) VALUES ($1, $2, $3, $4, $5, $6)",
        caller.client,
        key,
        fingerprint,
        response.status_code,
        headers,
        bytes(response.body),
    )
