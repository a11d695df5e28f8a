"""Does a worker lose nothing and take nothing twice, whatever reaches it?"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.enrolment.facts import LearnerEnrolled
from domain.kernel import Envelope, Fact
from domain.streams import REGISTRY
from infra.stores.memory import MemoryStore
from projections.enrolment_progress import ENROLMENT
from projections.partitions import partition_of
from projections.ports import (
    Changes,
    Generation,
    Move,
    RawFact,
    StalePosition,
    StoreUnavailable,
)
from projections.progress import PROGRESS
from projections.reading import Key
from projections.register import READINGS
from streams import packs
from streams.faust.worker import Arrived, NotMade, Worker
from streams.runner.keeper import Keeper
from tests.readings import histories as h
from tests.readings.recorded import Recorded, filled, kept_up
from tests.workers.packed import TOPIC, arrived, contents, made, pack, positions, worker

ENROLLED = LearnerEnrolled("audit")
SUBJECTS = [f"s{n}" for n in range(8)]
History = list[tuple[str, Fact]]
N = 3


def busy(rounds: int = 3) -> Recorded:
    """A course in which every learner enrols, submits and is graded a few times."""
    facts: History = list(h.CATALOGUE)
    facts += [(h.enrolment(s), ENROLLED) for s in SUBJECTS]
    for number in range(1, rounds + 1):
        for s in SUBJECTS:
            facts.append((h.enrolment(s), h.submitted(number=number)))
            facts.append((h.enrolment(s), h.graded(str(10 * number))))
    return filled(facts)


def everything(log: Recorded) -> list[Arrived]:
    """Return all partitions' packs, a fact at a time."""
    return [one for n in range(N) for one in arrived(log, n, N, range(len(log.rows)))]


@given(h.histories, st.lists(st.integers(0, 40), max_size=8), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_workers_and_runner_come_to_the_same(
    history: History, cuts: list[int], chance: random.Random
) -> None:
    """However the log is cut, and whatever is lost, repeated or late: every reading of the workers
    equals that of the embedded runner, to the last sum."""
    log = filled(history)
    runner = MemoryStore()
    kept_up(log, runner).stop()
    for reading in READINGS:
        store = made(reading, N)
        keeps = worker(reading, store, log, N)
        for n in range(N):
            sent = arrived(log, n, N, [cut for cut in cuts if cut < len(log.rows)])
            jumbled = [one for one in sent if chance.random() > 0.3]
            jumbled += chance.choices(sent, k=3) if sent else []
            chance.shuffle(jumbled)
            for one in jumbled:
                keeps.take([one])
        keeps.take(everything(log))
        assert set(positions(store, reading)) == {len(log.rows)}
        assert contents(store, reading) == contents(runner, reading)


def test_without_the_position_filter_facts_are_taken_twice() -> None:
    """The control: a worker that believed every pack would count a submission twice."""
    log = busy()

    class Believing(Worker):
        def _take(self, came: Any) -> None:
            self._places = {
                n: place._replace(position=0)
                for n, place in enumerate(self._store.places(PROGRESS.name))
            }
            taken = [pack for messages in came.values() for _, pack in messages]
            for one in taken:
                self._fold({0: [packs_row(fact) for fact in one.facts]})
            folding = self._working()
            moves = [Move(self._store.places(PROGRESS.name)[0], len(log.rows), None)]
            self._store.move(Generation(PROGRESS, 1), moves, folding.changes(0))

    store, good = made(PROGRESS, 1), made(PROGRESS, 1)
    once = arrived(log, 0, 1, [])
    believing = Believing(PROGRESS, store, log, REGISTRY, TOPIC, 1)
    believing.take(once)
    believing.take(once)
    keeps = worker(PROGRESS, good, log, 1)
    keeps.take(once)
    keeps.take(once)
    runner = MemoryStore()
    kept_up(log, runner, PROGRESS).stop()
    assert contents(good, PROGRESS) == contents(runner, PROGRESS)
    assert contents(store, PROGRESS) != contents(runner, PROGRESS)


def packs_row(fact: packs.Packed) -> Any:
    """Return a packed fact as a stored row."""
    return RawFact(fact.position, fact.recorded_at, fact.version, fact.body)


def test_what_no_pack_brought_is_read_from_the_log() -> None:
    """A reading that was put back to nothing comes up again with the next watermark."""
    log, store = busy(), made(PROGRESS, N)
    keeps = worker(PROGRESS, store, log, N)
    head = len(log.rows)
    for n in range(N):
        watermark = packs.encode(packs.Pack(log.name, head, head, []))
        keeps.take([Arrived(n, 70, watermark)])
    runner = MemoryStore()
    kept_up(log, runner, PROGRESS).stop()
    assert contents(store, PROGRESS) == contents(runner, PROGRESS)
    assert keeps.healed == N * head


def test_a_gap_in_the_middle_of_a_batch_is_healed_in_order() -> None:
    """What came before the gap is written before it, what came after it after it."""
    log, store = busy(), made(PROGRESS, N)
    keeps = worker(PROGRESS, store, log, N)
    batch = []
    for n in range(N):
        whole = arrived(log, n, N, range(0, len(log.rows), 4))
        batch += [*whole[:2], *whole[5:]]
    keeps.take(batch)
    runner = MemoryStore()
    kept_up(log, runner, PROGRESS).stop()
    assert contents(store, PROGRESS) == contents(runner, PROGRESS)


def test_packs_of_another_epoch_are_passed_over() -> None:
    """Their positions mean other facts. The generation of the new epoch takes them."""
    log, store = busy(), made(PROGRESS, 1, "second")
    keeps = worker(PROGRESS, store, log, 1)
    keeps.take(arrived(log, 0, 1, []))
    assert positions(store, PROGRESS) == [0]
    log.name = "second"
    keeps.take(arrived(log, 0, 1, []))
    assert positions(store, PROGRESS) == [len(log.rows)]


def test_a_worker_goes_on_from_where_the_reading_is() -> None:
    """The offset is stored with the position, and asked for when partitions are assigned."""
    log, store = busy(), made(PROGRESS, N)
    keeps = worker(PROGRESS, store, log, N)
    sent = arrived(log, 1, N, range(10))
    keeps.take(sent[:6])
    other = Worker(PROGRESS, store, log, REGISTRY, TOPIC, N)
    assert other.assign([0, 1]) == {1: 6}
    assert Worker(PROGRESS, store, log, REGISTRY, "another", N).assign([0, 1]) == {}


def test_a_worker_that_was_overtaken_writes_nothing_of_its_own() -> None:
    """Two that believe to have one partition: each fact counts once all the same."""
    log, store = busy(), made(PROGRESS, 1)
    one, two = worker(PROGRESS, store, log, 1), worker(PROGRESS, store, log, 1)
    sent = arrived(log, 0, 1, range(0, len(log.rows), 3))
    for at, message in enumerate(sent):
        (one, two)[at % 2].take([message])
        (two, one)[at % 2].take([message])
    runner = MemoryStore()
    kept_up(log, runner, PROGRESS).stop()
    assert contents(store, PROGRESS) == contents(runner, PROGRESS)


def test_there_must_be_a_generation_that_fits() -> None:
    """None yet, one of another version, or one in another number of partitions: the worker waits,
    and a message that came meanwhile is not lost."""
    log = busy()
    store = MemoryStore()
    keeps = worker(PROGRESS, store, log, 1)
    with pytest.raises(NotMade):
        keeps.take(arrived(log, 0, 1, []))
    old = PROGRESS._replace(version=PROGRESS.version - 1)
    assert store.create(old, log.name, 1).live
    with pytest.raises(NotMade):
        keeps.take(arrived(log, 0, 1, []))
    two = made(PROGRESS, 2)
    with pytest.raises(NotMade):
        worker(PROGRESS, two, log, 1).take(arrived(log, 0, 1, []))


def test_nothing_is_written_while_the_store_or_the_log_is_away() -> None:
    """The same messages are given again when they are back."""
    log, store = busy(), made(PROGRESS, 1)
    keeps = worker(PROGRESS, store, log, 1)
    sent = arrived(log, 0, 1, [5])
    log.away = True
    with pytest.raises(StoreUnavailable):
        keeps.take(sent[1:])  # the gap before it cannot be read
    assert positions(store, PROGRESS) == [0]
    log.away = False
    keeps.take(sent[1:])
    runner = MemoryStore()
    kept_up(log, runner, PROGRESS).stop()
    assert contents(store, PROGRESS) == contents(runner, PROGRESS)


def test_a_log_that_ends_before_what_was_packed_is_waited_for() -> None:
    """A standby that lags, as it may be: what it has is taken in, and nothing is passed over."""
    log, store = busy(), made(PROGRESS, 1)
    keeps = worker(PROGRESS, store, log, 1)
    sent = arrived(log, 0, 1, [5])
    log.rows, rows = log.rows[:3], log.rows
    with pytest.raises(StoreUnavailable, match="the log ends before position 5"):
        keeps.take(sent[1:])
    assert positions(store, PROGRESS) == [3]
    log.rows = rows
    keeps.take(sent[1:])
    runner = MemoryStore()
    kept_up(log, runner, PROGRESS).stop()
    assert contents(store, PROGRESS) == contents(runner, PROGRESS)


def poisoned(subjects: set[str]) -> Any:
    """Return the progress of enrolments with a fold that fails for some learners."""

    def fold(document: Any, envelope: Envelope, key: Key) -> Any:
        if envelope.subject in subjects:
            raise ValueError("not today")
        return ENROLMENT.fold(document, envelope, key)

    return PROGRESS._replace(documents=(ENROLMENT._replace(fold=fold),), tallies=(), views=())


@pytest.mark.parametrize("first", [True, False], ids=["the first fact", "in the middle"])
def test_a_poison_fact_is_put_aside_with_its_key_and_mended(first: bool) -> None:
    """The others go on; when the code is mended, a retry beside the worker takes it in, and the
    worker notices before it writes the next."""
    poison = {SUBJECTS[0] if first else SUBJECTS[4]}
    bad, good = poisoned(poison), poisoned(set())
    log, store = busy(), made(bad, N)
    keeps = worker(bad, store, log, N)
    keeps.take(everything(log))
    assert {one.key[2] for one in store.parked(Generation(bad, 1))} == poison
    assert len(store.rows(Generation(bad, 1), "enrolment")) == len(SUBJECTS) - 1
    mended = worker(good, store, log, N)
    mended.take(everything(log))
    request = store.ask("progress", "retry")
    keeper = Keeper(log, store, store, [good], REGISTRY, N)
    keeper.run_until_idle()
    keeper.stop()
    assert store.result(request) == "7 of 7 facts put aside were taken in"
    for subject in SUBJECTS:
        log.add(h.enrolment(subject), h.submitted(number=9))
    mended.take(everything(log))
    runner = MemoryStore()
    kept_up(log, runner, good).stop()
    assert store.parked(Generation(good, 1)) == []
    assert contents(store, good) == contents(runner, good)


def test_a_retry_from_a_place_that_was_left_is_refused() -> None:
    """The fence of a partition: position and revision, both."""
    log, store = busy(), made(PROGRESS, 1)
    place = store.places("progress")[0]
    worker(PROGRESS, store, log, 1).take(arrived(log, 0, 1, []))
    with pytest.raises(StalePosition):
        store.move(Generation(PROGRESS, 1), [Move(place, 0, None)], Changes(0))
    now = store.places("progress")[0]
    other = now._replace(revision=now.revision + 1)
    with pytest.raises(StalePosition):
        store.move(Generation(PROGRESS, 1), [Move(other, 99, None)], Changes(99))


def test_a_rebuild_takes_over_beside_working_workers() -> None:
    """The keeper fills the new generation from the log; workers go on with it from its place."""
    log, store = busy(), made(PROGRESS, N)
    keeps = worker(PROGRESS, store, log, N)
    keeps.take(everything(log))
    request = store.ask("progress", "rebuild")
    keeper = Keeper(log, store, store, [PROGRESS], REGISTRY, N)
    keeper.run_until_idle()
    keeper.stop()
    assert store.result(request) == "rebuilt as generation 2"
    for subject in SUBJECTS:
        log.add(h.enrolment(subject), h.submitted(number=9))
    for n in range(N):
        message = packs.encode(pack(log, n, N, len(log.rows) - 2, len(log.rows)))
        keeps.take([Arrived(n, 99, message)])
    runner = MemoryStore()
    kept_up(log, runner, PROGRESS).stop()
    assert positions(store, PROGRESS) == [len(log.rows)] * N
    assert contents(store, PROGRESS, 2) == contents(runner, PROGRESS)


def test_a_new_version_takes_over_from_workers_of_the_old_code() -> None:
    """Those go on until it does, and from then on wait to be replaced; new ones wait until then."""
    log, store = busy(), made(PROGRESS, N)
    raised = PROGRESS._replace(version=PROGRESS.version + 1)
    old, new = worker(PROGRESS, store, log, N), worker(raised, store, log, N)
    old.take(everything(log))
    with pytest.raises(NotMade):
        new.take(everything(log))
    keeper = Keeper(log, store, store, [raised], REGISTRY, N)
    keeper.run_until_idle()
    keeper.stop()
    for subject in SUBJECTS:
        log.add(h.enrolment(subject), h.submitted(number=9))
    with pytest.raises(NotMade):
        old.take(everything(log))
    new.take(everything(log))
    runner = MemoryStore()
    kept_up(log, runner, raised).stop()
    assert positions(store, raised) == [len(log.rows)] * N
    assert contents(store, raised, 2) == contents(runner, raised)


def test_an_idle_worker_notices_another_generation() -> None:
    """With its heartbeat, before any fact comes."""
    log, store = busy(), made(PROGRESS, 1)
    keeps = worker(PROGRESS, store, log, 1)
    keeps.take(arrived(log, 0, 1, []))
    assert keeps.positions() == {0: len(log.rows)}
    beside = store.create(PROGRESS, log.name, 1)
    store.apply(Generation(PROGRESS, beside.generation), 0, Changes(len(log.rows)))
    store.promote(Generation(PROGRESS, beside.generation))
    keeps.beat()
    assert keeps.positions() == {}
    assert keeps.head == len(log.rows)


def test_the_partitions_of_a_reading_are_disjoint() -> None:
    """Every learner is in one partition, and all of them are used."""
    used = {partition_of(f"learner-{n}", 8) for n in range(500)}
    assert used == set(range(8))
