"""How does each exception become a problem that the client is told?"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from commands.ports import LogUnavailable
from commands.problems import TooLarge
from domain.access.deciding import STEP_UP, NotPermitted, NotStrong
from domain.kernel import Refusal
from infra.web import problem_pages
from infra.web.problem_types import TYPES
from infra.web.problems import known, problem, too_large
from projections.ports import StoreUnavailable
from read_api.errors import BadParameter, NotDone, NotFound, NotYet, PutAside, TooManyJobs

ERRORS_MAX = 50
JOB_RETRY_SECONDS = 5

_logger = logging.getLogger(__name__)


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
    app.router.routes += problem_pages.routes()


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
    for one in TYPES:
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
