"""Tokens of the local stack are what services accept: RS256, verified with the JWKS file alone."""

import json
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from local_stack.layout import SERVICES, Layout
from local_stack.tokens import AUDIENCE, ISSUER, ensure_keys, mint, service_password


@pytest.fixture
def layout(folder: Path) -> Layout:
    layout = Layout(folder, 8080)
    ensure_keys(layout)
    return layout


def claims(layout: Layout, token: str) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_json(layout.jwks.read_text())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    required = ["exp", "sub", "iss", "aud"]
    verified: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": required}
    )
    return verified


def test_a_token_is_by_default_for_every_organisation_and_every_right(layout: Layout) -> None:
    verified = claims(layout, mint(layout))

    assert verified["orgs"] == "*"
    rights = {f"{name}:{right}" for name in SERVICES for right in ("read", "write")}
    assert set(verified["scope"].split()) == rights | {"footprint:close"}


def test_a_token_may_be_narrow(layout: Layout) -> None:
    verified = claims(layout, mint(layout, ["acme", "umbrella"], ["inventory:read"], subject="collector"))

    assert (verified["orgs"], verified["scope"], verified["sub"]) == (
        ["acme", "umbrella"],
        "inventory:read",
        "collector",
    )


def test_an_expired_token_is_refused(layout: Layout) -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        claims(layout, mint(layout, days=-1))


def test_keys_and_passwords_are_made_once_and_only_their_owner_reads_them(layout: Layout) -> None:
    before = (layout.jwks.read_text(), service_password(layout))

    ensure_keys(layout)

    assert (layout.jwks.read_text(), service_password(layout)) == before
    assert "d" not in json.loads(layout.jwks.read_text())["keys"][0]
    for secret in ("signing-key.pem", "database-password"):
        assert stat.S_IMODE((layout.keys / secret).stat().st_mode) == 0o600
