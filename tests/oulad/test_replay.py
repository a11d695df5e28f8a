"""Is everything sent in order, retried safely, and accounted for?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from infra.importers.oulad.fates import Answer, Sendable
from infra.importers.oulad.replay import Replay, ReplayFailed, Unreachable
from infra.importers.oulad.tables import Tables, example_folder, read_tables


@pytest.fixture(scope="module")
def tables() -> Tables:
    """One small run."""
    return read_tables(example_folder(), ["AAA-2013J"])


async def at_once(_seconds: float) -> None:
    """Wait for nothing."""


class Record:
    """A command API that remembers keys, answers as it is told, and can be away."""

    def __init__(self) -> None:
        self.recorded: dict[str, str] = {}
        self.order: list[str] = []
        self.sizes: list[int] = []
        self.refusing: dict[str, str] = {}
        self.away = 0
        self.lose_replies = 0
        self.unavailable_once: set[str] = set()

    async def send(self, commands: Sequence[Sendable]) -> Sequence[Answer]:
        """Answer a batch, or be unreachable as often as asked."""
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise Unreachable("away")
        self.sizes.append(len(commands))
        answers = [self.answer(command) for command in commands]
        if self.lose_replies:
            self.lose_replies -= 1
            raise Unreachable("the reply was lost")
        return answers

    def answer(self, command: Sendable) -> Answer:
        """Take one command."""
        key = command.name + command.key
        if key in self.unavailable_once:
            self.unavailable_once.remove(key)
            return Answer("unavailable", detail="busy")
        if key in self.recorded:
            return Answer("recorded", replayed=True)
        if command.name in self.refusing:
            return Answer("refused", self.refusing[command.name], "No.")
        self.recorded[key] = command.name
        self.order.append(key)
        return Answer("recorded")


def replayed(tables: Tables, record: Record) -> Replay:
    """Replay to the end."""
    work = Replay(tables, at_once)
    asyncio.run(work.run(record, lambda _count: None))
    return work


def test_everything_is_accepted_and_counted_once(tables: Tables) -> None:
    """Accepted rows are all rows, and each command is sent once."""
    record = Record()
    work = replayed(tables, record)
    report = work.fates.report()
    assert work.fates.complete
    assert work.done == work.total == len(record.recorded)
    assert report["refusals"] == []
    assert report["tables"]["studentRegistration"] == {
        "rows": 383,
        "accepted": 383,
        "of_these_already_there": 0,
        "refused": 0,
    }
    assert max(record.sizes) <= 500


def test_a_second_replay_finds_everything_there(tables: Tables) -> None:
    """The keys are the same, so nothing is doubled, and the report says so."""
    record = Record()
    replayed(tables, record)
    before = len(record.order)
    report = replayed(tables, record).fates.report()
    assert len(record.order) == before
    assert report["tables"]["studentInfo"]["of_these_already_there"] == 383


def test_a_refused_row_is_counted_by_its_rule_with_examples(tables: Tables) -> None:
    """A row is refused once, by the first rule that refused one of its commands."""
    record = Record()
    record.refusing = {"withdraw-learner": "not-enrolled"}
    report = replayed(tables, record).fates.report()
    left = sum(row.unregistered is not None for row in tables.registrations)
    (refusal,) = report["refusals"]
    assert (refusal["table"], refusal["rule"], refusal["rows"]) == (
        "studentRegistration",
        "not-enrolled",
        left,
    )
    assert len(refusal["examples"]) == 3
    assert refusal["examples"][0]["command"] == "withdraw-learner"
    assert report["tables"]["studentRegistration"]["accepted"] == 383 - left
    assert report["complete"]


def test_a_server_that_is_away_is_waited_for(tables: Tables) -> None:
    """The same batch is sent again, under the same keys."""
    record = Record()
    record.away = 10
    assert replayed(tables, record).fates.complete


def test_a_lost_reply_doubles_nothing(tables: Tables) -> None:
    """What was recorded is answered again by its key."""
    record = Record()
    record.lose_replies = 5
    work = replayed(tables, record)
    assert work.fates.complete
    assert max(Counter(record.order).values()) == 1
    assert len(record.order) == work.total


def test_a_batch_with_an_unavailable_command_is_sent_again_whole(tables: Tables) -> None:
    """What followed was judged without it, so all of it is judged again."""
    record = Record()
    enrol = "enrol-learneroulad:AAA-2013J:enrol:11391"
    record.unavailable_once = {enrol}
    report = replayed(tables, record).fates.report()
    assert enrol in record.recorded
    assert report["commands"]["replayed"] > 0
    assert "unavailable" not in report["commands"]


def test_a_server_that_stays_away_ends_the_replay(tables: Tables) -> None:
    """After a bounded number of tries, with the reason."""
    record = Record()
    record.away = 10**6
    with pytest.raises(ReplayFailed, match="gave up after 40 tries: away"):
        replayed(tables, record)


def test_an_unanswered_row_is_seen(tables: Tables) -> None:
    """Before the end, rows are missing and the report says so."""
    assert not Replay(tables).fates.complete
