"""What does every store of readings promise to several workers? The same suite for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections.ports import (
    Bookmark,
    Changes,
    Generation,
    Move,
    Parked,
    Place,
    StalePosition,
    StoreUnavailable,
)
from tests.readings.conftest import Store, store_in
from tests.readings.sample import FULL, PLAIN, SAMPLE, Everything, changes

PARTITIONS = 3
NOTHING = Changes(0)


@pytest.fixture(params=["memory", "postgres", "elasticsearch"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each store in turn, empty."""
    with store_in(request, request.param) as one:
        yield one


@pytest.fixture
def of(store: Store) -> Generation:
    """The first generation of the sample, in three partitions."""
    return Generation(SAMPLE, store.create(SAMPLE, "epoch", PARTITIONS).generation)


def beside(store: Store, position: int, epoch: str = "epoch") -> Generation:
    """Return the next generation, filled up to a position."""
    made = Generation(SAMPLE, store.create(SAMPLE, epoch, PARTITIONS).generation)
    store.apply(made, 0, Changes(position))
    return made


def positions(store: Store) -> list[int]:
    """Return where the partitions of the live generation are."""
    return [place.position for place in store.places("sample")]


def test_every_partition_begins_at_nothing(store: Store, of: Generation) -> None:
    """In order, and none of a reading that is not made."""
    assert store.places("sample") == [
        Place(of.number, SAMPLE.version, "epoch", n, PARTITIONS, 0, 0, None)
        for n in range(PARTITIONS)
    ]
    assert store.places("another") == []


def test_partitions_move_each_at_its_own_pace(store: Store, of: Generation) -> None:
    """Rows, positions and bookmarks go together; the reading is where its slowest partition is."""
    first, second, third = store.places("sample")
    marks = Bookmark("packs", 7), Bookmark("packs", 9)
    moves = [Move(first, 12, marks[0]), Move(third, 10, marks[1])]
    store.move(of, moves, changes(12, PLAIN, FULL))
    assert store.places("sample") == [
        first._replace(position=12, bookmark=marks[0]),
        second,
        third._replace(position=10, bookmark=marks[1]),
    ]
    assert [(s.position, s.partitions) for s in store.states()] == [(0, PARTITIONS)]
    assert store.load(of, "thing", [("main", "r", 1), ("main", "r", 2)]) == {
        ("main", "r", 1): PLAIN,
        ("main", "r", 2): FULL,
    }
    store.move(of, [Move(second, 11, None)], NOTHING)
    assert [s.position for s in store.states()] == [10]


def test_a_partition_moves_from_its_very_place_or_nothing_is_written(
    store: Store, of: Generation
) -> None:
    """Where one of several was moved by somebody else, the others and the rows stay as they are."""
    before = store.places("sample")
    store.move(of, [Move(before[1], 5, None)], changes(5, PLAIN))
    moves = [Move(before[0], 8, None), Move(before[1], 8, None)]
    with pytest.raises(StalePosition):
        store.move(of, moves, changes(8, Everything("main", "r", 3)))
    assert positions(store) == [0, 5, 0]
    assert store.load(of, "thing", [("main", "r", 3)]) == {}


def test_whoever_lets_go_of_what_was_parked_is_noticed(store: Store, of: Generation) -> None:
    """The position stays, and yet the place is another: who keeps the partition must look anew."""
    aside = Parked("thing", ("main", "r", 1), 2, "boom")
    first = store.places("sample")[0]
    store.move(of, [Move(first, 3, None)], Changes(0, parked=[aside]))
    kept = store.places("sample")[0]
    assert (store.parked(of), kept.revision) == ([aside], first.revision)
    store.move(of, [Move(kept, 3, None)], changes(0, PLAIN, unparked=[aside]))
    assert store.parked(of) == []
    assert store.places("sample")[0] == kept._replace(revision=kept.revision + 1)
    with pytest.raises(StalePosition):
        store.move(of, [Move(kept, 9, None)], NOTHING)


def test_all_partitions_in_step_or_none(store: Store, of: Generation) -> None:
    """What fills a generation writes for all its partitions; one of them elsewhere is enough to
    refuse it."""
    store.move(of, [Move(store.places("sample")[2], 4, Bookmark("packs", 1))], NOTHING)
    for expected in (0, 4):
        with pytest.raises(StalePosition):
            store.apply(of, expected, changes(9, PLAIN))
    assert positions(store) == [0, 0, 4]
    assert store.load(of, "thing", [("main", "r", 1)]) == {}


def test_only_the_live_generation_is_moved_by_workers(store: Store, of: Generation) -> None:
    """One that is being filled is nobody's but who fills it; one that was replaced is nobody's."""
    old = store.places("sample")[0]
    new = beside(store, 6)
    waiting = old._replace(generation=new.number, position=6)
    with pytest.raises(StalePosition):
        store.move(new, [Move(waiting, 7, None)], changes(7, PLAIN))
    store.promote(new)
    with pytest.raises(StalePosition):
        store.move(of, [Move(old, 7, None)], changes(7, PLAIN))
    assert store.places("sample")[0] == waiting
    store.move(new, [Move(waiting, 7, None)], changes(7, PLAIN))
    assert store.load(new, "thing", [("main", "r", 1)]) == {("main", "r", 1): PLAIN}


def test_a_generation_that_is_behind_does_not_take_over(store: Store, of: Generation) -> None:
    """Not even behind the fastest partition: no answer may go back behind an earlier one."""
    new = beside(store, 6)
    store.move(of, [Move(store.places("sample")[1], 8, None)], NOTHING)
    with pytest.raises(StoreUnavailable):
        store.promote(new)
    assert [(s.generation, s.live) for s in store.states()] == [(1, True), (2, False)]
    store.apply(new, 6, changes(8, PLAIN))
    store.promote(new)
    assert [place.generation for place in store.places("sample")] == [new.number] * PARTITIONS


def test_a_generation_may_catch_up_while_it_takes_over(store: Store, of: Generation) -> None:
    """However fast the live one moves: it is told how far, writes the rest, and is live."""
    new = beside(store, 6)
    store.move(of, [Move(store.places("sample")[1], 8, None)], NOTHING)
    asked: list[int] = []

    def catch_up(position: int) -> None:
        asked.append(position)
        store.apply(new, 6, changes(position, PLAIN))

    store.promote(new, catch_up)
    assert asked == [8]
    assert [place.generation for place in store.places("sample")] == [new.number] * PARTITIONS
    assert store.load(new, "thing", [("main", "r", 1)]) == {("main", "r", 1): PLAIN}


def test_a_generation_that_cannot_catch_up_does_not_take_over(store: Store, of: Generation) -> None:
    """The live one stays, and moves on."""
    new = beside(store, 6)
    store.move(of, [Move(store.places("sample")[1], 8, None)], NOTHING)
    with pytest.raises(StoreUnavailable):
        store.promote(new, lambda _position: None)
    store.move(of, [Move(store.places("sample")[1], 9, None)], NOTHING)
    assert positions(store) == [0, 9, 0]


def test_positions_of_another_epoch_hold_nothing_up(store: Store, of: Generation) -> None:
    """They count other facts."""
    store.move(of, [Move(store.places("sample")[0], 100, None)], NOTHING)
    new = beside(store, 6, "another epoch")
    store.promote(new)
    assert [(p.generation, p.epoch) for p in store.places("sample")] == [
        (new.number, "another epoch")
    ] * PARTITIONS


def test_a_sign_of_life_moves_nothing(store: Store, of: Generation) -> None:
    """Whoever is under way is not disturbed; of a reading that is not made it is no error."""
    before = store.places("sample")
    store.alive("sample", [0, 2])
    store.alive("another", [0])
    assert store.places("sample") == before
    store.move(of, [Move(before[0], 1, None)], NOTHING)
    assert positions(store) == [1, 0, 0]
