"""What is answered to a command that is malformed, whatever is wrong with it?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.app import BATCH_BYTES_MAX, BODY_BYTES_MAX
from commands.batch import COMMANDS_A_BATCH_MAX, KEY_CHARACTERS_MAX
from commands.register import DECISIONS
from domain.access.commands import COMMANDS
from domain.access.permissions import Permission
from tests.folders import enterable
from tests.http import wrong
from tests.server import Answer, Server, running

COURSE = {"course": "AAA", "title": "Module AAA"}
SENDABLE = sorted(n for n in DECISIONS if COMMANDS[n] is not Permission.CARRY_OUT_ERASURE)
"""What others than policies may send."""
SCORE = DECISIONS["grade-submission"].example


def head(server: Server) -> int:
    """Return the last position of the log."""
    return int(server.get("/v1/log").body["position"])


def assert_problem(answer: Answer, status: int, name: str) -> dict[str, Any]:
    """Check that it is a problem document of this kind, and return it."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= answer.body.keys()
    assert (answer.body["type"], answer.body["status"]) == (f"/problems/{name}", status)
    return answer.body


def connected(server: Server) -> closing[HTTPConnection]:
    """Return a connection to the server, which is kept between requests."""
    return closing(HTTPConnection("127.0.0.1", server.port, timeout=30))


def sent(connection: HTTPConnection, path: str, body: bytes | Iterator[bytes]) -> Answer:
    """POST; the answer may come before the body has gone."""
    connection.request("POST", path, body, {"content-type": "application/json"})
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, json.loads(response.read()))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that nobody else has sent anything.

    What others had recorded goes on by itself: steps of an erasure come seconds later, and the log
    would end elsewhere than before by none of these tests' doing.
    """
    with enterable() as folder, running(folder / "data", "--no-example") as started:
        yield started


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    """What the API says of itself."""
    found: dict[str, Any] = server.get("/openapi.json").body
    return found


@pytest.mark.parametrize("name", SENDABLE)
def test_every_limit_of_the_documented_schema_holds(
    server: Server, document: dict[str, Any], name: str
) -> None:
    """A value beyond it gets 422, the errors name the field, and nothing is written."""
    operation = document["paths"][f"/v1/commands/{name}"]["post"]
    content = operation["requestBody"]["content"]["application/json"]
    before, tried, kept = head(server), 0, []
    with connected(server) as connection:
        for body, field, why in wrong.bodies(
            content["schema"], document["components"]["schemas"], content["example"]
        ):
            answer = sent(connection, f"/v1/commands/{name}", json.dumps(body).encode())
            tried += 1
            fields = [error["field"] for error in answer.body.get("errors", ())]
            if answer.status != 422 or not any(one.startswith(field) for one in fields):
                kept.append((field, why, answer.status, answer.body))
    assert not kept
    assert tried > 10
    assert head(server) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1",
        b"null",
        b'"text"',
        b"5",
        b"NaN",
        b'{"course":"AAA","title":NaN}',
        b'{"course":"AAA","title":"a\x00"}',
        b'{"course":"AAA","title":"\\ud800"}',
        b'{"course":"AAA","title":"\xff\xfe"}',
        b'{"course":"AAA","title":"\x1b[2J"}',
        b'{"course":"AAA","title":"\\u001b[2J"}',
        b'{"course":"AAA","title":"\xe3\x80\x80"}',
        b'{"course":"AAA\\n","title":"t"}',
        b'{"course":"AAA","title":' + b"9" * 100_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"course":"AAA","title":"t"}{}',
        b"<course>AAA</course>",
    ],
    ids=range(20),
)
def test_what_is_not_a_body_is_malformed(server: Server, body: bytes) -> None:
    """Whatever the bytes, one command or a batch: 422 and a problem, and nothing is written."""
    before = head(server)
    errors = assert_problem(server.command("create-course", body), 422, "malformed")["errors"]
    assert all(error["field"] and error["message"] for error in errors)
    assert_problem(server.post("/v1/commands", body), 422, "malformed")
    nested = b'{"commands":[{"name":"create-course","body":' + body + b"}]}"
    answer = server.post("/v1/commands", nested)
    if answer.status == 200:
        assert [result["status"] for result in answer.body["results"]] == ["invalid"]
    else:
        assert_problem(answer, 422, "malformed")
    assert head(server) == before


@pytest.mark.parametrize(
    "score",
    ["1_0", " 1", "٣", "1e999999999", "1e-999999999999", "0.0000001", "9" * 5_000, "sNaN", "0x10"],
)
def test_a_score_is_a_plain_decimal(server: Server, score: str) -> None:
    """What Python would take for a number, and a person would not, is refused."""
    body = SCORE | {"raw": score}
    errors = assert_problem(server.command("grade-submission", body), 422, "malformed")["errors"]
    assert [error["field"] for error in errors] == ["raw"]


@pytest.mark.parametrize("name", SENDABLE)
def test_the_future_cannot_have_occurred(server: Server, name: str) -> None:
    """A stated time may be a little ahead of the server's clock, and no more."""
    before = head(server)
    ahead = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    answer = server.command(name, DECISIONS[name].example | {"occurred_at": ahead})
    errors = assert_problem(answer, 422, "malformed")["errors"]
    assert [error["field"] for error in errors] == ["occurred_at"]
    assert head(server) == before


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("if_match", value)
        for value in ("", '"', '""', '"7', "seven", "-1", '"1", "2"', 'W/"1"', "9" * 5_000, "1.0")
    ]
    + [
        ("idempotency_key", value)
        for value in ("", '""', "x" * (KEY_CHARACTERS_MAX + 1), "a\tb", "ключ".encode())
    ],
)
def test_headers_have_a_form_too(server: Server, header: str, value: Any) -> None:
    """A malformed header is no missing header: 422 names it, and nothing is written."""
    before = head(server)
    answer = server.command("create-course", COURSE, **{header: value})
    errors = assert_problem(answer, 422, "malformed")["errors"]
    assert errors[0]["field"].lower().replace("-", "_") == header
    assert head(server) == before


def test_a_body_that_is_too_large_is_not_read(server: Server) -> None:
    """413 names the limit, whether the length was declared or the body came in chunks."""
    before = head(server)
    for path, limit in (
        ("/v1/commands/create-course", BODY_BYTES_MAX),
        ("/v1/commands", BATCH_BYTES_MAX),
    ):
        for body in (b" " * (limit + 1), iter([b" " * limit, b" "])):
            with connected(server) as connection:
                assert_problem(sent(connection, path, body), 413, "too-large")
    largest = b" " * BODY_BYTES_MAX
    for body in (largest, iter([largest])):
        with connected(server) as connection:
            answer = sent(connection, "/v1/commands/create-course", body)
            assert_problem(answer, 422, "malformed")
    assert head(server) == before


@pytest.mark.parametrize("media", ["", "text/plain", "application/xml", "multipart/form-data"])
def test_only_json_is_taken(server: Server, media: str) -> None:
    """415 for every other media type; parameters of JSON's do no harm."""
    before = head(server)
    body = json.dumps(COURSE).encode()
    for path in ("/v1/commands/create-course", "/v1/commands"):
        assert_problem(server.post(path, body, content_type=media), 415, "media-type")
    fine = server.post("/v1/commands", b"{}", content_type="Application/JSON; charset=utf-8")
    assert_problem(fine, 422, "malformed")
    assert head(server) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_commands_are_posted(server: Server, method: str) -> None:
    """405, with what is allowed."""
    for path in ("/v1/commands", "/v1/commands/create-course"):
        answer = server.request(method, path)
        assert answer.status == 405
        assert answer.headers["allow"] == "POST"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("create-cours", "create-course"),
        ("enroll-learner", "enrol-learner"),
        ("EnrolLearner", None),
        ("", None),
        ("%ff", None),
        ("a" * 5_000, None),
        ("create-course/", "create-course"),
    ],
)
def test_an_unknown_command_is_told_the_nearest(
    server: Server, name: str, nearest: str | None
) -> None:
    """404 and, where one is near, the name that may have been meant."""
    answer = server.post(f"/v1/commands/{name}", COURSE)
    detail = assert_problem(answer, 404, "unknown-command")["detail"]
    assert len(detail) < 500
    if nearest is not None:
        assert repr(nearest) in detail


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ([], "body"),
        ({"commands": {}}, "commands"),
        ({"commands": []}, "commands"),
        ({"commands": [5]}, "commands[0]"),
        ({"commands": [{"name": "create-course"}]}, "commands[0]"),
        ({"commands": [{"name": 5, "body": {}}]}, "commands[0].name"),
        ({"commands": [{"name": "x", "body": {}, "key": 5}]}, "commands[0].key"),
        ({"commands": [{"name": "x", "body": {}, "if_match": 5}]}, "commands[0]"),
        (
            {"commands": [{"name": "create-course", "body": COURSE}] * (COMMANDS_A_BATCH_MAX + 1)},
            "commands",
        ),
    ],
)
def test_a_batch_that_is_no_batch_does_nothing(server: Server, body: Any, field: str) -> None:
    """422 for the whole, with the place, and none of its commands is taken."""
    before = head(server)
    errors = assert_problem(server.post("/v1/commands", body), 422, "malformed")["errors"]
    assert errors[0]["field"] == field
    assert head(server) == before


_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["AAA", "2013-10-01T08:00:00Z", "1.5"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def _near_miss(draw: st.DrawFn) -> tuple[str, Any]:
    """A command whose body is anything at all, or its example with any value in any fields."""
    name = draw(st.sampled_from(SENDABLE))
    decision = DECISIONS[name]
    if draw(st.booleans()):
        return name, draw(_ANYTHING)
    fields = draw(st.lists(st.sampled_from(sorted(decision.model.model_fields)), min_size=1))
    return name, decision.example | {field: draw(_ANYTHING) for field in fields}


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_near_miss())
def test_no_body_breaks_the_server(server: Server, command: tuple[str, Any]) -> None:
    """Any JSON at all, to any command, is answered; never with a fault of the server.

    It comes last: some of it is recorded.
    """
    name, body = command
    answer = server.command(name, json.dumps(body).encode())
    assert answer.status in {200, 201, 409, 422}, answer
