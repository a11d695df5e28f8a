"""Is it told who came in, who could not, and what was refused, and nothing that is secret?"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from domain.access import Principal, Role
from infra.identity.errors import WrongToken
from infra.security_log import on_standard_error, tell
from infra.web.authentication import identified
from infra.web.refusals import commands_told
from tests.issuer.desk import SERVICE, SERVICE_SECRET, Clock, Desk, at_desk

WRONG = "wrong-password"
ANN = Principal("ann", "main", "app", frozenset({Role.LEARNER}))

Told = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """What was told so far."""
    caplog.set_level(logging.INFO, "registrar.security")

    def lines() -> list[dict[str, Any]]:
        found = [one.getMessage() for one in caplog.records if one.name == "registrar.security"]
        assert not [line for line in found if "\n" in line]
        return [json.loads(line.removeprefix("security ")) for line in found]

    return lines


def test_signing_in_is_told_step_by_step(dsn: str, tmp_path: Path, told: Told) -> None:
    """By whom, from where, with what, and whether it was right; never the name that was typed,
    which may be a password, nor any secret."""

    async def story(one: Desk, clock: Clock) -> None:
        (admin,) = await one.issuer.users.all()
        page = await one.page(one.asking())
        await one.send(page, name="admin", password=WRONG)
        await one.send(page, name=one.password, password=WRONG)
        await one.sign_in()
        await one.enrol()
        one.browser = one.another()
        page = await one.send(await one.page(one.asking()), name="admin", password=one.password)
        await one.send(page, code="000000")
        clock.move(60)
        await one.send(page, code=one.code())
        for secret in ("wrong", SERVICE_SECRET):
            form = {"client_id": SERVICE, "client_secret": secret}
            await one.tokens(grant_type="client_credentials", **form)
        lines = told()
        assert [(line["event"], line.get("user") == admin.id) for line in lines] == [
            ("password-wrong", True),
            ("password-wrong", False),
            ("password-right", True),
            ("second-factor-added", True),
            ("password-right", True),
            ("second-factor-wrong", True),
            ("second-factor-right", True),
            ("program-wrong", False),
            ("program-right", False),
        ]
        assert {line["address"] for line in lines[:-1]} == {"127.0.0.1"}
        assert {line["client"] for line in lines[-2:]} == {SERVICE}
        whole = json.dumps(lines)
        for secret in (one.password, WRONG, one.phone, SERVICE_SECRET, "000000", '"admin"'):
            assert secret not in whole

    at_desk(dsn, tmp_path, story)


def test_who_guesses_is_told(dsn: str, tmp_path: Path, told: Told) -> None:
    async def story(one: Desk, _: Clock) -> None:
        page = await one.page(one.asking())
        for _ in range(6):
            await one.send(page, name="admin", password=WRONG)
        assert [line["event"] for line in told()] == [
            *["password-wrong"] * 5,
            "password-not-looked-at",
        ]

    at_desk(dsn, tmp_path, story)


def test_what_is_refused_is_told(told: Told) -> None:
    """Who, through which program, asked for what. An address cannot begin a line of its own, and
    what is let in is not told."""

    async def who(request: HTTPConnection) -> Principal:
        if request.headers.get("authorization") == "Bearer wrong":
            raise WrongToken("The token has expired.")
        return ANN

    async def ask() -> None:
        for status in (200, 403, 401, 404):
            transport = httpx.ASGITransport(identified(Response(status_code=status), who))
            async with httpx.AsyncClient(transport=transport, base_url="http://one") as client:
                await client.get("/v1/learners/bob%0Asecurity%20%7B%7D")
                await client.get("/v1/runs", headers={"authorization": "Bearer wrong"})

    asyncio.run(ask())
    lines = [line for line in told() if line["event"] == "refused"]
    assert [line["status"] for line in lines] == [403, 401]
    who_asked = {(line["actor"], line["tenant"], line["client"]) for line in lines}
    assert who_asked == {("ann", "main", "app")}
    assert lines[0]["what"] == "GET /v1/learners/bob\nsecurity {}"
    assert [line["why"] for line in told() if line["event"] == "token-wrong"] == [
        "The token has expired."
    ] * 4


def test_each_command_that_is_refused_is_told(told: Told) -> None:
    """Also those of a batch, and beside the counting."""
    counted: list[tuple[str, str]] = []
    answered = commands_told(lambda *one: counted.append(one))
    for outcome in ("recorded", "not-permitted", "second-factor-needed", "run-full"):
        answered(ANN, "grant-role", outcome)
    assert len(counted) == 4
    assert [(line["what"], line["status"]) for line in told()] == [
        ("POST /v1/commands/grant-role", 403),
        ("POST /v1/commands/grant-role", 401),
    ]


def test_it_is_told_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a line, however often a process says so; nothing else is told louder for it."""
    log = logging.getLogger("registrar.security")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(log, "level", logging.NOTSET)
    log.manager._clear_cache()  # type: ignore[attr-defined]
    tell("not-yet")
    on_standard_error()
    on_standard_error()
    tell("one", client="app", nothing=None)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line.removeprefix("security "))["client"] == "app"
    assert "nothing" not in line
    assert log.handlers[0].stream is sys.stderr  # type: ignore[attr-defined]
    monkeypatch.undo()
    log.manager._clear_cache()  # type: ignore[attr-defined]
