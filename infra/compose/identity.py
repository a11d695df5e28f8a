"""Of what is made that says who sends a request?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from commands.ports import Keys
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.access.grants import LoggedGrants
from infra.compose.parts import utc_now
from infra.identity.actors import PostgresActors
from infra.identity.discovery import HttpIssuer
from infra.identity.grants import Grants, KeptGrants
from infra.identity.keys import IssuerKeys
from infra.identity.principals import Principals, Trusted
from infra.identity.tokens import Verifier
from infra.pools import async_pool
from infra.settings.fields import Settings
from infra.web.authentication import (
    ByToken,
    Identify,
    Sessions,
    everybody_is,
    nobody_comes_in,
)

CONNECTIONS_MAX = 3


@asynccontextmanager
async def identifying(
    settings: Settings, dsn: str, keys: Keys, sessions: Sessions | None = None
) -> AsyncIterator[Identify]:
    """Have what says who sends a request for a while, as the settings would have it; ``sessions``
    are of those who signed in with a browser."""
    if settings.access == "off":
        yield everybody_is(DEVELOPMENT)
        return
    if settings.issuer is None:
        yield nobody_comes_in
        return
    async with async_pool(dsn, CONNECTIONS_MAX, autocommit=True) as pool:
        actors = PostgresActors(pool, await keys.digest_secret())
        grants = LoggedGrants(pool, REGISTRY, utc_now)
        yield ByToken(principals(settings, settings.issuer, actors, grants), sessions)


def principals(
    settings: Settings, issuer: str, actors: PostgresActors, grants: Grants
) -> Principals:
    """Return what makes principals of this issuer's tokens."""
    authorities = settings.issuer_authorities
    source = HttpIssuer(issuer, None if authorities is None else Path(authorities))
    skew = float(settings.clock_skew_seconds)
    verifier = Verifier(
        issuer, settings.audience, IssuerKeys(source), skew, plain=settings.plain_tokens
    )
    trusted = Trusted(
        settings.roles_claim or None,
        settings.tenant_claim or None,
        settings.subject_claim or None,
        frozenset(one.strip() for one in settings.strong_acr.split(",") if one.strip()),
    )
    return Principals(verifier, actors, KeptGrants(grants), trusted, skew)
