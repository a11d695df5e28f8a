"""How is a fact told to the outside? As a CloudEvent [CloudEvents 1.0.2], nothing personal in it.

A fact that this version cannot read is told as ``Unreadable``, without data: its position is then
accounted for, and nothing that might be personal is let out. What its envelope says is told as far
as it can be read; after an upgrade the whole fact is found at its position in ``/v1/events``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from domain.catalogue.content import RUN_CONTENT
from domain.catalogue.state import RUN
from domain.engagement.state import VIEWING
from domain.enrolment.seats import RUN_SEATS
from domain.enrolment.state import ENROLMENT
from domain.grading.regrade import REGRADE
from domain.kernel import Envelope, Fact, Personal
from domain.peer_review.state import PEER_POOL
from projections.decoding import Unreadable

SPECIFICATION = "1.0"
CONTENT_TYPE = "application/json"
SEQUENCE_DIGITS = 19
"""As many as the largest position has, so that sequences sort as text [CloudEvents sequence]."""


class BinaryEvent(NamedTuple):
    """An event in Kafka's binary mode [CloudEvents Kafka binding 1.0.2]: attributes are headers."""

    key: str
    headers: list[tuple[str, bytes]]
    data: bytes | None


_OF_RUNS = frozenset(
    kind.name for kind in (RUN, RUN_CONTENT, RUN_SEATS, ENROLMENT, VIEWING, PEER_POOL, REGRADE)
)
_encoder = msgspec.json.Encoder()


def type_name(name: str, schema: int) -> str:
    """Return an event's type: the fact's stored name, and the version of its schema."""
    return f"registrar.{name}.v{schema}"


def schema_id(name: str, schema: int) -> str:
    """Return what identifies the JSON Schema of an event's data. CloudEvents wants an absolute URI,
    and a registrar knows no address of its own."""
    return f"urn:registrar:event:{name}:{schema}"


def run_in(stream: str) -> str | None:
    """Return the run that a stream belongs to; None: it is of none."""
    _, kind, *ids = stream.split("/")
    return ids[0] if ids and kind in _OF_RUNS else None


def without_personal(fact: Fact) -> dict[str, Any]:
    """Return the fields of a fact that are not personal."""
    return {
        name: value
        for name, value in msgspec.structs.asdict(fact).items()
        if not isinstance(value, Personal)
    }


def structured(envelope: Envelope, epoch: str) -> dict[str, Any]:
    """Tell a fact as one JSON document."""
    event = _attributes(envelope, epoch)
    if not isinstance(envelope.fact, Unreadable):
        event["data"] = msgspec.to_builtins(without_personal(envelope.fact))
    return event


def binary(envelope: Envelope, epoch: str) -> BinaryEvent:
    """Tell a fact as a message."""
    readable = not isinstance(envelope.fact, Unreadable)
    attributes = _attributes(envelope, epoch)
    headers = [("ce_" + name, _text(value).encode()) for name, value in attributes.items()]
    if readable:
        # The binding's one attribute with a name of its own.
        headers = [header for header in headers if header[0] != "ce_datacontenttype"]
        headers.append(("content-type", CONTENT_TYPE.encode()))
    data = _encoder.encode(without_personal(envelope.fact)) if readable else None
    return BinaryEvent(attributes["partitionkey"], headers, data)


def _attributes(envelope: Envelope, epoch: str) -> dict[str, Any]:
    """Return the attributes that have a value; ``sequence`` and ``partitionkey`` are CloudEvents'
    documented extensions, those after them are ours."""
    kind, schema = type(envelope.fact).__name__, envelope.fact.schema
    attributes = {
        "specversion": SPECIFICATION,
        "id": envelope.id or f"{epoch}-{envelope.position}",
        "source": f"/registrar/{envelope.tenant}",
        "type": type_name(kind, schema),
        "subject": envelope.subject,
        "time": envelope.occurred_at,
        "sequence": f"{envelope.position:0{SEQUENCE_DIGITS}}",
        "partitionkey": f"{envelope.tenant}/{envelope.subject}"
        if envelope.subject
        else envelope.stream,
        "epoch": epoch,
        "recordedtime": envelope.recorded_at,
        "tenant": envelope.tenant,
        "stream": envelope.stream,
        "streamversion": envelope.version,
        "run": run_in(envelope.stream),
        "correlationid": envelope.correlation_id or None,
        "causationid": envelope.causation_id,
    }
    if not isinstance(envelope.fact, Unreadable):
        attributes["datacontenttype"] = CONTENT_TYPE
        attributes["dataschema"] = schema_id(kind, schema)
    return {name: value for name, value in attributes.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _encoder.encode(value).decode().strip('"')
