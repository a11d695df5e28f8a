"""What happened to each learner, in order?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from domain.assessment.facts import SubmissionReceived
from domain.credentials.facts import CertificateIssued, CertificateRevoked
from domain.engagement.facts import ItemCompleted, ItemViewed, VideoWatched
from domain.enrolment.facts import (
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    SeatReleased,
    SeatTaken,
)
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
    ResultTransferred,
    SubmissionGraded,
)
from domain.kernel import Envelope
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
        envelope.stream.split("/")[2],
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
    version=1,
    documents=(
        Documents(
            name="entry",
            row=Entry,
            key=("subject", "position"),
            facts=names(LearnerEnrolled, LearnerWithdrawn, EnrolmentTransferred)
            | names(SeatTaken, SeatReleased, ItemViewed, VideoWatched, ItemCompleted)
            | names(SubmissionReceived, SubmissionGraded, ResultTransferred, CourseGradeComputed)
            | names(CoursePassed, CourseFailed, OutcomeRecorded)
            | names(CertificateIssued, CertificateRevoked),
            keys=keys,
            fold=fold,
            write_once=True,
        ),
    ),
    views=(View("history", columns(Entry), "{entry}"),),
)
