"""Do real records come to the same in a cluster as in one process, and to what the files say?"""

from __future__ import annotations

from tests.cluster.embedded import embedded_checksums
from tests.cluster.processes import Cluster
from tests.databases import Databases
from tests.faults.load import RUN
from tests.oulad.replaying import replay, same

RUNS = ("DDD-2013B", "EEE-2014B")
"""One with late work, banked results, unknown days and exam scores, and a small one."""


def test_every_reading_is_the_same_however_it_is_kept_up(
    running: Cluster, databases_18: Databases
) -> None:
    """The records go in as commands, and policies act on them. Every figure is that of the files,
    and every row, sum and search document that of one process that reads the same log."""
    code, report = replay(running.commands, *RUNS)
    assert code == 0
    same(running.dsn, RUNS, report, others={RUN})
    running.caught_up()
    with databases_18.fresh() as other:
        assert running.checksums() == embedded_checksums(running.dsn, other)
