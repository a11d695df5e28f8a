"""In what form do facts travel to the workers?

The cost of Kafka and Faust is per message, so facts of one partition travel packed. A pack covers
a stretch of the log, and the packs of a partition cover it without gaps: an empty one says that
there was nothing for this partition. So a worker goes by positions, and never by offsets alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

FACTS_MAX = 500
BYTES_MAX = 262_144
"""Of the bodies in one pack; a fact that is larger by itself has a pack to itself."""


class Packed(NamedTuple):
    """A fact on its way: its row in the log, and whether every partition gets it."""

    position: int
    recorded_at: datetime
    version: int
    shared: bool
    body: bytes


class Pack(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All facts for one partition with ``after`` < position <= ``through``, in order.

    ``epoch`` is the log's; positions of different epochs have nothing to do with each other.
    """

    epoch: str
    after: int
    through: int
    facts: list[Packed]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Pack)


def encode(pack: Pack) -> bytes:
    """Return a pack as the value of a message."""
    return _encoder.encode(pack)


def decode(value: bytes) -> Pack:
    """Return the pack in a message. Raises msgspec.MsgspecError where it holds none."""
    return _decoder.decode(value)


def split(epoch: str, after: int, through: int, facts: Sequence[Packed]) -> list[Pack]:
    """Return the packs that carry these facts: one at least, none of them over the bounds."""
    packs: list[Pack] = []
    load: list[Packed] = []
    size = 0
    for fact in facts:
        if load and (len(load) == FACTS_MAX or size + len(fact.body) > BYTES_MAX):
            packs.append(Pack(epoch, after, load[-1].position, load))
            after, load, size = load[-1].position, [], 0
        load.append(fact)
        size += len(fact.body)
    packs.append(Pack(epoch, after, through, load))
    return packs
