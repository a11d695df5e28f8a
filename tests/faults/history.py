"""Does the log hold what clients were told, all of it, once, and in the order they saw?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import psycopg

from tests.faults.load import History, Span, Stands, Told

PAGE_FACTS = 10_000
OF_A_COMMAND = ["LearnerEnrolled", "SeatTaken"]

_FACTS = (
    "select convert_from(body, 'UTF8')::json ->> 'id', type, position, stream, version, subject"
    " from log.facts order by position"
)


def stored(dsn: str) -> Iterator[tuple[Stands, str | None]]:
    """Yield every fact in the order of the log, with its subject."""
    with psycopg.connect(dsn) as connection, connection.cursor("facts") as cursor:
        cursor.itersize = PAGE_FACTS
        for *where, subject in cursor.execute(_FACTS):
            yield Stands(*where), subject


def assert_each_once(dsn: str, *histories: History) -> None:
    """Check the log against what clients know; no name begins with another.

    Positions and the versions of every stream are dense; every acknowledged command stands where
    its client was told, every command in doubt stands once, no refused one does, and what was
    acknowledged before another command was sent stands in front of that one.
    """
    held = _held(dsn)
    for history in histories:
        sent = history.acknowledged.keys() | history.in_doubt
        assert {key for key in held if key.startswith(history.name)} == sent
        for key in sent:
            assert sorted(fact.type for fact in held[key]) == OF_A_COMMAND, key
        for key, told in history.acknowledged.items():
            assert told.position == max(fact.position for fact in told.facts), key
            assert sorted(told.facts) == sorted(held[key]), key
        assert not history.refused & held.keys()
        assert_in_real_time(history.spans, history.acknowledged)


def _held(dsn: str) -> dict[str, list[Stands]]:
    """Return the facts of every subject, from a log without gaps."""
    held: defaultdict[str, list[Stands]] = defaultdict(list)
    versions: defaultdict[str, int] = defaultdict(int)
    for position, (fact, subject) in enumerate(stored(dsn), 1):
        versions[fact.stream] += 1
        assert (fact.position, fact.version) == (position, versions[fact.stream]), fact
        if subject is not None:
            held[subject].append(fact)
    return held


def assert_in_real_time(spans: dict[str, Span], acknowledged: dict[str, Told]) -> None:
    """Check that no command stands before one that had been acknowledged when it was first sent."""
    by_end = sorted((span.ended, acknowledged[key].position) for key, span in spans.items())
    ended, highest = 0, 0
    for key, span in sorted(spans.items(), key=lambda item: item[1].began):
        while ended < len(by_end) and by_end[ended][0] < span.began:
            highest = max(highest, by_end[ended][1])
            ended += 1
        assert acknowledged[key].position > highest, key
