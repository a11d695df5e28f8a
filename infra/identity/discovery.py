"""What does an OpenID Connect issuer tell about itself? (OpenID Connect Discovery 1.0)"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx
import msgspec

from infra.identity.errors import IssuerUnavailable
from infra.loopback import is_safe

SECONDS_MAX = 3.0
"""For each of connecting, sending and receiving."""
BYTES_MAX = 262_144
CONFIGURATION = "/.well-known/openid-configuration"


class Metadata(msgspec.Struct, frozen=True):
    """What is wanted of an issuer's configuration; the endpoints may be missing."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    end_session_endpoint: str | None = None
    revocation_endpoint: str | None = None


class HttpIssuer:
    """Implements ``infra.identity.keys.KeySource`` over the issuer's own addresses. ``authorities``
    is a file of certificates to hold the issuer's against; None: those of the system."""

    def __init__(self, url: str, authorities: Path | None = None) -> None:
        self.url = url
        self._trust: ssl.SSLContext | None = None
        self._authorities = authorities

    async def fetch(self) -> bytes:
        """Return the issuer's keys as they are now."""
        return await self._get((await self.metadata()).jwks_uri)

    async def metadata(self) -> Metadata:
        """Return what the issuer tells of itself. Raises IssuerUnavailable, also where that is of
        another issuer, or names an address that is not protected."""
        told = await self._get(self.url.rstrip("/") + CONFIGURATION)
        try:
            found = msgspec.json.decode(told, type=Metadata)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise IssuerUnavailable(f"{self.url} does not answer like an issuer.") from error
        if found.issuer != self.url:
            raise IssuerUnavailable(f"{self.url} says that it is another issuer: {found.issuer}.")
        for address in msgspec.structs.astuple(found)[1:]:
            if address is not None and not is_safe(address):
                raise IssuerUnavailable(f"{self.url} names an address without TLS: {address}.")
        return found

    def client(self, **named: Any) -> httpx.AsyncClient:
        """Return a client for this issuer: bounded in time, without redirects, and blind to the
        environment's proxies and certificates."""
        if self._trust is None:
            authorities = None if self._authorities is None else str(self._authorities)
            self._trust = ssl.create_default_context(cafile=authorities)
        return httpx.AsyncClient(verify=self._trust, timeout=SECONDS_MAX, trust_env=False, **named)

    async def _get(self, url: str) -> bytes:
        try:
            async with self.client() as client, client.stream("GET", url) as answer:
                if answer.status_code != 200:
                    raise IssuerUnavailable(f"{url} answers {answer.status_code}.")
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > BYTES_MAX:
                        raise IssuerUnavailable(f"{url} answers more than {BYTES_MAX} bytes.")
                return body
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            why = str(error) or type(error).__name__
            raise IssuerUnavailable(f"{url} cannot be reached ({why}).") from error
