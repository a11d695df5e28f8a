"""How does a person sign out? (OpenID Connect RP-Initiated Logout 1.0)"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.issuer.asked import NotAsked
from infra.issuer.authorize import signed_in
from infra.issuer.forms import read_fields
from infra.issuer.guarded import guarded
from infra.issuer.pages import Pages
from infra.issuer.parts import PATH, Issuer
from infra.issuer.tokens import WrongToken


def routes(issuer: Issuer, pages: Pages) -> list[Route]:
    """Return the end-session endpoint. Who comes from a program with the id token that it was given
    is signed out at once; anybody else is asked."""

    async def end_session(request: Request) -> Response:
        fields = read_fields(request.url.query.encode("ascii", "replace"))
        subject, client = _hint(issuer, fields)
        session = await signed_in(issuer, request)
        if request.method == "POST":
            await pages.form(request)
        elif session is not None and subject != session.user.id:
            return pages.show(request, "sign-out.html", name=session.user.name)
        if session is not None and fields.get("everywhere") == "true":
            await issuer.sessions.end_all(session.user.id)
        elif session is not None:
            await issuer.sessions.end(session)
        address = await _back(issuer, client, fields)
        if address is None:
            return pages.forget(pages.show(request, "signed-out.html"))
        return pages.forget(pages.go(address))

    path, methods = f"{PATH}/end-session", ["GET", "POST"]
    return [Route(path, guarded(pages, end_session), methods=methods)]


def _hint(issuer: Issuer, fields: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return who a program says is signed in, and the program. Raises NotAsked."""
    client = fields.get("client_id")
    if "id_token_hint" not in fields:
        return None, client
    try:
        claims = issuer.tokens.read_hint(fields["id_token_hint"])
    except WrongToken as error:
        raise NotAsked(str(error)) from error
    if client not in (None, claims["aud"]):
        raise NotAsked("The id token was given to another program.")
    return claims["sub"], claims["aud"]


async def _back(issuer: Issuer, client: str | None, fields: Mapping[str, str]) -> str | None:
    """Return where the browser goes now, if a program says so that may. Raises NotAsked."""
    uri = fields.get("post_logout_redirect_uri")
    if uri is None:
        return None
    known = None if client is None else await issuer.clients.known(client)
    if known is None or uri not in known.signed_out_uris:
        raise NotAsked("The program may not have you sent back to where it says.")
    if "state" not in fields:
        return uri
    joint = "&" if urlsplit(uri).query else "?"
    return f"{uri}{joint}{urlencode({'state': fields['state']})}"
