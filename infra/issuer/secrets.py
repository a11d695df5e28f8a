"""How are secrets made that others hold, and what is kept of them here?"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

SECRET_BYTES = 32


def new_secret() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """Return what is kept of a random secret. A plain hash will do: it cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def form_token(secret: str) -> str:
    """Return what a form must carry to come from a page that whoever holds this cookie was given.
    It does not give the cookie away."""
    told = hmac.digest(secret.encode(), b"form", "sha256")
    return urlsafe_b64encode(told).rstrip(b"=").decode()


def same(one: str, other: str) -> bool:
    """Whether two secrets are one, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
