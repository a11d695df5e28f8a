"""What is the development issuer made of?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from infra.issuer.clients import Clients
from infra.issuer.grants import Grants, Sessions
from infra.issuer.guesses import Guesses
from infra.issuer.keys import FILE, IssuerKeys
from infra.issuer.model import AUDIENCE
from infra.issuer.passwords import Passwords
from infra.issuer.tokens import Tokens
from infra.issuer.users import Users
from infra.pools import async_pool

CONNECTIONS_MAX = 3
PATH = "/issuer"


@dataclass(frozen=True)
class Issuer:
    """All that its endpoints work with. ``origin`` is the server's address as browsers know it."""

    origin: str
    users: Users
    clients: Clients
    sessions: Sessions
    grants: Grants
    guesses: Guesses
    passwords: Passwords
    keys: IssuerKeys
    tokens: Tokens
    clock: Callable[[], datetime]

    @property
    def url(self) -> str:
        """The issuer's identifier: what stands in tokens as ``iss``."""
        return f"{self.origin}{PATH}"

    @property
    def cookie(self) -> str:
        """What the cookie of a browser's session is called. Browsers do not tell ports apart."""
        parts = urlsplit(self.origin)
        secure = parts.scheme == "https"
        return "__Host-registrar-issuer" if secure else f"registrar-issuer-{parts.port or 80}"


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


@asynccontextmanager
async def issuer(
    origin: str,
    dsn: str,
    folder: Path,
    audience: str = AUDIENCE,
    clock: Callable[[], datetime] = now,
) -> AsyncIterator[Issuer]:
    """Have a development issuer for a while: its tables in this database, its keys in this folder.
    Raises WrongKeys."""
    keys = IssuerKeys(folder / FILE)
    async with async_pool(dsn, CONNECTIONS_MAX) as pool:
        yield Issuer(
            origin=origin,
            users=Users(pool),
            clients=Clients(pool),
            sessions=Sessions(pool),
            grants=Grants(pool),
            guesses=Guesses(pool),
            passwords=Passwords(),
            keys=keys,
            tokens=Tokens(f"{origin}{PATH}", audience, keys),
            clock=clock,
        )
