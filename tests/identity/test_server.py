"""Whom does a running server let in, and what does it tell the others?"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from infra.identity.tokens import TOKEN_BYTES_MAX
from tests.identity.conftest import Place
from tests.identity.issuer import new_key
from tests.server import Answer, eventually, running

PROBLEM = "application/problem+json"
PAGE = "text/html,application/xhtml+xml"


def refused(answer: Answer, status: int, kind: str) -> Answer:
    """Look whether an answer is this problem."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == PROBLEM
    assert answer.body["type"] == f"/problems/{kind}"
    return answer


@pytest.mark.parametrize(
    "path",
    ["/v1/runs", "/v1/log", "/v1/events", "/v1/nothing", "/console", "/", "/nothing"],
)
def test_nobody_is_let_in_without_a_token(place: Place, path: str) -> None:
    """Not even to learn what there is; and the challenge names no error [RFC 6750, 3.1]."""
    answer = refused(place.server.get(path), 401, "not-signed-in")
    assert answer.headers["www-authenticate"] == 'Bearer realm="registrar"'
    assert answer.headers["cache-control"] == "no-store"


def test_commands_take_a_token(place: Place) -> None:
    """One and many, whatever the body."""
    for path in ("/v1/commands/create-course", "/v1/commands"):
        refused(place.server.post(path, {}), 401, "not-signed-in")
        refused(place.server.post(path, b"\x00"), 401, "not-signed-in")


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/metrics", "/problems", "/problems/wrong-token", "/openapi.json"],
)
def test_what_is_open_needs_none(place: Place, path: str) -> None:
    """And a wrong one does not close it."""
    assert place.server.get(path).status == 200
    assert place.ask(path, "wrong").status == 200


def test_a_good_token_lets_in(place: Place) -> None:
    assert place.ask("/v1/log").status == 200
    assert place.ask("/v1/log", authorization=f"bearer  {place.issuer.token()}").status == 200


@pytest.mark.parametrize(
    "token",
    ["wrong", "a.b.c", "x" * (TOKEN_BYTES_MAX + 1), "ü", "eyJhbGciOiJub25lIn0.e30."],
    ids=["a word", "three parts", "oversized", "not ASCII", "alg none"],
)
def test_a_wrong_token_is_told_so(place: Place, token: str) -> None:
    """With the error code of RFC 6750, and a sentence."""
    answer = refused(place.ask("/v1/log", token), 401, "wrong-token")
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="registrar", error="invalid_token", error_desc')


def test_another_scheme_is_no_token(place: Place) -> None:
    """Nor an empty one."""
    for header in ("Basic dTpw", "Bearer", "Bearer ", place.issuer.token()):
        refused(place.ask("/v1/log", authorization=header), 401, "wrong-token")


def test_a_token_in_an_address_is_refused_even_beside_a_good_one(place: Place) -> None:
    """Addresses are kept in logs and histories [RFC 9700, 4.3.2]."""
    query = f"/v1/log?access_token={place.issuer.token()}"
    for answer in (place.server.get(query), place.ask(query)):
        refused(answer, 400, "two-tokens")
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]


def test_an_expired_token_is_refused_though_it_was_good(place: Place) -> None:
    now = int(time.time())
    refused(place.ask("/v1/log", place.issuer.token(exp=now - 31)), 401, "wrong-token")
    assert place.ask("/v1/log", place.issuer.token(exp=now - 20)).status == 200


def test_a_page_leads_to_where_one_signs_in(place: Place) -> None:
    """And back again; programs are told the problem instead."""
    for path in ("/console/runs?sort=title", "/console", "/"):
        opener = place.server.get_unfollowed(path, accept=PAGE)
        assert opener.status == 303
        wanted = path.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
        assert opener.headers["location"] == f"/console/sign-in?next={wanted}"
    refused(place.ask("/console", "wrong", accept=PAGE), 401, "wrong-token")
    refused(place.server.get("/v1/runs", accept=PAGE), 401, "not-signed-in")


def test_roles_are_granted_and_taken_while_the_server_runs(place: Place) -> None:
    """By an administrator; the token of the one who gets them stays as it is."""
    roles = {"roles": ["administrator"]}
    boss = place.issuer.token(learner="boss", realm_access=roles, amr=["pwd", "mfa"])
    ann = {"authorization": f"Bearer {place.issuer.token(learner='ann')}"}
    numbers = iter(range(1_000_000))

    def creates() -> int:
        course = {"course": f"C{next(numbers)}", "title": "A course"}
        return place.server.command("create-course", course, **ann).status

    def boss_sends(name: str) -> None:
        grant = {"holder": "ann", "role": "registrar"}
        sent = place.server.command(name, grant, authorization=f"Bearer {boss}")
        assert sent.status == 201, sent

    assert creates() == 403
    boss_sends("grant-role")
    eventually(lambda: creates() == 201, 10, "the role counts")
    boss_sends("revoke-role")
    eventually(lambda: creates() == 403, 10, "the role is gone")


def test_keys_change_while_the_server_runs(place: Place) -> None:
    """Tokens of the new key are good at once; what was never the issuer's never is."""
    before = place.issuer.keys
    try:
        forged = place.issuer.token(key=new_key())
        refused(place.ask("/v1/log", forged), 401, "wrong-token")
        place.issuer.rotate("RS256")
        token = place.issuer.token("RS256")
        eventually(lambda: place.ask("/v1/log", token).status == 200, 30, "the new key counts")
    finally:
        place.issuer.keys = [*before, *place.issuer.keys]


def test_those_turned_away_are_counted(place: Place) -> None:
    place.server.get("/v1/log")
    told = place.server.get("/metrics").body.decode()
    assert 'registrar_turned_away_total{problem="not-signed-in"}' in told


def test_an_issuer_that_is_away_lets_nobody_in(place: Place, folder: Path) -> None:
    """503, never 200; what is open stays open."""
    environment = {"REGISTRAR_ACCESS": "issuer", "REGISTRAR_ISSUER": place.issuer.url}
    place.issuer.away = True
    try:
        with running(folder / "data", "--no-example", environment=environment) as server:
            other = Place(server, place.issuer)
            answer = refused(other.ask("/v1/log"), 503, "issuer-unavailable")
            assert place.issuer.url not in answer.body["detail"]
            assert "retry-after" in answer.headers
            refused(other.server.get("/v1/log"), 401, "not-signed-in")
            assert other.server.get("/healthz").status == 200
    finally:
        place.issuer.away = False
