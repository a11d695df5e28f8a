"""The command API: every command by its name, and batches.

Plain ASGI, because FastAPI's own machinery costs more than deciding and appending; the models still
feed the OpenAPI document (commands/openapi.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from commands.batch import CommandReader, encode_answer, encode_results, run_batch
from commands.malformed import FieldError, Malformed
from commands.problems import (
    RETRY_AFTER_SECONDS,
    Problem,
    TooLarge,
    WrongMediaType,
    WrongMethod,
    describe,
)
from commands.remembered import Transacts
from commands.requests import Answer, Request, Unchanged
from domain.access import Principal
from domain.access.deciding import STEP_UP

PREFIX = "/v1/commands"
JSON = b"application/json"
BODY_BYTES_MAX = 1_000_000
BATCH_BYTES_MAX = 8_000_000

_VERSION = re.compile(r'"([0-9]{1,10})"|([0-9]{1,10})')


class CommandDependencies(NamedTuple):
    """All that the command API is a function of. ``answered`` is told who asked, the command's
    name and what came of it: recorded, unchanged, or the name of the problem."""

    pipeline: Transacts
    reader: CommandReader
    authenticate: Callable[[HTTPConnection], Principal]
    answered: Callable[[Principal, str, str], None]


class Reply(NamedTuple):
    """An HTTP answer, ready to be sent."""

    status: int
    media_type: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    async def send(self, send: Send) -> None:
        """Send it."""
        length = str(len(self.body)).encode()
        headers = [(b"content-type", self.media_type), (b"content-length", length), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class CommandApi:
    """Answers for ``/v1/commands`` and what lies under it; nothing else comes here."""

    def __init__(self, dependencies: CommandDependencies) -> None:
        self._d = dependencies

    async def reply(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request. Raises what is a fault of ours."""
        is_batch = scope["path"] == PREFIX
        name = "" if is_batch else scope["path"][len(PREFIX) + 1 :]
        principal = self._d.authenticate(HTTPConnection(scope))
        try:
            if scope["method"] != "POST":
                raise WrongMethod(scope["method"])
            headers = _Headers(scope)
            if is_batch:
                return await self._batch(headers, receive, principal)
            return await self._one(name, headers, receive, principal)
        except Exception as error:
            problem = describe(error)
            if problem is None:
                raise
            self._d.answered(principal, name, problem.name)
            return problem_reply(problem)

    async def _one(
        self, name: str, headers: _Headers, receive: Receive, principal: Principal
    ) -> Reply:
        d = self._d
        body = await _body(headers, receive, BODY_BYTES_MAX)
        answer = await d.pipeline.execute(
            d.reader.read(name, body, principal, _key(headers.key), _version(headers.if_match))
        )
        content, etag = encode_answer(answer), (b"etag", b'"%d"' % answer.version)
        if isinstance(answer, Unchanged):
            d.answered(principal, name, "unchanged")
            return Reply(200, JSON, (etag,), content)
        d.answered(principal, name, "recorded")
        if answer.replayed:
            return Reply(200, JSON, (etag, (b"idempotent-replayed", b"true")), content)
        return Reply(201, JSON, (etag,), content)

    async def _batch(self, headers: _Headers, receive: Receive, principal: Principal) -> Reply:
        """Transact up to 500 commands that each stand alone."""
        d = self._d
        requests = d.reader.read_batch(await _body(headers, receive, BATCH_BYTES_MAX), principal)
        answers = await run_batch(d.pipeline, requests)
        for read, answer in zip(requests, answers, strict=True):
            known = read.decision.name if isinstance(read, Request) else ""
            d.answered(principal, known, _outcome(answer))
        return Reply(200, JSON, (), encode_results(answers))


class _Headers:
    """The request's headers that commands know, found in one pass."""

    __slots__ = ("if_match", "key", "length", "media_type")

    def __init__(self, scope: Scope) -> None:
        self.media_type = b""
        self.length: bytes | None = None
        self.key: str | None = None
        self.if_match: str | None = None
        for name, value in scope["headers"]:
            if name == b"content-type":
                self.media_type = value
            elif name == b"content-length":
                self.length = value
            elif name == b"idempotency-key":
                self.key = value.decode("latin-1")
            elif name == b"if-match":
                self.if_match = value.decode("latin-1")


def _outcome(answer: Answer | Exception) -> str:
    if isinstance(answer, Exception):
        problem = describe(answer)
        return "internal-error" if problem is None else problem.name
    return "unchanged" if isinstance(answer, Unchanged) else "recorded"


def problem_reply(problem: Problem) -> Reply:
    """Return a problem document as an HTTP answer."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if problem.status == 503:
        headers = ((b"retry-after", b"%d" % RETRY_AFTER_SECONDS),)
    elif problem.name == "second-factor-needed":
        headers = ((b"www-authenticate", STEP_UP.encode()),)
    elif problem.status == 405:
        headers = ((b"allow", b"POST"),)
    body = msgspec.json.encode(problem.document)
    return Reply(problem.status, b"application/problem+json", headers, body)


async def _body(headers: _Headers, receive: Receive, limit: int) -> bytes:
    if headers.media_type.partition(b";")[0].strip().lower() != b"application/json":
        raise WrongMediaType
    if headers.length is not None and headers.length.isdigit() and int(headers.length) > limit:
        raise TooLarge(limit)
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed(FieldError("body", "was cut off"))
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLarge(limit)
        if not message.get("more_body"):
            return body


def _key(header: str | None) -> str | None:
    """Read the header, with or without the quotes of a structured field [IETF draft]."""
    if header is not None and len(header) > 1 and header[0] == header[-1] == '"':
        return header[1:-1]
    return header


def _version(header: str | None) -> int | None:
    if header is None or header == "*":
        return None
    version = _VERSION.fullmatch(header.strip())
    if version is None:
        raise Malformed(FieldError("If-Match", 'must be a version such as "7", or *'))
    return int(version[1] or version[2])
