"""Does a supervisor keep its processes running, and end them in order?"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.engines.account import EngineError
from infra.supervisor.child import Child
from infra.supervisor.engine import KeptEngine, all_ready
from infra.supervisor.kept import BACKOFF_SECONDS_MIN, Groups, Kept
from tests.server import eventually, free_port

SECONDS_MAX = 30.0
KEEPER = """
import asyncio, sys
from pathlib import Path
from tests.supervisor.test_kept import small
asyncio.run(small("one", Path(sys.argv[1]), print).keep())
"""


def small(name: str, folder: Path, told: Callable[[Kept], object]) -> Child:
    """A child that answers, and writes when it begins and ends."""
    port, journal = free_port(), folder / "journal"
    words = [sys.executable, "-m", "tests.supervisor.small", name, str(port), str(journal)]
    health = f"http://127.0.0.1:{port}/healthz"
    return Child(name, lambda kept: told(kept) and None, words, {}, folder / f"{name}.log", health)


def broken(name: str, folder: Path, told: Callable[[Kept], None]) -> Child:
    """A child that says why, and dies."""
    words = [sys.executable, "-c", "import sys; sys.exit('the port is taken')"]
    return Child(name, told, words, {}, folder / f"{name}.log", "http://127.0.0.1:1/healthz")


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait, while the loop goes on."""
    await asyncio.to_thread(eventually, condition, SECONDS_MAX, what)


def test_what_is_killed_is_started_again(tmp_path: Path) -> None:
    """kill -9: another process does the same soon after, and that it died is counted."""

    async def scenario() -> None:
        child, groups = small("one", tmp_path, str), Groups()
        groups.begin([child])
        await until(lambda: child.state == "ready", "ready")
        assert child.doing == "counts as one"
        first, memory = child.pid, child.memory_bytes
        assert first is not None
        assert memory is not None
        assert memory > 1_000_000
        os.kill(first, signal.SIGKILL)
        await until(lambda: child.state == "ready" and child.pid != first, "ready again")
        assert child.restarts == 1
        await groups.end()
        assert (child.state, child.pid) == ("stopped", None)

    asyncio.run(scenario())
    assert (tmp_path / "journal").read_text().split("\n")[:3] == ["one begins"] * 2 + ["one ends"]


def test_what_cannot_start_is_told_and_tried_with_growing_pauses(tmp_path: Path) -> None:
    """Its last words are shown, and it costs the machine less and less."""
    failures: list[tuple[float, str]] = []

    def told(kept: Kept) -> None:
        if kept.state == "failed":
            failures.append((time.monotonic(), kept.doing))

    async def scenario() -> None:
        groups = Groups()
        groups.begin([broken("one", tmp_path, told)])
        await until(lambda: len(failures) == 4, "failed four times")
        await groups.end()

    asyncio.run(scenario())
    whys = [why for _, why in failures]
    assert whys[0] == "ended with 1 (the port is taken); again in 0.2 s"
    assert [why.rpartition("; ")[2] for why in whys[1:]] == [
        "again in 0.4 s",
        "again in 0.8 s",
        "again in 1.6 s",
    ]
    times = [at for at, _ in failures]
    assert all(
        later - earlier > BACKOFF_SECONDS_MIN * 2**number
        for number, (earlier, later) in enumerate(itertools.pairwise(times))
    )


def test_groups_end_in_order(tmp_path: Path) -> None:
    """What was begun last has ended before what it stands on is told to end."""

    async def scenario() -> None:
        engine, workers = (
            small("engine", tmp_path, str),
            [small(name, tmp_path, str) for name in ("worker", "relay")],
        )
        groups = Groups()
        groups.begin([engine])
        await engine.ready.wait()
        groups.begin(workers)
        for worker in workers:
            await worker.ready.wait()
        await groups.end()

    asyncio.run(scenario())
    ends = [line for line in (tmp_path / "journal").read_text().splitlines() if "ends" in line]
    assert set(ends[:2]) == {"worker ends", "relay ends"}
    assert ends[2:] == ["engine ends"]


def test_children_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """Nothing is left over that holds ports or leads."""
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, str(tmp_path)])
    journal = tmp_path / "journal"
    try:
        eventually(journal.exists, SECONDS_MAX, "the child has begun")
    finally:
        keeper.kill()
        keeper.wait()
    eventually(lambda: "one ends" in journal.read_text(), SECONDS_MAX, "the child has ended")


class Broken:
    """An engine that cannot start."""

    pid = None

    def start(self) -> None:
        raise EngineError("Kafka did not start. Its log, kafka.log, ends:\na line\nno room left")

    def stop(self) -> None:
        pass


def test_an_engine_that_does_not_start_is_told_with_its_last_words() -> None:
    """In one sentence, and to whoever waits for all of them."""
    told: list[str] = []

    async def scenario() -> None:
        engine = KeptEngine("kafka", lambda kept: told.append(kept.doing), Broken(), str)
        groups = Groups()
        groups.begin([engine])
        with pytest.raises(EngineError, match="Kafka did not start"):
            await all_ready([engine])
        await groups.end()

    asyncio.run(scenario())
    why = "Kafka did not start. Its log, kafka.log, ends: no room left; again in 0.2 s"
    assert why in told


def test_what_is_told_is_another_state_or_another_thing_done(tmp_path: Path) -> None:
    """A standby that comes to lead is told; that its figures change is not."""
    told: list[str] = []
    one = small("one", tmp_path, lambda kept: told.append(f"{kept.state} {kept.doing}"))
    one.turn("ready", "stands by")
    one.turn("ready", "stands by")
    one.turn("ready", "leads: 7 behind")
    one.turn("ready", "leads: 0 behind")
    one.turn("failed", "ended with 1")
    assert told == ["ready stands by", "ready leads: 7 behind", "failed ended with 1"]
