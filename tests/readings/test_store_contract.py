"""What does every store of readings promise? The same suite for all of them.

Elasticsearch keeps documents only; what is promised of sums is asked of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from infra.stores.tables import FEW_ROWS_MAX
from projections.ports import Changes, Generation, Parked, StalePosition
from tests.readings.conftest import Store, store_in
from tests.readings.sample import FULL, PLAIN, SAMPLE, SUMS, Everything, changes

MANY = FEW_ROWS_MAX + 1


@pytest.fixture(params=["memory", "postgres", "worker", "elasticsearch"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each store in turn, empty."""
    with store_in(request, request.param) as one:
        yield one


@pytest.fixture(params=["memory", "postgres", "worker"])
def store_of_sums(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each store that keeps sums too."""
    with store_in(request, request.param) as one:
        yield one


@pytest.fixture
def of(store: Store) -> Generation:
    """The first generation of the sample."""
    return Generation(SAMPLE, store.create(SAMPLE, "epoch").generation)


def test_rows_come_back_as_they_were_written(store: Store, of: Generation) -> None:
    """Every type, exactly, to the microsecond; unknown keys are absent."""
    store.apply(of, 0, changes(3, PLAIN, FULL))
    found = store.load(of, "thing", [("main", "r", 1), ("main", "r", 2), ("main", "r", 3)])
    assert found == {("main", "r", 1): PLAIN, ("main", "r", 2): FULL}


def test_decimals_keep_their_digits(store_of_sums: Store) -> None:
    """Equal numbers written with different digits in one batch stay apart."""
    of = Generation(SAMPLE, store_of_sums.create(SAMPLE, "epoch").generation)
    kept = [Everything("r", n, exact=Decimal(text)) for n, text in enumerate(("1.5", "1.50"))]
    store_of_sums.apply(of, 0, changes(2, *kept))
    found = store_of_sums.load(of, "thing", [("main", "r", 0), ("main", "r", 1)])
    assert [str(found["main", "r", n].exact) for n in (0, 1)] == ["1.5", "1.50"]


def test_one_key_in_two_tenants_is_two_documents(store: Store, of: Generation) -> None:
    """What one tenant has under a key, another neither reads nor writes over."""
    other = Everything("r", 1, text="theirs")
    theirs = Changes(2, {"thing": {("other", "r", 1): other}}, {"thing": [("other", "r", 1)]})
    store.apply(of, 0, changes(1, PLAIN))
    store.apply(of, 1, theirs)
    keys = [("main", "r", 1), ("other", "r", 1), ("third", "r", 1)]
    assert store.load(of, "thing", keys) == {keys[0]: PLAIN, keys[1]: other}


def test_what_postgres_has_no_character_for_is_replaced(request: pytest.FixtureRequest) -> None:
    """A NUL in a text does not stop the reading."""
    with store_in(request, "postgres") as store:
        of = Generation(SAMPLE, store.create(SAMPLE, "epoch").generation)
        store.apply(of, 0, changes(1, Everything("r", 1, text="a\0b")))
        found = store.load(of, "thing", [("main", "r", 1)])
    assert found["main", "r", 1].text == "a\ufffdb"


def test_a_document_is_replaced_whole(store: Store, of: Generation) -> None:
    """What was there before leaves nothing behind."""
    store.apply(of, 0, changes(1, FULL))
    store.apply(of, 1, changes(2, Everything("r", 2), new=False))
    assert store.load(of, "thing", [("main", "r", 2)]) == {("main", "r", 2): Everything("r", 2)}


def test_a_large_batch_is_as_good_as_a_small_one(store: Store, of: Generation) -> None:
    """Of rows that are new, of rows that are there, and of both."""
    rows = [Everything("r", number, text="first") for number in range(MANY)]
    later = [Everything("r", number, text="later") for number in range(MANY, 2 * MANY)]
    store.apply(of, 0, changes(1, *rows))
    changed = [replace(row, text="second") for row in rows]
    written = {("main", "r", row.number): row for row in (*changed, *later)}
    new = [("main", "r", row.number) for row in later]
    store.apply(of, 1, Changes(2, {"thing": written}, {"thing": new}))
    assert store.load(of, "thing", list(written)) == written


def test_a_batch_is_written_once(store: Store, of: Generation) -> None:
    """The same batch again is stale and changes nothing: position and rows go together."""
    store.apply(of, 0, changes(3, PLAIN))
    with pytest.raises(StalePosition):
        store.apply(of, 0, changes(5, FULL))
    assert [state.position for state in store.states()] == [3]
    assert store.load(of, "thing", [("main", "r", 2)]) == {}


def test_a_batch_with_sums_is_written_once(store_of_sums: Store) -> None:
    """They go together with the position too."""
    summing = SAMPLE._replace(tallies=(SUMS,))
    of = Generation(summing, store_of_sums.create(summing, "epoch").generation)
    once = changes(
        3, PLAIN, deltas={"sums": {("main", "r", date(2013, 10, 1)): (1, Decimal("0.1"))}}
    )
    store_of_sums.apply(of, 0, once)
    with pytest.raises(StalePosition):
        store_of_sums.apply(of, 0, once)
    assert [state.position for state in store_of_sums.states()] == [3]


def test_an_empty_batch_moves_the_position(store: Store, of: Generation) -> None:
    """A stretch of the log without anything for this reading."""
    store.apply(of, 0, Changes(100))
    assert [(s.position, s.live, s.error) for s in store.states()] == [(100, True, None)]


def test_what_is_parked_is_kept_in_order_until_it_is_let_go(store: Store, of: Generation) -> None:
    """By kind, key and position."""
    entries = [
        Parked("thing", ("main", "r", 1), 2, "boom"),
        Parked("thing", ("main", "r", 1), 10, ""),
        Parked("thing", ("~stream", "main/x/y"), 4, "no key"),
    ]
    store.apply(of, 0, changes(10, parked=list(reversed(entries))))
    assert store.parked(of) == entries
    store.apply(of, 10, changes(10, unparked=entries[:2]))
    assert store.parked(of) == entries[2:]


def test_the_first_generation_is_live_and_the_next_waits_beside_it(
    store: Store, of: Generation
) -> None:
    """It is numbered on, begins empty, and takes over when it is promoted."""
    store.apply(of, 0, changes(3, PLAIN))
    state = store.create(SAMPLE, "epoch")
    beside = Generation(SAMPLE, state.generation)
    assert (state.generation, state.live, state.position) == (2, False, 0)
    assert store.load(beside, "thing", [("main", "r", 1)]) == {}
    store.apply(beside, 0, changes(4, FULL))
    store.promote(beside)
    assert [(s.generation, s.live) for s in store.states()] == [(1, False), (2, True)]
    store.sweep("sample")
    assert [(s.generation, s.position) for s in store.states()] == [(2, 4)]


def test_numbers_of_dropped_generations_are_not_used_again(store: Store, of: Generation) -> None:
    """An interrupted rebuild leaves nothing behind that could be mistaken; the live one stays."""
    store.drop("sample", store.create(SAMPLE, "epoch").generation)
    store.drop("sample", of.number)
    assert [s.generation for s in store.states()] == [1]
    assert store.create(SAMPLE, "epoch").generation == 3


def test_a_dropped_generation_takes_nothing(store: Store, of: Generation) -> None:
    """Another process began the rebuild anew: this one must notice."""
    beside = Generation(SAMPLE, store.create(SAMPLE, "epoch").generation)
    store.drop("sample", beside.number)
    with pytest.raises(StalePosition):
        store.apply(beside, 0, Changes(1))
    with pytest.raises(StalePosition):
        store.load(beside, "thing", [("main", "r", 1)])


def test_a_fault_is_seen_until_the_reading_moves(store: Store, of: Generation) -> None:
    """Everybody can learn why a reading stands still."""
    store.fault(of, "ValueError: no")
    assert [s.error for s in store.states()] == ["ValueError: no"]
    store.apply(of, 0, Changes(1))
    assert [s.error for s in store.states()] == [None]


def test_a_request_is_left_once_and_answered_once(store: Store) -> None:
    """Asking again while it is open is the same request; afterwards it is another."""
    first = store.ask("sample", "rebuild")
    assert store.ask("sample", "rebuild") == first
    retry = store.ask("sample", "retry")
    assert store.asked() == [first, retry]
    assert store.result(first) is None
    store.done(first, "rebuilt")
    store.done(first, "too late")
    assert (store.asked(), store.result(first)) == ([retry], "rebuilt")
    assert store.ask("sample", "rebuild").number != first.number
