"""What holds for every request and every answer, whoever asks for what?

Nothing is shown in frames, guessed at, fetched from elsewhere, or kept by caches unless it is
public; no body is larger than the largest that is taken, and no answer is waited for for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commands.app import BATCH_BYTES_MAX
from commands.problems import TooLarge
from infra.web.problems import known, too_large

PASSED_BYTES_MAX = 2 * BATCH_BYTES_MAX
"""Of a body that is refused, taken all the same."""

ANSWER_SECONDS_MAX = 30.0
"""Until an answer begins; streams may then go on."""
HSTS_SECONDS = 63_072_000
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
        answer = _Answer(send, self._defaults)
        try:
            async with asyncio.timeout(self._seconds) as bound:
                answer.bound = bound
                if _announced(scope) > BATCH_BYTES_MAX:
                    await _let_pass(receive)
                    await too_large(BATCH_BYTES_MAX)(scope, receive, answer.send)
                else:
                    await self._app(scope, _bounded(receive), answer.send)
        except TimeoutError:
            answer.bound = None
            if answer.begun:
                raise
            told = "This takes too long at the moment. A command is sent again with the same key."
            await known("took-too-long", told)(scope, receive, answer.send)


class _Answer:
    """An answer on its way out."""

    def __init__(self, send: Send, defaults: Sequence[tuple[bytes, bytes]]) -> None:
        self.begun = False
        self.bound: asyncio.Timeout | None = None
        self._defaults = defaults
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            if self.bound is not None:
                self.bound.reschedule(None)
            message["headers"] = self._whole(message.get("headers", ()))
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


async def _let_pass(receive: Receive) -> None:
    """Take what is sent and keep nothing of it, up to a bound: who is still sending when the
    connection ends does not get to read why."""
    taken = 0
    while taken < PASSED_BYTES_MAX:
        message = await receive()
        taken += len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _announced(scope: Scope) -> int:
    """Return how many bytes the body has, as far as the request says; 0: it does not."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _bounded(receive: Receive) -> Receive:
    """Return what receives no more than may be sent. Raises TooLarge."""
    taken = 0

    async def within() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BATCH_BYTES_MAX:
            raise TooLarge(BATCH_BYTES_MAX)
        return message

    return within


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
