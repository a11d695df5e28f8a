"""Which keys does the issuer sign with now, and for how long is what it said believed?"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from joserfc import jwk
from joserfc.errors import JoseError

from infra.identity.errors import IssuerUnavailable, WrongToken

FRESH_SECONDS = 300.0
"""After this the keys are fetched again, while those that are here go on being used."""
STALE_SECONDS_MAX = 3_600.0
"""So long keys are believed while the issuer cannot be asked whether they still hold."""
AGAIN_SECONDS_MIN = 5.0
"""An issuer is not asked more often, whatever tokens come."""
RSA_BITS_MIN = 2_048
KEYS_MAX = 100

KEY_TYPES = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
"""The algorithms that are taken, and what key and curve each needs. Never none, and never one with
a shared secret: whoever can check such a token can make one [RFC 8725, 3.1]."""

_log = logging.getLogger(__name__)


class KeySource(Protocol):
    """Where an issuer publishes its keys."""

    async def fetch(self) -> bytes:
        """Return its keys as they are now: a JSON Web Key Set [RFC 7517]. Raises
        IssuerUnavailable."""


class _Published(msgspec.Struct):
    keys: list[dict[str, Any]]


class IssuerKeys:
    """The keys of one issuer, fetched when they are first asked for and again now and then."""

    def __init__(self, source: KeySource, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._keys: list[jwk.Key] = []
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fault: str | None = None
        self._flight: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str) -> jwk.Key:
        """Return the key of this name that signs so; without a name, the only one that does.

        Raises WrongToken where the issuer has none such, IssuerUnavailable where it cannot be asked
        and its keys are not here, or have been here for too long.
        """
        age = self._age()
        if age is None or age >= STALE_SECONDS_MAX:
            await self._asked_again()
        elif age >= FRESH_SECONDS:
            self._ask_again()
        self._require_believable()
        found = self._pick(kid, algorithm)
        if found is None:
            await self._asked_again()
            self._require_believable()
            found = self._pick(kid, algorithm)
        if found is not None:
            return found
        if self._fault is not None:
            raise IssuerUnavailable(self._fault)
        raise WrongToken("The token is signed with a key that the issuer does not have.")

    def _age(self) -> float | None:
        return None if self._fetched_at is None else self._clock() - self._fetched_at

    def _require_believable(self) -> None:
        age = self._age()
        if age is None or age >= STALE_SECONDS_MAX:
            raise IssuerUnavailable(self._fault or "The issuer's keys are not here.")

    def _pick(self, kid: str | None, algorithm: str) -> jwk.Key | None:
        kind, curve = KEY_TYPES[algorithm]
        fits = [
            key
            for key in self._keys
            if key.key_type == kind
            and (curve is None or key.get("crv") == curve)
            and key.get("alg") in (None, algorithm)
            and (kid is None or key.kid == kid)
        ]
        return fits[0] if len(fits) == 1 else None

    async def _asked_again(self) -> None:
        flight = self._ask_again()
        if flight is not None:
            await asyncio.shield(flight)

    def _ask_again(self) -> asyncio.Task[None] | None:
        """Have the keys fetched, once for all who want that, unless that was tried just now."""
        if self._flight is None:
            now = self._clock()
            if self._tried_at is not None and now - self._tried_at < AGAIN_SECONDS_MIN:
                return None
            self._tried_at = now
            self._flight = asyncio.create_task(self._fetch(), name="issuer's keys")
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()

    async def _fetch(self) -> None:
        try:
            keys = usable(await self._source.fetch())
        except IssuerUnavailable as error:
            self._fault = str(error)
            _log.warning("the issuer's keys cannot be fetched: %s", error)
            return
        self._keys, self._fetched_at, self._fault = keys, self._clock(), None


def usable(published: bytes) -> list[jwk.Key]:
    """Return those of a set's keys that can check signatures here. Raises IssuerUnavailable where
    it is no set of keys."""
    try:
        told = msgspec.json.decode(published, type=_Published).keys[:KEYS_MAX]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IssuerUnavailable("The issuer's keys cannot be read.") from error
    found = []
    for one in told:
        if one.get("use") not in (None, "sig") or one.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        try:
            key = jwk.import_key(_public(one))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            _log.warning("a key of the issuer cannot be used: %s", error)
            continue
        if isinstance(key, jwk.RSAKey) and key.public_key.key_size < RSA_BITS_MIN:
            _log.warning("a key of the issuer is too short: %s", key.kid)
            continue
        found.append(key)
    return found


def _public(told: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is nobody's business here: private parts, certificates and their addresses."""
    names = ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y")
    return {name: told[name] for name in names if isinstance(told.get(name), str)}
