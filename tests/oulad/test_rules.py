"""What do the course rules say to the real records?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from commands.batch import CommandReader, encode_results, run_batch
from commands.pipeline import Pipeline
from commands.register import DECISIONS
from domain.access import DEVELOPMENT
from domain.streams import REGISTRY
from infra.importers.oulad.fates import Answer, Sendable
from infra.importers.oulad.replay import Replay
from infra.importers.oulad.tables import example_folder, read_tables
from infra.importers.oulad.wire import batch_body, read_answers
from infra.keys.memory import MemoryKeys
from infra.log.memory import MemoryLog
from tests.oulad.expected import all_figures


def clock() -> datetime:
    """Long after the records."""
    return datetime(2026, 1, 1, tzinfo=UTC)


class InMemory:
    """The command API without HTTP, on a log in memory."""

    def __init__(self) -> None:
        self.pipeline = Pipeline(MemoryLog(REGISTRY, clock), MemoryKeys(), REGISTRY, clock)
        self.reader = CommandReader(DECISIONS, b"secret", clock)

    async def send(self, commands: Sequence[Sendable]) -> Sequence[Answer]:
        """Answer as the batch route does."""
        requests = self.reader.read_batch(batch_body(commands), DEVELOPMENT)
        answers = await run_batch(self.pipeline, requests)
        return read_answers(encode_results(answers), len(commands))


@pytest.mark.parametrize("run", ["AAA-2013J", "DDD-2013B"])
def test_only_work_after_unregistration_is_refused(run: str) -> None:
    """All else is taken: late work, banked results, unknown days, outcomes of who has left."""

    async def replayed() -> Replay:
        work = Replay(read_tables(example_folder(), [run]))
        await work.run(InMemory(), lambda _count: None)
        return work

    report = asyncio.run(replayed()).fates.report()
    refused = all_figures()[run].refused
    assert report["complete"]
    assert report["tables"]["studentAssessment"]["refused"] == refused
    assert [(one["table"], one["rule"], one["rows"]) for one in report["refusals"]] == [
        ("studentAssessment", "not-enrolled", refused)
    ][: refused > 0]
