"""Do readings that share a process lose nothing, and does none of them hold up the others?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from infra.stores.memory import MemoryStore
from projections.ports import Bookmark, Changes, Generation, Move, StoreUnavailable
from projections.reading import Reading
from projections.register import READINGS
from streams.faust import together
from streams.faust.together import Together
from streams.faust.worker import Arrived
from tests.readings import histories as h
from tests.readings.recorded import Recorded, kept_up
from tests.workers.packed import TOPIC, arrived, contents, made, positions, worker
from tests.workers.test_worker import ENROLLED, SUBJECTS, N, busy, everything

BY_NAME = {reading.name: reading for reading in READINGS}
PROGRESS, HISTORY = BY_NAME["progress"], BY_NAME["history"]


class Away(MemoryStore):
    """A store that cannot be written to so many times."""

    times = 0

    def move(self, of: Generation, moves: Any, changes: Changes) -> None:
        """Move a reading, or fail."""
        if self.times > 0:
            self.times -= 1
            raise StoreUnavailable("the store is away")
        super().move(of, moves, changes)


def away(reading: Reading) -> Away:
    """Return such a store with an empty live generation."""
    store = Away()
    store.create(reading, "first", N)
    return store


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for nothing that takes time."""
    monkeypatch.setattr(together, "RETRY_SECONDS", 0)


def assert_whole(log: Recorded, stores: Iterable[tuple[Reading, MemoryStore]]) -> None:
    """Each reading is what the embedded runner makes of the log."""
    runner = MemoryStore()
    kept_up(log, runner).stop()
    for reading, store in stores:
        assert set(positions(store, reading)) == {len(log.rows)}, reading.name
        assert contents(store, reading) == contents(runner, reading), reading.name


def test_all_readings_from_the_same_messages() -> None:
    """Each comes to what it comes to alone."""
    log = busy()
    stores = [made(reading, N) for reading in READINGS]
    all_of_them = Together(
        [worker(one, store, log, N) for one, store in zip(READINGS, stores, strict=True)]
    )
    sent = everything(log)
    for at in range(0, len(sent), 7):
        all_of_them.take(sent[at : at + 7])
    assert_whole(log, zip(READINGS, stores, strict=True))
    assert all_of_them.fault() is None


def test_who_has_no_generation_stops_nobody_and_heals_later() -> None:
    """A reading of a new version that is still being made: the others go on, the probe tells, and
    the next beat takes in what was missed, though nothing more comes."""
    log = busy()
    ready, late = made(HISTORY, N), MemoryStore()
    both = Together([worker(PROGRESS, late, log, N), worker(HISTORY, ready, log, N)])
    for one in everything(log):
        both.take([one])
    assert_whole(log, [(HISTORY, ready)])
    assert both.doing().startswith("2 readings, progress waits: progress has no live generation")
    both.beat()
    assert late.places(PROGRESS.name) == []
    late.create(PROGRESS, log.name, N)
    both.beat()
    assert_whole(log, [(HISTORY, ready), (PROGRESS, late)])
    assert both.doing() == f"2 readings, partitions 0-{N - 1}: 0 behind at {len(log.rows)}"


def test_a_batch_that_takes_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """How far the log is was looked up before it, so the lag alone would say that all is well."""
    monkeypatch.setattr(together, "TELL_BUSY_SECONDS", 0.0)
    log, said = busy(), list[str]()

    class Slow(MemoryStore):
        def move(self, of: Generation, moves: Any, changes: Changes) -> None:
            said.append(alone.doing())
            super().move(of, moves, changes)

    store = Slow()
    store.create(HISTORY, log.name, N)
    alone = Together([worker(HISTORY, store, log, N)])
    alone.take(everything(log))
    assert said[0].endswith(" behind at 0, at one batch for 0 s")
    assert "batch" not in alone.doing()


def test_one_store_that_is_away_stops_nobody_else() -> None:
    """The next batch brings it up, in the order of the log."""
    log = busy()
    gone, there = away(PROGRESS), made(HISTORY, N)
    both = Together([worker(PROGRESS, gone, log, N), worker(HISTORY, there, log, N)])
    sent = everything(log)
    gone.times = 3
    for at in range(0, len(sent), 10):
        both.take(sent[at : at + 10])
    assert gone.times == 0
    assert_whole(log, [(PROGRESS, gone), (HISTORY, there)])


def test_while_all_stores_are_away_the_batch_waits() -> None:
    """Nothing that came is passed over: what was given is taken in before ``take`` returns."""
    log = busy()
    stores = [away(PROGRESS), away(HISTORY)]
    both = Together(
        [worker(PROGRESS, stores[0], log, N), worker(HISTORY, stores[1], log, N)],
    )
    for store in stores:
        store.times = 4
    both.take(everything(log))
    assert [store.times for store in stores] == [0, 0]
    assert_whole(log, zip((PROGRESS, HISTORY), stores, strict=True))


def test_who_is_left_behind_for_long_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe says which, and why, until it has caught up."""
    log = busy()
    gone, there = away(PROGRESS), made(HISTORY, N)
    both = Together([worker(PROGRESS, gone, log, N), worker(HISTORY, there, log, N)])
    gone.times = 1
    both.take(everything(log))
    assert both.fault() is None
    monkeypatch.setattr(together, "BEHIND_SECONDS_MAX", 0.0)
    assert both.fault() == "progress: the store is away"
    both.beat()
    assert both.fault() is None


def test_they_go_on_from_who_is_furthest_behind() -> None:
    """Of a partition for which one of them knows no offset, from what the others know."""
    log = busy()
    stores = {reading.name: made(reading, N) for reading in (PROGRESS, HISTORY)}
    for name, partition, offset in (("progress", 0, 9), ("history", 0, 4), ("history", 1, 6)):
        place = stores[name].places(name)[partition]
        move = Move(place, 1, Bookmark(TOPIC, offset))
        stores[name].move(Generation(BY_NAME[name], 1), [move], Changes(1))
    both = Together(
        [worker(reading, stores[reading.name], log, N) for reading in (PROGRESS, HISTORY)]
    )
    assert both.assign(range(N)) == {0: 5, 1: 7}
    assert both.doing().startswith("2 readings, ")


def test_what_was_missed_is_forgotten_with_the_partition() -> None:
    """Whoever has it now takes it in; here nothing is tried with it any more."""
    log = busy()
    gone, there = away(PROGRESS), made(HISTORY, N)
    both = Together([worker(PROGRESS, gone, log, N), worker(HISTORY, there, log, N)])
    gone.times = 1
    both.take(everything(log))
    both.assign([1])
    both.beat()
    assert positions(gone, PROGRESS) == [0] * N
    for subject in SUBJECTS:
        log.add(h.enrolment(subject), ENROLLED)
    both.take([one for one in _latest(log) if one.partition == 1])
    assert positions(gone, PROGRESS)[1] == len(log.rows)


def _latest(log: Recorded) -> list[Arrived]:
    return [arrived(log, n, N, [len(log.rows) - 1])[-1] for n in range(N)]
