"""Who is it that a token speaks of, here?"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from domain.access import INSTALLATION, Principal, Role
from domain.access.roles import WHOLE
from domain.tenants.rules import NAME
from infra.identity.actors import Actors
from infra.identity.errors import WrongToken
from infra.identity.grants import Granted, Grants
from infra.identity.tokens import Claims, Verifier

KEPT_SECONDS_MAX = 60.0
"""After this a token is looked at as if it were new: its key may have been withdrawn."""
KEPT_MAX = 10_000
MANY_FACTORS = "mfa"
"""The authentication method that stands for more than one factor [RFC 8176]."""
SERVICE = "service~"
"""What the actor of a program that acts for itself begins with, so that it is no person's."""
_TENANT = re.compile(NAME)
_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}")
_CLIENT = re.compile(r"[A-Za-z0-9._-]{1,56}")
_FROM_TOKENS = frozenset(Role) - {Role.POLICY}
"""The roles that a token may give: a policy is a part of registrar, and nobody's."""


class Trusted(NamedTuple):
    """Which of the issuer's claims are believed beside who somebody is. None: that one is not.

    Names with dots go into objects. ``subject`` holds the pseudonym that a person has here already;
    ``strong`` are the values of ``acr`` that stand for a second factor.
    """

    roles: str | None = None
    tenant: str | None = None
    subject: str | None = None
    strong: frozenset[str] = frozenset()


class _Known(NamedTuple):
    """A token that was good, without what may be granted meanwhile."""

    principal: Principal
    expires_at: float
    look_again_at: float


class Principals:
    """Makes principals of tokens, and keeps what it found out of each for a while."""

    def __init__(
        self,
        verifier: Verifier,
        actors: Actors,
        grants: Grants,
        trusted: Trusted,
        skew_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verifier = verifier
        self._actors = actors
        self._grants = grants
        self._trusted = trusted
        self._skew = skew_seconds
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def of(self, token: bytes) -> Principal:
        """Return whom a token speaks of, with the roles that they have now.

        Raises WrongToken; IssuerUnavailable or StoreUnavailable where that cannot be found out.
        """
        digest = hashlib.sha256(token).digest()
        known, now = self._known.get(digest), self._clock()
        if known is None or not now < min(known.expires_at, known.look_again_at):
            claims = await self._verifier.verify(token)
            known = _Known(
                await self._principal(claims),
                claims.expires_at + self._skew,
                now + KEPT_SECONDS_MAX,
            )
            self._known[digest] = known
            self._known.move_to_end(digest)
            if len(self._known) > KEPT_MAX:
                self._known.popitem(last=False)
        principal = known.principal
        return _with(principal, await self._grants.of(principal.tenant, principal.actor))

    async def _principal(self, claims: Claims) -> Principal:
        tenant = self._tenant(claims.told)
        roles, scopes = self._roles(claims.told), claims.scopes
        if not claims.is_service:
            roles |= {Role.LEARNER}
        return Principal(
            await self._actor(claims, tenant),
            tenant,
            claims.client,
            roles,
            scopes=None if WHOLE in scopes and not claims.is_service else scopes,
            strong=claims.acr in self._trusted.strong or MANY_FACTORS in claims.amr,
            service=claims.is_service,
        )

    async def _actor(self, claims: Claims, tenant: str) -> str:
        if claims.is_service:
            if not _CLIENT.fullmatch(claims.client):
                raise WrongToken(
                    "A program that acts for itself is called by 56 letters, digits, dots, hyphens "
                    "and underscores at most."
                )
            return SERVICE + claims.client
        if self._trusted.subject is None:
            return await self._actors.of(tenant, claims.issuer, claims.subject)
        told = _at(claims.told, self._trusted.subject)
        if not isinstance(told, str) or not _ACTOR.fullmatch(told) or told.startswith(SERVICE):
            raise WrongToken("The token does not say which record is the person's.")
        return told

    def _tenant(self, told: Mapping[str, Any]) -> str:
        if self._trusted.tenant is None:
            return INSTALLATION
        tenant = _at(told, self._trusted.tenant)
        if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
            raise WrongToken("The token does not say of which tenant it is.")
        return tenant

    def _roles(self, told: Mapping[str, Any]) -> frozenset[Role]:
        if self._trusted.roles is None:
            return frozenset()
        names = _at(told, self._trusted.roles)
        if not isinstance(names, list):
            return frozenset()
        return frozenset(role for role in _FROM_TOKENS if role in names)


def _with(principal: Principal, granted: Granted) -> Principal:
    if not granted.roles and not granted.runs:
        return principal
    return Principal(
        principal.actor,
        principal.tenant,
        principal.client,
        principal.roles | granted.roles,
        granted.runs,
        principal.scopes,
        principal.strong,
        principal.service,
    )


def _at(told: Mapping[str, Any], name: str) -> Any:
    """Return what stands under a name, or under names in each other; None: nothing."""
    if name in told:
        return told[name]
    found: Any = told
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found
