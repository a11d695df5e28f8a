"""Who waits for a seat of a full run, and what came of it?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.enrolment.facts import (
    SeatOffered,
    SeatOfferLapsed,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from domain.kernel import Envelope, stream_ids
from projections.reading import Documents, Key, names


class Waiting(Struct, frozen=True, gc=False):
    """One learner on the waitlist of a run, the last time that they joined it.

    ``status`` is waiting, offered, enrolled (they took the seat), lapsed or left. Who joined at the
    lowest position is first. ``expires`` is until when the seat is held.
    """

    run: str
    subject: str
    status: str = "waiting"
    mode: str | None = None
    joined_at: datetime | None = None
    joined_position: int = 0
    offered_at: datetime | None = None
    expires: datetime | None = None
    ended_at: datetime | None = None
    position: int = 0


def fold(old: Waiting | None, envelope: Envelope, key: Key) -> Waiting | None:
    """Take one fact of the run's seats in; who never waited has no document."""
    at, position = envelope.occurred_at, envelope.position
    known = old or Waiting(key[0], key[1])
    match envelope.fact:
        case WaitlistJoined(mode=mode):
            return Waiting(
                key[0],
                key[1],
                mode=mode,
                joined_at=at,
                joined_position=position,
                position=position,
            )
        case SeatOffered(expires=expires):
            return replace(
                known, status="offered", offered_at=at, expires=expires, position=position
            )
        case SeatTaken():
            if old is None or old.status not in ("waiting", "offered"):
                return old
            return replace(old, status="enrolled", ended_at=at, position=position)
        case SeatOfferLapsed():
            return replace(known, status="lapsed", ended_at=at, position=position)
        case WaitlistLeft():
            return replace(known, status="left", ended_at=at, position=position)
        case _:
            return old


def keys(envelope: Envelope) -> Iterable[Key]:
    """Run and subject."""
    return ((stream_ids(envelope.stream)[0], envelope.subject),)


WAITING = Documents(
    name="waiting",
    row=Waiting,
    key=("run", "subject"),
    facts=names(WaitlistJoined, WaitlistLeft, SeatOffered, SeatOfferLapsed, SeatTaken),
    keys=keys,
    fold=fold,
    indexes=("(subject)", "(run, joined_position) where status in ('waiting', 'offered')"),
)
