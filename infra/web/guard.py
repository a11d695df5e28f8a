"""What holds for every request and every answer, whoever asks for what?

Nothing is shown in frames, guessed at, fetched from elsewhere, or kept by caches unless it is
public; no body is larger than the largest that is taken, and no answer is waited for for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commands.app import BATCH_BYTES_MAX
from commands.problems import TooLarge
from infra.web.problems import known, too_large

PASSED_BYTES_MAX = 2 * BATCH_BYTES_MAX
"""Of a body that is too large, taken all the same: who is still sending when the connection ends
does not get to read why."""

ANSWER_SECONDS_MAX = 30.0
"""Until an answer begins; streams may then go on."""
HSTS_SECONDS = 63_072_000
TOO_LARGE = 413
CLOSED = (b"connection", b"close")
NEVER_KEPT = (b"cache-control", b"no-store")
NOTHING_ELSE = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What an answer may load that is no page; pages say for themselves."""
DEFAULTS = (
    (b"content-security-policy", NOTHING_ELSE),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""For answers that do not say it themselves."""
HSTS = (b"strict-transport-security", b"max-age=%d; includeSubDomains" % HSTS_SECONDS)
CORS_HEADERS = ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match")
CORS_EXPOSED = ("etag", "idempotent-replayed", "link", "location", "retry-after")


class Guard:
    """ASGI middleware around everything else. ``over_tls``: clients come over TLS, which somebody
    ends before this server."""

    def __init__(
        self, app: ASGIApp, *, over_tls: bool = False, seconds: float = ANSWER_SECONDS_MAX
    ) -> None:
        self._app = app
        self._defaults = (*DEFAULTS, HSTS) if over_tls else DEFAULTS
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within bounds, and its answer with all that it must say."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive)
        answer = _Answer(send, self._defaults, body)
        try:
            async with asyncio.timeout(self._seconds) as bound:
                answer.bound = bound
                if _announced(scope) > BATCH_BYTES_MAX:
                    await too_large(BATCH_BYTES_MAX)(scope, receive, answer.send)
                elif (place := _place_of_nul(scope)) is not None:
                    wrong = [{"field": place, "message": "holds a NUL character"}]
                    told = f"{place}: holds a NUL character"
                    await known("invalid-parameter", told, errors=wrong)(
                        scope, receive, answer.send
                    )
                else:
                    await self._app(scope, body.receive, answer.send)
        except TimeoutError:
            answer.bound = None
            if answer.begun:
                raise
            told = "This takes too long at the moment. A command is sent again with the same key."
            await known("took-too-long", told)(scope, receive, answer.send)


class _Body:
    """A body on its way in, of which no more is handed on than may be sent."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0
        self.ended = False

    async def receive(self) -> Message:
        """Raises TooLarge."""
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        self.ended = not message.get("more_body", False)
        if self._taken > BATCH_BYTES_MAX:
            raise TooLarge(BATCH_BYTES_MAX)
        return message

    async def let_pass(self) -> None:
        """Take the rest of what is sent, up to a bound, and keep nothing of it."""
        while not self.ended and self._taken < PASSED_BYTES_MAX:
            with suppress(TooLarge):
                await self.receive()


class _Answer:
    """An answer on its way out."""

    def __init__(self, send: Send, defaults: Sequence[tuple[bytes, bytes]], body: _Body) -> None:
        self.begun = False
        self.bound: asyncio.Timeout | None = None
        self._body = body
        self._defaults = defaults
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == TOO_LARGE:
                await self._body.let_pass()
            self.begun = True
            if self.bound is not None:
                self.bound.reschedule(None)
            message["headers"] = self._whole(message.get("headers", ()))
            if not self._body.ended and message["status"] == TOO_LARGE:
                message["headers"].append(CLOSED)
        await self._send(message)

    def _whole(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the headers with what they leave out. What may be kept says that it is public."""
        kept, said = [], set()
        for one in headers:
            if one[0] != b"cache-control" or one[1].startswith(b"public"):
                kept.append(one)
                said.add(one[0])
        if b"cache-control" not in said:
            kept.append(NEVER_KEPT)
        kept += [one for one in self._defaults if one[0] not in said]
        return kept


def _announced(scope: Scope) -> int:
    """Return how many bytes the body has, as far as the request says; 0: it does not."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _place_of_nul(scope: Scope) -> str | None:
    """Return where an address holds a NUL, which no name has and no database takes."""
    if "\0" in scope["path"]:
        return "path"
    return "query" if b"%00" in scope["query_string"] else None


def open_to_origins(app: ASGIApp, origins: str | None) -> ASGIApp:
    """Return the application as pages of these origins (with commas between) may use it; None: of
    its own only. Cookies are never taken from there."""
    if origins is None:
        return app
    return CORSMiddleware(
        app,
        allow_origins=[one.strip() for one in origins.split(",")],
        allow_methods=("GET", "POST", "DELETE"),
        allow_headers=CORS_HEADERS,
        expose_headers=CORS_EXPOSED,
        allow_credentials=False,
    )
