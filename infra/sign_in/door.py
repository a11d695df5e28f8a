"""What may a browser do at the console before anybody looks at who it is?

The cookie counts for what is under /console, and nowhere else: whoever asks the API shows a token.
What the console's own script asks of the read API it asks under /console/v1: the same answers, read
only, and for pages of this server only.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.issuer.forms import WrongForm, read_fields
from infra.issuer.secrets import form_token, same
from infra.sign_in.pages import forged
from infra.sign_in.routes import ADDRESSES
from infra.sign_in.sessions import BY_BROWSER
from infra.web.same_site import from_here
from read_api.console.forms import FORM_BYTES_MAX, TABLE_BYTES_MAX, is_table

CONSOLE, ISSUER = "/console", "/issuer"
API = f"{CONSOLE}/v1/"
READING = frozenset({"GET", "HEAD"})


class Door:
    """ASGI middleware in front of everything. ``sign_in`` answers the addresses for signing in,
    and ``cookie`` is that of its sessions; ``issuer`` is the development issuer."""

    def __init__(
        self,
        app: ASGIApp,
        origin: str,
        sign_in: ASGIApp | None = None,
        cookie: str = "",
        issuer: ASGIApp | None = None,
    ) -> None:
        self._app = app
        self._origin = origin
        self._sign_in = sign_in
        self._cookie = cookie
        self._issuer = issuer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to whom it is for."""
        path = scope.get("path", "")
        if scope["type"] == "http" and _below(path, CONSOLE):
            await self._console(scope, receive, send)
        elif scope["type"] == "http" and self._issuer is not None and _below(path, ISSUER):
            await self._issuer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _console(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        path, ours = scope["path"], from_here(request, self._origin)
        if scope["method"] not in READING:
            largest = TABLE_BYTES_MAX if is_table(path) else FORM_BYTES_MAX
            body = await _body(scope, receive, largest) if ours else None
            if body is None or not self._carries(request, body):
                await forged()(scope, receive, send)
                return
            receive = _again(body, receive)
        elif path.startswith(API):
            scope = _as_api(scope)
        if ours or not path.startswith(API):
            scope[BY_BROWSER] = True
        if self._sign_in is not None and path in ADDRESSES:
            await self._sign_in(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _carries(self, request: HTTPConnection, body: bytes) -> bool:
        """Whether a form carries what belongs to the session; without one there is nothing that it
        could do in somebody's name."""
        secret = request.cookies.get(self._cookie)
        if secret is None:
            return True
        try:
            return same(read_fields(body).get("form_token", ""), form_token(secret))
        except WrongForm:
            return False


def _below(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}/")


def _as_api(scope: Scope) -> Scope:
    """Return the request for what it asks of the read API."""
    inside = {"path": scope["path"].removeprefix(CONSOLE)}
    if "raw_path" in scope:
        inside["raw_path"] = scope["raw_path"].removeprefix(CONSOLE.encode())
    return {**scope, **inside}


async def _body(scope: Scope, receive: Receive, largest: int) -> bytes | None:
    """Return the body of a form. None: it is too large for one."""
    body = b""
    async for part in Request(scope, receive).stream():
        body += part
        if len(body) > largest:
            return None
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already once more."""
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more
