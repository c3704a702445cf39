"""The token issuer of docker-compose.yml: `identity.py keys` makes the signing key once, `identity.py token [org …]` prints a token.

It stands in for an OIDC issuer on a developer's machine. Runs in the base image, with the volume /identity.
"""

import json
import sys
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

FOLDER = Path("/identity")
ISSUER = "constellation-compose"
AUDIENCE = "constellation"
KEY_ID = "compose"
SERVICES = ("inventory", "factors", "footprint", "scenarios", "billing")
LIFETIME_S = 30 * 86_400


def make_keys(folder: Path) -> None:
    """Write the signing key and, for the services, `jwks.json`; keep those that are there."""
    published = folder / "jwks.json"
    if published.exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = folder / "signing-key.pem"
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    published.write_text(json.dumps({"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}))
    published.chmod(0o644)


def make_token(folder: Path, organisations: list[str]) -> str:
    """A token for thirty days with every scope, for `organisations` or, when none is named, for all."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "developer",
        "exp": int(time.time()) + LIFETIME_S,
        "scope": " ".join(f"{service}:{right}" for service in SERVICES for right in ("read", "write")),
        "orgs": organisations or "*",
    }
    key = (folder / "signing-key.pem").read_text()
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})


def main() -> None:
    """The command."""
    match sys.argv[1:]:
        case ["keys"]:
            make_keys(FOLDER)
        case ["token", *organisations]:
            print(make_token(FOLDER, organisations))
        case _:
            sys.exit("usage: identity.py keys | token [organisation …]")


if __name__ == "__main__":
    main()
