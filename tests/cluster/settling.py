"""Is everything there once, when a load has ended?"""

from __future__ import annotations

from tests.cluster.processes import Cluster
from tests.faults.load import RUN, Load, assert_each_once, resend_all

LEARNERS_ASKED = 10
CAUGHT_UP_SECONDS_MAX = 30.0


def settle(running: Cluster, load: Load) -> None:
    """Check the history: in the log, in answers, and in readings as rebuilt from nothing."""
    assert load.surprises == []
    resend_all(running.commands, load)
    assert_each_once(running.dsn, load)
    head = running.head()
    running.caught_up(CAUGHT_UP_SECONDS_MAX)
    for learner in list(load.acknowledged)[-LEARNERS_ASKED:]:
        answer = running.queries.get(f"/v1/enrolments/{RUN}/{learner}?min_position={head}")
        assert answer.status == 200, answer
    kept = running.checksums()
    running.rebuild()
    running.caught_up(CAUGHT_UP_SECONDS_MAX)
    assert running.checksums() == kept
