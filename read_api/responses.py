"""How does an answer become HTTP, and how is it described?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"
DIGEST_BYTES = 12
REF_DEPTH_MAX = 12

_encode = msgspec.json.Encoder(decimal_format="string").encode


def respond(
    request: Request,
    answer: msgspec.Struct | Mapping[str, Any],
    version: int | None = None,
    media_type: str = JSON,
) -> Response:
    """Answer with an ETag: the stream's version where one says it all, otherwise a digest of the
    answer, which changes with the position that it is as of."""
    body = _encode(answer)
    if version is None:
        tag = f'"{hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest()}"'
    else:
        tag = f'"{version}"'
    if has_tag(request, tag):
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, headers={"etag": tag, "cache-control": "no-cache"}, media_type=media_type)


def has_tag(request: Request, tag: str) -> bool:
    """Whether the client says that it has this very answer (RFC 9110, If-None-Match)."""
    header = request.headers.get("if-none-match", "")
    return any(
        part.strip().removeprefix("W/") in (tag, "*") for part in header.split(",") if header
    )


def described(
    answer: type[msgspec.Struct], summary: str, *tags: str, media_type: str = JSON
) -> dict[str, Any]:
    """Return what a route says of itself in the OpenAPI document."""
    schema, definitions = _schema(answer)
    return {
        "summary": summary,
        "tags": list(tags),
        "response_model": None,
        "response_class": Response,
        "responses": {
            200: {
                "description": (answer.__doc__ or "").strip().partition("\n\n")[0],
                "content": {media_type: {"schema": _inline(schema, definitions, REF_DEPTH_MAX)}},
                "headers": {"ETag": {"schema": {"type": "string"}}},
            },
            304: {"description": "The client has it already (`If-None-Match`)"},
            **problem_answers(404, 422, 503),
        },
    }


_TOLD = {
    400: "The body is not what it says it is",
    404: "There is no such thing",
    409: "As it stands, that cannot be",
    413: "The body is too large",
    415: "The body has another media type than is taken",
    422: "A parameter cannot be taken",
    429: "Too much was asked for (`Retry-After`)",
    503: "Not read yet, or a store cannot be reached (`Retry-After`)",
}


def problem_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how problems of these statuses are described in the OpenAPI document."""
    return {status: _problem(_TOLD[status]) for status in statuses}


def _problem(description: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _schema(answer: type[msgspec.Struct]) -> tuple[dict[str, Any], dict[str, Any]]:
    (schema,), definitions = msgspec.json.schema_components([answer], ref_template="{name}")
    return schema, definitions


def _inline(schema: Any, definitions: dict[str, Any], depth: int) -> Any:
    """Put definitions in where they are referred to, so that the schema stands by itself in
    whatever document it ends up."""
    if isinstance(schema, list):
        return [_inline(part, definitions, depth) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"]], definitions, depth - 1) if depth else {}
    return {name: _inline(part, definitions, depth) for name, part in schema.items()}
