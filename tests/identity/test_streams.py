"""Does a stream of events end with what let it begin?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from msgspec.structs import replace
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from domain.access import DEVELOPMENT, Principal, Role
from infra.identity.errors import IssuerUnavailable, WrongToken
from infra.web.authentication import Authenticated, NotSignedIn
from infra.web.rates import Rates
from infra.web.streams import EVENTS
from projections.ports import StoreUnavailable

SECONDS_MAX = 10.0
TUTOR = Principal("tutor", "main", "app", frozenset({Role.INSTRUCTOR}))
LOOKS = 3
"""How often the sender is found to be the same before something changes."""


class Changing:
    """Says who sends a request: the tutor so often, and something else from then on."""

    def __init__(self, then: Callable[[], Principal]) -> None:
        self.asked = 0
        self._then = then

    async def __call__(self, _: HTTPConnection) -> Principal:
        self.asked += 1
        return TUTOR if self.asked <= LOOKS else self._then()


def failing(error: Exception) -> Callable[[], Principal]:
    """Return what raises this."""

    def fail() -> Principal:
        raise error

    return fail


class Stream:
    """A stream without an end, or an answer with one."""

    def __init__(self, *, endless: bool) -> None:
        self.endless = endless
        self.was_closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = StreamingResponse(self._tell()) if self.endless else PlainTextResponse("all")
        await answer(scope, receive, send)

    async def _tell(self) -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            self.was_closed = True


def told(inner: Stream, who: Changing, path: str = EVENTS) -> list[Message]:
    """Return all that is sent until the answer ends."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def ask() -> None:
        app = Authenticated(inner, who, Rates(), lambda _: None, looked_at_every_seconds=0.001)
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
        async with asyncio.timeout(SECONDS_MAX):
            await app(scope, receive, send)

    asyncio.run(ask())
    return sent


@pytest.mark.parametrize(
    "then",
    [
        failing(WrongToken("The token has expired.")),
        failing(NotSignedIn()),
        failing(IssuerUnavailable("away")),
        failing(StoreUnavailable("away")),
        lambda: replace(TUTOR, roles=frozenset()),
        lambda: replace(TUTOR, runs={Role.GRADER: frozenset({"AAA"})}),
    ],
    ids=["token ended", "signed out", "issuer away", "store away", "revoked", "granted"],
)
def test_a_stream_ends_in_order_when_its_sender_is_another(then: Callable[[], Principal]) -> None:
    """And the next look at it is the one that ended it: nobody is turned away in its middle."""
    stream, who = Stream(endless=True), Changing(then)
    sent = told(stream, who)
    assert [message["type"] for message in sent[:1]] == ["http.response.start"]
    assert b"".join(message.get("body", b"") for message in sent) == b"first"
    assert sent[0]["status"] == 200
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert (stream.was_closed, who.asked) == (True, LOOKS + 1)


def test_what_ends_by_itself_is_left_alone() -> None:
    """A page of events, and any other address, which is never looked at again."""
    for path in (EVENTS, "/v1/runs"):
        who = Changing(lambda: DEVELOPMENT)
        sent = told(Stream(endless=False), who, path)
        assert sent[-1]["body"] == b"all"
        assert who.asked == 1


def test_a_fault_within_is_raised() -> None:
    async def faulty(_: Scope, __: Receive, ___: Send) -> None:
        raise LookupError("within")

    with pytest.raises(LookupError, match="within"):
        told(faulty, Changing(lambda: TUTOR))  # type: ignore[arg-type]
