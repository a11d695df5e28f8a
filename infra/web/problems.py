"""How is a problem told in an HTTP answer? (RFC 9457)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from commands.problems import RETRY_AFTER_SECONDS
from infra.web.problem_types import TYPES

MEDIA_TYPE = "application/problem+json"


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
    one = next(one for one in TYPES if one.name == kind)
    return problem(one.status, kind, one.title, detail, headers, **extra)


def document(kind: str) -> bytes:
    """Return the document of a kind that is explained by its meaning alone."""
    one = next(one for one in TYPES if one.name == kind)
    return msgspec.json.encode(
        {
            "type": f"/problems/{kind}",
            "title": one.title,
            "status": one.status,
            "detail": one.explanation,
        }
    )


def too_large(limit_bytes: int) -> Response:
    """Return what is told to whoever sends too much."""
    return known("too-large", f"At most {limit_bytes} bytes are taken.", limit_bytes=limit_bytes)
