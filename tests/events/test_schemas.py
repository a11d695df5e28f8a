"""Do the schemas, the AsyncAPI document and the events agree?"""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from docs.outside import asyncapi, described, files
from domain.kernel import Envelope, Fact
from domain.streams import REGISTRY
from projections.cloudevents import binary, structured, without_personal
from projections.schemas import schemas
from tests.readings.histories import anything
from tests.relay.load import AT

OFFICIAL = Path(__file__).parent / "asyncapi" / "3.0.0.json.gz"
"""AsyncAPI's own JSON Schema; where it is from, and its licence, stand beside it."""
SCHEMAS = schemas(REGISTRY)
ATTRIBUTES = asyncapi()["components"]["schemas"]["attributes"]


def envelope(stream: str, fact: Fact) -> Envelope:
    """A fact as the log has it."""
    kind = type(fact).__name__
    id_ = "00000000-0000-4000-8000-000000000001"
    return Envelope(
        7, AT, 3, f"main/{stream}", id_, kind, fact.schema, AT, "main", "s1", "tester", id_, id_,
        None, fact,
    )  # fmt: skip


@given(anything)
@settings(deadline=None)
def test_events_are_as_their_schemas_say(placed: tuple[str, Fact]) -> None:
    """In both modes, with the same attributes and the same data."""
    told = envelope(*placed)
    event = msgspec.json.decode(msgspec.json.encode(structured(told, "e")))
    jsonschema.Draft202012Validator(SCHEMAS[event["type"]]).validate(event["data"])
    key, headers, data = binary(told, "e")
    attributes = {name: value.decode() for name, value in headers}
    jsonschema.Draft202012Validator(ATTRIBUTES).validate(attributes)
    assert msgspec.json.decode(data or b"") == event.pop("data")
    assert attributes.pop("content-type") == event.pop("datacontenttype")
    assert attributes == {f"ce_{name}": str(value) for name, value in event.items()}
    assert key == event["partitionkey"] == "main/s1"


def test_there_is_a_schema_for_every_fact_without_what_is_personal() -> None:
    """Every field that is not personal is described, and no other."""
    for known in REGISTRY.types.values():
        schema = SCHEMAS[f"registrar.{known.name}.v{known.schema}"]
        jsonschema.Draft202012Validator.check_schema(schema)
        fields = set(known.cls.__struct_fields__) - set(known.personal)
        assert set(schema["properties"]) == fields
        assert schema["$id"] == f"urn:registrar:event:{known.name}:{known.schema}"
        assert schema["description"]
        assert "Personal" not in json.dumps(schema)


def test_the_document_is_asyncapi() -> None:
    """By the official schema of AsyncAPI 3.0.0; a control shows that it refuses."""
    official = json.loads(gzip.decompress(OFFICIAL.read_bytes()))
    validator = jsonschema.Draft7Validator(official)
    document = asyncapi()
    validator.validate(document)
    wrong = document | {"channels": {"facts": {"address": 7}}}
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(wrong)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    """Within the document, and to the files beside it."""
    document, beside = asyncapi(), {path for path, _ in files()}

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if "$ref" in part else []
            return own + [ref for value in part.values() for ref in references(value)]
        if isinstance(part, list):
            return [ref for value in part for ref in references(value)]
        return []

    found = references(document)
    assert len(found) > len(described())
    for ref in found:
        if ref.startswith("#/"):
            target: Any = document
            for step in ref.removeprefix("#/").split("/"):
                target = target[step]
        else:
            assert ref in beside


def test_what_is_personal_is_left_out() -> None:
    """Of every fact that has something personal."""
    personal = [known for known in REGISTRY.types.values() if known.personal]
    assert {known.name for known in personal} >= {"LearnerEnrolled", "CertificateRevoked"}
    for known in personal:
        hints = get_type_hints(known.cls)
        values = {
            field.name: {"sealed": "canary"}
            if field.name in known.personal
            else _something(hints[field.name])
            for field in msgspec.structs.fields(known.cls)
            if field.required or field.name in known.personal
        }
        fact = msgspec.convert(values, known.cls)
        assert not set(known.personal) & without_personal(fact).keys()
        assert b"canary" not in (binary(envelope("enrolment/R/s1", fact), "e").data or b"")


def _something(hint: Any) -> Any:
    """Return the first of some values that such a field takes."""
    for value in (*get_args(hint), "audit", 1, [], None, "2013-10-01T00:00:00Z"):
        with suppress(msgspec.ValidationError):
            msgspec.convert(value, hint)
            return value
    raise AssertionError(f"no value is known for {hint}")
