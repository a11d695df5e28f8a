"""What happened to each learner, in order?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from domain.engagement.state import VIEWING
from domain.enrolment.seats import RUN_SEATS
from domain.enrolment.state import ENROLMENT
from domain.kernel import Envelope
from domain.learners.state import LEARNER
from domain.peer_review.state import PEER_POOL
from domain.privacy.state import ERASURE
from projections.cloudevents import run_in
from projections.reading import Documents, Key, Reading, View, columns, names


class Entry(Struct, frozen=True, gc=False):
    """One fact about a learner; the log holds what it says."""

    subject: str
    position: int
    run: str | None
    type: str
    stream: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str


def fold(document: Entry | None, envelope: Envelope, key: Key) -> Entry:
    """Note the fact."""
    return document or Entry(
        key[0],
        key[1],
        run_in(envelope.stream),
        envelope.type,
        envelope.stream,
        envelope.occurred_at,
        envelope.recorded_at,
        envelope.actor,
    )


def keys(envelope: Envelope) -> Iterable[Key]:
    """Subject and position; nothing for a fact that is nobody's."""
    subject = envelope.subject
    return ((subject, envelope.position),) if subject is not None else ()


HISTORY = Reading(
    name="history",
    version=4,
    documents=(
        Documents(
            name="entry",
            row=Entry,
            key=("subject", "position"),
            facts=names(*ENROLMENT.facts, *VIEWING.facts, *RUN_SEATS.facts, *PEER_POOL.facts)
            | names(*LEARNER.facts, *ERASURE.facts),
            keys=keys,
            fold=fold,
            write_once=True,
            indexes=("(position) where type = 'ErasureRequested'",),
        ),
    ),
    views=(
        View(
            "history",
            columns(Entry),
            "{entry}",
            analysts=("subject", "position", "run", "type", "occurred_at", "recorded_at"),
        ),
    ),
)
