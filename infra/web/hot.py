"""Which answers of the read API are the same for many, and how is one of them given to all?

An answer is kept for a second or two with the position that it is as of, and given again to whoever
may see the same and does not ask for a later position. Of those who ask for what is not kept, one
is answered by the read API, and the others in this process get what that one got.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.access import Principal
from domain.access.deciding import NotPermitted, NotStrong
from infra.web.hot_entries import Entry, Hot, entry_of, give
from infra.web.problems import known
from read_api.gate import Gate
from read_api.reads import Read, Unnoted, held_back

DIGEST_BYTES = 20
POSITION_DIGITS_MAX = 18

_TEMPLATES = (
    "/v1/courses/{course}",
    "/v1/runs",
    "/v1/runs/{run}",
    "/v1/runs/{run}/learners",
    "/v1/runs/{run}/waitlist",
    "/v1/analytics/overview",
    "/v1/analytics/runs/{run}",
    "/v1/analytics/runs/{run}/daily",
    "/v1/analytics/runs/{run}/items",
    "/v1/search",
)


class HotRoute(NamedTuple):
    """An address of which answers are kept; ``path`` is how metrics call it."""

    path: str
    matches: Callable[[str], re.Match[str] | None]


ROUTES = tuple(
    HotRoute(path, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)).fullmatch)
    for path in _TEMPLATES
)


class _Wanted(NamedTuple):
    key: str
    min_position: int
    tags: frozenset[bytes]
    route: HotRoute
    read: Read | None


class _Answered(NamedTuple):
    """What the read API answered; ``entry`` is None where that is not to be kept."""

    messages: tuple[Message, ...]
    entry: Entry | None


class HotAnswers:
    """ASGI middleware in front of the read API. ``noted`` is told of each answer that might be
    kept: ``kept`` (it was), ``shared`` (with one who asked at the same time), ``made`` (neither).

    Whoever asks with a version as ``If-None-Match`` is left to the read API: one version of a
    stream may stand for more than one answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        hot: Hot,
        gate: Gate,
        noted: Callable[[str], None],
    ) -> None:
        self._app = app
        self._hot = hot
        self._gate = gate
        self._noted = noted
        self._flights: dict[tuple[str, int], asyncio.Task[_Answered]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from what is kept, or let the read API do it."""
        wanted = None
        if scope["type"] == "http" and scope["method"] == "GET":
            wanted = self._wanted(scope)
        if wanted is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = wanted.route
        try:
            await self._answer(wanted, scope, send)
        except Unnoted:
            detail = "What answers queries cannot be reached at the moment."
            await known("store-unavailable", detail)(scope, receive, send)

    async def _answer(self, wanted: _Wanted, scope: Scope, send: Send) -> None:
        entry = await self._hot.get(wanted.key)
        if entry is not None and entry.position >= wanted.min_position:
            self._noted("kept")
            await give(entry, wanted.tags, self._held_back(wanted, send))
            return
        if (wanted.key, wanted.min_position) in self._flights:
            send = self._held_back(wanted, send)  # of who is the first, the read API notes it
        answered = await self._answered(wanted, scope)
        if answered.entry is not None:
            await give(answered.entry, wanted.tags, send)
            return
        for message in answered.messages:
            await send(message)

    def _wanted(self, scope: Scope) -> _Wanted | None:
        """Say what is asked for; None: nothing that is kept, or in a way that is not known."""
        path = scope["path"]
        for route in ROUTES:
            found = route.matches(path)
            if found is not None:
                break
        else:
            return None
        try:
            read = self._gate.enter(route.path, scope, found.groupdict())
        except (NotPermitted, NotStrong):
            return None  # the read API says so
        tags: set[bytes] = set()
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                tags.update(part.strip().removeprefix(b"W/") for part in value.split(b","))
        if any(tag == b"*" or tag.strip(b'"').isdigit() for tag in tags):
            return None
        query = scope["query_string"].decode("latin-1")
        given = parse_qsl(query, keep_blank_values=True)
        positions = [value for name, value in given if name == "min_position"]
        if positions and not (
            len(positions) == 1
            and positions[0].isascii()
            and positions[0].isdigit()
            and len(positions[0]) <= POSITION_DIGITS_MAX
        ):
            return None
        others = urlencode([pair for pair in given if pair[0] != "min_position"])
        asking = self._gate.asking(HTTPConnection(scope))
        told = "\n".join((asking.tenant, _rights(asking), path, others))
        key = hashlib.blake2b(told.encode(), digest_size=DIGEST_BYTES).hexdigest()
        return _Wanted(key, int(positions[0]) if positions else 0, frozenset(tags), route, read)

    def _held_back(self, wanted: _Wanted, send: Send) -> Send:
        if wanted.read is None:
            return send
        return held_back(self._gate.reads.note(wanted.read), send)

    async def _answered(self, wanted: _Wanted, scope: Scope) -> _Answered:
        """Have the read API answer, once for all who want the same at the same time."""
        which = (wanted.key, wanted.min_position)
        flight = self._flights.get(which)
        self._noted("made" if flight is None else "shared")
        if flight is None:
            flight = asyncio.create_task(self._make(wanted.key, scope), name="hot answer")
            self._flights[which] = flight
            flight.add_done_callback(lambda done: self._landed(which, done))
        return await asyncio.shield(flight)

    def _landed(self, which: tuple[str, int], flight: asyncio.Task[_Answered]) -> None:
        del self._flights[which]
        if not flight.cancelled():
            flight.exception()  # whoever waits gets it; nobody may be waiting any more

    async def _make(self, key: str, scope: Scope) -> _Answered:
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        inner = dict(scope)
        inner["headers"] = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
        await self._app(inner, _nothing_more(), collect)
        entry = entry_of(messages)
        if entry is not None:
            self._hot.put(key, entry)
        return _Answered(tuple(messages), entry)


def _rights(asking: Principal) -> str:
    """Return what is the same for all who may see the same of what is kept."""
    runs = sorted((role, sorted(runs)) for role, runs in asking.runs.items())
    scopes = "all" if asking.scopes is None else sorted(asking.scopes)
    return f"{sorted(asking.roles)} {runs} {scopes} {asking.service}"


def _nothing_more() -> Receive:
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive
