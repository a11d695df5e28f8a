"""Is an access token good, and what does it say? (RFC 7519, 8725, 9068)"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Annotated, Any

import msgspec
from joserfc import jwk, jws
from joserfc.errors import JoseError, SecurityWarning
from msgspec import Meta

from infra.identity.errors import WrongToken
from infra.identity.keys import KEY_TYPES, IssuerKeys

TOKEN_BYTES_MAX = 16_384
HEADER_BYTES_MAX = 2_048
ACCESS_TYPES = ("at+jwt", "application/at+jwt")
PLAIN_TYPES = (None, "jwt")
HEADERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
"""What may stand in a token's header. Not where to get a key from (jku, x5u), not a key (jwk, x5c),
and nothing that would have to be understood (crit)."""
_OF_OTHER_KINDS = ("nonce", "at_hash", "c_hash", "events")
"""Claims of id tokens and logout tokens: neither is for us."""

_Time = Annotated[float, Meta(ge=0, le=2**53)]
_Name = Annotated[str, Meta(min_length=1, max_length=255)]


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: _Name | None = None
    typ: str | None = None


class _Standard(msgspec.Struct, frozen=True):
    iss: str
    sub: _Name
    aud: str | list[str]
    exp: _Time
    iat: _Time
    nbf: _Time = 0.0
    client_id: _Name | None = None
    azp: _Name | None = None
    scope: str = ""
    acr: str | None = None
    amr: tuple[str, ...] = ()
    typ: str | None = None


class Claims(msgspec.Struct, frozen=True):
    """What a good token says. ``expires_at`` is in seconds of the epoch; ``told`` is all of it."""

    issuer: str
    subject: str
    client: str
    scopes: frozenset[str]
    acr: str | None
    amr: frozenset[str]
    expires_at: float
    told: Mapping[str, Any]

    @property
    def is_service(self) -> bool:
        """Whether a program acts for itself: then it is the subject, too [RFC 9068, 2.2]."""
        return self.subject == self.client


class Verifier:
    """Believes the tokens of one issuer that are for ``audience``.

    ``skew_seconds`` is by how much the clocks of the two may differ. ``plain``: tokens may have the
    type JWT or none, too, as issuers gave them before RFC 9068.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        keys: IssuerKeys,
        skew_seconds: float,
        plain: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._skew = skew_seconds
        self._plain = plain
        self._clock = clock

    async def verify(self, token: bytes) -> Claims:
        """Return what a token says. Raises WrongToken; IssuerUnavailable where that cannot be found
        out."""
        parsed, header = _parsed(token)
        self._check_header(header)
        key = await self._keys.find(header.kid, header.alg)
        _check_signature(parsed, key, header.alg)
        return self._checked(parsed.payload)

    def _check_header(self, header: _Header) -> None:
        if header.alg not in KEY_TYPES:
            raise WrongToken("The token is signed in a way that is not taken.")
        kind = None if header.typ is None else header.typ.lower()
        if kind not in ACCESS_TYPES and not (self._plain and kind in PLAIN_TYPES):
            raise WrongToken("The token is not an access token: its type is not at+jwt.")

    def _checked(self, payload: bytes) -> Claims:
        try:
            told = msgspec.json.decode(payload, type=dict[str, Any])
            read = msgspec.convert(told, _Standard)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise WrongToken("The token lacks a claim, or one is not what it should be.") from error
        now = self._clock()
        if read.iss != self._issuer:
            raise WrongToken("The token is of another issuer.")
        if self._audience not in ([read.aud] if isinstance(read.aud, str) else read.aud):
            raise WrongToken("The token is for somebody else.")
        if read.exp + self._skew <= now:
            raise WrongToken("The token has expired.")
        if max(read.nbf, read.iat) - self._skew > now:
            raise WrongToken("The token is from the future.")
        if read.typ not in (None, "Bearer", "at+jwt") or any(n in told for n in _OF_OTHER_KINDS):
            raise WrongToken("The token is not an access token.")
        client = read.client_id or read.azp
        if client is None:
            raise WrongToken("The token does not say which program it was given to.")
        return Claims(
            read.iss,
            read.sub,
            client,
            frozenset(read.scope.split()),
            read.acr,
            frozenset(read.amr),
            read.exp,
            told,
        )


def _registry() -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=list(KEY_TYPES))
    registry.max_header_length = HEADER_BYTES_MAX
    return registry


_REGISTRY = _registry()


def _parsed(token: bytes) -> tuple[jws.CompactSignature, _Header]:
    """Take a token apart, and believe none of it. Raises WrongToken."""
    if len(token) > TOKEN_BYTES_MAX:
        raise WrongToken(f"The token has more than {TOKEN_BYTES_MAX} bytes.")
    try:
        parsed = jws.extract_compact(token, None, _REGISTRY)
        header = msgspec.convert(parsed.protected, _Header)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise WrongToken("The token cannot be read.") from error
    if not HEADERS.issuperset(parsed.protected):
        raise WrongToken("The token's header holds what is not taken.")
    return parsed, header


def _check_signature(parsed: jws.CompactSignature, key: jwk.Key, algorithm: str) -> None:
    try:
        with warnings.catch_warnings() if algorithm == "EdDSA" else nullcontext():
            if algorithm == "EdDSA":  # the older name of Ed25519; the key's curve is checked
                warnings.simplefilter("ignore", SecurityWarning)
            good = jws.validate_compact(parsed, key, [algorithm], _REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        raise WrongToken("The token's signature cannot be checked.") from error
    if not good:
        raise WrongToken("The token's signature is not the issuer's.")
