"""How do the pages around signing in look?"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from infra.sign_in.wanted import wanted
from read_api.console.render import HEADERS, plain_page


def forged() -> Response:
    """Say that a form is not one of ours."""
    told = "This form is not from a page that you were given here, or is too old."
    html = plain_page("This did not work", told, [("Begin anew", "/console")])
    return Response(html, 403, HEADERS, "text/html; charset=utf-8")


class SignInPages:
    """Pages for whoever is not signed in."""

    def go(self, address: str) -> Response:
        """Send the browser on."""
        return RedirectResponse(address, 303, HEADERS)

    def leaving(self, address: str) -> Response:
        """Send the browser on after a form. Not as a redirection: the policy says where forms may
        lead, and the issuer's address is not among that."""
        html = plain_page("Signing out", "One moment.", [("Go on", address)])
        return Response(
            html, 200, HEADERS | {"Refresh": f"0; url={address}"}, "text/html; charset=utf-8"
        )

    def signed_out(self) -> Response:
        """Say that somebody has signed out."""
        told = "This browser is not signed in any more."
        html = plain_page("Signed out", told, [("Sign in again", "/console/sign-in")])
        return Response(html, 200, HEADERS, "text/html; charset=utf-8")

    def failed(self, status: int, detail: str, asked: str | None) -> Response:
        """Say why somebody could not sign in; they may try again."""
        again = f"/console/sign-in?next={quote(wanted(asked), safe='')}"
        html = plain_page("Not signed in", detail, [("Sign in", again)])
        headers = HEADERS | ({"Retry-After": "2"} if status == 503 else {})
        return Response(html, status, headers, "text/html; charset=utf-8")
