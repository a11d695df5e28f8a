"""What stands in the tokens that the development issuer signs?

Access tokens are those of RFC 9068, id tokens those of OpenID Connect Core 1.0.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from infra.issuer.keys import ALGORITHM, IssuerKeys
from infra.issuer.model import (
    ACCESS_SECONDS,
    MANY,
    STRONG_CLASS,
    WEAK_CLASS,
    Client,
    Session,
)

ACCESS_TYPE = "at+jwt"


class WrongToken(Exception):
    """A token is not one of ours, or not any more. One sentence."""


class Tokens:
    """Signs and reads the tokens of one issuer; ``audience`` is whom access tokens are for."""

    def __init__(self, issuer: str, audience: str, keys: IssuerKeys) -> None:
        self.issuer = issuer
        self.audience = audience
        self._keys = keys

    def of_person(self, session: Session, client: str, scope: str, now: datetime) -> str:
        """Return an access token of a program for a person."""
        user = session.user
        named = {"sub": user.id, "client_id": client, "tenant": user.tenant}
        how = {"roles": list(user.roles), "scope": scope, **_how(session)}
        return self._access({**named, **how}, now)

    def of_program(self, client: Client, scope: str, now: datetime) -> str:
        """Return an access token of a program for itself."""
        named = {"sub": client.id, "client_id": client.id, "tenant": client.tenant}
        return self._access({**named, "scope": scope}, now)

    def id_token(
        self, session: Session, client: str, nonce: str | None, access_token: str, now: datetime
    ) -> str:
        """Return what tells a program who has signed in, and how."""
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "sub": session.user.id,
            "aud": client,
            "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
            "preferred_username": session.user.name,
            **_how(session),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return self._signed("JWT", claims, now)

    def read_access(self, token: str, now: datetime) -> dict[str, Any]:
        """Return the claims of an access token of ours. Raises WrongToken."""
        claims = self._read(token, ACCESS_TYPE)
        if claims.get("aud") != self.audience or claims.get("exp", 0) <= now.timestamp():
            raise WrongToken("The token has expired, or is for somebody else.")
        return claims

    def read_hint(self, token: str) -> dict[str, Any]:
        """Return the claims of an id token of ours, however old. Raises WrongToken."""
        return self._read(token, "JWT")

    def _read(self, token: str, kind: str) -> dict[str, Any]:
        try:
            known = KeySet.import_key_set(self._keys.public)  # type: ignore[arg-type]
            read = jwt.decode(token, known, algorithms=[ALGORITHM])
        except (JoseError, ValueError) as error:
            raise WrongToken("The token is not one of this issuer.") from error
        if read.header.get("typ") != kind or read.claims.get("iss") != self.issuer:
            raise WrongToken("The token is not one of this issuer, or of another kind.")
        return read.claims

    def _access(self, claims: dict[str, Any], now: datetime) -> str:
        return self._signed(ACCESS_TYPE, {**claims, "aud": self.audience, "jti": str(uuid4())}, now)

    def _signed(self, kind: str, claims: dict[str, Any], now: datetime) -> str:
        key, at = self._keys.signing, int(now.timestamp())
        header = {"alg": ALGORITHM, "typ": kind, "kid": key.kid}
        stamped = {"iss": self.issuer, "iat": at, "exp": at + ACCESS_SECONDS, **claims}
        return jwt.encode(header, stamped, key, algorithms=[ALGORITHM])


def _how(session: Session) -> dict[str, Any]:
    """Say when and how somebody signed in."""
    return {
        "auth_time": int(session.signed_in_at.timestamp()),
        "acr": STRONG_CLASS if session.strong else WEAK_CLASS,
        "amr": [*session.methods, MANY] if session.strong else list(session.methods),
    }
