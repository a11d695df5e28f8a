"""The command API: one plain route for every command, and one for batches.

A plain route, because FastAPI's own machinery costs more than deciding and appending; the models
still feed the OpenAPI document (commands/openapi.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from commands.batch import CommandReader, encode_answer, encode_results, run_batch
from commands.pipeline import Pipeline
from commands.problems import (
    RETRY_AFTER_SECONDS,
    FieldError,
    Malformed,
    Problem,
    TooLarge,
    WrongMediaType,
    describe,
)
from commands.requests import Recorded
from domain.access import Principal

BODY_BYTES_MAX = 1_000_000
BATCH_BYTES_MAX = 8_000_000


class CommandDependencies(NamedTuple):
    """All that the command API is a function of. ``refused`` is told of every problem answered."""

    pipeline: Pipeline
    reader: CommandReader
    authenticate: Callable[[HttpRequest], Principal]
    answered: Callable[[str, str], None]


def routes(dependencies: CommandDependencies) -> list[Route]:
    """Return the routes of the command API."""
    api = _CommandApi(dependencies)
    return [
        Route("/v1/commands/{name}", api.command, methods=["POST"]),
        Route("/v1/commands", api.batch, methods=["POST"]),
    ]


class _CommandApi:
    def __init__(self, dependencies: CommandDependencies) -> None:
        self._d = dependencies

    async def command(self, request: HttpRequest) -> Response:
        """Transact one command."""
        d = self._d
        name = request.path_params["name"]
        try:
            principal = d.authenticate(request)
            body = await _body(request, BODY_BYTES_MAX)
            headers = request.headers
            answer = await d.pipeline.execute(
                d.reader.read(
                    name,
                    body,
                    principal,
                    _key(headers.get("idempotency-key")),
                    _version(headers.get("if-match")),
                )
            )
        except Exception as error:
            problem = describe(error)
            if problem is None:
                raise
            d.answered(name, problem.document["type"].rpartition("/")[2])
            return problem_response(problem)
        recorded = isinstance(answer, Recorded)
        response = Response(
            encode_answer(answer),
            201 if recorded and not answer.replayed else 200,  # type: ignore[union-attr]
            {"etag": f'"{answer.version}"'},
            "application/json",
        )
        if recorded and answer.replayed:  # type: ignore[union-attr]
            response.headers["idempotent-replayed"] = "true"
        d.answered(name, "recorded" if recorded else "unchanged")
        return response

    async def batch(self, request: HttpRequest) -> Response:
        """Transact up to 500 commands that each stand alone."""
        d = self._d
        try:
            principal = d.authenticate(request)
            body = await _body(request, BATCH_BYTES_MAX)
            requests = d.reader.read_batch(body, principal)
        except Exception as error:
            problem = describe(error)
            if problem is None:
                raise
            return problem_response(problem)
        answers = await run_batch(d.pipeline, requests)
        return Response(encode_results(answers), 200, media_type="application/json")


def problem_response(problem: Problem) -> Response:
    """Return a problem document as an HTTP answer."""
    response = Response(
        msgspec.json.encode(problem.document), problem.status, media_type="application/problem+json"
    )
    if problem.status == 503:
        response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return response


async def _body(request: HttpRequest, limit: int) -> bytes:
    media = request.headers.get("content-type", "")
    if media.partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaType
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdigit():
        if int(declared) > limit:
            raise TooLarge(limit)
        return await request.body()
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > limit:
            raise TooLarge(limit)
    return bytes(chunks)


def _key(header: str | None) -> str | None:
    """Read the header, with or without the quotes of a structured field [IETF draft]."""
    if header is not None and len(header) > 1 and header[0] == header[-1] == '"':
        return header[1:-1]
    return header


def _version(header: str | None) -> int | None:
    if header is None or header == "*":
        return None
    text = header.strip('"')
    if not text.isascii() or not text.isdigit():
        raise Malformed(FieldError("If-Match", 'must be a version such as "7", or *'))
    return int(text)
