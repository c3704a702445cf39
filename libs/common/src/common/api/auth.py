"""Who calls: bearer tokens (JWT) of an OIDC issuer or a key file, with `aud`, `exp`, `scope` and `orgs`.

Verified tokens are remembered until they expire, so a busy client costs one signature check a token, not one a call.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
from fastapi import Request
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from common import json, metrics
from common.api.problems import Forbidden, Problem, Unavailable
from common.organisations import EVERY, Organisations, visible
from common.settings import ServiceSettings

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
REMEMBERED = 10_000
REFRESH_S = 30.0


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated client, the organisations it may see and what it may do."""

    client: str
    organisations: Organisations
    scopes: frozenset[str]

    def require_organisation(self, org: str) -> None:
        """Raise `Forbidden` unless the token names `org`."""
        if not visible(self.organisations, org):
            raise Forbidden(f"your token does not name organisation {org!r}")

    def require_every_organisation(self) -> None:
        """Raise `Forbidden` unless the token is of the platform's own staff or processes (`orgs: "*"`)."""
        if self.organisations != EVERY:
            raise Forbidden("only a token for every organisation may do this")


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


class Keys:
    """The issuer's signing keys, from a file or URL; read again when a token names one that is not known, at most every 30 s."""

    def __init__(self, issuer: str, location: str | None) -> None:
        self._issuer = issuer
        self._location = location
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def find(self, key_id: str) -> jwt.PyJWK:
        """The key of that id. Raises `Problem` 401 when the issuer has none, `Unavailable` when the issuer cannot be asked."""
        if key_id not in self._keys:
            async with self._reading:
                if key_id not in self._keys and time.monotonic() - self._read_at > REFRESH_S:
                    self._keys = {
                        key.key_id: key for key in jwt.PyJWKSet.from_dict(await self._read()).keys if key.key_id
                    }
                    self._read_at = time.monotonic()
        if key_id not in self._keys:
            raise _unauthorized(f"the token is signed with key {key_id!r}, which the issuer does not publish")
        return self._keys[key_id]

    async def _read(self) -> dict[str, Any]:
        if self._location is not None and "://" not in self._location:
            document: dict[str, Any] = json.loads(await asyncio.to_thread(Path(self._location).read_bytes))
            return document
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                location = self._location or await self._discover(client)
                answer = (await client.get(location)).raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable(f"the token issuer cannot be asked for its keys: {error!r}") from error
        fetched: dict[str, Any] = json.loads(answer.content)
        return fetched

    async def _discover(self, client: httpx.AsyncClient) -> str:
        answer = (await client.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")).raise_for_status()
        return str(json.loads(answer.content)["jwks_uri"])


class Authenticator:
    """Turns the `Authorization` header into a `Caller`, and counts the caller's requests against its rate limit."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._keys = Keys(settings.issuer, settings.jwks)
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._remembered: dict[str, tuple[Caller, float]] = {}
        self._limit: RateLimitItem = parse(settings.rate_limit)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def caller(self, header: str | None) -> Caller:
        """The caller. Raises `Problem` 401 saying what is wrong with the token, 429 with Retry-After over the rate limit."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("send a bearer token in the Authorization header")
        known = self._remembered.get(token)
        if known is None or known[1] <= time.time():
            known = await self._verify(token)
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[token] = known
        await self._count(known[0])
        return known[0]

    async def _verify(self, token: str) -> tuple[Caller, float]:
        try:
            header = jwt.get_unverified_header(token)
            key = await self._keys.find(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise _unauthorized(f"the token is not valid: {error}") from error
        return Caller(
            str(claims["sub"]), _organisations(claims), frozenset(str(claims.get("scope", "")).split())
        ), float(claims["exp"])

    async def _count(self, caller: Caller) -> None:
        if not await self._limiter.hit(self._limit, caller.client):
            metrics.RATE_LIMITED.inc()
            window = await self._limiter.get_window_stats(self._limit, caller.client)
            wait_s = max(1, round(window.reset_time - time.time()))
            detail = f"client {caller.client!r} is over its limit of {self._limit}"
            raise Problem(429, "too-many-requests", detail, headers={"Retry-After": str(wait_s)})


def _organisations(claims: dict[str, Any]) -> Organisations:
    named = claims.get("orgs", [])
    if named in (EVERY, [EVERY]):
        return EVERY
    if not isinstance(named, list) or not all(isinstance(org, str) for org in named):
        raise _unauthorized("the token's claim orgs must be a list of organisation ids, or *")
    return frozenset(named)


def requires(scope: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that authenticates the call and checks `scope`: `Annotated[Caller, Depends(requires("inventory:read"))]`.

    Raises `Problem` 401, 403 or 429.
    """

    async def authorise(request: Request) -> Caller:
        authenticator: Authenticator = request.app.state.authenticator
        caller = await authenticator.caller(request.headers.get("authorization"))
        if scope not in caller.scopes:
            raise Forbidden(f"your token lacks the scope {scope!r}")
        return caller

    return authorise
