"""What every adapter of what is shared promises."""

from __future__ import annotations

import asyncio
import time

from commands.remembered import Kept
from commands.requests import FactSummary, Recorded
from infra.cache.answers import RedisAnswers
from infra.cache.hot import RedisHot
from infra.cache.limits import RedisLimits
from infra.cache.memory import HOT_SECONDS
from infra.engines.redis import Redis
from infra.web.hot_entries import Entry
from tests.cache.conftest import Open, eventually, run, sharing

HEADERS = ((b"content-type", b"application/json"), (b"etag", b'"x"'))
FACT = FactSummary("id-1", "LearnerEnrolled", 7, "main/enrolment/AAA/s1", 1)
KEPT = Kept(b"\x00digest", Recorded(7, 1, (FACT,), {"certificate": "c1", "at": [1.5, None]}))


def entry(position: int, body: bytes = b"{}") -> Entry:
    return Entry(position, b'"x"', HEADERS, body)


def test_a_hot_answer_comes_back_as_it_was_given(place: Open) -> None:
    """Headers and bytes; what is not there is nothing."""

    async def test() -> None:
        async with place() as adapters:
            assert await adapters.hot.get("k") is None
            adapters.hot.put("k", entry(7, b'{"a":"\xc3\xa4\x00"}'))
            assert await adapters.hot.get("k") == entry(7, b'{"a":"\xc3\xa4\x00"}')
            assert await adapters.hot.get("other") is None

    run(test())


def test_a_hot_answer_is_replaced_by_no_earlier_one(place: Open) -> None:
    """One of the same or a later position takes its place; positions compare as numbers."""

    async def test() -> None:
        async with place() as adapters:
            for position, stays in ((99, 99), (98, 99), (9, 99), (99, 99), (100, 100), (20, 100)):
                adapters.hot.put("k", entry(position, b"%d" % position))
                found = await adapters.hot.get("k")
                assert (found.position, found.body) == (stays, b"%d" % stays)

    run(test())


def test_a_hot_answer_is_gone_after_its_time(place: Open) -> None:
    async def test() -> None:
        async with place() as adapters:
            adapters.hot.put("k", entry(1))
            began = time.monotonic()
            assert await adapters.hot.get("k") is not None

            async def gone() -> bool:
                return await adapters.hot.get("k") is None

            await eventually(gone, HOT_SECONDS + 1)
            assert time.monotonic() - began > HOT_SECONDS / 2

    run(test())


def test_answers_of_commands_come_back_as_they_were(place: Open) -> None:
    async def test() -> None:
        async with place() as adapters:
            assert await adapters.answers.find(["a", "b"]) == {}
            adapters.answers.keep({"a": KEPT})

            async def kept() -> bool:
                return bool(await adapters.answers.find(["a"]))

            await eventually(kept, 5)
            assert await adapters.answers.find(["a", "b"]) == {"a": KEPT}

    run(test())


def test_many_look_for_answers_at_once(place: Open) -> None:
    """Each gets what it asked for, and nothing else."""

    async def test() -> None:
        async with place() as adapters:
            adapters.answers.keep({f"k{n}": KEPT._replace(digest=b"%d" % n) for n in range(700)})

            async def kept() -> bool:
                return bool(await adapters.answers.find(["k699"]))

            await eventually(kept, 5)
            found = await asyncio.gather(
                *(adapters.answers.find([f"k{n}", f"none{n}"]) for n in range(700))
            )
            assert [list(one) for one in found] == [[f"k{n}"] for n in range(700)]
            assert all(one[f"k{n}"].digest == b"%d" % n for n, one in enumerate(found))

    run(test())


def test_so_many_at_once_and_so_many_a_second(place: Open) -> None:
    """A burst is let through, then one is let through each time that it was told to wait for."""

    async def test() -> None:
        async with place() as adapters:
            limits = adapters.limits(5, 3)
            assert [await limits.take("a") for _ in range(3)] == [0, 0, 0]
            seconds = await limits.take("a")
            assert 0 < seconds <= 0.2
            assert await limits.take("b") == 0
            await asyncio.sleep(seconds + 0.01)
            assert await limits.take("a") == 0
            assert await limits.take("a") > 0

    run(test())


def test_processes_count_together(redis_server: Redis, cluster: str) -> None:
    """Of ten clients' requests to two processes as many are let through as to one."""

    async def test() -> None:
        async with sharing(redis_server.url, cluster) as a, sharing(redis_server.url, cluster) as b:
            both = RedisLimits(a, 1, 20), RedisLimits(b, 1, 20)
            taken = await asyncio.gather(*(both[n % 2].take("a") for n in range(60)))
            assert 20 <= taken.count(0) <= 22

    run(test())


def test_another_epoch_finds_nothing(redis_server: Redis, cluster: str) -> None:
    """Positions of another log mean something else; so does what was answered under a key."""

    async def test() -> None:
        url = redis_server.url
        async with sharing(url, cluster) as before, sharing(url, cluster, "e2") as after:
            RedisHot(before).put("k", entry(100))
            answers = RedisAnswers(before)
            answers.keep({"a": KEPT})
            assert await answers.find(["a"]) == {"a": KEPT}
            assert await RedisAnswers(after).find(["a"]) == {}
            assert await RedisHot(after).get("k") is None
            RedisHot(after).put("k", entry(3))
            assert (await RedisHot(after).get("k")) == entry(3)
            assert (await RedisHot(before).get("k")) == entry(100)

    run(test())


def test_what_another_version_wrote_is_nothing(redis_server: Redis, cluster: str) -> None:
    async def test() -> None:
        async with sharing(redis_server.url, cluster) as shared:
            await shared.ask(lambda at: ("SET", f"{at}hot:k", b"what is this"))
            await shared.ask(lambda at: ("SET", f"{at}key:a", b"\x93"))
            assert await RedisHot(shared).get("k") is None
            assert await RedisAnswers(shared).find(["a"]) == {}

    run(test())


def test_everything_goes_by_itself(redis_server: Redis, cluster: str) -> None:
    """Every key begins with cluster and epoch, and has a time to live."""

    async def test() -> None:
        async with sharing(redis_server.url, cluster) as shared:
            RedisHot(shared).put("k", entry(1))
            RedisAnswers(shared).keep({"a": KEPT})
            await RedisLimits(shared, 1, 1).take("a")
            keys = await shared.ask(lambda _: ("KEYS", f"{cluster}*"))
            assert len(keys) == 3
            assert all(key.startswith(f"{cluster}:e1:".encode()) for key in keys)
            left = [await shared.ask(lambda _, key=key: ("PTTL", key)) for key in keys]
            assert all(milliseconds > 0 for milliseconds in left)

    run(test())
