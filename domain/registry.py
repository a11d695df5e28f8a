"""Which facts are there, under which stored names, and how do their bytes read and write?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_origin, get_type_hints

import msgspec

from domain.kernel import Envelope, Fact, Personal, StreamKind


class UnknownFact(Exception):
    """The log holds a fact type that this version does not know."""


class Body(msgspec.Struct, frozen=True, gc=False):
    """The stored JSON document: the envelope without position, recorded time and version."""

    id: str
    type: str
    schema: int
    stream: str
    occurred_at: datetime
    tenant: str
    subject: str | None
    actor: str
    command_id: str
    correlation_id: str
    causation_id: str | None
    data: msgspec.Raw


class FactType(msgspec.Struct, frozen=True):
    """What is known of a fact class."""

    name: str
    schema: int
    cls: type[Fact]
    kind: StreamKind[Any]
    names_subject: bool
    """Whether the fact itself names the subject (on a stream that belongs to nobody)."""
    personal: tuple[str, ...]
    """The names of the fields that are sealed with the subject's key."""
    decode: Callable[[msgspec.Raw], Any]

    def read(self, schema: int, data: msgspec.Raw) -> Any:
        """Read a payload of this or an earlier schema. Raises UnknownFact for a later one, and
        msgspec.DecodeError."""
        if schema == self.schema:
            return self.decode(data)
        if not 0 < schema < self.schema:
            raise UnknownFact(f"{self.name} of schema {schema}")
        payload = msgspec.json.decode(data)
        try:
            for upcast in self.cls.upcasters[schema - 1 :]:
                payload = upcast(payload)
        except (KeyError, TypeError, ValueError) as error:
            raise msgspec.ValidationError(f"{self.name}.v{schema}: {error!r}") from error
        return msgspec.convert(payload, self.cls)


_encode = msgspec.json.Encoder().encode
_decode_body = msgspec.json.Decoder(Body).decode


def _personal_fields(cls: type[Fact]) -> tuple[str, ...]:
    found = []
    for name, hint in get_type_hints(cls).items():
        members = (hint, *getattr(hint, "__args__", ()))
        if any(get_origin(member) is Personal for member in members):
            found.append(name)
    return tuple(found)


class Registry:
    """All fact classes of the stream kinds given, by stored name.

    Raises ValueError where two classes claim one name or one class two kinds, or where an earlier
    schema has no upcaster.
    """

    def __init__(self, kinds: tuple[StreamKind[Any], ...]) -> None:
        self.kinds = {kind.name: kind for kind in kinds}
        self.types: dict[str, FactType] = {}
        for kind in kinds:
            for cls in kind.facts:
                if cls.__name__ in self.types:
                    raise ValueError(f"fact {cls.__name__} is registered twice")
                if len(cls.upcasters) != cls.schema - 1:
                    raise ValueError(f"fact {cls.__name__} needs {cls.schema - 1} upcasters")
                self.types[cls.__name__] = FactType(
                    name=cls.__name__,
                    schema=cls.schema,
                    cls=cls,
                    kind=kind,
                    names_subject="subject" in cls.__struct_fields__,
                    personal=_personal_fields(cls),
                    decode=msgspec.json.Decoder(cls).decode,
                )

    def of(self, fact: Fact) -> FactType:
        """Return what is known of this fact's class. Raises UnknownFact."""
        try:
            return self.types[type(fact).__name__]
        except KeyError:
            raise UnknownFact(type(fact).__name__) from None

    def encode(self, envelope: Envelope) -> bytes:
        """Return the bytes to store and to hash: one JSON document without position and version."""
        return _encode(
            Body(
                envelope.id,
                envelope.type,
                envelope.schema,
                envelope.stream,
                envelope.occurred_at,
                envelope.tenant,
                envelope.subject,
                envelope.actor,
                envelope.command_id,
                envelope.correlation_id,
                envelope.causation_id,
                msgspec.Raw(_encode(envelope.fact)),
            )
        )

    def decode(
        self, position: int, recorded_at: datetime, version: int, body: bytes | memoryview
    ) -> Envelope:
        """Read one stored row. Raises UnknownFact or msgspec.DecodeError."""
        b = _decode_body(body)
        known = self.types.get(b.type)
        if known is None:
            raise UnknownFact(b.type)
        return Envelope(
            position,
            recorded_at,
            version,
            b.stream,
            b.id,
            b.type,
            b.schema,
            b.occurred_at,
            b.tenant,
            b.subject,
            b.actor,
            b.command_id,
            b.correlation_id,
            b.causation_id,
            known.read(b.schema, b.data),
        )
