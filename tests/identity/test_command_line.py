"""Does the command line show a server who it is?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.cli.main import run
from infra.issuer.first_start import CREDENTIAL
from tests.identity.conftest import Place
from tests.identity.issuer import SERVICE

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: Place) -> None:
    """Those of somebody who works with this server."""
    monkeypatch.setenv("REGISTRAR_DATA", str(tmp_path))
    monkeypatch.setenv("REGISTRAR_ACCESS", "issuer")
    monkeypatch.setenv("REGISTRAR_ISSUER", place.issuer.url)


def test_without_a_token_one_is_told_so(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert run(["learner", "ann", "--url", place.server.url]) == 1
    said = capsys.readouterr().err
    assert said.startswith("registrar: Send an access token")
    assert said.count("\n") == 1


def test_a_token_is_shown(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From the environment, or from a file; what the server says to it is told."""
    monkeypatch.setenv("REGISTRAR_TOKEN", place.issuer.token(learner="nobody-yet"))
    words = ["learner", "nobody-yet", "--url", place.server.url]
    assert run(words) == 1
    assert "nobody-yet" in capsys.readouterr().err
    monkeypatch.delenv("REGISTRAR_TOKEN")
    file = tmp_path / "token"
    monkeypatch.setenv("REGISTRAR_TOKEN_FILE", str(file))
    assert run(words) == 1
    assert "the token cannot be read" in capsys.readouterr().err
    file.write_text("two words")
    assert run(words) == 1
    assert "does not hold one token" in capsys.readouterr().err
    file.write_text(place.issuer.token(learner="nobody-yet") + "\n")
    assert run(words) == 1
    assert "answered 404" in capsys.readouterr().err


def test_a_program_gets_its_own(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By client credentials: to print, and for every verb that asks a server."""
    monkeypatch.setenv("REGISTRAR_CLIENT_ID", SERVICE[0])
    assert run(["token"]) == 1
    assert "REGISTRAR_CLIENT_SECRET" in capsys.readouterr().err
    monkeypatch.setenv("REGISTRAR_CLIENT_SECRET", "another")
    assert run(["token"]) == 1
    assert "gives no token to reports: It is not known." in capsys.readouterr().err
    monkeypatch.setenv("REGISTRAR_CLIENT_SECRET", SERVICE[1])
    assert run(["token", "--scope", "read"]) == 0
    printed = capsys.readouterr().out.strip()
    assert place.ask("/v1/runs", printed).status == 200
    assert run(["learner", "nobody-yet", "--url", place.server.url]) == 1
    assert "answered 404" in capsys.readouterr().err


def test_a_token_is_not_sent_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGISTRAR_TOKEN", "secret")
    assert run(["learner", "ann", "--url", "http://record.example.org"]) == 1
    assert "an address without TLS: no token is sent there" in capsys.readouterr().err


def test_an_issuer_that_is_away_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGISTRAR_ISSUER", NOBODY)
    monkeypatch.setenv("REGISTRAR_CLIENT_ID", SERVICE[0])
    monkeypatch.setenv("REGISTRAR_CLIENT_SECRET", SERVICE[1])
    assert run(["token"]) == 1
    said = capsys.readouterr().err
    assert f"{NOBODY} cannot be asked for a token" in said
    assert said.count("\n") == 1


def test_without_a_program_there_is_no_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token"]) == 1
    assert "there is nothing to get a token with" in capsys.readouterr().err


def test_on_the_machine_of_a_development_issuer_its_own_program_is_known(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The token comes from where the issuer is: in a cluster that is with the query API, whichever
    API is asked. Another machine has an issuer of its own."""
    credential = {"issuer": place.issuer.url, "client_id": SERVICE[0], "client_secret": SERVICE[1]}
    (tmp_path / CREDENTIAL).touch(0o600)
    (tmp_path / CREDENTIAL).write_text(json.dumps(credential))
    monkeypatch.setenv("REGISTRAR_ACCESS", "development")
    monkeypatch.delenv("REGISTRAR_ISSUER")
    assert run(["token", "--url", NOBODY]) == 0
    assert place.ask("/v1/runs", capsys.readouterr().out.strip()).status == 200
    assert run(["learner", "nobody-yet", "--url", place.server.url]) == 1
    assert "answered 404" in capsys.readouterr().err
    assert run(["token", "--url", "https://record.example.org"]) == 1
    assert "there is nothing to get a token with" in capsys.readouterr().err
