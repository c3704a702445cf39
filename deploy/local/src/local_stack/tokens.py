"""The local stack's signing key, and the tokens made with it."""

import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local_stack.layout import SERVICES, Layout

ISSUER = "constellation-local"
AUDIENCE = "constellation"
KEY_ID = "local"
EVERY_SCOPE = (*(f"{service}:{right}" for service in SERVICES for right in ("read", "write")), "footprint:close")
EVERY_ORGANISATION = "*"
DAY_S = 86_400


def ensure_keys(layout: Layout) -> None:
    """Make the signing key and the JWKS file, once per stack."""
    if layout.jwks.exists():
        return
    layout.keys.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_secret(_private_key(layout), pem.decode())
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    document = {"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}
    layout.jwks.write_text(json.dumps(document))


def mint(
    layout: Layout,
    organisations: Sequence[str] = (EVERY_ORGANISATION,),
    scopes: Sequence[str] = EVERY_SCOPE,
    subject: str = "local",
    days: float = 30,
) -> str:
    """A signed token for some organisations ("*" for all) and scopes; needs `ensure_keys` once before."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + int(days * DAY_S),
        "scope": " ".join(scopes),
        "orgs": EVERY_ORGANISATION if EVERY_ORGANISATION in organisations else list(organisations),
    }
    return jwt.encode(claims, _private_key(layout).read_text(), algorithm="RS256", headers={"kid": KEY_ID})


def service_password(layout: Layout) -> str:
    """The password of the services' database roles, made once per stack."""
    path = layout.keys / "database-password"
    if not path.exists():
        layout.keys.mkdir(parents=True, exist_ok=True)
        write_secret(path, secrets.token_urlsafe(24))
    return path.read_text()


def write_secret(path: Path, content: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(content)
    draft.replace(path)


def _private_key(layout: Layout) -> Path:
    return layout.keys / "signing-key.pem"
