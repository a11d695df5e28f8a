"""Does a program get a code for this browser, or what is asked of the person first?"""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.issuer.asked import Asked, back, denied, read_asked, step
from infra.issuer.grants import new_family
from infra.issuer.guarded import guarded
from infra.issuer.model import Grant, Session
from infra.issuer.pages import Pages
from infra.issuer.parts import PATH, Issuer


def routes(issuer: Issuer, pages: Pages) -> list[Route]:
    """Return the authorization endpoint."""

    async def authorize(request: Request) -> Response:
        asked = await read_asked(issuer, request.url.query)
        session = await signed_in(issuer, request)
        return pages.go(await _next(issuer, asked, session, request.url.query))

    return [Route(f"{PATH}/authorize", guarded(pages, authorize), methods=["GET"])]


async def signed_in(issuer: Issuer, request: Request) -> Session | None:
    """Return the session of this browser."""
    secret = request.cookies.get(issuer.cookie)
    return None if secret is None else await issuer.sessions.find(secret, issuer.clock())


def follows(asked: Asked, session: Session) -> str | None:
    """Return the name of the page where a person gives what is still wanted. None: nothing is."""
    if not session.complete:
        return "second-factor"
    if asked.strong and not session.strong:
        return "enrol"
    return None


async def _next(issuer: Issuer, asked: Asked, session: Session | None, query: str) -> str:
    now = issuer.clock()
    fresh = session is not None and (
        asked.max_age is None or session.signed_in_at + timedelta(seconds=asked.max_age) >= now
    )
    if session is None or not fresh or asked.prompt == "login":
        wanted: str | None = "sign-in"
    else:
        wanted = follows(asked, session)
    if wanted is None and session is not None:
        grant = Grant(
            new_family(),
            session,
            asked.client.id,
            asked.scope,
            asked.redirect_uri,
            asked.challenge,
            asked.nonce,
        )
        code = await issuer.grants.code(session, grant, now)
        return back(issuer, asked.redirect_uri, asked.state, code=code)
    if asked.prompt == "none":
        told = "interaction_required" if session is not None and fresh else "login_required"
        return denied(issuer, asked.redirect_uri, asked.state, told, "The person must be asked.")
    return step(wanted or "sign-in", query, prompt="login")
