"""How does an event of the library stand in a fact's body, and how is a fact given to it?"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from domain.registry import Body

TENANT = "main"
AGGREGATES = f"{TENANT}/aggregate/"
TAGGED = f"{TENANT}/tagged/"
ACTOR = "eventsourcing"
"""Who did it, as far as the library tells."""


_PACKED = b'{"base64":'


class _Packed(msgspec.Struct, frozen=True):
    """A state that is no JSON object: compressed, encrypted, or of another format."""

    base64: str


class _Tagged(msgspec.Struct, frozen=True):
    """An event with tags."""

    tags: tuple[str, ...]
    base64: str


class _Time(msgspec.Struct, frozen=True):
    """A moment as the library's JSON transcoder writes it."""

    data: datetime = msgspec.field(name="_data_")
    type: str = msgspec.field(name="_type_", default="datetime_iso")


class _Timed(msgspec.Struct, frozen=True):
    """What events of the library's own classes have in common."""

    timestamp: _Time


_decode_body = msgspec.json.Decoder(Body).decode
_decode_packed = msgspec.json.Decoder(_Packed).decode
_decode_tagged = msgspec.json.Decoder(_Tagged).decode
_decode_timed = msgspec.json.Decoder(_Timed).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def body_of_event(stream: str, topic: str, state: bytes) -> bytes:
    """Return the body to store for an event of an aggregate.

    A state that is a JSON object is the fact's data as it is, so that whoever reads the log reads
    it too; any other is packed. It occurred when its timestamp says.
    """
    try:
        _decode_fields(state)
        if not (state[:1] == b"{" and state[-1:] == b"}" and state[: len(_PACKED)] != _PACKED):
            raise msgspec.DecodeError  # spaces around it would be lost
    except (msgspec.MsgspecError, UnicodeDecodeError):
        packed = _encode(_Packed(base64.b64encode(state).decode()))
        return _body(stream, topic, packed, None)
    try:
        occurred_at = _decode_timed(state).timestamp.data
    except msgspec.MsgspecError:
        occurred_at = None
    return _body(stream, topic, state, occurred_at)


def event_of(body: bytes) -> tuple[str, bytes]:
    """Return the topic and the state of an aggregate's event."""
    document = _decode_body(body)
    data = bytes(document.data)
    if data.startswith(_PACKED):
        return document.type, base64.b64decode(_decode_packed(data).base64)
    return document.type, data


def body_of_tagged(stream: str, type_: str, data: bytes, tags: Sequence[str]) -> bytes:
    """Return the body to store for an event with tags."""
    tagged = _Tagged(tuple(tags), base64.b64encode(data).decode())
    return _body(stream, type_, _encode(tagged), None)


def tagged_of(body: bytes) -> tuple[str, bytes, list[str]]:
    """Return the type, the data and the tags of an event."""
    document = _decode_body(body)
    tagged = _decode_tagged(document.data)
    return document.type, base64.b64decode(tagged.base64), list(tagged.tags)


def fact_of(body: bytes) -> tuple[str, bytes]:
    """Return a fact of ours as topic and state: its fields, and when it occurred.

    The state is what the library's default transcoder reads: a class of domain events with the
    fact's fields, registered for the topic, is all that a reader needs.
    """
    document = _decode_body(body)
    fields = _decode_fields(document.data)
    fields["timestamp"] = msgspec.Raw(_encode(_Time(document.occurred_at)))
    return document.type, _encode(fields)


def _body(stream: str, topic: str, data: bytes, occurred_at: datetime | None) -> bytes:
    new_id = str(uuid.uuid4())
    now = datetime.now(UTC)
    return _encode(
        Body(
            id=new_id,
            type=topic,
            schema=1,
            stream=stream,
            occurred_at=occurred_at if occurred_at and occurred_at.tzinfo else now,
            tenant=TENANT,
            subject=None,
            actor=ACTOR,
            command_id=new_id,
            correlation_id=new_id,
            causation_id=None,
            data=msgspec.Raw(data),
        )
    )
