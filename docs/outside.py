"""How are the events described to consumers outside? JSON Schemas and an AsyncAPI 3 document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from domain.streams import REGISTRY
from projections.cloudevents import CONTENT_TYPE, SEQUENCE_DIGITS, SPECIFICATION
from projections.schemas import UNREADABLE, all_schemas

ASYNCAPI = "3.0.0"
FOLDER = "events"
PAGE = """# Events

What is told to consumers outside: one CloudEvent [CloudEvents 1.0] for each fact, without its
personal fields, in Kafka's topic `{cluster}.facts` (binary mode) and over `GET /v1/events`
(structured mode). See [how to subscribe](../how-to/subscribe.md). The same for programs:
[asyncapi.json](asyncapi.json) (AsyncAPI 3.0), and a JSON Schema for each type and version below,
which the read API has at `GET /v1/events/schemas` too.

Within a version of a type, fields are only ever added. A change of another kind is another version,
and so another type. `registrar.Unreadable.v1` has no data: it holds the place of a fact that the
publishing version could not read.

| type | what it says |
| --- | --- |"""
EXTENSIONS: Mapping[str, tuple[str, bool]] = {
    "epoch": ("The log's epoch: positions of different epochs have nothing in common.", True),
    "recordedtime": ("When the log took the fact in; `time` is when it happened.", True),
    "tenant": ("Whose registrar it is.", True),
    "stream": ("The stream that the fact stands in.", True),
    "streamversion": ("Its place in the stream, counted from 1.", True),
    "run": ("The run that the stream belongs to.", False),
    "correlationid": ("What belongs to one occasion has one.", False),
    "causationid": ("The id of the event that caused this one.", False),
}
"""Our own attributes: what each says, and whether every event has it."""


def files() -> Iterator[tuple[str, str]]:
    """Yield the generated files, by path within the reference."""
    for kind, entry in described().items():
        yield f"{FOLDER}/{kind.removeprefix('registrar.')}.json", _json(entry)
    yield "asyncapi.json", _json(asyncapi())


def described() -> dict[str, dict[str, Any]]:
    """Return the schema of every type that may be met."""
    return all_schemas(REGISTRY)


def events() -> Iterator[str]:
    """Yield the page of events."""
    yield PAGE
    for kind, entry in described().items():
        short = kind.removeprefix("registrar.")
        first = entry["description"].partition("\n\n")[0].replace("\n", " ")
        yield f"| [`{kind}`]({FOLDER}/{short}.json) | {first} |"


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI document."""
    names = [*described(), UNREADABLE]
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "registrar: what happens to learners",
            "version": "1",
            "description": "Every fact of the learning record as a CloudEvent, without personal "
            "fields: at least once, and in the order of the log for each key.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {
                "host": "{kafka}",
                "protocol": "kafka",
                "variables": {"kafka": {"default": "127.0.0.1:9092"}},
            },
            "http": {
                "host": "{registrar}",
                "protocol": "http",
                "variables": {"registrar": {"default": "127.0.0.1:8000"}},
            },
        },
        "channels": {
            "facts": _channel(
                "{cluster}.facts",
                "kafka",
                names,
                "Binary mode. The key is the learner's pseudonym, or the stream of a fact that is "
                "nobody's. Kept for ever. After a failover some events come a second time, with "
                "the same id and sequence. `registrar.Unreadable.v1` has no value.",
            )
            | {
                "parameters": {
                    "cluster": {"default": "registrar", "description": "REGISTRAR_CLUSTER"}
                }
            },
            "stream": _channel(
                "/v1/events",
                "http",
                names,
                "Server-Sent Events (GET) in structured mode: the data of each is a CloudEvent, "
                "whose `data` is the payload described here; the id is its position.",
            ),
        },
        "operations": {
            "subscribe": _operation("facts", names),
            "follow": _operation("stream", names) | {"bindings": {"http": {"method": "GET"}}},
        },
        "components": {
            "messages": {_key(name): _message(name) for name in names},
            "schemas": {"attributes": _attributes()},
        },
    }


def _channel(address: str, server: str, names: list[str], description: str) -> dict[str, Any]:
    return {
        "address": address,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "description": description,
        "messages": {_key(name): {"$ref": f"#/components/messages/{_key(name)}"} for name in names},
    }


def _operation(channel: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{_key(name)}"} for name in names],
    }


def _key(name: str) -> str:
    return name.removeprefix("registrar.")


def _message(name: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": name,
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/attributes"},
                {"properties": {"ce_type": {"const": name}}},
            ]
        },
        "bindings": {"kafka": {"key": {"type": "string"}}},
    }
    if name == UNREADABLE:
        return message | {"summary": "A fact that the publishing version could not read."}
    return message | {
        "contentType": CONTENT_TYPE,
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"{FOLDER}/{_key(name)}.json"},
        },
    }


def _attributes() -> dict[str, Any]:
    """Return the schema of a message's headers."""
    text: dict[str, Any] = {"type": "string"}
    standard: dict[str, Any] = {
        "ce_specversion": {"const": SPECIFICATION},
        "ce_id": text,
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_type": text,
        "ce_subject": text | {"description": "The learner's pseudonym."},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_sequence": {
            "type": "string",
            "pattern": f"^[0-9]{{{SEQUENCE_DIGITS}}}$",
            "description": "The position in the log: it rises without gaps over all keys.",
        },
        "ce_partitionkey": text,
        "ce_dataschema": {
            "type": "string",
            "format": "uri",
            "description": "urn:registrar:event:{type}:{version}. The JSON Schema itself is at "
            "/v1/events/schemas/{type}/{version} of the read API.",
        },
        "content-type": {"const": CONTENT_TYPE},
    }
    own = {f"ce_{name}": text | {"description": said} for name, (said, _) in EXTENSIONS.items()}
    always = ["specversion", "id", "source", "type", "time", "sequence", "partitionkey"]
    always += [name for name, (_, every) in EXTENSIONS.items() if every]
    return {
        "type": "object",
        "required": [f"ce_{name}" for name in always],
        "properties": standard | own,
    }


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
