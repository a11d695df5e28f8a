"""What is answered to a command that is well formed?"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from commands.batch import COMMANDS_A_BATCH_MAX
from commands.register import DECISIONS
from domain.access.commands import COMMANDS
from domain.access.permissions import Permission
from tests.http.test_wrong_input import assert_problem, head
from tests.http.university import Made, done, enrol, make
from tests.server import Answer, Server


@pytest.fixture(scope="module")
def made(server: Server) -> Made:
    """A run that the tests of this module share; each takes learners of its own."""
    return make(server)


def test_what_is_recorded_is_told(server: Server, made: Made) -> None:
    """201 with the position reached, the facts at their places, and the version as ETag."""
    before = head(server)
    answer = server.command("enrol-learner", enrol(made, "recorded"))
    body = done(answer)
    assert body["status"] == "recorded"
    assert body["position"] == before + 1 == head(server)
    assert answer.headers["etag"] == '"1"'
    (fact,) = body["facts"]
    assert fact["type"] == "LearnerEnrolled"
    assert fact["stream"] == f"main/enrolment/{made.run}/recorded"
    assert (fact["position"], fact["version"]) == (before + 1, 1)
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", fact["id"])


def test_what_is_so_already_is_unchanged(server: Server, made: Made) -> None:
    """200, the same version, and nothing is written."""
    first = server.command("enrol-learner", enrol(made, "again"))
    before = head(server)
    second = server.command("enrol-learner", enrol(made, "again"))
    assert (second.status, second.body["status"]) == (200, "unchanged")
    assert second.body["position"] >= first.body["position"]
    assert second.headers["etag"] == first.headers["etag"]
    assert head(server) == before


def test_a_key_again_gets_the_first_answer_again(server: Server, made: Made) -> None:
    """200, word for word, marked as replayed; also where it would be refused by now. Nothing more
    is recorded: elsewhere one event had two times (marsha#2343)."""
    body = {"run": made.run, "subject": "keyed", "reason": "moved away"}
    done(server.command("enrol-learner", enrol(made, "keyed")))
    first = server.command("withdraw-learner", body, idempotency_key="key-1")
    done(server.command("enrol-learner", enrol(made, "keyed")))
    before = head(server)
    for key in ("key-1", '"key-1"'):
        again = server.command("withdraw-learner", body, idempotency_key=key)
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["etag"] == first.headers["etag"]
    assert "idempotent-replayed" not in first.headers
    assert head(server) == before


def test_a_key_stands_for_one_body(server: Server, made: Made) -> None:
    """422 for another body; another command may use the same key."""
    done(server.command("enrol-learner", enrol(made, "one"), idempotency_key="key-2"))
    before = head(server)
    other = server.command("enrol-learner", enrol(made, "two"), idempotency_key="key-2")
    assert assert_problem(other, 422, "idempotency-key-reused")["errors"]
    assert head(server) == before
    gone = {"run": made.run, "subject": "one"}
    done(server.command("withdraw-learner", gone, idempotency_key="key-2"))


def test_a_key_at_once_is_taken_once(server: Server, made: Made) -> None:
    """Of many requests with one key at the same time one is recorded; nobody is told otherwise."""
    body = enrol(made, "at-once")

    def ask(_: int) -> Answer:
        return server.command("enrol-learner", body, idempotency_key="key-3")

    before = head(server)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(32)))
    told = {answer.body["position"] for answer in answers if answer.status in (200, 201)}
    assert told == {before + 1}
    assert [answer.status for answer in answers].count(201) == 1
    for answer in answers:
        if answer.status == 409:
            assert_problem(answer, 409, "idempotency-key-busy")
    assert head(server) == before + 1


def test_a_refusal_names_its_rule_and_what_it_judged_by(server: Server) -> None:
    """409, the rule's address explains it, and the same key may be tried again later."""
    full = make(server, capacity=1)
    done(server.command("enrol-learner", enrol(full, "first")))
    before = head(server)
    refused = server.command("enrol-learner", enrol(full, "second"), idempotency_key="key-4")
    problem = assert_problem(refused, 409, "run-full")
    assert problem["rule"] == "run-full"
    assert problem["run"] == full.run
    assert problem["capacity"] == 1
    assert head(server) == before
    explained = server.get(problem["type"])
    assert explained.status == 200
    assert explained.body["title"] == problem["title"]
    assert explained.body["explanation"]
    done(server.command("limit-seats", {"run": full.run, "capacity": 2}))
    done(server.command("enrol-learner", enrol(full, "second"), idempotency_key="key-4"))


@pytest.mark.parametrize(
    ("name", "body", "rule"),
    [
        ("enrol-learner", {"run": "nowhere", "subject": "s"}, "run-unknown"),
        ("schedule-run", {"course": "nowhere"}, "course-unknown"),
        ("set-prerequisite", {"course": "nowhere", "prerequisite": None}, "course-unknown"),
        ("archive-run", {"run": "nowhere"}, "run-unknown"),
        ("withdraw-learner", {"subject": "nobody"}, "not-enrolled"),
        ("submit-work", {"subject": "nobody", "item": "essay", "attempt": "1"}, "not-enrolled"),
        ("submit-work", {"subject": "member", "item": "none", "attempt": "1"}, "item-unknown"),
        ("view-item", {"subject": "member", "item": "none"}, "item-unknown"),
        (
            "grade-submission",
            {"subject": "member", "item": "essay", "attempt": "none", "raw": 1, "grader": "g"},
            "attempt-unknown",
        ),
        (
            "revoke-certificate",
            {"subject": "member", "certificate": "none", "reason": "r"},
            "certificate-unknown",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(
    server: Server, made: Made, name: str, body: dict[str, Any], rule: str
) -> None:
    """An unknown course, run, learner or item breaks a rule: 409, and nothing is written."""
    server.command("enrol-learner", enrol(made, "member"))
    fields = DECISIONS[name].model.model_fields
    example = DECISIONS[name].example if name == "schedule-run" else {}
    before = head(server)
    sent = example | ({"run": made.run} if "run" in fields else {}) | body
    if name == "schedule-run":
        sent["run"] = "run-of-nothing"
    problem = assert_problem(server.command(name, sent), 409, rule)
    assert problem["rule"] == rule
    assert server.get(f"/problems/{rule}").status == 200
    assert head(server) == before


def test_a_stale_version_is_told(server: Server, made: Made) -> None:
    """412 names both versions, and nothing is written; the right one, or *, passes."""
    body = {"run": made.run, "subject": "matched"}
    done(server.command("enrol-learner", enrol(made, "matched"), if_match='"0"'))
    before = head(server)
    for stale in ('"0"', '"2"', "9999999999"):
        problem = assert_problem(
            server.command("withdraw-learner", body, if_match=stale), 412, "stale-version"
        )
        assert (problem["expected"], problem["actual"]) == (int(stale.strip('"')), 1)
    assert head(server) == before
    answer = server.command("withdraw-learner", body, if_match='"1"')
    assert done(answer)["version"] == 2
    done(server.command("enrol-learner", enrol(made, "matched"), if_match="*"))


def test_a_batch_answers_each_command_in_order(server: Server, made: Made) -> None:
    """Recorded, unchanged, refused, invalid and replayed stand in their places."""
    body = enrol(made, "batched")
    commands: list[dict[str, Any]] = [
        {"name": "enrol-learner", "body": body, "key": "batch-1"},
        {"name": "enrol-learner", "body": body},
        {"name": "enrol-learner", "body": body | {"run": "nowhere"}},
        {"name": "enrol-learner", "body": body | {"subject": ""}},
        {"name": "enrol-lerner", "body": body},
        {"name": "enrol-learner", "body": body | {"subject": "other"}, "key": ""},
        {"name": "withdraw-learner", "body": {"run": made.run, "subject": "batched"}},
    ]
    before = head(server)
    answer = server.post("/v1/commands", {"commands": commands})
    assert answer.status == 200
    results = answer.body["results"]
    told = ["recorded", "unchanged", "refused", "invalid", "invalid", "invalid", "recorded"]
    assert [result["status"] for result in results] == told
    assert [result.get("position") for result in results[::6]] == [before + 1, before + 2]
    kinds = [result["problem"]["type"] for result in results[2:6]]
    assert kinds == [
        f"/problems/{kind}" for kind in ("run-unknown", "malformed", "unknown-command", "malformed")
    ]
    assert "enrol-learner" in results[4]["problem"]["detail"]
    again = server.post("/v1/commands", {"commands": commands[:1]}).body["results"]
    assert again == [results[0] | {"replayed": True}]
    assert head(server) == before + 2


def test_a_batch_takes_one_stream_in_order(server: Server, made: Made) -> None:
    """The largest batch, all of one learner: each is decided on what those before it left."""
    commands = [
        {"name": name, "body": {"run": made.run, "subject": "to-and-fro"}}
        for _ in range(COMMANDS_A_BATCH_MAX // 2)
        for name in ("enrol-learner", "withdraw-learner")
    ]
    results = server.post("/v1/commands", {"commands": commands}).body["results"]
    assert [result["status"] for result in results] == ["recorded"] * COMMANDS_A_BATCH_MAX
    positions = [result["position"] for result in results]
    assert positions == sorted(positions)
    assert results[-1]["version"] == COMMANDS_A_BATCH_MAX


def test_a_key_twice_in_one_batch_records_once(server: Server, made: Made) -> None:
    """The second waits for its turn (`unavailable`); sent again, it gets what the first got."""
    command = {"name": "enrol-learner", "body": enrol(made, "twice"), "key": "batch-2"}
    other = command | {"body": enrol(made, "thrice")}
    before = head(server)
    results = server.post("/v1/commands", {"commands": [command, command, other]}).body["results"]
    assert [result["status"] for result in results] == ["recorded", "unavailable", "unavailable"]
    assert head(server) == before + 1
    results = server.post("/v1/commands", {"commands": [command]}).body["results"]
    assert results[0]["replayed"]
    results = server.post("/v1/commands", {"commands": [other]}).body["results"]
    assert results[0]["problem"]["type"] == "/problems/idempotency-key-reused"
    assert head(server) == before + 1


def test_every_command_is_documented_with_an_example(server: Server) -> None:
    """The OpenAPI document is whole, and what it shows as an example is well formed."""
    document = server.get("/openapi.json").body
    assert document["openapi"].startswith("3.1")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for operation in operations:
        assert operation["responses"]
        assert operation.get("summary")
    for reference in _references(document):
        place: Any = document
        assert reference.startswith("#/")
        for step in reference[2:].split("/"):
            place = place[step]
    for name in DECISIONS:
        content = document["paths"][f"/v1/commands/{name}"]["post"]["requestBody"]["content"]
        answer = server.command(name, content["application/json"]["example"])
        only_policies = COMMANDS[name] is Permission.CARRY_OUT_ERASURE
        assert answer.status in ({403} if only_policies else {200, 201, 409}), (name, answer)


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in _references(each)]
    if not isinstance(node, dict):
        return []
    inner = [found for each in node.values() for found in _references(each)]
    return inner + ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
