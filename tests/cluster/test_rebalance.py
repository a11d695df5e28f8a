"""Is a fact lost or counted twice when workers share a reading, come and go?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from infra.supervisor.child import Child
from tests.cluster.conftest import PARTITIONS
from tests.cluster.kept import back, hit
from tests.cluster.processes import Cluster
from tests.cluster.settling import settle
from tests.cluster.truth import Truth
from tests.faults.load import Load
from tests.server import eventually

REBALANCE_SECONDS_MAX = 60.0
CATCH_UP_SECONDS_MAX = 15.0
REST_SECONDS = 0.2
ADDED = 2
READING = "progress"


def partitions(worker: Child) -> set[int]:
    """Return which partitions a worker says that it has."""
    said = re.search(r"partitions ((?:\d+(?:-\d+)?(?:, )?)+)", worker.doing)
    found: set[int] = set()
    for part in said[1].split(", ") if said else ():
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def shared(workers: Sequence[Child]) -> None:
    """Wait until each has a part, each partition is with one, and none is with two."""

    def all_have() -> bool:
        parts = [partitions(one) for one in workers]
        return all(parts) and sorted(n for part in parts for n in part) == list(range(PARTITIONS))

    eventually(all_have, REBALANCE_SECONDS_MAX, f"{len(workers)} workers share the partitions")


def test_workers_come_and_go_under_load(running: Cluster) -> None:
    """Two more share the partitions of a reading with the first; one of them is killed, and both
    are taken away again: the reading goes on all the while, and each fact counts once."""
    first = running.workers[READING]
    more = [running.worker(READING, number) for number in range(1, 1 + ADDED)]
    with (
        Truth(running) as truth,
        Load(running.commands, "share", rest_seconds=REST_SECONDS) as load,
    ):
        running.keeper.keep(more)
        shared([first, *more])
        running.reach(running.head(), CATCH_UP_SECONDS_MAX)
        back(more[0], hit(more[0]))
        running.reach(running.head(), CATCH_UP_SECONDS_MAX)
        for left in (1, 0):
            running.keeper.let_go(more[left])
            shared([first, *more[:left]])
            running.reach(running.head(), CATCH_UP_SECONDS_MAX)
    assert truth.lies == []
    settle(running, load)
