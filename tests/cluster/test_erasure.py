"""Is there anything of an erased learner in the engines of a cluster?"""

from __future__ import annotations

import psycopg

from tests.cluster.conftest import Engines
from tests.cluster.processes import Cluster
from tests.faults.load import RUN
from tests.privacy.canaries import MARK, files_with
from tests.server import eventually

ERASED_SECONDS_MAX = 60.0
WRITTEN_SECONDS_MAX = 20.0
SUBJECT = "to-be-erased"
OTHER_TEXT = f"{MARK}-in-a-title"


def test_no_engine_keeps_anything_readable(running: Cluster, engines: Engines) -> None:
    """Broker, search index, cache and logs hold no personal field, and the index not even the
    pseudonym where it could be found by; consumers outside have a tombstone. What anybody may read
    comes by the same files, as it is before they are compressed: there it is found."""
    body = {"run": RUN, "subject": SUBJECT, "mode": "honor"}
    shown = {"demographics": {"region": f"{MARK}-region"}}
    assert running.commands.command("enrol-learner", body | shown).status == 201
    course = {"course": "CANARY", "title": OTHER_TEXT}
    at = running.commands.command("create-course", course).body["position"]
    opened = running.queries.get(f"/v1/enrolments/{RUN}/{SUBJECT}?min_position={at}")
    assert opened.body["demographics"]["value"] == {"region": f"{MARK}-region"}
    assert running.queries.get(f"/v1/search?q={SUBJECT}&min_position={at}").body["hits"]
    index = engines.elasticsearch.folder
    eventually(lambda: files_with(index, OTHER_TEXT) != [], WRITTEN_SECONDS_MAX, "it is in a file")
    assert files_with(index, f"{MARK}-region") == []
    ground = {"subject": SUBJECT, "ground": "objection"}
    at = running.commands.command("erase-learner", ground).body["position"]
    eventually(lambda: "SubjectErased" in _steps(running), ERASED_SECONDS_MAX, "it is erased")
    erased = running.queries.get(f"/v1/enrolments/{RUN}/{SUBJECT}?min_position={at}")
    assert erased.body["demographics"] == {"value": None, "erased": True}
    assert running.queries.get(f"/v1/search?q={SUBJECT}&min_position={at}").body["hits"] == []
    receipts = running.queries.get(f"/v1/learners/{SUBJECT}/erasure?min_position={at}").body
    told = {one["place"] for step in receipts["steps"] for one in step["receipts"]}
    assert {"keys", "search", "public topic"} <= told
    for folder in (engines.kafka.folder, index, engines.redis.folder, running.folder):
        assert files_with(folder, f"{MARK}-region") == []


def _steps(running: Cluster) -> set[str]:
    with psycopg.connect(running.dsn) as connection:
        rows = connection.execute(
            "select type from log.facts where stream = %s", (f"main/erasure/{SUBJECT}",)
        ).fetchall()
    return {type_ for (type_,) in rows}
