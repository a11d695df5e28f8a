"""How fast is the log replayed as typed facts?

Beside it: the ``eventsourcing`` library's subscription to its own PostgreSQL recorder, which yields
the same facts as domain events; and a binary read of the same pages that decodes nothing. One
server, one process, the same facts, in alternating rounds.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.projection import ApplicationSubscription
from eventsourcing.utils import register_topic

from bench.report import Report, median_ratio
from bench.rig import library_environment, server
from bench.university import envelopes, load
from domain.kernel import Envelope
from domain.streams import REGISTRY
from infra.log.reader import PostgresLogReader
from projections.decoding import decode

FACTS, ROUNDS = 300_000, 3
QUICK_FACTS, QUICK_ROUNDS = 60_000, 2
PAGE_FACTS = 5_000
GOALS = {"library": 2.5}
EVENTS_TABLE = "learning_events"
_EVERY_TYPE = frozenset(REGISTRY.types)
_COPY_EVENTS = (
    f"copy {EVENTS_TABLE} (originator_id, originator_version, topic, state, notification_id)"
    " from stdin (format binary)"
)
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)


class Learning(Application[UUID]):
    """Holds the same facts as events of the library's."""

    is_snapshotting_enabled = False


def measure(*, quick: bool) -> Report:
    """Load the facts into both tables, then run the rounds and report medians."""
    count, rounds = (QUICK_FACTS, QUICK_ROUNDS) if quick else (FACTS, ROUNDS)
    rates: dict[str, list[float]] = {"ours": [], "library": [], "raw": []}
    with server() as postgres:
        learning = Learning(env=library_environment(postgres.dsn))
        _load(postgres.dsn, learning, count)
        for _ in range(rounds):
            rates["ours"].append(count / _timed(lambda: _ours(postgres.dsn, count)))
            rates["library"].append(count / _timed(lambda: _library(learning, count)))
            rates["raw"].append(count / _timed(lambda: _raw(postgres.dsn, count)))
        learning.close()
    ratios = {name: median_ratio(rates["ours"], rates[name]) for name in ("library", "raw")}
    figures = {f"{name}_facts_per_second": median(values) for name, values in rates.items()}
    return Report("replay", ratios, GOALS, {"facts": count, **figures})


def _timed(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _ours(dsn: str, count: int) -> None:
    reader = PostgresLogReader(dsn)
    position = 0
    while position < count:
        facts = decode(reader.page(position, PAGE_FACTS), REGISTRY, _EVERY_TYPE)
        assert all(isinstance(fact, Envelope) for fact in facts)
        position = facts[-1].position
    reader.close()


def _library(learning: Learning, count: int) -> None:
    with ApplicationSubscription(learning, gt=0) as followed:
        *_, (_, tracking) = islice(followed, count)
    assert tracking.notification_id == count


def _raw(dsn: str, count: int) -> None:
    reader = PostgresLogReader(dsn)
    position = 0
    while position < count:
        position = reader.page(position, PAGE_FACTS)[-1].position
    reader.close()


def _load(dsn: str, learning: Learning, count: int) -> None:
    """The library's events have a class for each type of facts, and its fields."""
    classes = {name: _event_class(name) for name in REGISTRY.types}
    load(dsn, count)
    facts = envelopes(count)
    with psycopg.connect(dsn, autocommit=True) as connection:
        while page := list(islice(facts, PAGE_FACTS)):
            events = b"".join(_event_row(learning, classes, fact) for fact in page)
            with connection.cursor().copy(_COPY_EVENTS) as copy:
                copy.write(_SIGNATURE + events + struct.pack("!h", -1))
        connection.execute(f"analyze {EVENTS_TABLE}".encode())


def _event_class(name: str) -> type[Any]:
    cls = type(name, (DomainEvent,), {"__module__": __name__, "TOPIC": f"bench:{name}"})
    register_topic(f"bench:{name}", cls)
    return cls


def _event_row(learning: Learning, classes: dict[str, type[Any]], fact: Envelope) -> bytes:
    event = object.__new__(classes[fact.type])
    said = {
        "originator_id": uuid5(NAMESPACE_URL, fact.stream),
        "originator_version": fact.version,
        "timestamp": fact.occurred_at,
        **msgspec.to_builtins(fact.fact),
    }
    object.__setattr__(event, "__dict__", said)
    made = learning.mapper.to_stored_event(event)
    assert isinstance(made.originator_id, UUID)
    fields = (
        made.originator_id.bytes,
        struct.pack("!q", made.originator_version),
        made.topic.encode(),
        made.state,
        struct.pack("!q", fact.position),
    )
    row = b"".join(struct.pack("!i", len(field)) + field for field in fields)
    return struct.pack("!h", len(fields)) + row
