"""What are a fact, the envelope that records it, a refusal, and a personal field?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")
S = TypeVar("S")

Identifier = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._~-]*$")
]
"""A course, run, item, subject or certificate id: safe in URLs, stream names and file names."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Something that happened: past tense, immutable, whole in itself.

    It is stored under its class name, which therefore never changes. A field may be added
    with a default; a change of meaning is a new class. ``schema`` is raised, and an upcaster
    added, when an old payload needs mending on its way in: the first of ``upcasters`` takes the
    payload of schema 1, as JSON has it, and returns that of schema 2, and so on.
    """

    schema: ClassVar[int] = 1
    upcasters: ClassVar[tuple[Callable[[dict[str, Any]], dict[str, Any]], ...]] = ()


class Personal(msgspec.Struct, Generic[T], frozen=True, omit_defaults=True):
    """A personal field. Decided with ``value``, stored with ``sealed`` only.

    ``sealed`` is base64 of nonce, ciphertext and tag (AES-256-GCM under the subject's key, the
    fact's id and the field's name as associated data). Readings keep it sealed; only an answer to
    somebody with the right opens it. ``mark`` is a digest that only the subject's key makes of a
    value, for decisions that must know whether it is the same one again; it says nothing once that
    key is destroyed.
    """

    value: T | None = None
    sealed: str | None = None
    mark: str | None = None


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """A fact as it stands in the log: who, when, where, why, and the fact itself.

    ``position`` counts from 1 over the whole log without gaps, in commit order; ``version`` counts
    from 1 within the stream. Times are aware and in UTC, in whole microseconds. ``occurred_at`` is
    when it happened, ``recorded_at`` when the log took it in. Ids are UUIDs in canonical text form.
    """

    position: int
    recorded_at: datetime
    version: int
    stream: str
    id: str
    type: str
    schema: int
    occurred_at: datetime
    tenant: str
    subject: str | None
    actor: str
    command_id: str
    correlation_id: str
    causation_id: str | None
    fact: Fact


class StreamKind(NamedTuple, Generic[S]):
    """A family of streams that one decision model reads: ``enrolment``, ``run`` …

    ``evolve(state, fact, envelope_time)`` takes one fact in and never fails. ``facts`` are the
    classes that streams of this kind hold; each class belongs to one kind only.
    """

    name: str
    initial: S
    evolve: Callable[[S, Any, datetime], S]
    facts: tuple[type[Fact], ...]

    def of(self, tenant: str, *ids: str, subject: str | None = None) -> StreamRef[S]:
        """Name one stream of this kind: ``tenant/kind/id…``."""
        return StreamRef(f"{tenant}/{self.name}/{'/'.join(ids)}", self, subject)


class StreamRef(NamedTuple, Generic[S]):
    """One stream: its name, its kind, and whose record it is part of (None: nobody's)."""

    name: str
    kind: StreamKind[S]
    subject: str | None


def stream_ids(stream: str) -> list[str]:
    """Return the ids in a stream name: ``main/enrolment/AAA-2013J/s1`` gives run and subject."""
    return stream.split("/")[2:]


class Refusal(Exception):
    """A course rule says no. An answer, not a fault, and never stored in the log.

    A subclass names its ``rule`` (kebab-case, stable: clients match on it) and a ``title``; its
    docstring explains the rule for ``GET /problems/{rule}``. ``values`` are what it was judged by.
    """

    rule: ClassVar[str] = "refused"
    title: ClassVar[str] = "The command was refused"

    def __init__(self, detail: str, **values: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.values = values
