"""How do the issuer's pages look, and what must a form carry to be taken?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from infra.issuer.forms import read_form
from infra.issuer.parts import PATH, Issuer
from infra.issuer.secrets import form_token, new_secret, same
from infra.web.same_site import from_here
from read_api.console.render import static_stamp

FORM_COOKIE_SECONDS = 86_400
TEMPLATES = Path(__file__).with_name("templates")


class Forged(Exception):
    """A form does not come from a page of ours. One sentence."""


class Pages:
    """Draws the pages; each form carries a token that belongs to a cookie of this browser."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self._templates.globals.update(stamp=static_stamp(), path=PATH, wrong=None)

    def show(
        self,
        request: Request,
        template: str,
        status: int = 200,
        *,
        origin: str | None = None,
        wait: int = 0,
        **told: Any,
    ) -> Response:
        """Return a page; its forms may lead on to ``origin``."""
        secret = request.cookies.get(self._cookie) or new_secret()
        told |= {"form_token": form_token(secret), "query": request.url.query}
        html = self._templates.get_template(template).render(told)
        headers = _headers(origin) | ({"Retry-After": str(wait)} if wait else {})
        answer = Response(html, status, headers, "text/html; charset=utf-8")
        self._set(answer, self._cookie, secret, FORM_COOKIE_SECONDS)
        return answer

    async def form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form of ours. Raises Forged or WrongForm."""
        fields = await read_form(request)
        secret = request.cookies.get(self._cookie)
        if (
            secret is None
            or not from_here(request, self._issuer.origin)
            or not same(fields.get("form_token", ""), form_token(secret))
        ):
            raise Forged("This form is not from a page that you were given here, or is too old.")
        return fields

    def go(self, address: str, session: str | None = None) -> Response:
        """Send the browser on; with a ``session``, it holds that from now on."""
        answer = RedirectResponse(address, 303, _headers(None))
        return answer if session is None else self.hold(answer, session)

    def hold(self, answer: Response, session: str) -> Response:
        """Have the browser hold this session from now on, until it is closed."""
        self._set(answer, self._issuer.cookie, session, None)
        return answer

    def forget(self, answer: Response) -> Response:
        """Have the browser forget its session."""
        answer.delete_cookie(self._issuer.cookie, secure=self._secure, httponly=True)
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    @property
    def _cookie(self) -> str:
        return f"{self._issuer.cookie}-form"

    @property
    def _secure(self) -> bool:
        return self._issuer.origin.startswith("https:")

    def _set(self, answer: Response, name: str, value: str, seconds: int | None) -> None:
        answer.set_cookie(
            name, value, seconds, secure=self._secure, httponly=True, samesite="lax", path="/"
        )


def _headers(origin: str | None) -> dict[str, str]:
    leads = "'self'" if origin is None else f"'self' {origin}"
    return {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {leads}; base-uri 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
