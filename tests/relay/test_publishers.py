"""Do the publishers go on whatever happens, and say how far they are?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest

from domain.streams import REGISTRY
from infra.kafka.memory import MemoryTopic
from streams.packs import decode
from streams.relay.packs import PAGE_FACTS_MAX, PackPublisher
from streams.relay.ports import LeadLost, Message
from streams.relay.public import PublicPublisher
from streams.relay.relay import Relay
from tests.relay.checker import Row, check_events, check_packs, texts
from tests.relay.load import AT, CANARY, Recorder
from tests.relay.memory import MemoryLead, MemoryPages, changed, until

PARTITIONS = 3


class World:
    """A relay from a log in memory to topics in memory."""

    def __init__(self, log: MemoryPages | None = None, lead: MemoryLead | None = None) -> None:
        self.log = log or MemoryPages()
        self.lead = lead or MemoryLead(self.log)
        self.packs = MemoryTopic(PARTITIONS)
        self.public = MemoryTopic(PARTITIONS)
        first = PackPublisher(self.log, self.packs, self.lead)
        second = PublicPublisher(self.log, self.public, self.lead, REGISTRY, first.caught_up)
        self.relay = Relay(self.lead, (first, second))

    @property
    def caught_up(self) -> bool:
        """Whether both places are at the end of the log."""
        end = (self.log.name, len(self.log.rows))
        return list(self.lead.places.values()) == [end, end]

    def check(self) -> None:
        """Check both topics against the log."""
        rows = [Row(row.position, row.stream, row.subject, row.body) for row in self.log.rows]
        check_packs(self.packs.stored, self.log.name, rows)
        check_events(self.public.stored, self.log.name, rows, CANARY)

    def events(self) -> list[Message]:
        """Return the events in the order of the log."""
        found = [message for partition in self.public.stored for message in partition]
        return sorted(found, key=lambda message: texts(message)["ce_sequence"])


@asynccontextmanager
async def at_work(*relays: Relay) -> AsyncIterator[None]:
    """Run relays for a while."""
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for relay in relays:
            relay.stop()
        await asyncio.gather(*tasks)


def published(world: World, meanwhile: Callable[[World], None] = lambda _: None) -> None:
    """Let a relay work until it has caught up; something happens when it has begun."""

    async def work() -> None:
        async with at_work(world.relay):
            await until(lambda: world.lead.places, "it begins")
            meanwhile(world)
            await until(lambda: world.caught_up, "it catches up")

    asyncio.run(work())


def test_everything_is_published_as_it_is_recorded() -> None:
    """What was there, several pages of it, and what comes."""
    world, recorder = World(), Recorder()
    world.log.record(*recorder.next(2 * PAGE_FACTS_MAX + 1))
    published(world, lambda world: world.log.record(*recorder.next(50)))
    world.check()


def test_idle_partitions_hear_of_the_log() -> None:
    """One fact of one learner moves every partition; then all hear once a second where it ends."""
    world = World()
    facts = [fact for fact in Recorder().next(4) if fact.subject]
    world.log.record(facts[0])

    async def work() -> None:
        async with at_work(world.relay):
            await until(lambda: world.caught_up, "the fact is told")
            told = [len(partition) for partition in world.packs.stored]
            await until(
                lambda: all(
                    len(own) > before for own, before in zip(world.packs.stored, told, strict=True)
                ),
                "a heartbeat",
            )

    asyncio.run(work())
    world.check()
    for partition in world.packs.stored:
        last = decode(partition[-1].value or b"")
        assert (last.after, last.through, last.facts) == (1, 1, [])


@pytest.mark.parametrize("which", ["packs", "public", "log"])
def test_what_is_away_is_tried_again(which: str) -> None:
    """Nothing is lost, the error is shown meanwhile, and forgotten afterwards."""
    world, recorder = World(), Recorder()
    world.log.record(*recorder.next(100))

    async def work() -> None:
        place = world.log if which == "log" else getattr(world, which)
        async with at_work(world.relay):
            await until(lambda: world.caught_up, "the first part")
            place.away = True
            world.log.record(*recorder.next(100))
            failing = [
                publisher.progress
                for publisher in world.relay.publishers
                if which in ("log", publisher.progress.name)
            ]
            await until(lambda: all(one.error for one in failing), "the fault is shown")
            await until(lambda: all(one.lag_positions == 100 for one in failing), "and the lag")
            assert all(one.lag_seconds(AT + timedelta(seconds=90)) == 90.0 for one in failing)
            place.away = False
            await until(lambda: world.caught_up, "the rest")
            await until(lambda: not any(one.error for one in failing), "all is well")

    asyncio.run(work())
    world.check()


def test_who_takes_over_knows_its_lag_at_once() -> None:
    """Also while Kafka is away: it counts from where the one before it came to, and not from 0."""
    first, recorder = World(), Recorder()
    first.log.record(*recorder.next(100))
    published(first)
    first.log.record(*recorder.next(10))
    second = World(first.log, first.lead)
    second.packs.away = second.public.away = True

    async def work() -> None:
        async with at_work(second.relay):
            told = [publisher.progress for publisher in second.relay.publishers]
            await until(lambda: all(one.error for one in told), "the fault is shown")
            assert [(one.position, one.lag_positions) for one in told] == [(100, 10)] * 2
            second.packs.away = second.public.away = False
            await until(lambda: second.caught_up, "the rest")

    asyncio.run(work())


def test_a_new_epoch_begins_at_the_beginning() -> None:
    """Positions are used again, so everything is published again under the new name."""
    world = World()
    world.log.record(*Recorder().next(60))

    async def work() -> None:
        async with at_work(world.relay):
            await until(lambda: world.caught_up, "the first log")
            world.log.begin_anew("second", 45)
            await until(lambda: world.caught_up, "the second log")

    asyncio.run(work())
    world.check()
    assert world.lead.places == {"packs": ("second", 45), "public": ("second", 45)}


def test_a_log_that_is_shorter_than_what_was_read_of_it_is_told() -> None:
    """Somebody restored a backup and forgot to make its epoch new: what is recorded then would
    never be published, and nobody would know."""
    world = World()
    world.log.record(*Recorder().next(60))

    async def work() -> None:
        async with at_work(world.relay):
            await until(lambda: world.caught_up, "the whole log")
            del world.log.rows[45:]
            await until(
                lambda: all("ends at 45" in (one.progress.error or "") for one in publishers),
                "the fault is shown",
            )
            world.log.begin_anew("second", 45)
            await until(lambda: world.caught_up, "the log in its new epoch")

    publishers = world.relay.publishers
    asyncio.run(work())


def test_two_that_both_believe_to_lead_leave_no_gap() -> None:
    """What the one sends late repeats what the other sent: filtered by position it is whole."""
    log = MemoryPages()
    log.record(*Recorder().next(300))
    one = World(log)
    two = World(log)
    two.packs.stored, two.public.stored = one.packs.stored, one.public.stored

    async def work() -> None:
        recorder = Recorder()
        recorder.next(300)
        async with at_work(one.relay, two.relay):
            for _ in range(20):
                log.record(*recorder.next(30))
                await asyncio.sleep(0.01)
            await until(lambda: one.caught_up and two.caught_up, "both catch up")

    asyncio.run(work())
    one.check()


def test_who_lost_the_lead_stops() -> None:
    """The process must end then: nothing more is sent."""
    world = World()
    world.log.record(*Recorder().next(10))

    async def work() -> None:
        task = asyncio.create_task(world.relay.run())
        await until(lambda: world.caught_up, "it leads")
        world.lead.lost = True
        with pytest.raises(LeadLost):
            await asyncio.wait_for(task, 5)

    asyncio.run(work())


def test_events_are_cloud_events_in_binary_mode() -> None:
    """Attributes as headers, the key is whom it is about, the value what is not personal."""
    world = World()
    world.log.record(*Recorder().next(5))
    published(world)
    enrolled, _, _, course, seat = world.events()
    headers = texts(enrolled)
    assert headers == {
        "ce_specversion": "1.0",
        "ce_id": "00000000-0000-0000-0000-000000000001",
        "ce_source": "/registrar/main",
        "ce_type": "registrar.LearnerEnrolled.v1",
        "ce_subject": "s0",
        "ce_time": "2026-03-02T09:00:00Z",
        "ce_sequence": "0000000000000000001",
        "ce_partitionkey": "main/s0",
        "ce_epoch": "first",
        "ce_recordedtime": "2026-03-02T09:00:00Z",
        "ce_tenant": "main",
        "ce_stream": "main/enrolment/AAA-2026/s0",
        "ce_streamversion": "1",
        "ce_run": "AAA-2026",
        "ce_correlationid": "00000000-0000-0000-0000-000000000001",
        "ce_dataschema": "urn:registrar:event:LearnerEnrolled:1",
        "content-type": "application/json",
    }
    assert enrolled.key == b"main/s0"
    data = msgspec.json.decode(enrolled.value or b"")
    assert (data["mode"], "demographics" in data) == ("audit", False)
    assert (course.key, "ce_subject" in texts(course)) == (b"main/course/C0", False)
    assert (seat.key, texts(seat)["ce_run"]) == (b"main/s0", "AAA-2026")


@pytest.mark.parametrize("how", ["unknown type", "wrong payload", "no document"])
def test_a_fact_that_cannot_be_read_does_not_jam_the_topic(how: str) -> None:
    """Its place is taken by an event without data: nothing of it may be let out unseen."""
    world = World()
    world.log.record(*Recorder().next(5))
    row = world.log.rows[0]
    if how == "unknown type":
        with changed(row, type="FromTheFuture") as unknown:
            world.log.rows[0] = unknown._replace(type="FromTheFuture")
    elif how == "wrong payload":
        with changed(row, data=msgspec.Raw(b'{"mode":7,"secret":"canary"}')) as wrong:
            world.log.rows[0] = wrong
    else:
        world.log.rows[0] = row._replace(body=b"\x00canary")
    published(world)
    world.check()
    first, second = world.events()[:2]
    headers = texts(first)
    assert (first.key, first.value) == (b"main/s0", None)
    assert headers["ce_type"] == "registrar.Unreadable.v1"
    assert headers["ce_id"]
    assert headers["ce_sequence"].endswith("1")
    assert not {"content-type", "ce_dataschema"} & headers.keys()
    assert "canary" not in str(first)
    assert texts(second)["ce_type"] == "registrar.ItemViewed.v1"
