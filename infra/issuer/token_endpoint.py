"""How does a program get tokens, and give them back? (RFC 6749, 7009, 7636)"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.issuer.clients import proves_itself
from infra.issuer.forms import WrongForm, read_form, words
from infra.issuer.model import ACCESS_SECONDS, Client, Grant
from infra.issuer.parts import PATH, Issuer
from infra.issuer.scopes import IDENTITY, OPENID, PROFILE, granted
from infra.issuer.secrets import same
from infra.issuer.tokens import WrongToken
from infra.security_log import tell
from infra.web.rates import address_of

NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Refused(Exception):
    """A request for tokens is refused with this error code [RFC 6749, 5.2]."""

    def __init__(self, error: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.error = error
        self.status = status


def routes(issuer: Issuer) -> list[Route]:
    """Return the addresses that programs ask without a browser."""

    async def token(request: Request) -> Response:
        try:
            fields = await read_form(request)
            client = await _client(issuer, request, fields)
            return _json(await _granted(issuer, client, fields))
        except WrongForm as wrong:
            return _refused(Refused("invalid_request", str(wrong)))
        except Refused as refused:
            return _refused(refused)

    async def revoke(request: Request) -> Response:
        try:
            fields = await read_form(request)
            client = await _client(issuer, request, fields)
            await issuer.grants.revoke(_field(fields, "token"), client.id)
        except WrongForm as wrong:
            return _refused(Refused("invalid_request", str(wrong)))
        except Refused as refused:
            return _refused(refused)
        return Response(None, 200, NO_STORE)

    async def userinfo(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise WrongToken("Send an access token.")
            claims = issuer.tokens.read_access(given.strip(), issuer.clock())
            user = await issuer.users.known(claims["sub"])
            if user is None or user.disabled or OPENID not in claims["scope"].split():
                raise WrongToken("The token is of nobody who could be told about.")
        except WrongToken as wrong:
            told = f'Bearer error="invalid_token", error_description="{wrong}"'
            return Response(None, 401, NO_STORE | {"WWW-Authenticate": told})
        found: dict[str, object] = {"sub": user.id}
        if PROFILE in claims["scope"].split():
            found["preferred_username"] = user.name
        return _json(found | {"tenant": user.tenant, "roles": list(user.roles)})

    return [
        Route(f"{PATH}/token", token, methods=["POST"]),
        Route(f"{PATH}/revoke", revoke, methods=["POST"]),
        Route(f"{PATH}/userinfo", userinfo, methods=["GET", "POST"]),
    ]


async def _client(issuer: Issuer, request: Request, fields: Mapping[str, str]) -> Client:
    """Return the program that asks, once it has proved which it is. Raises Refused."""
    name, secret = fields.get("client_id"), fields.get("client_secret")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if secret is not None:
            raise Refused("invalid_request", "The secret is there twice.")
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            raise Refused("invalid_client", "The credentials cannot be read.", 401) from None
        basic_name, _, basic_secret = pair.partition(":")
        if name is not None and name != unquote_plus(basic_name):
            raise Refused("invalid_request", "Two programs are named.")
        name, secret = unquote_plus(basic_name), unquote_plus(basic_secret)
    client = None if name is None else await issuer.clients.known(name)
    if client is None or not proves_itself(client, secret):
        tell("program-wrong", client=client and client.id, address=address_of(request.scope))
        raise Refused("invalid_client", "There is no such program, or it cannot prove it.", 401)
    return client


async def _granted(issuer: Issuer, client: Client, fields: Mapping[str, str]) -> dict[str, object]:
    kind = _field(fields, "grant_type")
    if kind == "client_credentials":
        if client.secret is None:
            raise Refused("unauthorized_client", "Only a program with a secret may ask for itself.")
        own = [one for one in client.scopes if one not in IDENTITY]
        scope = granted(words(fields, "scope"), own)
        if not scope:
            raise Refused("invalid_scope", "Nothing of this may be granted to this program.")
        tell("program-right", client=client.id, scope=scope)
        access = issuer.tokens.of_program(client, scope, issuer.clock())
        return _bearer(access, scope)
    if kind == "authorization_code":
        return await _for_code(issuer, client, fields)
    if kind == "refresh_token":
        return await _for_refresh_token(issuer, client, fields)
    raise Refused("unsupported_grant_type", "Not one of the grants of this issuer.")


async def _for_code(issuer: Issuer, client: Client, fields: Mapping[str, str]) -> dict[str, object]:
    now = issuer.clock()
    code, verifier = _field(fields, "code"), _field(fields, "code_verifier")
    grant = await issuer.grants.take_code(code, now)
    if (
        grant is None
        or grant.client != client.id
        or grant.redirect_uri != _field(fields, "redirect_uri")
        or grant.challenge is None
        or not same(grant.challenge, challenge_of(verifier))
    ):
        raise Refused("invalid_grant", "The code is not good, or not any more.")
    told = await _for_person(issuer, grant)
    if OPENID in grant.scope.split():
        access = str(told["access_token"])
        id_token = issuer.tokens.id_token(grant.session, client.id, grant.nonce, access, now)
        told["id_token"] = id_token
    return told


async def _for_refresh_token(
    issuer: Issuer, client: Client, fields: Mapping[str, str]
) -> dict[str, object]:
    grant = await issuer.grants.take_refresh_token(_field(fields, "refresh_token"), issuer.clock())
    if grant is None or grant.client != client.id:
        raise Refused("invalid_grant", "The refresh token is not good, or not any more.")
    if not set(words(fields, "scope")) <= set(grant.scope.split()):
        raise Refused("invalid_scope", "More than was granted.")
    return await _for_person(issuer, grant)


async def _for_person(issuer: Issuer, grant: Grant) -> dict[str, object]:
    if not grant.session.complete:
        raise Refused("invalid_grant", "The second factor is missing.")
    now = issuer.clock()
    access = issuer.tokens.of_person(grant.session, grant.client, grant.scope, now)
    refresh_token = await issuer.grants.refresh_token(grant)
    return {**_bearer(access, grant.scope), "refresh_token": refresh_token}


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a code verifier [RFC 7636, 4.2]."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def _bearer(access: str, scope: str) -> dict[str, object]:
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "scope": scope,
    }


def _field(fields: Mapping[str, str], name: str) -> str:
    """Return a parameter that must be there. Raises Refused."""
    if not fields.get(name):
        raise Refused("invalid_request", f"{name} is missing.")
    return fields[name]


def _refused(refused: Refused) -> Response:
    headers = NO_STORE | ({"WWW-Authenticate": "Basic"} if refused.status == 401 else {})
    told = {"error": refused.error, "error_description": str(refused)}
    return _json(told, refused.status, headers)


def _json(told: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(told), status, headers or NO_STORE, "application/json")
