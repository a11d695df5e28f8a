"""What does the OpenAPI document say of the commands? Made from the command models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from commands.batch import COMMANDS_A_BATCH_MAX, KEY_CHARACTERS_MAX
from commands.decision import Decision

PROBLEM = {"$ref": "#/components/schemas/Problem"}


def _answer(description: str, schema: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
    if headers:
        answer["headers"] = {
            name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
            for name, text in headers.items()
        }
    return answer


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": PROBLEM}},
    }


_PROBLEMS = {
    "409": _problem("A course rule refuses, or a request with this key is still running"),
    "412": _problem("`If-Match` names another version than the record has"),
    "413": _problem("The body is too large"),
    "415": _problem("The body is not declared as JSON"),
    "422": _problem("The command is malformed, or its key was used with another body"),
    "503": _problem("The log cannot be reached; send it again with its key"),
}

_HEADERS = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key and body give the first answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX},
    },
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "Refuse (412) unless the primary stream is at this version.",
        "schema": {"type": "string", "example": '"7"'},
    },
]

_INTEGER = {"type": "integer"}
_TEXT = {"type": "string"}

SCHEMAS: dict[str, Any] = {
    "FactSummary": {
        "type": "object",
        "required": ["id", "type", "position", "stream", "version"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "type": _TEXT,
            "position": _INTEGER,
            "stream": _TEXT,
            "version": _INTEGER,
        },
    },
    "Recorded": {
        "type": "object",
        "required": ["status", "position", "version", "facts"],
        "properties": {
            "status": {"const": "recorded"},
            "position": _INTEGER,
            "version": _INTEGER,
            "facts": {"type": "array", "items": {"$ref": "#/components/schemas/FactSummary"}},
        },
    },
    "Unchanged": {
        "type": "object",
        "required": ["status", "position", "version"],
        "properties": {
            "status": {"const": "unchanged"},
            "position": _INTEGER,
            "version": _INTEGER,
        },
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457. A refusal names its rule and the values it judged by.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": _INTEGER,
            "detail": _TEXT,
            "rule": _TEXT,
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"field": _TEXT, "message": _TEXT},
                },
            },
        },
    },
    "CommandBatch": {
        "type": "object",
        "required": ["commands"],
        "additionalProperties": False,
        "properties": {
            "commands": {
                "type": "array",
                "minItems": 1,
                "maxItems": COMMANDS_A_BATCH_MAX,
                "items": {
                    "type": "object",
                    "required": ["name", "body"],
                    "additionalProperties": False,
                    "properties": {"name": _TEXT, "key": _TEXT, "body": {"type": "object"}},
                },
            }
        },
    },
    "CommandResults": {
        "type": "object",
        "required": ["results"],
        "properties": {
            "results": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": {
                            "enum": ["recorded", "unchanged", "refused", "invalid", "unavailable"]
                        },
                        "position": _INTEGER,
                        "version": _INTEGER,
                        "replayed": {"type": "boolean"},
                        "facts": {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/FactSummary"},
                        },
                        "problem": PROBLEM,
                    },
                },
            }
        },
    },
}


def document(decisions: Mapping[str, Decision]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the paths and the component schemas of the command API."""
    models = [(decision.model, "validation") for decision in decisions.values()]
    _, definitions = models_json_schema(
        models,  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    paths = {f"/v1/commands/{name}": _command(decision) for name, decision in decisions.items()}
    paths["/v1/commands"] = {
        "post": {
            "tags": ["commands"],
            "operationId": "run-batch",
            "summary": f"Up to {COMMANDS_A_BATCH_MAX} commands, each standing alone",
            "description": "One result for each, in the same order. Those on one stream are taken "
            "in order.",
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/CommandBatch"},
                        "example": _batch_example(decisions),
                    }
                },
            },
            "responses": {
                "200": _answer(
                    "A result for each", {"$ref": "#/components/schemas/CommandResults"}
                ),
                **{status: _PROBLEMS[status] for status in ("413", "415", "422")},
            },
        }
    }
    return paths, {**definitions.get("$defs", {}), **SCHEMAS}


def _batch_example(decisions: Mapping[str, Decision]) -> dict[str, Any]:
    first = next(iter(decisions.values()))
    return {"commands": [{"name": first.name, "key": "import-1", "body": first.example}]}


def _command(decision: Decision) -> dict[str, Any]:
    recorded = {"$ref": "#/components/schemas/Recorded"}
    unchanged = {"$ref": "#/components/schemas/Unchanged"}
    lines = (decision.model.__doc__ or decision.name).strip().partition("\n")
    return {
        "post": {
            "tags": ["commands"],
            "operationId": decision.name,
            "summary": lines[0].rstrip("."),
            "description": lines[2].strip(),
            "parameters": _HEADERS,
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": f"#/components/schemas/{decision.model.__name__}"},
                        "example": decision.example,
                    }
                },
            },
            "responses": {
                "201": _answer(
                    "Recorded", recorded, ETag="The version of the command's primary stream"
                ),
                "200": _answer(
                    "It is so already, or this key again",
                    {"oneOf": [unchanged, recorded]},
                    ETag="The version of the command's primary stream",
                    Idempotent_Replayed="`true`: the first answer again",
                ),
                **_PROBLEMS,
            },
        }
    }
