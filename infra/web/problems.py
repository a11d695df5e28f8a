"""Which problems can an HTTP answer tell, and what does each mean? (RFC 9457)"""

from __future__ import annotations

import html
import inspect
import logging
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import LogUnavailable
from commands.problems import RETRY_AFTER_SECONDS, TooLarge
from domain.access.deciding import STEP_UP, NotPermitted, NotStrong
from domain.kernel import Refusal
from projections.ports import StoreUnavailable
from read_api.errors import BadParameter, NotDone, NotFound, NotYet, PutAside, TooManyJobs

MEDIA_TYPE = "application/problem+json"
ERRORS_MAX = 50
JOB_RETRY_SECONDS = 5

_logger = logging.getLogger(__name__)


class ProblemType(NamedTuple):
    """A kind of problem: its name at the end of ``type``, and what it means."""

    name: str
    status: int
    title: str
    explanation: str


_TYPES = (
    ProblemType(
        "not-signed-in",
        401,
        "Say who you are",
        "The request carries no access token. Get one from the issuer, and send it as "
        "Authorization: Bearer …; people sign in at /console/sign-in.",
    ),
    ProblemType(
        "wrong-token",
        401,
        "The access token is not good",
        "It has expired, is for somebody else, is of another issuer, or was altered: the detail "
        "says which. Get another one from the issuer.",
    ),
    ProblemType(
        "two-tokens",
        400,
        "The request carries a token where none belongs",
        "One access token is sent, in the Authorization header.",
    ),
    ProblemType(
        "issuer-unavailable",
        503,
        "The issuer cannot be reached",
        "Whether the access token is good cannot be found out, since the keys of the issuer are "
        "not here. Ask again.",
    ),
    ProblemType(
        "not-found",
        404,
        "There is no such thing",
        "Nothing is kept under this address, as far as what has been read of the log says. "
        "After a command, ask with min_position set to the position that it answered.",
    ),
    ProblemType(
        "not-permitted",
        403,
        "You may not do this",
        "Your roles, or the scopes of the program that you use, lack a permission here; the "
        "problem names it. Whether there is what was asked for is not said. An administrator "
        "grants roles; the reference lists what each may do.",
    ),
    ProblemType(
        "second-factor-needed",
        401,
        "This takes a second factor",
        "Sign in again with a second factor (RFC 9470: ask the issuer for the acr_values that "
        "WWW-Authenticate names), and send it with the new token.",
    ),
    ProblemType(
        "unknown-command",
        404,
        "There is no such command",
        "The name after /v1/commands/ is not that of a command. The API documentation lists them.",
    ),
    ProblemType(
        "method-not-allowed",
        405,
        "This address does not take that method",
        "Queries are asked with GET, commands are sent with POST.",
    ),
    ProblemType(
        "invalid-parameter",
        422,
        "A parameter cannot be taken",
        "A parameter is unknown, or its value is out of its range. The errors name each of them.",
    ),
    ProblemType(
        "malformed",
        422,
        "The command is malformed",
        "The body does not have the form of the command. The errors name each field.",
    ),
    ProblemType(
        "malformed-json",
        400,
        "The body is not JSON",
        "The body could not be parsed as JSON.",
    ),
    ProblemType(
        "media-type", 415, "The body must be JSON", "Send it with Content-Type: application/json."
    ),
    ProblemType(
        "too-large", 413, "The body is too large", "Send less at a time; the answer says how much."
    ),
    ProblemType(
        "idempotency-key-reused",
        422,
        "The idempotency key was used with another body",
        "A key stands for one request. Take a new key for another one.",
    ),
    ProblemType(
        "idempotency-key-busy",
        409,
        "A request with this idempotency key is still running",
        "Wait for its answer, or send it again in a moment.",
    ),
    ProblemType(
        "stale-version",
        412,
        "The record has moved on",
        "If-Match names another version than the record has. Read it again and decide anew.",
    ),
    ProblemType(
        "job-not-done",
        409,
        "The job is not done",
        "It waits, runs or failed: its own address says which, and how far it is. Ask for its "
        "result when it is done.",
    ),
    ProblemType(
        "too-many-jobs",
        429,
        "Too many jobs are under way",
        "So many jobs of one asker may wait and run at a time. Wait for one, or delete it.",
    ),
    ProblemType(
        "too-many-requests",
        429,
        "Too many requests",
        "One client may send so many requests a second, and so many at once. "
        "Retry-After says in how many seconds the next one is allowed.",
    ),
    ProblemType(
        "too-slow",
        429,
        "The events were not read",
        "A subscriber that takes nothing for some time is let go. It loses nothing: "
        "the stream goes on where it left off, with Last-Event-ID.",
    ),
    ProblemType(
        "took-too-long",
        503,
        "The answer took too long",
        "It was given up. Whether a command was recorded is not known: send it again with the same "
        "key. A query is asked again, for less or later.",
    ),
    ProblemType(
        "contended",
        503,
        "Others kept changing what this rests on",
        "Nothing was recorded. Send it again.",
    ),
    ProblemType(
        "log-full",
        503,
        "The log has no room left",
        "The disk of the log is full, and nothing was recorded. Whoever runs the server must make "
        "room; then send it again with the same key.",
    ),
    ProblemType(
        "keys-unavailable",
        503,
        "The store of keys cannot be reached",
        "What was sent holds personal fields, which are recorded encrypted or not at all. Nothing "
        "was recorded; send it again. What holds no personal fields is recorded as ever.",
    ),
    ProblemType(
        "log-unavailable",
        503,
        "The log cannot be reached",
        "Whether a command was recorded is not known. Send it again with the same key.",
    ),
    ProblemType(
        "store-unavailable",
        503,
        "What answers queries cannot be reached",
        "The store of the readings, or the log, is away or is being rebuilt. Ask again.",
    ),
    ProblemType(
        "not-yet",
        503,
        "This position is not read yet",
        "The readings did not reach min_position within the time that a query waits. Ask again.",
    ),
    ProblemType(
        "put-aside",
        503,
        "Facts are put aside",
        "Facts could not be read in, and are kept, in order, until that is mended. Without them "
        "what is asked for would be incomplete.",
    ),
    ProblemType(
        "internal-error",
        500,
        "Something is wrong here",
        "A fault of the server, which has noted it under the request id.",
    ),
)


def rules() -> Mapping[str, type[Refusal]]:
    """Return every course rule that can refuse, by name.

    Raises ValueError where two rules have one name: clients could not tell them apart.
    """
    found: dict[str, type[Refusal]] = {}
    waiting = Refusal.__subclasses__()
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        if refusal.rule == Refusal.rule:
            continue
        if refusal.rule in found:
            raise ValueError(f"two rules are called {refusal.rule}")
        found[refusal.rule] = refusal
    return found


def problem_types() -> Mapping[str, ProblemType]:
    """Return every kind of problem by name: those of HTTP, and one for each course rule."""
    return {one.name: one for one in _TYPES} | {
        rule: ProblemType(rule, 409, refusal.title, _paragraphs(refusal))
        for rule, refusal in rules().items()
    }


def _paragraphs(refusal: type[Refusal]) -> str:
    """Return what a rule's docstring says, one line a paragraph."""
    told = inspect.cleandoc(refusal.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in told)


def problem(
    status: int,
    kind: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """Return a problem document as an answer; 503 carries Retry-After."""
    document = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail}
    sent = dict(headers or {})
    if status == 503:
        sent.setdefault("retry-after", str(RETRY_AFTER_SECONDS))
    return Response(msgspec.json.encode(document | extra), status, sent, MEDIA_TYPE)


def known(
    kind: str, detail: str, headers: Mapping[str, str] | None = None, **extra: Any
) -> Response:
    """Return a problem of a kind that has its title and status here."""
    one = next(one for one in _TYPES if one.name == kind)
    return problem(one.status, kind, one.title, detail, headers, **extra)


def document(kind: str) -> bytes:
    """Return the document of a kind that is explained by its meaning alone."""
    one = next(one for one in _TYPES if one.name == kind)
    return msgspec.json.encode(
        {
            "type": f"/problems/{kind}",
            "title": one.title,
            "status": one.status,
            "detail": one.explanation,
        }
    )


def install(app: FastAPI) -> None:
    """Make an application tell all that goes wrong as problems, and explain them."""
    handlers: dict[type[Exception], Any] = {
        NotFound: _not_found,
        NotPermitted: _not_permitted,
        NotStrong: _not_strong,
        BadParameter: _bad_parameter,
        NotYet: _not_yet,
        PutAside: _put_aside,
        TooLarge: _too_large,
        NotDone: _not_done,
        TooManyJobs: _too_many_jobs,
        Refusal: _refused,
        StoreUnavailable: _store_unavailable,
        LogUnavailable: _log_unavailable,
        RequestValidationError: _invalid,
        HTTPException: _http,
        Exception: _internal,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    app.router.routes.append(Route("/problems", _list, methods=["GET"]))
    app.router.routes.append(Route("/problems/{name}", _explain, methods=["GET"]))


async def _not_found(_: Request, error: NotFound) -> Response:
    return known("not-found", str(error))


async def _not_permitted(_: Request, error: NotPermitted) -> Response:
    return known("not-permitted", str(error), permission=error.permission)


async def _not_strong(_: Request, error: NotStrong) -> Response:
    challenge = {"www-authenticate": STEP_UP}
    return known("second-factor-needed", str(error), challenge, permission=error.permission)


async def _bad_parameter(_: Request, error: BadParameter) -> Response:
    errors = [{"field": error.field, "message": error.message}]
    return known("invalid-parameter", str(error), errors=errors)


async def _not_yet(_: Request, error: NotYet) -> Response:
    return known("not-yet", str(error), min_position=error.asked, reached=error.reached)


async def _put_aside(_: Request, error: PutAside) -> Response:
    return known("put-aside", str(error))


def too_large(limit_bytes: int) -> Response:
    """Return what is told to whoever sends too much; the rest of it is not read."""
    told = f"At most {limit_bytes} bytes are taken."
    return known("too-large", told, {"connection": "close"}, limit_bytes=limit_bytes)


async def _too_large(_: Request, error: TooLarge) -> Response:
    return too_large(error.args[0])


async def _not_done(_: Request, error: NotDone) -> Response:
    return known("job-not-done", str(error), state=error.state)


async def _too_many_jobs(_: Request, error: TooManyJobs) -> Response:
    return known("too-many-jobs", str(error), {"retry-after": str(JOB_RETRY_SECONDS)})


async def _refused(_: Request, error: Refusal) -> Response:
    return problem(409, error.rule, error.title, error.detail, rule=error.rule, **error.values)


async def _store_unavailable(_: Request, error: StoreUnavailable) -> Response:
    _logger.warning("answered store-unavailable: %s", error)
    return known("store-unavailable", "What answers queries cannot be reached at the moment.")


async def _log_unavailable(_: Request, error: LogUnavailable) -> Response:
    _logger.warning("answered log-unavailable: %s", error)
    return known(
        "log-unavailable",
        "Whether the command was recorded is not known. Send it again with the same key.",
    )


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    errors = [_field(one) for one in error.errors()[:ERRORS_MAX]]
    if any(one.get("type") == "json_invalid" for one in error.errors()):
        return known("malformed-json", "The body could not be parsed as JSON.", errors=errors)
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors)
    return known("invalid-parameter", detail, errors=errors)


def _field(error: Mapping[str, Any]) -> dict[str, str]:
    place = error.get("ctx", {}).get("field") or ".".join(str(part) for part in error["loc"][1:])
    return {"field": place or str(error["loc"][0]), "message": error["msg"]}


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404:
        return known("not-found", f"There is nothing at {request.url.path}.")
    if error.status_code == 405:
        detail = f"{request.url.path} does not take {request.method}."
        return known("method-not-allowed", detail, error.headers)
    for one in _TYPES:
        if one.status == error.status_code:
            return known(one.name, str(error.detail), error.headers)
    return problem(error.status_code, "http", str(error.detail), str(error.detail), error.headers)


async def _internal(request: Request, error: Exception) -> Response:
    return internal(request.url.path, error)


def internal(path: str, error: Exception) -> Response:
    """Note a fault of ours in the log, and return what the client is told of it."""
    request_id = str(uuid.uuid4())
    _logger.error("request %s to %s failed", request_id, path, exc_info=error)
    return known(
        "internal-error",
        f"This was noted under the request id {request_id}.",
        {"x-request-id": request_id},
        request_id=request_id,
    )


async def _list(request: Request) -> Response:
    types = sorted(problem_types().values())
    if _wants_html(request):
        rows = "".join(
            f'<li><a href="/problems/{one.name}">{html.escape(one.title)}</a> ({one.status})</li>'
            for one in types
        )
        return _page("Problems", f"<ul>{rows}</ul>")
    return _json({"problems": [_document(one) for one in types]})


async def _explain(request: Request) -> Response:
    name = request.path_params["name"]
    one = problem_types().get(name)
    if one is None:
        raise NotFound("problem", name)
    if _wants_html(request):
        told = "".join(f"<p>{html.escape(part)}</p>" for part in one.explanation.split("\n\n"))
        return _page(one.title, f"<p>{one.status} · <code>{one.name}</code></p>{told}")
    return _json(_document(one))


def _document(one: ProblemType) -> dict[str, Any]:
    return {
        "type": f"/problems/{one.name}",
        "title": one.title,
        "status": one.status,
        "explanation": one.explanation,
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json")


def _page(title: str, body: str) -> Response:
    head = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
    )
    return Response(
        f"{head}<main><h1>{html.escape(title)}</h1>{body}</main></html>", media_type="text/html"
    )


def _wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
