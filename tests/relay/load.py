"""Which facts are recorded while a relay is at work?"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from commands.ports import Append, NewFact
from domain.catalogue.facts import CourseCreated
from domain.engagement.facts import ItemViewed
from domain.enrolment.facts import Demographics, LearnerEnrolled, LearnerWithdrawn, SeatTaken
from domain.kernel import Envelope, Fact, Personal
from domain.streams import REGISTRY
from infra.log.postgres import PostgresLog

CANARY = "cGVyc29uYWwgYW5kIHNlYWxlZA"
"""What is sealed in every personal field."""
SUBJECTS = 40
PAUSE_SECONDS = 0.02
FACTS_A_TIME = 10
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
RUN = "AAA-2026"
CATALOGUE_EVERY = 7
CONNECT_SECONDS_MAX = 10


def facts() -> Iterator[tuple[str, str | None, Fact]]:
    """Yield facts without end, each with its stream and subject: of learners, courses and seats."""
    for number in itertools.count():
        subject = f"s{number % SUBJECTS}"
        enrolment = f"main/enrolment/{RUN}/{subject}"
        yield (
            enrolment,
            subject,
            LearnerEnrolled(
                "audit", demographics=Personal[Demographics](sealed=f"{CANARY}{number}")
            ),
        )
        yield enrolment, subject, ItemViewed(f"i{number}")
        yield enrolment, subject, LearnerWithdrawn(Personal[str](sealed=f"{CANARY}{number}"))
        if number % CATALOGUE_EVERY == 0:
            yield f"main/course/C{number}", None, CourseCreated(f"C{number}", "A course")
            yield f"main/run-seats/{RUN}", subject, SeatTaken(subject)


class Recorder:
    """Makes facts ready to be appended, each with the next version of its stream."""

    def __init__(self) -> None:
        self._facts = facts()
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._numbers = itertools.count(1)

    def next(self, count: int) -> tuple[NewFact, ...]:
        """Return the next facts."""
        return tuple(self._new(*fact) for fact in itertools.islice(self._facts, count))

    def _new(self, stream: str, subject: str | None, fact: Fact) -> NewFact:
        self._versions[stream] += 1
        kind, version, id_ = type(fact).__name__, self._versions[stream], self._id()
        body = REGISTRY.encode(
            Envelope(
                0, AT, version, stream, id_, kind, fact.schema, AT, "main", subject, "tester",
                id_, id_, None, fact,
            )
        )  # fmt: skip
        return NewFact(stream, version, kind, "main", subject, body)

    def _id(self) -> str:
        return str(UUID(int=next(self._numbers)))


def record(dsn: str, count: int) -> None:
    """Record so many facts in a fresh log."""

    async def work() -> None:
        async with PostgresLog(dsn, REGISTRY) as log:
            await log.submit(Append(Recorder().next(count)))

    asyncio.run(work())


class Load:
    """Records facts in a thread, some hundred a second, until told to stop."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()))
        self.recorded = 0

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    async def _work(self) -> None:
        recorder = Recorder()
        async with PostgresLog(self._dsn, REGISTRY) as log:
            while not self._stopping.is_set():
                await log.submit(Append(recorder.next(FACTS_A_TIME)))
                self.recorded += FACTS_A_TIME
                await asyncio.sleep(PAUSE_SECONDS)
