"""What stands of a learner after they were erased, and of the others?"""

from __future__ import annotations

import asyncio

import psycopg

from infra.compose.erasure import erasing
from tests.evidence.test_subject import bundled
from tests.privacy.erasing import erased, until
from tests.read_api.world import IN_RUN, World, furnish, world

STEPS = [
    "ErasureRequested",
    "ErasureBegun",
    "KeyDestroyed",
    "CachesDropped",
    "RowsDeleted",
    "IndexPurged",
    "TombstonesWritten",
    "EpochKeyDestroyed",
    "SubjectErased",
]


def test_an_erased_learner_is_a_pseudonym_with_facts(dsn: str) -> None:
    """Each step is a fact; personal fields are said to be erased, and nothing personal can be
    recorded any more; others are as they were, and open as before."""
    with world(dsn) as one:
        furnish(one)
        one.command("enrol-learner", **IN_RUN | {"subject": "s3"}, mode="audit", demographics=WALES)
        others = _others(one)
        keys = one.run(one.registrar.keys.existing("main", ["s1", "s3"]))
        assert set(keys) == {"s1", "s3"}
        assert one.get("search", q="s1", kind="learner")["hits"]
        erased(one, "s1")
        facts = one.run(one.reads.log.streams("main", ["main/erasure/s1"]))
        assert [fact.type for fact in facts] == STEPS
        assert one.run(one.registrar.keys.existing("main", ["s1", "s3"])).keys() == {"s3"}
        told = one.get("enrolments/AAA-2013J/s1")
        assert told["demographics"] == {"value": None, "erased": True}
        sentences = [fact["sentence"] for fact in one.get("learners/s1/history")["facts"]]
        assert "Enrolled" in " ".join(sentences)
        assert sentences[-1].startswith("Erased: ")
        assert one.get("search", q="s1", kind="learner")["hits"] == []
        refused = one.run(
            one.post("withdraw-learner", IN_RUN | {"subject": "s1", "reason": "Moved to Bath"})
        )
        assert refused.status_code == 409
        assert refused.json()["rule"] == "subject-erased"
        assert "Bath" not in refused.text
        one.command("withdraw-learner", **IN_RUN, subject="s1")
        assert _others(one) == others
        assert one.get("enrolments/AAA-2013J/s3")["demographics"]["value"] == WALES
        page = one.ask("/console/learners/s1").text
        assert "This learner was erased." in page
        assert 'id="erasure"' not in one.ask("/console/learners/s2").text
        assert b"(encrypted)" in bundled(one, "s1")["history.html"]


WALES = {"region": "Wales"}


def _others(one: World) -> list[object]:
    found = [one.get(f"enrolments/AAA-2013J/{subject}") for subject in ("s2", "s3")]
    for each in found:
        del each["as_of"]
    return found


def test_two_processes_do_each_step_once(dsn: str) -> None:
    """Both follow the log; what both did is recorded once, and one end of an epoch serves all."""
    subjects = [f"s{number}" for number in range(10, 20)]
    with world(dsn) as one:
        for subject in subjects:
            one.command("register-learner", subject=subject, name="Somebody")
        epochs = one.registrar.keys

        async def both() -> None:
            async with erasing(dsn, epochs, one.registrar.commands):
                for subject in subjects:
                    answer = await one.post(
                        "erase-learner", {"subject": subject, "ground": "objection"}
                    )
                    assert answer.status_code == 201
                await asyncio.gather(*(_done(one, subject) for subject in subjects))

        one.run(both())
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select type, count(*), count(distinct stream) from log.facts"
            " where stream like 'main/erasure/%' group by type"
        ).fetchall()
    assert {row[0] for row in rows} == set(STEPS)
    assert {row[1:] for row in rows} == {(10, 10)}


async def _done(one: World, subject: str) -> None:
    async with asyncio.timeout(25):
        while True:
            head = (await one.reads.log.head()).position
            facts = await one.reads.log.streams("main", [f"main/erasure/{subject}"])
            if facts and facts[-1].type == "SubjectErased":
                return
            await one.reads.log.wait(head, 1)


def test_how_far_an_erasure_is_can_be_asked(dsn: str) -> None:
    """On hold, under way, erased with receipts; and who was to be erased, the latest first."""
    with world(dsn) as one:
        furnish(one)
        one.refused("/v1/learners/s1/erasure", 404)
        for subject in ("s1", "s2"):
            hold = {"hold": "case-1", "ground": "legal-claim"}
            one.command("place-legal-hold", subject=subject, **hold)
        assert one.get("learners/s1/erasure")["status"] == "not asked for"
        one.command("erase-learner", subject="s1", ground="objection")
        held = one.get("learners/s1/erasure")
        assert (held["status"], held["holds"], held["steps"]) == ("on hold", ["case-1"], [])
        assert "An erasure waits for legal holds:" in one.ask("/console/learners/s1").text
        one.command("lift-legal-hold", subject="s1", hold="case-1")
        until(one, "s1", "SubjectErased")
        done = one.get("learners/s1/erasure")
        assert (done["status"], done["ground"], done["steps_left"]) == ("erased", "objection", 0)
        assert [step["step"] for step in done["steps"]] == STEPS[2:-1]
        assert {"place": "keys", "removed": 1} in done["steps"][0]["receipts"]
        assert len(done["digest"]) == 64
        one.command("erase-learner", subject="s2", ground="objection")
        listed = one.get("erasures", limit=1)
        assert [(row["subject"], row["erased_at"]) for row in listed["erasures"]] == [("s2", None)]
        (first,) = one.get("erasures", limit=1, next=listed["next"])["erasures"]
        assert first["subject"] == "s1"
        assert first["erased_at"] == done["as_of"]["recorded_at"]
