"""A log in memory, as readings follow it, and short ways to fill it with facts."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.kernel import Envelope, Fact
from domain.streams import REGISTRY
from infra.stores.memory import MemoryStore
from infra.stores.postgres import PostgresStore
from projections.ports import RawFact, StoreUnavailable
from projections.reading import Reading
from projections.register import READINGS
from streams.runner.runner import PAGE_FACTS_MAX, Runner

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Recorded:
    """Implements ``projections.ports.LogReader`` over a list."""

    def __init__(self) -> None:
        self.rows: list[RawFact] = []
        self.envelopes: list[Envelope] = []
        self.name = "first"
        self.away = False
        self._versions: dict[str, int] = defaultdict(int)
        self._grown = threading.Condition()

    def add(self, stream: str, *facts: Fact, at: datetime | None = None) -> Envelope:
        """Record facts on ``kind/ids``, a minute apart unless a time is given."""
        for fact in facts:
            position = len(self.rows) + 1
            name = f"main/{stream}"
            self._versions[name] += 1
            ids = stream.split("/")
            subject = getattr(fact, "subject", ids[2] if len(ids) > 2 else None)
            if ids[0] == "erasure":
                subject = ids[1]
            envelope = Envelope(
                position=position,
                recorded_at=MONDAY + position * MINUTE,
                version=self._versions[name],
                stream=name,
                id=str(UUID(int=position)),
                type=type(fact).__name__,
                schema=fact.schema,
                occurred_at=at or MONDAY + position * MINUTE,
                tenant="main",
                subject=subject,
                actor="tester",
                command_id=str(UUID(int=position)),
                correlation_id=str(UUID(int=position)),
                causation_id=None,
                fact=fact,
            )
            self.envelopes.append(envelope)
            self.store(REGISTRY.encode(envelope), envelope.version)
        return envelope

    def store(self, body: bytes, version: int = 1) -> int:
        """Record a body as it is; returns its position."""
        with self._grown:
            position = len(self.rows) + 1
            self.rows.append(RawFact(position, MONDAY + position * MINUTE, version, body))
            self._grown.notify_all()
        return position

    def page(self, after: int, limit: int) -> Sequence[RawFact]:
        """Return up to ``limit`` facts with a higher position."""
        if self.away:
            raise StoreUnavailable("the log is away")
        return self.rows[after : after + limit]

    def head(self) -> tuple[int, datetime | None]:
        """Return the last position and its time."""
        return (len(self.rows), self.rows[-1].recorded_at) if self.rows else (0, None)

    def epoch(self) -> str:
        """Return the log's epoch."""
        if self.away:
            raise StoreUnavailable("the log is away")
        return self.name

    def wait(self, beyond: int, seconds: float) -> bool:
        """Block until the log holds more."""
        with self._grown:
            return self._grown.wait_for(lambda: len(self.rows) > beyond, seconds)


def filled(facts: Iterable[tuple[str, Fact]]) -> Recorded:
    """Return a log of these facts, each with its stream."""
    log = Recorded()
    for stream, fact in facts:
        log.add(stream, fact)
    return log


def kept_up(
    log: Recorded,
    store: MemoryStore | PostgresStore,
    *readings: Reading,
    page_facts: int = PAGE_FACTS_MAX,
) -> Runner:
    """Return a runner, not started, that has taken the whole log in."""
    runner = Runner(log, store, store, readings or READINGS, REGISTRY, page_facts=page_facts)
    runner.run_until_idle()
    return runner
