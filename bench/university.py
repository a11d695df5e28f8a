"""Which facts does a university of a given size record? The same ones every time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from struct import Struct
from uuid import UUID

import psycopg

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import ContentVersionPublished, CourseCreated, Item, RunScheduled
from domain.credentials.facts import CertificateIssued
from domain.engagement.facts import ItemViewed, VideoWatched
from domain.enrolment.facts import LearnerEnrolled
from domain.grading.facts import OutcomeRecorded, SubmissionGraded
from domain.kernel import Envelope, Fact
from domain.streams import REGISTRY
from projections.ports import RawFact

RUNS = 20
ITEMS_PER_RUN = 120
ROUNDS = 9
"""Rounds of submit, grade, watch in which all learners take part, one after another."""
FACTS_PER_LEARNER = 1 + 3 * ROUNDS + 3
STARTS = datetime(2013, 10, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

COPIED_FACTS_MAX = 20_000
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HEADER, _TRAILER, _NULL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff", b"\xff\xff\xff\xff"
_FIXED = Struct(">hiqiqii")
"""So many columns, then the first three of them, each after its length."""
_COPY = (
    "copy log.facts (position, recorded_at, version, stream, type, tenant, subject, body)"
    " from stdin (format binary)"
)


def facts(count: int) -> Iterator[tuple[str, str | None, Fact]]:
    """Yield so many facts, or a few more, each with its stream and subject, in order of time."""
    yield from _catalogue()
    learners = [(f"R{n % RUNS:02}-2013J", f"s{n}") for n in range(count // FACTS_PER_LEARNER + 1)]
    for run, subject in learners:
        yield f"main/enrolment/{run}/{subject}", subject, LearnerEnrolled("audit")
    for round_ in range(ROUNDS):
        for n, (run, subject) in enumerate(learners):
            enrolment, item = f"main/enrolment/{run}/{subject}", f"i{round_}"
            late = 3_600 if (n + round_) % 7 == 0 else 0
            yield enrolment, subject, SubmissionReceived(item, "1", 1, 1, STARTS, late)
            raw = str((n * 37 + round_ * 11) % 101)
            yield enrolment, subject, SubmissionGraded(item, "1", raw, "100", "grader")
            start = (round_ // 3) * 60_000
            watched = VideoWatched("v0", start, start + 60_000, start, start + 60_000, "1", "s")
            yield f"main/viewing/{run}/{subject}", subject, watched
    for run, subject in learners:
        enrolment = f"main/enrolment/{run}/{subject}"
        yield enrolment, subject, ItemViewed("p0")
        yield enrolment, subject, OutcomeRecorded("pass")
        certificate = CertificateIssued(f"c-{subject}", run[:3], "audit", "board", "pass", None)
        yield enrolment, subject, certificate


def _catalogue() -> Iterator[tuple[str, str | None, Fact]]:
    items = [Item(f"i{n}", "assignment", f"Essay {n}") for n in range(ITEMS_PER_RUN)]
    items += [Item("v0", "video", "Welcome", duration_ms=600_000), Item("p0", "page", "Read me")]
    for n in range(RUNS):
        course, run = f"R{n:02}", f"R{n:02}-2013J"
        ends = STARTS + timedelta(days=240)
        scheduled = RunScheduled(
            run, course, run, STARTS, ends, None, None, None, ("audit",), ("audit",)
        )
        yield f"main/course/{course}", None, CourseCreated(course, f"Course {n}")
        yield f"main/run/{run}", None, scheduled
        yield f"main/run-content/{run}", None, ContentVersionPublished(run, 1, tuple(items))


def envelopes(count: int) -> Iterator[Envelope]:
    """Yield exactly so many facts as they stand in the log."""
    return enveloped(islice(facts(count), count))


def enveloped(facts: Iterable[tuple[str, str | None, Fact]]) -> Iterator[Envelope]:
    """Yield facts, each with its stream and subject, as they stand in a log of their own."""
    versions: defaultdict[str, int] = defaultdict(int)
    for position, (stream, subject, fact) in enumerate(facts, 1):
        versions[stream] += 1
        at, id_ = STARTS + position * SECOND, str(UUID(int=position))
        yield Envelope(
            position,
            at,
            versions[stream],
            stream,
            id_,
            type(fact).__name__,
            fact.schema,
            at,
            "main",
            subject,
            "bench",
            id_,
            id_,
            None,
            fact,
        )


def stored(page: Sequence[Envelope]) -> tuple[list[RawFact], bytes]:
    """Return facts as rows to read, and as a binary COPY into the log's table."""
    rows = [RawFact(e.position, e.recorded_at, e.version, REGISTRY.encode(e)) for e in page]
    parts = [_HEADER]
    for e, row in zip(page, rows, strict=True):
        recorded = (e.recorded_at - _EPOCH) // timedelta(microseconds=1)
        parts.append(_FIXED.pack(8, 8, e.position, 8, recorded, 4, e.version))
        texts = (e.stream, e.type, e.tenant, e.subject)
        parts += [_NULL if text is None else _sized(text.encode()) for text in texts]
        parts.append(_sized(row.body))
    return rows, b"".join((*parts, _TRAILER))


def load(dsn: str, count: int) -> int:
    """Fill an empty log with so many facts. Returns how many bytes their bodies have."""
    return fill(dsn, envelopes(count))[1]


def fill(dsn: str, log: Iterator[Envelope]) -> tuple[int, int]:
    """Fill an empty log. Returns how many facts it has then, and how many bytes their bodies."""
    count = size = 0
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        while page := list(islice(log, COPIED_FACTS_MAX)):
            rows, data = stored(page)
            count += len(rows)
            size += sum(len(row.body) for row in rows)
            with cursor.copy(_COPY) as copy:
                copy.write(data)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze log.facts")
        connection.execute("checkpoint")
    return count, size


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data
