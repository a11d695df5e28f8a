"""What does the OpenAPI document say of all addresses alike?"""

from __future__ import annotations

from typing import Any

from commands.app import PREFIX
from domain.access.queries import QUERIES

SCHEME = "token"
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_WAIT = {"Retry-After": {"description": "Seconds", "schema": {"type": "string"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}}
_TOLD: dict[str, tuple[str, dict[str, Any]]] = {
    "401": ("Nobody known asks, or a second factor is needed", _CHALLENGE),
    "403": ("Whoever asks may not do this", {}),
    "404": ("There is no such thing", {}),
    "413": ("The body is too large", {}),
    "429": ("Too many requests", _WAIT),
    "503": ("It cannot be answered at the moment; ask again", _WAIT),
}
"""What any address under ``/v1`` may answer, beside what it says itself."""
_ASKS = {path.replace(":path}", "}"): asks for path, asks in QUERIES.items()}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. A refusal names its rule and the values it judged by.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def complete(document: dict[str, Any]) -> None:
    """Add how one signs in, and what every address may answer because of who asks, how much, and
    when."""
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {}).setdefault("Problem", PROBLEM)
    parts["securitySchemes"] = {
        SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of the issuer that is set, with this server's audience",
        }
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(path, operation)


def _complete(path: str, operation: dict[str, Any]) -> None:
    asks = _ASKS.get(path)
    if not path.startswith(PREFIX) and (asks is None or asks.permission is None):
        return
    operation["security"] = [{SCHEME: []}]
    answers = operation["responses"]
    for status, (description, headers) in _TOLD.items():
        if status == "404" and "{" not in path:
            continue
        told = answers.setdefault(
            status,
            {
                "description": description,
                "content": {"application/problem+json": {"schema": _PROBLEM}},
            },
        )
        if headers:
            told.setdefault("headers", {}).update(headers)
