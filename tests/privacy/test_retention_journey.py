"""Is a learner whose time has come listed, then erased by the sweep, and unreadable after that?"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg

from infra.compose.parts import utc_now
from infra.stores.retention import PostgresRetained
from streams.policies.clock import SteadyClock
from streams.policies.dispatch import PipelineDispatch
from streams.policies.retention import SETTLED, Sweep
from tests.privacy.erasing import until
from tests.read_api.world import IN_RUN, World, furnish, world

GONE = {"value": None, "erased": True}


def swept(one: World, dsn: str, now: datetime) -> int:
    """Sweep once, as at this time, with commands sent as the registrar's own sweep sends them."""
    retained = PostgresRetained(dsn)
    clock = SteadyClock(lambda: now, lambda: 0.0)
    commands = one.registrar.commands.dependencies
    sweep = Sweep(retained, PipelineDispatch(commands.pipeline, commands.reader), clock)
    try:
        return one.run(sweep.step())
    finally:
        retained.close()


def test_what_a_rule_takes_is_listed_first_and_then_gone(dsn: str) -> None:
    """A run that ended long ago; a rule is published; for a week its preview lists whom it takes
    and nobody is erased; then the sweep erases them, whose personal fields nobody can read any
    more, and leaves those alone whom the rule keeps."""
    with world(dsn) as one:
        furnish(one)
        late = IN_RUN | {"run": "BBB-2090", "subject": "kept"}
        one.command("create-course", course="BBB", title="Much later")
        one.command(
            "schedule-run",
            run="BBB-2090",
            course="BBB",
            title="Much later",
            starts="2090-01-01T00:00:00Z",
            ends="2091-01-01T00:00:00Z",
        )
        one.command("enrol-learner", **late, demographics={"region": "Kent"})
        one.command("publish-retention-rule", rule="all", after="run-end", months=12)

        def listed() -> list[tuple[str, bool]]:
            found = one.get("retention/preview")["learners"]
            return [(row["subject"], row["asked"]) for row in found]

        def told(subject: str, run: str) -> object:
            return one.get(f"enrolments/{run}/{subject}")["demographics"]

        assert listed() == [("s1", False), ("s2", False)]
        now = utc_now()
        assert swept(one, dsn, now + SETTLED - timedelta(minutes=1)) == 0
        before = told("s1", IN_RUN["run"])
        assert before != GONE
        assert swept(one, dsn, now + SETTLED + timedelta(minutes=1)) == 2
        for subject in ("s1", "s2"):
            until(one, subject, "SubjectErased")
        assert listed() == [("s1", True), ("s2", True)]
        done = one.get("learners/s1/erasure")
        assert (done["status"], done["ground"]) == ("erased", "retention-ended")
        assert told("s1", IN_RUN["run"]) == GONE
        assert told("kept", "BBB-2090")["value"] == {"region": "Kent"}  # type: ignore[index]
        assert swept(one, dsn, now + SETTLED + timedelta(minutes=1)) == 0
        sentences = str(one.get("learners/s1/history")["facts"])
        assert "Erased: " in sentences
    with psycopg.connect(dsn) as connection:
        (actors,) = connection.execute(
            "select array_agg(distinct convert_from(body, 'UTF8')::jsonb ->> 'actor')"
            " from log.facts where type = 'ErasureRequested'"
        ).fetchone() or (None,)
    assert actors == ["retention"]
