"""Is an erasure refused where there is nothing to erase, and done wherever there is anything?"""

from __future__ import annotations

from uuid import uuid4

import httpx
import psycopg

from infra.compose.erasure import erasing
from tests.privacy.erasing import until
from tests.read_api.world import COURSE, IN_RUN, RUN, World, world

ERASE = {"ground": "objection"}


def erase(one: World, subject: str) -> httpx.Response:
    """Ask for it."""
    return one.run(one.post("erase-learner", ERASE | {"subject": subject}))


def test_a_slip_in_a_pseudonym_is_no_success(dsn: str) -> None:
    """Alone and in a batch, beside those that are taken: nothing is recorded, and no key is made.
    Who is only registered, enrolled, held, signed in, or has only a key, can be erased, once."""
    with world(dsn) as one:
        keys = one.registrar.keys
        one.command("create-course", **COURSE)
        one.command("schedule-run", **RUN)
        one.command("register-learner", subject="registered", name="Ada")
        one.command("enrol-learner", **IN_RUN, subject="enrolled", mode="audit")
        one.command("place-legal-hold", subject="held", hold="case-1", ground="legal-claim")
        one.run(keys.for_subjects("main", ["has-a-key"]))
        with psycopg.connect(dsn) as connection:
            connection.execute(
                "insert into identity.actors (tenant, person, actor)"
                " values ('main', sha256('a'), 'signed-in'), ('other', sha256('a'), 'theirs')"
            )
        for subject in ("registred", "theirs", "AAA-2013J"):
            refused = erase(one, subject)
            assert refused.status_code == 409
            told = refused.json()
            assert (told["rule"], told["subject"]) == ("nothing-known", subject)
        commands = [
            {"name": "erase-learner", "body": ERASE | {"subject": subject}}
            for subject in ("enroled", "enrolled", "held", "has-a-key", "signed-in")
        ]
        answer = one.run(one._client.post("/v1/commands", json={"commands": commands}))
        results = answer.json()["results"]
        assert [each["status"] for each in results] == ["refused", *["recorded"] * 4]
        assert results[0]["problem"]["rule"] == "nothing-known"
        assert erase(one, "registered").status_code == 201
        assert erase(one, "registered").json()["status"] == "unchanged"
        until(one, "signed-in", "SubjectErased")
        assert erase(one, "signed-in").json()["status"] == "unchanged"
        assert one.run(keys.existing("main", ["registred", "theirs", "enroled"])) == {}
    with psycopg.connect(dsn) as connection:
        streams = connection.execute(
            "select distinct split_part(stream, '/', 3) from log.facts"
            " where stream like 'main/erasure/%' order by 1"
        ).fetchall()
    assert [one for (one,) in streams] == [
        "enrolled",
        "has-a-key",
        "held",
        "registered",
        "signed-in",
    ]


def test_who_is_in_the_ledger_alone_is_erased_again(dsn: str) -> None:
    """The backup that was restored is of before the log knew of them."""
    with world(dsn) as one:
        keys = one.registrar.keys
        keys.destroy("main", "later", str(uuid4()), "objection")

        async def restored() -> None:
            async with erasing(dsn, keys, one.registrar.commands):
                pass  # whoever the log lacks is asked for at the beginning

        one.run(restored())
        until(one, "later", "SubjectErased")
        assert erase(one, "later").json()["status"] == "unchanged"
