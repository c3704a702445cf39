"""A token issuer for tests: real keys, real signatures, no network."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from common import json

ISSUER = "https://issuer.test"
AUDIENCE = "constellation"
KEY_ID = "test-1"
ALL_SCOPES = (
    *(
        f"{service}:{action}"
        for service in ("inventory", "factors", "footprint", "scenarios", "billing")
        for action in ("read", "write")
    ),
    "footprint:close",
)


class Issuer:
    """Signs tokens; its public keys stand in the file `jwks`."""

    def __init__(self, folder: Path) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self.jwks = folder / "jwks.json"
        self.jwks.write_bytes(json.dumps({"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}))

    def token(
        self,
        orgs: Sequence[str] | str = "*",
        scopes: Sequence[str] = ALL_SCOPES,
        *,
        client: str = "tests",
        audience: str = AUDIENCE,
        lifetime: timedelta = timedelta(hours=1),
        key: rsa.RSAPrivateKey | None = None,
    ) -> str:
        """A signed token; `key` other than the issuer's own makes a forged one, a negative `lifetime` an expired one."""
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": client,
            "exp": datetime.now(UTC) + lifetime,
            "scope": " ".join(scopes),
            "orgs": orgs if isinstance(orgs, str) else list(orgs),
        }
        return jwt.encode(claims, key or self._key, algorithm="RS256", headers={"kid": KEY_ID})
