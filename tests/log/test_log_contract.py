"""What does every log promise, in memory and in PostgreSQL?"""

from __future__ import annotations

import asyncio

import pytest

from commands.ports import Append, Appended, CommandKey, Log, Lost, Repeated
from tests.log.facts import Place, append, fact, name, run


async def positions(log: Log) -> list[int]:
    """All positions, as read."""
    return [envelope.position for envelope in await log.read_from(1, 100_000)]


def test_an_empty_log_has_head_0_and_nothing_to_read(place: Place) -> None:
    """An empty log answers 0, no facts and no keys."""

    async def test() -> None:
        async with place.open() as log:
            assert await log.head() == 0
            assert await log.read_streams({name("a"): 0}) == {}
            assert await log.read_from(1, 10) == []
            assert await log.find_keys(["k"]) == {}

    run(test())


def test_what_was_appended_is_read_back_as_it_was(place: Place) -> None:
    """A fact comes back with its position, its version, its time and its content."""

    async def test() -> None:
        async with place.open() as log:
            outcome = await log.submit(append(fact("a", 1, "é😀"), fact("a", 2), fact("b", 1)))
            assert isinstance(outcome, Appended)
            assert outcome.first_position == 1
            read = await log.read_streams({name("a"): 0, name("b"): 0, name("c"): 0})
            assert [(e.position, e.version) for e in read[name("a")]] == [(1, 1), (2, 2)]
            assert [(e.position, e.version) for e in read[name("b")]] == [(3, 1)]
            assert set(read) == {name("a"), name("b")}
            first = read[name("a")][0]
            assert first.fact.text == "é😀"  # type: ignore[attr-defined]
            assert first.recorded_at == outcome.recorded_at
            assert first.recorded_at.utcoffset() is not None
            assert list(await log.read_from(2, 1)) == [read[name("a")][1]]

    run(test())


def test_reads_that_arrive_together_each_get_their_own_tail(place: Place) -> None:
    """Callers of one moment share a query, and each gets what is above its own version."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(*(fact("a", v) for v in range(1, 6)), fact("b", 1)))
            answers = await asyncio.gather(
                *(log.read_streams({name("a"): v, name("b"): 1}) for v in range(6))
            )
            for version, answer in enumerate(answers):
                tail = [e.version for e in answer.get(name("a"), [])]
                assert tail == list(range(version + 1, 6))
                assert name("b") not in answer

    run(test())


def test_positions_are_dense_and_in_order_of_commit(place: Place) -> None:
    """Writers in three processes at once: no gap, and a reader never meets a late position."""

    async def write(log: Log, writer: str) -> None:
        for version in range(1, 31):
            await log.submit(append(fact(writer, version)))

    async def follow(seen: list[int]) -> None:
        reader = place.reader()
        while len(seen) < 3 * 8 * 30:
            page = await asyncio.to_thread(reader.page, len(seen), 1_000)
            assert [raw.position for raw in page] == list(
                range(len(seen) + 1, len(seen) + 1 + len(page))
            )
            seen += [raw.position for raw in page]

    async def test() -> None:
        seen: list[int] = []
        async with place.open() as one, place.open() as two, place.open() as three:
            await asyncio.gather(
                follow(seen),
                *(
                    write(log, f"{number}-{writer}")
                    for number, log in enumerate((one, two, three))
                    for writer in range(8)
                ),
            )
            assert await one.head() == 720
            assert await positions(two) == list(range(1, 721))

    run(test())


def test_recorded_times_never_run_backwards(place: Place) -> None:
    """Along the positions, recorded times rise or stay."""

    async def test() -> None:
        async with place.open() as log:
            await asyncio.gather(*(log.submit(append(fact(f"s{n}", 1))) for n in range(20)))
            await log.submit(append(fact("later", 1)))
            times = [envelope.recorded_at for envelope in await log.read_from(1, 100)]
            assert times == sorted(times)
            assert times[-1] >= times[0]

    run(test())


def test_a_version_that_is_taken_is_lost_and_the_stream_is_named(place: Place) -> None:
    """Who decided on an old version records nothing, and learns on which stream."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("a", 1)))
            outcome = await log.submit(append(fact("b", 1), fact("a", 1)))
            assert outcome == Lost((name("a"),))
            assert await log.head() == 1

    run(test())


def test_a_version_that_would_leave_a_gap_is_lost(place: Place) -> None:
    """Who expects more than there is records nothing: versions have no gaps."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("a", 1)))
            assert await log.submit(append(fact("a", 3))) == Lost((name("a"),))
            assert await log.submit(append(fact("new", 2))) == Lost((name("new"),))
            assert await log.submit(append(fact("b", 1), reads=[("a", 5)])) == Lost((name("a"),))
            assert await log.head() == 1

    run(test())


def test_conditions_on_streams_that_are_only_read(place: Place) -> None:
    """A stream that was read must stand where it stood; 0 means that it must not exist."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("seats", 1), fact("seats", 2)))
            stale = append(fact("a", 1), reads=[("seats", 1), ("run", 0)])
            assert await log.submit(stale) == Lost((name("seats"),))
            absent = append(fact("a", 1), reads=[("seats", 0)])
            assert await log.submit(absent) == Lost((name("seats"),))
            right = append(fact("a", 1), reads=[("seats", 2), ("run", 0)])
            assert isinstance(await log.submit(right), Appended)

    run(test())


def test_all_streams_that_moved_are_named(place: Place) -> None:
    """A loser learns of every stream that moved, written or read."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("a", 1), fact("b", 1), fact("c", 1)))
            outcome = await log.submit(
                append(fact("a", 1), fact("d", 1), reads=[("b", 0), ("c", 1)])
            )
            assert isinstance(outcome, Lost)
            assert set(outcome.streams) == {name("a"), name("b")}

    run(test())


def test_losers_of_a_batch_are_told_apart_from_winners(place: Place) -> None:
    """In one batch some lose and the others stand densely, in order."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("moved", 1)))
            outcomes = await asyncio.gather(
                *(
                    log.submit(append(fact(f"s{n}", 1), reads=[("moved", n % 2)]))
                    for n in range(100)
                )
            )
            lost = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Lost)]
            won = [o.first_position for o in outcomes if isinstance(o, Appended)]
            assert lost == list(range(0, 100, 2))
            assert won == list(range(2, 52))
            assert await positions(log) == list(range(1, 52))

    run(test())


def test_a_chain_goes_in_together(place: Place) -> None:
    """Decisions on one stream, each on the state that the one before leaves, all stand."""

    async def test() -> None:
        async with place.open() as log:
            chain = [log.submit(append(fact("hot", 1)))]
            for version in range(2, 41):
                chain.append(log.submit(append(fact("hot", version)), after=[chain[-1]]))
            outcomes = await asyncio.gather(*chain)
            assert [o.first_position for o in outcomes if isinstance(o, Appended)] == list(
                range(1, 41)
            )

    run(test())


def test_what_rests_on_a_loser_is_lost_without_a_stream(place: Place) -> None:
    """A follower of a lost decision is lost, even where its own streams would fit."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("a", 1)))
            loser = log.submit(append(fact("a", 1)))
            follower = log.submit(append(fact("b", 1)), after=[loser])
            its_follower = log.submit(append(fact("c", 1)), after=[follower])
            stranger = log.submit(append(fact("d", 1)))
            assert await loser == Lost((name("a"),))
            assert await follower == Lost(())
            assert await its_follower == Lost(())
            assert isinstance(await stranger, Appended)
            late = log.submit(append(fact("e", 1)), after=[loser])
            assert await late == Lost(())

    run(test())


def test_a_follower_may_read_what_its_predecessor_writes(place: Place) -> None:
    """A condition may rest on a version that is only on its way into the log."""

    async def test() -> None:
        async with place.open() as log:
            first = log.submit(append(fact("seats", 1)))
            second = log.submit(append(fact("a", 1), reads=[("seats", 1)]), after=[first])
            third = log.submit(append(fact("b", 1), reads=[("seats", 0)]))
            assert isinstance(await first, Appended)
            assert isinstance(await second, Appended)
            assert await third == Lost((name("seats"),))

    run(test())


def test_of_64_racers_for_one_version_one_wins(place: Place) -> None:
    """Unchained decisions on one stream, in two processes at once: one stands, the others know."""

    async def test() -> None:
        async with place.open() as one, place.open() as two:
            outcomes = await asyncio.gather(
                *((one, two)[n % 2].submit(append(fact("seat", 1))) for n in range(64))
            )
            assert sum(isinstance(outcome, Appended) for outcome in outcomes) == 1
            assert sum(outcome == Lost((name("seat"),)) for outcome in outcomes) == 63
            assert await one.head() == 1

    run(test())


def test_racers_that_decide_again_all_get_in(place: Place) -> None:
    """64 writers in two processes on one stream: each gets in by deciding again."""

    async def enter(log: Log) -> None:
        while True:
            tail = (await log.read_streams({name("hot"): 0})).get(name("hot"), [])
            outcome = await log.submit(append(fact("hot", len(tail) + 1)))
            if isinstance(outcome, Appended):
                return

    async def test() -> None:
        async with place.open() as one, place.open() as two:
            await asyncio.gather(*(enter((one, two)[n % 2]) for n in range(64)))
            versions = [e.version for e in (await one.read_streams({name("hot"): 0}))[name("hot")]]
            assert versions == list(range(1, 65))

    run(test())


def test_a_key_stands_for_what_was_recorded_first(place: Place) -> None:
    """The same key again records nothing and names the facts that it stands for."""

    async def test() -> None:
        async with place.open() as one, place.open() as two:
            await one.submit(append(fact("z", 1)))
            first = await one.submit(append(fact("a", 1), fact("a", 2), key="k"))
            assert isinstance(first, Appended)
            assert first.first_position == 2
            again = await two.submit(append(fact("b", 1), key="k"))
            assert again == Repeated(2, 2, b"hash of k")
            stale = await two.submit(append(fact("a", 1), key="k"))
            assert stale == Repeated(2, 2, b"hash of k")
            assert await two.find_keys(["other", "k"]) == {"k": Repeated(2, 2, b"hash of k")}
            assert await one.head() == 3

    run(test())


def test_one_key_twice_at_the_same_moment_records_once(place: Place) -> None:
    """Of two requests with one key in one batch the first stands and the second is told."""

    async def test() -> None:
        async with place.open() as log:
            first = log.submit(append(fact("a", 1), key="k"))
            second = log.submit(append(fact("b", 1), key="k"))
            other = log.submit(append(fact("c", 1), key="other"))
            assert isinstance(await first, Appended)
            assert await second == Repeated(1, 1, b"hash of k")
            assert isinstance(await other, Appended)
            assert await log.head() == 2

    run(test())


def test_a_loser_keeps_no_key(place: Place) -> None:
    """A decision that is lost may be taken again under its key."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("a", 1)))
            assert isinstance(await log.submit(append(fact("a", 1), key="k")), Lost)
            assert isinstance(await log.submit(append(fact("a", 2), key="k")), Appended)

    run(test())


def test_keys_in_a_batch_with_losers_are_kept_for_winners_only(place: Place) -> None:
    """Keys and positions stay together when a batch is spread."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("moved", 1)))
            await asyncio.gather(
                *(
                    log.submit(append(fact(f"s{n}", 1), reads=[("moved", n % 2)], key=f"k{n}"))
                    for n in range(10)
                ),
                log.submit(append(fact("without", 1))),
            )
            found = await log.find_keys([f"k{n}" for n in range(10)])
            assert {key: repeated.first_position for key, repeated in found.items()} == {
                "k1": 2, "k3": 3, "k5": 4, "k7": 5, "k9": 6,
            }  # fmt: skip

    run(test())


def test_a_key_past_its_time_is_forgotten(place: Place) -> None:
    """A key that was kept for 0 days stands for nothing; one without a limit stands for ever."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("a", 1), key="brief", keep_days=0))
            await log.submit(append(fact("b", 1), key="for ever", keep_days=None))
            assert set(await log.find_keys(["brief", "for ever"])) == {"for ever"}
            assert isinstance(await log.submit(append(fact("c", 1), key="brief")), Appended)
            assert isinstance(await log.submit(append(fact("d", 1), key="for ever")), Repeated)

    run(test())


def test_a_key_for_ever_may_have_no_hash(place: Place) -> None:
    """A derived key is not held to a body."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(Append((fact("a", 1),), key=CommandKey("k", b"", None)))
            again = await log.submit(Append((fact("b", 1),), key=CommandKey("k", b"", None)))
            assert again == Repeated(1, 1, b"")

    run(test())


def test_a_held_stream_is_read_and_appended_to_in_turn(place: Place) -> None:
    """Two processes that hold a stream never lose on it, and enter in turn."""

    async def enter(log: Log, times: int) -> list[bool]:
        won = []
        for _ in range(times):
            async with log.exclusive(name("hot")) as held:
                version = len(await held.read(0))
                outcomes = await held.append(
                    [append(fact("hot", version + 1)), append(fact("hot", version + 2))]
                )
                won += [isinstance(outcome, Appended) for outcome in outcomes]
        return won

    async def test() -> None:
        async with place.open() as one, place.open() as two:
            won = await asyncio.gather(*((enter(log, 5)) for log in (one, two) for _ in range(3)))
            assert all(all(each) for each in won)
            assert await one.head() == 60

    run(test())


def test_a_held_batch_tells_losers_apart(place: Place) -> None:
    """In a held batch too a loser takes its followers with it, and only those."""

    async def test() -> None:
        async with place.open() as log:
            await log.submit(append(fact("other", 1)))
            async with log.exclusive(name("hot")) as held:
                assert await held.read(0) == []
                outcomes = await held.append(
                    [
                        append(fact("hot", 1)),
                        append(fact("x", 1), reads=[("other", 0)]),
                        append(fact("hot", 2), key="k"),
                    ]
                )
            assert isinstance(outcomes[0], Appended)
            assert outcomes[1] == Lost((name("other"),))
            assert isinstance(outcomes[2], Appended)
            assert outcomes[2].first_position == 3

    run(test())


def test_a_hold_that_appends_nothing_leaves_nothing(place: Place) -> None:
    """Leaving the block lets the stream go, also by an exception; a second append is an error."""

    async def test() -> None:
        async with place.open() as log:
            with pytest.raises(ZeroDivisionError):
                async with log.exclusive(name("a")):
                    raise ZeroDivisionError
            async with log.exclusive(name("a")) as held:
                await held.append([append(fact("a", 1))])
                with pytest.raises(RuntimeError):
                    await held.append([append(fact("a", 2))])
            assert await log.head() == 1

    run(test())


@pytest.mark.parametrize(
    "request_",
    [
        append(),
        append(fact("a", 1), fact("a", 3)),
        append(fact("a", 0)),
        append(fact("a\0", 1)),
        append(fact("a", 2**31)),
        append(fact("a", 1), key="\0"),
    ],
    ids=["no facts", "versions apart", "version 0", "NUL", "too large", "NUL key"],
)
def test_a_malformed_request_is_an_error_at_once(place: Place, request_: Append) -> None:
    """What no log may take raises ValueError and harms nobody else's request."""

    async def test() -> None:
        async with place.open() as log:
            neighbour = log.submit(append(fact("n", 1)))
            with pytest.raises(ValueError, match=r"."):
                log.submit(request_)
            assert isinstance(await neighbour, Appended)

    run(test())


def test_a_request_that_nobody_waits_for_may_be_cancelled(place: Place) -> None:
    """A caller that goes away does not disturb the others."""

    async def test() -> None:
        async with place.open() as log:
            gone = log.submit(append(fact("a", 1)))
            stays = log.submit(append(fact("b", 1)))
            gone.cancel()
            assert isinstance(await stays, Appended)

    run(test())


def test_a_reader_follows_the_log(place: Place) -> None:
    """A reader sees pages in order, the head with its time, and is woken by an append."""

    async def test() -> None:
        reader = place.reader()
        assert reader.head() == (0, None)
        assert not await asyncio.to_thread(reader.wait, 0, 0.01)
        async with place.open() as log:
            waiting = asyncio.create_task(asyncio.to_thread(reader.wait, 2, 30.0))
            outcome = await log.submit(append(*(fact("a", version) for version in range(1, 4))))
            assert await waiting
            assert isinstance(outcome, Appended)
            assert reader.head() == (3, outcome.recorded_at)
            page = reader.page(1, 1)
            assert [(raw.position, raw.version) for raw in page] == [(2, 2)]
            assert page[0].recorded_at == outcome.recorded_at
            assert reader.page(3, 10) == []
            assert reader.epoch() == place.reader().epoch()

    run(test())
