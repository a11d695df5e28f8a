"""What would become of facts with a worker that is not as ours is?

``python -m tests.cluster.odd KIND PORT [mortal]`` keeps up a copy of the analytics on real engines,
as the settings in its environment say. A ``hasty`` worker acknowledges before it writes, a
``believing`` one takes whatever comes, a ``failing`` one cannot take the facts of some learners,
and any other is ours. The process of a ``mortal`` one dies again and again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from domain.kernel import Envelope
from domain.streams import REGISTRY
from infra.compose.stores import address
from infra.log.reader import PostgresLogReader
from infra.process import LOST, run
from infra.settings.loading import load
from infra.stores.postgres import PostgresStore
from infra.web.probe import probe
from projections.analytics import ANALYTICS
from projections.ports import Bookmark, Changes, Generation, Move, RawFact
from projections.reading import Documents, Key, Reading
from streams import topics
from streams.faust.app import ReadingApp
from streams.faust.together import Together
from streams.faust.worker import Worker

MOVES_A_LIFE = 9
"""An odd number: that of a hasty worker's is an acknowledgement."""
POISONED = frozenset({"s0", "s21"})
"""Learners of ``tests.relay.load``: the first of these is whom the very first fact is about."""


class Dying(PostgresStore):
    """A store whose process dies right after one of its moves, before anybody has heard of it."""

    left = MOVES_A_LIFE

    def move(self, of: Generation, moves: Sequence[Move], changes: Changes) -> None:
        """Move, and die if it is time."""
        super().move(of, moves, changes)
        self.left -= 1
        if not self.left:
            os._exit(LOST)


class Hasty(Worker):
    """Acknowledges first, and writes afterwards."""

    def _move(self, moves: Mapping[int, Move]) -> None:
        of = Generation(self.reading, self._places[next(iter(moves))].generation)
        self._store.move(of, list(moves.values()), Changes(0))
        there = {
            number: move._replace(place=move.place._replace(position=move.position))
            for number, move in moves.items()
        }
        super()._move(there)


class Believing(Worker):
    """Takes in whatever comes, wherever its reading is."""

    def _take(self, came: Any) -> None:
        for number, messages in came.items():
            for offset, pack in messages:
                place = self._place(number)
                facts = [RawFact(f.position, f.recorded_at, f.version, f.body) for f in pack.facts]
                position = max(place.position, pack.through)
                move = Move(place, position, Bookmark(self._topic, offset))
                self._write({number: facts}, {number: move})


KINDS: dict[str, type[Worker]] = {"hasty": Hasty, "believing": Believing}


def reading(kind: str) -> Reading:
    """Return what such a worker keeps up, under a name of its own."""
    if kind not in ("failing", "mended"):
        return ANALYTICS._replace(name=kind, views=())
    documents = tuple(map(_failing, ANALYTICS.documents)) if kind == "failing" else None
    return ANALYTICS._replace(name="poisoned", views=(), documents=documents or ANALYTICS.documents)


def _failing(documents: Documents[Any]) -> Documents[Any]:
    def fold(document: Any, envelope: Envelope, key: Key) -> Any:
        if envelope.subject in POISONED:
            raise ValueError("not today")
        return documents.fold(document, envelope, key)

    return documents._replace(fold=fold)


def main(kind: str, port: int, mortal: bool) -> None:
    """Keep the reading up in this manner."""
    settings = load({}, os.environ).settings
    mine = reading(kind)
    topic = topics.packs(settings.cluster, settings.partitions)
    dsn = address(settings)
    log = PostgresLogReader(dsn)
    with closing(Dying(dsn) if mortal else PostgresStore(dsn)) as store:
        worker = KINDS.get(kind, Worker)(
            mine,
            store,
            log,
            REGISTRY,
            topic,
            settings.partitions,
        )
        group = f"{settings.cluster}.{mine.name}"
        together = Together([worker])
        app = ReadingApp(together, settings.kafka or "", topic, group, f"{mine.name}-0")
        with probe(settings.host, port, together.fault, together.doing):
            run(app.run())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), "mortal" in sys.argv[3:])
