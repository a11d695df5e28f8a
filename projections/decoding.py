"""How does a page of stored rows become envelopes, without one bad row spoiling the rest?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from domain.kernel import Envelope
from domain.registry import Body, Registry
from projections.ports import RawFact

UNREADABLE = "~unreadable"
"""The type given to a row whose body is no JSON document of ours: it may concern every reading."""

_decode_body = msgspec.json.Decoder(Body).decode


class Broken(NamedTuple):
    """A stored row that could not be decoded. ``stream`` is empty where not even that is known."""

    position: int
    type: str
    stream: str
    error: str


Taken = Envelope | Broken


def decode(rows: Iterable[RawFact], registry: Registry, wanted: frozenset[str]) -> list[Taken]:
    """Return the envelopes of the facts whose types are wanted, in order; others are left out.

    The payload of a fact that nobody wants is never looked at.
    """
    types = {name: known.decode for name, known in registry.types.items() if name in wanted}
    out: list[Taken] = []
    for row in rows:
        try:
            body = _decode_body(row.body)
        except msgspec.MsgspecError as error:
            out.append(Broken(row.position, UNREADABLE, "", str(error)))
            continue
        read = types.get(body.type)
        if read is None:
            if body.type in wanted:
                out.append(Broken(row.position, body.type, body.stream, "unknown fact type"))
            continue
        try:
            fact = read(body.data)
        except msgspec.MsgspecError as error:
            out.append(Broken(row.position, body.type, body.stream, str(error)))
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
