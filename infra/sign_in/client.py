"""How does the console get tokens of an issuer? (OpenID Connect Core 1.0; RFC 7636, 9207)"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError

from infra.identity.discovery import HttpIssuer, Metadata
from infra.identity.errors import IssuerUnavailable, WrongToken
from infra.identity.keys import KEY_TYPES, IssuerKeys
from infra.issuer.secrets import new_secret
from infra.issuer.token_endpoint import challenge_of
from infra.sign_in.model import Held

SCOPE = "openid profile registrar"
SKEW_SECONDS = 30


class NotGiven(Exception):
    """The issuer gives no tokens for this. One sentence."""


class Program(NamedTuple):
    """What the console is to the issuer. ``secret``: None where PKCE alone proves it."""

    client_id: str
    secret: str | None
    redirect_uri: str
    signed_out_uri: str


class Attempt(msgspec.Struct, frozen=True):
    """Somebody who was sent to the issuer and is to come back: kept in a cookie of the browser."""

    state: str
    nonce: str
    verifier: str
    wanted: str


class Given(NamedTuple):
    """What came of signing in, or of a refresh token. ``lasts_seconds`` is how long the access
    token is good."""

    held: Held
    subject: str
    lasts_seconds: float


class _Told(msgspec.Struct):
    access_token: str
    token_type: str
    id_token: str | None = None
    refresh_token: str | None = None
    expires_in: float = 300


class _IdToken(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str | None = None
    azp: str | None = None
    name: str | None = None
    preferred_username: str | None = None


class Client:
    """The console as a program of one issuer."""

    def __init__(self, issuer: HttpIssuer, keys: IssuerKeys, program: Program) -> None:
        self.issuer = issuer
        self.program = program
        self._keys = keys

    def attempt(self, wanted: str) -> Attempt:
        """Begin to sign somebody in who wants to see this page."""
        return Attempt(secrets.token_urlsafe(16), new_secret(), new_secret(), wanted)

    async def address(self, attempt: Attempt, classes: str | None) -> str:
        """Return where the browser is sent; ``classes`` are the authentication contexts that are
        needed [RFC 9470]. Raises IssuerUnavailable."""
        asked = {
            "response_type": "code",
            "client_id": self.program.client_id,
            "redirect_uri": self.program.redirect_uri,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge_of(attempt.verifier),
            "code_challenge_method": "S256",
        }
        if classes is not None:
            asked["acr_values"] = classes
        return _with((await self._told()).authorization_endpoint, asked)

    async def signed_in(self, attempt: Attempt, code: str, now: datetime) -> Given:
        """Change a code for tokens. Raises NotGiven or IssuerUnavailable."""
        told = await self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.program.redirect_uri,
                "code_verifier": attempt.verifier,
            }
        )
        if told.id_token is None:
            raise NotGiven("The issuer does not say who has signed in.")
        identity = await self._identity(told.id_token, attempt.nonce, now)
        name = identity.preferred_username or identity.name or identity.sub
        held = Held(told.access_token, told.refresh_token, told.id_token, name)
        return Given(held, identity.sub, told.expires_in)

    async def renewed(self, held: Held, subject: str) -> Given:
        """Change a refresh token for other tokens. Raises NotGiven or IssuerUnavailable."""
        if held.refresh_token is None:
            raise NotGiven("There is nothing to renew it with.")
        told = await self._ask({"grant_type": "refresh_token", "refresh_token": held.refresh_token})
        fresh = msgspec.structs.replace(
            held,
            access_token=told.access_token,
            refresh_token=told.refresh_token or held.refresh_token,
        )
        return Given(fresh, subject, told.expires_in)

    async def sign_out_address(self, held: Held, everywhere: bool) -> str:
        """Return where the browser is sent to sign out of the issuer, too."""
        ends = (await self._told()).end_session_endpoint
        if ends is None:
            return self.program.signed_out_uri
        asked = {
            "id_token_hint": held.id_token,
            "client_id": self.program.client_id,
            "post_logout_redirect_uri": self.program.signed_out_uri,
        }
        return _with(ends, asked | ({"everywhere": "true"} if everywhere else {}))

    async def _told(self) -> Metadata:
        return await self.issuer.metadata()

    async def _ask(self, form: dict[str, str]) -> _Told:
        endpoint = (await self._told()).token_endpoint
        if endpoint is None:
            raise IssuerUnavailable("The issuer names no token endpoint.")
        proof: dict[str, Any] = {}
        if self.program.secret is None:
            form = form | {"client_id": self.program.client_id}
        else:
            proof = {"auth": (self.program.client_id, self.program.secret)}
        try:
            async with self.issuer.client() as client:
                answer = await client.post(endpoint, data=form, **proof)
        except httpx.HTTPError as error:
            raise IssuerUnavailable(f"{endpoint} cannot be reached.") from error
        if answer.status_code in (400, 401, 403):
            raise NotGiven("The issuer does not give what was asked.")
        try:
            told = msgspec.json.decode(answer.raise_for_status().content, type=_Told)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise IssuerUnavailable(f"{endpoint} does not answer like an issuer.") from error
        if told.token_type.lower() != "bearer":
            raise NotGiven("The issuer gives tokens of a kind that is not known.")
        return told

    async def _identity(self, token: str, nonce: str, now: datetime) -> _IdToken:
        """Read an id token [OpenID Connect Core 1.0, 3.1.3.7]. Raises NotGiven."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            algorithm = str(header.get("alg"))
            if algorithm not in KEY_TYPES:
                raise WrongToken("The id token is signed in a way that is not taken.")
            key = await self._keys.find(header.get("kid"), algorithm)
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
            told = msgspec.convert(claims, _IdToken)
        except (JoseError, ValueError, WrongToken) as error:
            raise NotGiven("What the issuer says of who has signed in is not believed.") from error
        at = now.timestamp()
        audience = [told.aud] if isinstance(told.aud, str) else told.aud
        if (
            told.iss != self.issuer.url
            or self.program.client_id not in audience
            or told.azp not in (None, self.program.client_id)
            or not (told.iat - SKEW_SECONDS <= at < told.exp + SKEW_SECONDS)
            or told.nonce != nonce
        ):
            raise NotGiven("What the issuer says of who has signed in is not for this.")
        return told


def _with(endpoint: str | None, asked: dict[str, str]) -> str:
    if endpoint is None:
        raise IssuerUnavailable("The issuer cannot sign people in.")
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
