"""Does the runner keep readings up, and what happens when something goes wrong?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from domain.enrolment.facts import LearnerEnrolled
from domain.kernel import Envelope
from domain.streams import REGISTRY
from infra.stores.memory import MemoryStore
from projections.decoding import decode
from projections.enrolment_progress import ENROLMENT
from projections.history import HISTORY
from projections.ports import Changes, Generation, Parked, StoreUnavailable
from projections.progress import PROGRESS
from projections.reading import Key, Reading
from projections.register import READINGS
from streams.runner import track
from streams.runner.runner import Runner
from tests.readings import histories as h
from tests.readings.conftest import Store
from tests.readings.recorded import Recorded, filled, kept_up
from tests.server import eventually

OF = Generation(PROGRESS, 1)
ENROLLED = LearnerEnrolled("audit")


def broken(for_subjects: set[str], name: str = "progress") -> Reading:
    """Return the progress of enrolments with a fold that fails for some learners."""

    def fold(document: Any, envelope: Envelope, key: Key) -> Any:
        if envelope.subject in for_subjects:
            raise ValueError("not today")
        return ENROLMENT.fold(document, envelope, key)

    return PROGRESS._replace(
        name=name, documents=(ENROLMENT._replace(fold=fold),), tallies=(), views=()
    )


def enrolments(store: Store, *subjects: str, of: Generation = OF) -> list[int]:
    """Return the versions that the reading has reached of these learners' enrolments."""
    found = store.load(of, "enrolment", [("main", h.RUN, subject) for subject in subjects])
    return [row.version for _, row in sorted(found.items())]


def parked(*entries: tuple[str, int, str]) -> list[Parked]:
    """Return what must be parked: subject, position, error."""
    return [
        Parked("enrolment", ("main", h.RUN, s), position, error) for s, position, error in entries
    ]


def test_readings_follow_the_log(store: Store) -> None:
    """Everything recorded is taken in, and each reading stands at the head."""
    log = filled([*h.CATALOGUE, (h.enrolment("s1"), ENROLLED)])
    runner = Runner(log, store, store, READINGS, REGISTRY)
    runner.run_until_idle()
    log.add(h.enrolment("s1"), h.submitted())
    runner.run_until_idle()
    runner.stop()
    assert {state.position for state in store.states()} == {6}
    assert enrolments(store, "s1") == [2]


def test_it_follows_in_a_thread_until_it_is_stopped() -> None:
    """A fact recorded later is read without being asked for."""
    log, store = Recorded(), MemoryStore()
    runner = Runner(log, store, store, (PROGRESS,), REGISTRY)
    runner.start()
    try:
        log.add(h.enrolment("s1"), ENROLLED)
        eventually(lambda: store.states() and store.states()[0].position == 1, 10, "taken in")
    finally:
        runner.stop()
    assert not runner.alive


def test_a_new_process_goes_on_where_the_last_one_wrote(store: Store) -> None:
    """A crash between batches loses nothing and doubles nothing."""
    log = filled([(h.enrolment("s1"), ENROLLED), (h.enrolment("s1"), h.submitted())])
    first = Runner(log, store, store, (PROGRESS,), REGISTRY, page_facts=1)
    first.step()
    log.add(h.enrolment("s1"), h.graded("3"))
    kept_up(log, store, PROGRESS).stop()
    whole = MemoryStore()
    kept_up(log, whole, PROGRESS).stop()
    assert store.load(OF, "enrolment", [("main", h.RUN, "s1")]) == whole.load(
        OF, "enrolment", [("main", h.RUN, "s1")]
    )


def test_documents_that_were_let_go_are_loaded_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading with more documents than are kept at hand begins none of them anew."""
    monkeypatch.setattr(track, "DOCUMENTS_KEPT_MAX", 1)
    log = filled((h.enrolment(subject), ENROLLED) for subject in ("s1", "s2"))
    log.add(h.enrolment("s1"), h.submitted())
    kept_up(log, store, PROGRESS, page_facts=1).stop()
    found = store.load(OF, "enrolment", [("main", h.RUN, "s1")])
    assert found["main", h.RUN, "s1"].status == "active"


def test_of_two_processes_on_one_reading_each_fact_counts_once(store: Store) -> None:
    """The one that comes second is fenced off, and goes on from where the other got to."""
    log = filled([(h.enrolment("s1"), ENROLLED)])
    one, other = kept_up(log, store, PROGRESS), kept_up(log, store, PROGRESS)
    for round_ in range(4):
        log.add(h.enrolment("s1"), h.submitted(f"t{round_}", round_ + 1))
        (one, other)[round_ % 2].run_until_idle()
        (other, one)[round_ % 2].run_until_idle()
    assert enrolments(store, "s1") == [5]
    if isinstance(store, MemoryStore):
        assert store.sums(OF, "enrolment_items") == {("main", h.RUN, "s1"): (4, 0, 0, 0, 0, 1, 0)}


def test_a_fact_that_a_fold_cannot_take_is_put_aside_with_what_follows_it(store: Store) -> None:
    """Its key waits from there on, in order; the other keys go on."""
    log = filled([(h.enrolment("s1"), ENROLLED), (h.enrolment("s2"), ENROLLED)])
    kept_up(log, store, PROGRESS).stop()
    log.add(h.enrolment("s1"), h.submitted())
    log.add(h.enrolment("s2"), h.submitted())
    kept_up(log, store, broken({"s1"})).stop()
    log.add(h.enrolment("s1"), h.graded("3"))
    kept_up(log, store, PROGRESS).stop()
    assert store.parked(OF) == parked(("s1", 3, "ValueError: not today"), ("s1", 5, ""))
    assert enrolments(store, "s1", "s2") == [1, 2]


def test_what_was_put_aside_is_taken_in_order_when_it_is_retried(store: Store) -> None:
    """Retried after the fold was mended, it is as if it had never failed; twice is once."""
    log = filled([(h.enrolment("s1"), ENROLLED), (h.enrolment("s1"), h.submitted())])
    kept_up(log, store, broken({"s1"})).stop()
    request = store.ask("progress", "retry")
    kept_up(log, store, PROGRESS).stop()
    assert store.result(request) == "2 of 2 facts put aside were taken in"
    assert (store.parked(OF), enrolments(store, "s1")) == ([], [2])
    again = store.ask("progress", "retry")
    kept_up(log, store, PROGRESS).stop()
    assert store.result(again) == "0 of 0 facts put aside were taken in"
    assert enrolments(store, "s1") == [2]


def test_a_retry_that_fails_again_leaves_everything_aside(store: Store) -> None:
    """Nothing is lost by trying."""
    log = filled([(h.enrolment("s1"), ENROLLED), (h.enrolment("s1"), h.submitted())])
    kept_up(log, store, broken({"s1"})).stop()
    before = store.parked(OF)
    request = store.ask("progress", "retry")
    kept_up(log, store, broken({"s1"})).stop()
    assert store.result(request) == "0 of 2 facts put aside were taken in"
    assert store.parked(OF) == before


def test_a_body_that_cannot_be_read_is_put_aside_with_its_stream(store: Store) -> None:
    """Other streams go on, and facts that no reading names are never looked at."""
    log = filled([(h.enrolment("s1"), ENROLLED)])
    good = log.rows[0].body
    log.store(good.replace(b'"mode":"audit"', b'"mode":7'), 2)
    log.store(b'{"type":"BankAccount.Opened","topic":"elsewhere"}')
    log.store(good.replace(b"LearnerEnrolled", b"SomethingElse"))
    log.add(h.enrolment("s2"), ENROLLED)
    kept_up(log, store, PROGRESS).stop()
    stream = ("~stream", f"main/{h.enrolment('s1')}")
    found = [(one.documents, one.key, one.position) for one in store.parked(OF)]
    assert ("enrolment", stream, 2) in found
    assert {at for _, key, at in found if key != stream} == {3}
    assert enrolments(store, "s1", "s2") == [1, 1]
    log.add(h.enrolment("s1"), h.submitted())
    kept_up(log, store, PROGRESS).stop()
    assert [one.position for one in store.parked(OF) if one.key == stream] == [2, 6]
    assert enrolments(store, "s1", "s2") == [1, 1]


def test_a_reading_that_fails_stops_alone_and_says_why() -> None:
    """The others go on; it goes on by itself when it can."""

    class Refusing(MemoryStore):
        refuse = True

        def apply(self, of: Generation, expected_position: int, changes: Changes) -> None:
            if self.refuse and of.reading.name == "progress":
                raise ValueError("no room")
            super().apply(of, expected_position, changes)

    log, store = filled([(h.enrolment("s1"), ENROLLED)]), Refusing()
    runner = kept_up(log, store, PROGRESS, HISTORY)
    states = {state.name: state for state in store.states()}
    assert states["progress"].error == "ValueError: no room"
    assert (states["progress"].position, states["history"].position) == (0, 1)
    store.refuse = False
    eventually(lambda: runner.step() and store.states()[1].position == 1, 10, "it goes on")
    assert [state.error for state in store.states()] == [None, None]


def test_a_log_that_is_away_is_waited_for() -> None:
    """The runner says so, and goes on when it is back."""
    log, store = filled([(h.enrolment("s1"), ENROLLED)]), MemoryStore()
    log.away = True
    runner = Runner(log, store, store, (PROGRESS,), REGISTRY)
    with pytest.raises(StoreUnavailable):
        runner.step()
    log.away = False
    runner.run_until_idle()
    assert store.states()[0].position == 1


def test_a_reading_of_another_epoch_is_rebuilt_and_not_continued(store: Store) -> None:
    """Positions of another epoch mean other facts."""
    log = filled([(h.enrolment("lost"), ENROLLED)] * 3)
    kept_up(log, store, PROGRESS).stop()
    other = filled([(h.enrolment("s1"), ENROLLED)])
    other.name = "second"
    kept_up(other, store, PROGRESS).stop()
    (state,) = store.states()
    assert (state.generation, state.position, state.epoch) == (2, 1, "second")
    assert enrolments(store, "lost", "s1", of=Generation(PROGRESS, 2)) == [1]


def test_a_raised_version_is_rebuilt_beside_and_takes_over(store: Store) -> None:
    """The next version begins from nothing."""
    log = filled([(h.enrolment("s1"), ENROLLED)])
    kept_up(log, store, PROGRESS).stop()
    kept_up(log, store, PROGRESS._replace(version=PROGRESS.version + 1)).stop()
    assert [(s.generation, s.version, s.live, s.position) for s in store.states()] == [
        (2, PROGRESS.version + 1, True, 1)
    ]


def test_an_interrupted_rebuild_begins_anew(store: Store) -> None:
    """What it had filled is dropped, and the result is the same."""
    log = filled((h.enrolment(f"s{n}"), ENROLLED) for n in range(6))
    kept_up(log, store, PROGRESS).stop()
    request = store.ask("progress", "rebuild")
    interrupted = Runner(log, store, store, (PROGRESS,), REGISTRY, page_facts=2)
    interrupted.step()
    assert [s.live for s in store.states()] == [True, False]
    kept_up(log, store, PROGRESS).stop()
    (state,) = store.states()
    assert (state.generation, state.position, state.live) == (3, 6, True)
    assert store.result(request) == "rebuilt as generation 3"


def test_a_request_for_an_unknown_reading_is_answered(store: Store) -> None:
    """It does not stay open for ever."""
    request = store.ask("nothing", "rebuild")
    kept_up(Recorded(), store, PROGRESS).stop()
    assert store.result(request) == "there is no reading nothing"


def test_facts_are_decoded_only_where_a_reading_names_them() -> None:
    """A foreign application's facts on the same log cost nothing and break nothing."""
    log = filled([(h.enrolment("s1"), ENROLLED), ("course/AAA", h.COURSE)])
    taken: Iterable[Any] = decode(log.rows, REGISTRY, frozenset({"CourseCreated"}))
    assert [fact.type for fact in taken] == ["CourseCreated"]
