"""Does a cluster on real engines do its work, and tell who is missing?"""

from __future__ import annotations

import re
import signal

from tests.cluster.kept import hit
from tests.cluster.processes import Cluster
from tests.cluster.settling import assert_sealed
from tests.faults.load import RUN
from tests.server import eventually

NOTICED_SECONDS_MAX = 15.0
"""A worker is taken for dead after 10 s of silence."""
WELL_SECONDS_MAX = 15.0
GONE = re.compile("Reading certificates has stalled .* no worker since")


def test_what_is_commanded_can_be_read_and_searched(running: Cluster) -> None:
    """One way through everything: command, log, relay, Kafka, worker, and back as an answer."""
    answer = running.commands.command(
        "enrol-learner", {"run": RUN, "subject": "ada-lovelace", "mode": "honor"}
    )
    assert answer.status == 201
    at = answer.body["position"]
    enrolment = running.queries.get(f"/v1/enrolments/{RUN}/ada-lovelace?min_position={at}")
    assert (enrolment.status, enrolment.body["as_of"]["position"] >= at) == (200, True)
    run = running.queries.get(f"/v1/runs/{RUN}?min_position={at}")
    assert run.status == 200
    found = running.queries.get(f"/v1/search?q=ada-lovelace&min_position={at}")
    assert [hit["id"] for hit in found.body["hits"]] == ["ada-lovelace"]
    assert_sealed(running)


def test_a_worker_that_is_gone_is_not_passed_over(running: Cluster) -> None:
    """With nothing left to do, the health of the whole is red all the same; and green again when
    the worker is back. One that is stopped is as good as gone."""
    running.caught_up()
    worker = running.workers["small"]
    hit(worker, signal.SIGSTOP)
    try:
        eventually(
            lambda: GONE.search(str(running.queries.get("/readyz").body)),
            NOTICED_SECONDS_MAX,
            "somebody notices",
        )
        assert running.queries.get("/readyz").status == 503
    finally:
        hit(worker, signal.SIGCONT)
    running.well(WELL_SECONDS_MAX)
