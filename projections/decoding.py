"""How does a page of stored rows become envelopes, without one bad row spoiling the rest?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.kernel import Envelope, Fact
from domain.registry import Body, Registry, UnknownFact
from projections.ports import RawFact

UNREADABLE = "~unreadable"
"""The type given to a row whose body is no JSON document of ours: it may concern every reading."""

_decode_body = msgspec.json.Decoder(Body).decode


class Broken(NamedTuple):
    """A stored row that could not be decoded. ``stream`` is empty where not even that is known."""

    position: int
    type: str
    stream: str
    subject: str | None
    error: str


Taken = Envelope | Broken


class StoredFact(NamedTuple):
    """A stored row with the columns that are copied from its body, which tell something of it even
    where the body cannot be read."""

    position: int
    recorded_at: datetime
    version: int
    stream: str
    type: str
    tenant: str
    subject: str | None
    body: bytes


class Unreadable(Fact, frozen=True):
    """Stands for a fact that this version cannot read: never stored, only answered."""

    error: str


def read(row: StoredFact, registry: Registry) -> Envelope:
    """Return a row's envelope, with an Unreadable in it where its fact cannot be read."""
    try:
        return registry.decode(row.position, row.recorded_at, row.version, row.body)
    except (UnknownFact, msgspec.MsgspecError) as error:
        why = f"{type(error).__name__}: {error}"
    try:
        body = _decode_body(row.body)
    except msgspec.MsgspecError:
        body = Body(
            "", row.type, 0, row.stream, row.recorded_at, row.tenant, row.subject,
            "", "", "", None, msgspec.Raw(),
        )  # fmt: skip
    return Envelope(
        row.position,
        row.recorded_at,
        row.version,
        row.stream,
        body.id,
        row.type,
        body.schema,
        body.occurred_at,
        row.tenant,
        row.subject,
        body.actor,
        body.command_id,
        body.correlation_id,
        body.causation_id,
        Unreadable(why),
    )


def decode(rows: Iterable[RawFact], registry: Registry, wanted: frozenset[str]) -> list[Taken]:
    """Return the envelopes of the facts whose types are wanted, in order; others are left out.

    The payload of a fact that nobody wants is never looked at.
    """
    types = {name: known.read for name, known in registry.types.items() if name in wanted}
    out: list[Taken] = []
    for row in rows:
        try:
            body = _decode_body(row.body)
        except msgspec.MsgspecError as error:
            out.append(Broken(row.position, UNREADABLE, "", None, str(error)))
            continue
        read = types.get(body.type)
        if read is None:
            if body.type in wanted:
                said = "unknown fact type"
                out.append(Broken(row.position, body.type, body.stream, body.subject, said))
            continue
        try:
            fact = read(body.schema, body.data)
        except (UnknownFact, msgspec.MsgspecError) as error:
            said = str(error)
            out.append(Broken(row.position, body.type, body.stream, body.subject, said))
            continue
        out.append(
            Envelope(
                row.position,
                row.recorded_at,
                row.version,
                body.stream,
                body.id,
                body.type,
                body.schema,
                body.occurred_at,
                body.tenant,
                body.subject,
                body.actor,
                body.command_id,
                body.correlation_id,
                body.causation_id,
                fact,
            )
        )
    return out
