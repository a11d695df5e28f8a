"""Does each verb have help with an example, one-line errors, and the right exit code?"""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from infra.cli.main import VERBS, run
from infra.engines.ports import PORTS, free

UNUSED = "http://127.0.0.1:1"
"""Nothing listens on port 1."""

VERBS_IN_FULL = [
    ["serve"],
    ["replay"],
    ["replay", "oulad"],
    ["projections"],
    ["projections", "list"],
    ["projections", "rebuild"],
    ["projections", "retry"],
    ["events"],
    ["events", "tail"],
    ["learner"],
    ["grades"],
    ["grades", "export"],
    ["grades", "preview"],
    ["grades", "apply"],
    ["grades", "what-if"],
    ["up"],
    ["migrate"],
    ["relay"],
    ["follow"],
    ["work"],
    ["log"],
    ["log", "export"],
    ["log", "audit"],
    ["log", "key"],
    ["log", "epoch"],
    ["log", "witness"],
    ["log", "part"],
    ["verify"],
    ["token"],
    ["settings"],
]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's own settings reach these tests."""
    monkeypatch.setenv("REGISTRAR_DATA", str(tmp_path))


@pytest.mark.parametrize("verb", VERBS_IN_FULL, ids=" ".join)
def test_help_shows_an_example(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that can be copied."""
    assert run([*verb, "--help"]) == 0
    assert "Example:\n" in capsys.readouterr().out


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """The verbs there are, and no others."""
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(verb in said for verb in VERBS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a command: serve, up, replay,"),
        (["sevre"], "No such command 'sevre'"),
        (["serve", "--prot", "1"], "No such option: --prot"),
        (["serve", "--port", "many"], "'--port': 'many' is not a valid integer"),
        (["serve", "--port", "70000"], "--port: expected `int` <= 65535"),
        (["serve", "--host", "0.0.0.0"], "--host: 0.0.0.0 is not a loopback address"),  # noqa: S104 - is refused
        (["replay", "oulad", "--run", "ZZZ-1"], "--run: ZZZ-1 is not in the data"),
        (["replay", "oulad", "--url", "here"], "--url: here does not begin with http"),
        (["replay", "oulad", "--embedded", "--url", UNUSED], "--embedded and --url"),
        (["replay", "oulad", "--report", "/nowhere/r.json"], "--report: the folder /nowhere"),
        (["learner"], "Missing argument 'SUBJECT'"),
        (["log", "export"], "Missing argument 'FILE'"),
        (["log", "key", "--replace", "--retire"], "--replace and --retire: one after the other"),
        (["log", "witness", "f", "--key", "k", "--key-file", "w"], "--key: not a verifier"),
        (["verify", "/nowhere"], "'/nowhere' does not exist"),
        (["verify", __file__, "--key", "k"], "--key: not a verifier key of the form"),
        (["verify", __file__, "--anchors", "/"], "--anchors: needs a --key"),
        (["learner", "s", "--as-of", "soon"], "--as-of: 'soon' is neither a position nor a time"),
        (["learner", "s", "--occurred"], "--occurred: says how to take --as-of"),
        (["learner", "s", "--as-of", "5", "--occurred"], "--occurred: goes with a time"),
        (["learner", "s", "--facts", "501"], "--facts"),
        (["events", "tail", "--from", "-1"], "--from"),
        (["projections", "rebuild"], "Missing argument 'NAME'"),
        (
            ["projections", "rebuild", "progres"],
            "progres is not a reading; the nearest is progress",
        ),
        (["follow"], "follow: is for a cluster, and REGISTRAR_KAFKA is not set"),
        (["serve", "--only", "queries"], "--only: is for a cluster, and REGISTRAR_KAFKA"),
        (["serve", "--only", "all"], "'all' is not one of 'commands', 'queries'"),
        (["up", "--cluster", "--database-url", "postgresql:///x"], "starts engines of its own"),
        (["up", "--cluster", "--port", "0"], "--port: up --cluster takes this port and the next"),
        (["up", "--cluster", "--port", "65535"], "--port: up --cluster takes this port and"),
        (["work", "progres"], "READING...': 'progres' is not one of 'catalogue', 'progress'"),
        (["settings", "--config", "/nowhere.toml"], "/nowhere.toml: cannot be read"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, naming the option and the rule, with exit code 2."""
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("registrar: ")
    assert said.err.count("\n") == 1
    assert message in said.err


@pytest.mark.parametrize(
    "arguments",
    [["learner", "oulad-1", "--url", UNUSED], ["events", "tail", "--url", UNUSED]],
    ids=" ".join,
)
def test_a_server_that_is_not_there_is_told_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It failed, so the exit code is 1."""
    assert run(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("registrar: http://127.0.0.1:1")
    assert said.count("\n") == 1
    assert "is it running?" in said


def test_a_wrong_variable_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong settings are wrong use."""
    monkeypatch.setenv("REGISTRAR_PROT", "1")
    assert run(["settings"]) == 2
    assert capsys.readouterr().err == (
        "registrar: REGISTRAR_PROT is not a setting; the nearest is REGISTRAR_PORT\n"
    )


def test_settings_are_shown_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With value and source."""
    assert run(["settings", "--json", "--port", "8080"]) == 0
    entries = msgspec.json.decode(capsys.readouterr().out)
    (port,) = [entry for entry in entries if entry["name"] == "port"]
    assert (port["value"], port["source"]) == (8080, "--port")


@pytest.mark.parametrize("width", [40, 80])
def test_a_table_is_not_wider_than_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long cells fold."""
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["settings"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= width


def test_a_cluster_names_the_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever of its two, before any engine is started."""
    port = next(port for port in PORTS if free(port - 1) and free(port))
    with socket.create_server(("127.0.0.1", port)):
        assert run(["up", "--cluster", "--port", str(port - 1)]) == 1
    said = capsys.readouterr()
    assert said.err == f"registrar: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert said.out == ""
