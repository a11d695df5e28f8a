"""Is everything there once, when a load has ended?"""

from __future__ import annotations

from pathlib import Path

from infra.evidence.auditing import audit
from infra.evidence.keys import kept_keys, read_keys
from tests.cluster.processes import Cluster
from tests.faults.history import assert_each_once
from tests.faults.load import RUN, Load, resend_all
from tests.server import eventually

LEARNERS_ASKED = 10
CAUGHT_UP_SECONDS_MAX = 30.0
LOG_KEY = "log.key"
ORIGIN = "registrar"
"""What the log calls itself by default."""


def sealing(folder: Path) -> dict[str, str]:
    """Make a key in a folder, and return the settings by which followers seal the log with it."""
    kept_keys(folder / LOG_KEY, ORIGIN)
    return {"REGISTRAR_LOG_KEY": str(folder / LOG_KEY)}


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
    assert_sealed(running)


def assert_sealed(running: Cluster) -> None:
    """Check that whoever leads the followers seals everything, and that it is as it was sealed."""
    end = f"\n{running.head()}\n".encode()
    eventually(
        lambda: end in running.queries.get("/v1/log/checkpoint").body,
        CAUGHT_UP_SECONDS_MAX,
        "everything is sealed",
    )
    known = read_keys(running.folder / LOG_KEY, ORIGIN).known
    assert audit(running.dsn, known, None, (), lambda *_: None).findings == []
