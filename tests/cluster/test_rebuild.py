"""Does everybody read on while a reading of a cluster is rebuilt, and is the result the same?"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest

from infra.search.clients import store_client
from tests.cluster.embedded import embedded_checksums
from tests.cluster.kept import back, hit
from tests.cluster.processes import Cluster
from tests.databases import Databases
from tests.faults.history import assert_each_once
from tests.faults.load import RUN, Load
from tests.server import eventually

REBUILT_SECONDS_MAX = 60.0
GO_ON_SECONDS_MAX = 20.0
COMMANDS = 100
REST_SECONDS = 0.2
"""Between two commands of each of the clients."""
ASK_SECONDS = 0.02
"""Between two questions: the machine is the cluster's too."""
ASKED = {
    "progress": (f"/v1/runs/{RUN}/learners?limit=5", "/v1/enrolments/{run}/{subject}"),
    "search": (f"/v1/search?q={RUN}", "/v1/search?q={subject}"),
}
"""What is asked all the while that goes to a reading."""


class Asking:
    """Asks the same again and again in a thread. ``wrong`` is every answer that is none, or that
    goes back behind an earlier one; ``answers`` counts them."""

    def __init__(self, cluster: Cluster, paths: tuple[str, ...]) -> None:
        self.wrong: list[Any] = []
        self.answers = 0
        self._cluster = cluster
        self._paths = paths
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="asking")

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _ask(self) -> None:
        latest = dict.fromkeys(self._paths, 0)
        while not self._stopping.wait(ASK_SECONDS):
            for path, before in latest.items():
                found = self._cluster.queries.get(path)
                self.answers += 1
                if found.status != 200 or found.body["as_of"]["position"] < before:
                    self.wrong.append((path, before, found))
                    continue
                latest[path] = found.body["as_of"]["position"]


def answer(asked: subprocess.Popen[str]) -> str:
    """Return what was printed at the end. How far it was is told beside."""
    try:
        said, beside = asked.communicate(timeout=REBUILT_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        asked.kill()
        asked.communicate()
        raise
    assert asked.returncode == 0, beside
    return said


def begun(running: Cluster, name: str) -> Callable[[], bool]:
    """Whether a generation of a reading is being filled beside the live one."""

    def one() -> bool:
        with psycopg.connect(running.dsn) as connection:
            row = connection.execute(
                "select exists (select from readings.state where name = %s and not live)", (name,)
            ).fetchone()
        return row == (True,)

    return one


def kept_for(running: Cluster, name: str) -> set[int]:
    """Return the generations of a reading that tables, indexes or positions are there for."""
    with psycopg.connect(running.dsn) as connection:
        rows = connection.execute(
            "select substring(tablename from 'g([0-9]+)_')::int from pg_tables"
            " where schemaname = 'readings' and tablename ~ %(tables)s"
            " union select generation from readings.state where name = %(name)s",
            {"tables": f"^{name}_v", "name": name},
        ).fetchall()
    indexes = f"{running.name}-{name}-v*"
    with closing(store_client(running.elasticsearch_url)) as client:
        found = {int(index.rpartition("-g")[2]) for index in client.indices.get(index=indexes)}
    return {number for (number,) in rows} | found


@pytest.mark.parametrize("name", ["progress", "search"])
def test_a_rebuild_takes_over_while_commands_and_queries_go_on(
    running: Cluster, databases_18: Databases, name: str
) -> None:
    """No answer fails or goes back; the old generation goes; every row is as in one process."""
    before = running.generations()[name]
    with Load(running.commands, f"beside-{name}-", rest_seconds=REST_SECONDS) as load:
        load.go_on(COMMANDS, GO_ON_SECONDS_MAX)
        subject, told = next(iter(load.acknowledged.items()))
        running.reach(told.position, GO_ON_SECONDS_MAX)
        paths = tuple(path.format(run=RUN, subject=subject) for path in ASKED[name])
        with Asking(running, paths) as asking:
            said = answer(running.registrar("projections", "rebuild", name))
            load.go_on(COMMANDS, GO_ON_SECONDS_MAX)
    after = running.generations()[name]
    assert said == f"{name}: rebuilt as generation {after}\n"
    assert after == before + 1
    assert asking.wrong == []
    assert asking.answers > len(paths)
    assert load.surprises == []
    assert_each_once(running.dsn, load)
    eventually(lambda: kept_for(running, name) == {after}, GO_ON_SECONDS_MAX, "the old one goes")
    running.caught_up(GO_ON_SECONDS_MAX)
    with databases_18.fresh() as other:
        assert running.checksums() == embedded_checksums(running.dsn, other)


def test_a_rebuild_whose_keeper_is_killed_is_begun_anew(running: Cluster) -> None:
    """By the one that stood by. Whoever asked for it waits on, and is told when it is done."""
    name = "progress"
    before = running.generations()[name]
    running.caught_up(GO_ON_SECONDS_MAX)
    rows = running.checksums()
    leader = next(one for one in running.followers if one.doing.startswith("leads"))
    with psycopg.connect(running.dsn) as reader:
        reader.execute("select count(*) from views.enrolments")  # so it cannot take over yet
        asked = running.registrar("projections", "rebuild", name)
        eventually(begun(running, name), REBUILT_SECONDS_MAX, "the rebuild is begun")
        restarts = hit(leader)
    said = answer(asked)
    after = running.generations()[name]
    assert said == f"{name}: rebuilt as generation {after}\n"
    assert after > before + 1
    eventually(lambda: kept_for(running, name) == {after}, GO_ON_SECONDS_MAX, "the others go")
    running.caught_up(GO_ON_SECONDS_MAX)
    assert running.checksums() == rows
    back(leader, restarts)
