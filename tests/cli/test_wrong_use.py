"""Is what cannot be meant told in one line, with the exit code of wrong use, and nothing done?"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from infra.cli.main import FAILED, WRONG_USE, run
from infra.cli.moments import instant, moment
from infra.issuer.clients import CLIENT_ID


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["access", "list", "--as-of", "someday"], "--as-of: 'someday'"),
        (["access", "grant", "t", "grader", "--until", "812"], "--until: '812'"),
        (["retention", "--dry-run", "--by", "soon"], "--by: 'soon'"),
        (["users", "add", " "], "NAME has 1 to 100 characters"),
        (["users", "add", "x" * 101], "NAME has 1 to 100 characters"),
        (["users", "add", "a\tb"], "NAME has 1 to 100 characters"),
        (["users", "add", "ada", "--tenant", "No Such"], "--tenant"),
        (["issuer", "add-client", "x" * 57, "--scope", "read"], "CLIENT has up to 56 letters"),
        (["issuer", "add-client", "x", "--scope", "read", "--tenant", "X"], "--tenant"),
    ],
)
def test_it_names_what_is_wrong(
    words: list[str],
    named: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REGISTRAR_DATA", str(tmp_path / "data"))
    assert run(words) == WRONG_USE
    (line,) = capsys.readouterr().err.splitlines()
    assert named in line
    assert not (tmp_path / "data").exists()


def test_a_day_is_its_beginning_in_utc() -> None:
    assert moment("--by", "2030-01-01") == "2030-01-01T00:00:00+00:00"
    assert instant("--as-of", "2014-02-01T12:00:00+02:00") == "2014-02-01T12:00:00+02:00"
    assert instant("--as-of", "812") == "812"


@pytest.mark.parametrize(("status", "code"), [(422, WRONG_USE), (409, FAILED), (503, FAILED)])
def test_what_the_server_finds_malformed_is_wrong_use(
    status: int,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A refusal is none: it was well said."""

    def answered(*_: object, **__: object) -> httpx.Response:
        return httpx.Response(status, json={"detail": "tenant: cannot be"})

    monkeypatch.setattr(httpx, "request", answered)
    assert run(["tenants", "open", "A", "--title", "a", "--url", "http://127.0.0.1:9"]) == code
    assert capsys.readouterr().err.startswith("registrar: tenant: cannot be (")


def test_a_program_is_called_as_the_server_takes_it() -> None:
    assert CLIENT_ID.fullmatch("a" * 56)
    assert CLIENT_ID.fullmatch("a" * 57) is None
