"""How is a phone made known as second factor?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.issuer.asked import read_asked, step
from infra.issuer.authorize import signed_in
from infra.issuer.guarded import guarded, too_many
from infra.issuer.guesses import of_second_factor
from infra.issuer.model import ONE_TIME, Session
from infra.issuer.pages import Pages
from infra.issuer.parts import PATH, Issuer
from infra.issuer.second_factor import new_phone, new_recovery_codes, picture, taken_step
from infra.issuer.secrets import digest
from infra.security_log import tell
from infra.web.rates import address_of

FRESH = timedelta(minutes=10)
"""So recently somebody must have given their password to add a phone."""
WRONG_CODE = "This code is not the one that the phone shows now. Is its clock right?"


def routes(issuer: Issuer, pages: Pages) -> list[Route]:
    """Return the page on which somebody adds a phone."""

    async def enrol(request: Request) -> Response:
        query = request.url.query
        asked = await read_asked(issuer, query)
        session = await signed_in(issuer, request)
        if session is None or session.signed_in_at + FRESH < issuer.clock():
            return pages.go(step("sign-in", query))
        if session.user.second_factor is not None:
            return pages.go(step("authorize", query))
        told: dict[str, Any] = {"origin": asked.origin, "needed": asked.strong}
        if request.method == "GET":
            return pages.show(request, "enrol.html", **told, **_phone(issuer, session, new_phone()))
        fields = await pages.form(request)
        secret = _opened(issuer, session, fields.get("phone", ""))
        if secret is None:
            return pages.go(step("enrol", query))
        told |= _phone(issuer, session, secret)
        counted, now = of_second_factor(session.user.id), issuer.clock()
        wait = await issuer.guesses.take(counted, now)
        if wait:
            return pages.show(request, "enrol.html", 429, wait=wait, wrong=too_many(wait), **told)
        used = taken_step(secret, fields.get("code", ""), session.user.second_factor_step, now)
        if used is None:
            return pages.show(request, "enrol.html", 403, wrong=WRONG_CODE, **told)
        await issuer.guesses.clear(counted, now)
        codes = new_recovery_codes()
        kept = issuer.keys.sealing.seal(secret.encode(), session.user.id.encode())
        if not await issuer.users.enrol(session.user.id, kept, used, [digest(c) for c in codes]):
            return pages.go(step("authorize", query))
        tell("second-factor-added", user=session.user.id, address=address_of(request.scope))
        stronger = await issuer.sessions.strengthen(session, ONE_TIME)
        answer = pages.show(request, "recovery-codes.html", codes=codes)
        return answer if stronger is None else pages.hold(answer, stronger)

    return [Route(f"{PATH}/enrol", guarded(pages, enrol), methods=["GET", "POST"])]


def _phone(issuer: Issuer, session: Session, secret: str) -> dict[str, Any]:
    """Return what the page shows of a phone that is being added, and what it sends back."""
    return {
        "picture": picture(secret, session.user.name),
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "phone": issuer.keys.sealing.seal(secret.encode(), _adding(session)),
    }


def _opened(issuer: Issuer, session: Session, sealed: str) -> str | None:
    try:
        return issuer.keys.sealing.open(sealed, _adding(session)).decode()
    except ValueError:
        return None


def _adding(session: Session) -> bytes:
    """What binds a secret to the page that it was shown on: this session alone may send it back."""
    return b"adding a phone\n" + session.key
