"""What does the development issuer know of people, programs, and what it gave out?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

AUDIENCE = "registrar"
"""Whom tokens are for, unless the settings name another."""
PASSWORD, ONE_TIME, RECOVERY = "pwd", "otp", "recovery"
MANY = "mfa"
"""The authentication methods that tokens name [RFC 8176]; many: with a second factor."""
WEAK_CLASS, STRONG_CLASS = "urn:registrar:password", "urn:registrar:second-factor"
"""The authentication context classes, which a client may ask for as ``acr_values``."""

CODE_SECONDS = 60
ACCESS_SECONDS = 600
SESSION = timedelta(hours=12)
"""After which somebody signs in again, whatever they did meanwhile; refresh tokens end with it."""


class User(NamedTuple):
    """A person who can sign in; ``id`` is the subject of their tokens."""

    id: str
    name: str
    tenant: str
    roles: Sequence[str]
    password: str
    second_factor: str | None
    second_factor_step: int
    disabled: bool
    made_at: datetime


class Client(NamedTuple):
    """A program that asks for tokens: it may be given ``scopes``. ``secret`` is a digest, None
    for a public one."""

    id: str
    name: str
    tenant: str
    scopes: Sequence[str]
    secret: bytes | None
    redirect_uris: Sequence[str]
    signed_out_uris: Sequence[str]


class Session(NamedTuple):
    """Somebody signed in with a browser. ``key`` is the digest of what the browser holds."""

    key: bytes
    user: User
    signed_in_at: datetime
    methods: Sequence[str]

    @property
    def strong(self) -> bool:
        """Whether a second factor was given."""
        return ONE_TIME in self.methods or RECOVERY in self.methods

    @property
    def complete(self) -> bool:
        """Whether all was given that this person has: until then it is worth nothing."""
        return self.strong or self.user.second_factor is None


class Grant(NamedTuple):
    """What a code or a refresh token stands for."""

    family: UUID
    session: Session
    client: str
    scope: str
    redirect_uri: str | None = None
    challenge: str | None = None
    nonce: str | None = None
