"""Do the verbs that ask a server say what it answers?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.main import run
from tests.databases import Databases
from tests.server import Server, eventually, running

FACTS_OF_11391 = 12
"""Enrolled, five times submitted and graded, and the outcome; a certificate may follow."""
OF_A_CLUSTER = ("aiokafka", "elasticsearch", "faust", "redis")
"""What the extra `cluster` brings."""


@pytest.fixture(scope="module")
def address(databases_18: Databases) -> Iterator[str]:
    """The server's database."""
    with databases_18.fresh() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def server(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has loaded the example, with the libraries that `make run` sets up and none of
    a cluster's."""
    folder = tmp_path_factory.mktemp("serve")
    environment = {"REGISTRAR_DATABASE_URL": address, "PYTHONPATH": _without(folder / "absent")}
    with running(folder / "data", environment=environment) as started:
        eventually(lambda: "loaded" in started.output, 60, "the example is loaded")
        eventually(lambda: started.get("/v1/learners/oulad-2698257").status == 200, 30, "read")
        yield started


def _without(folder: Path) -> str:
    """Return a PYTHONPATH by which a cluster's libraries cannot be imported."""
    folder.mkdir()
    for name in OF_A_CLUSTER:
        absent = f"raise ModuleNotFoundError('{name} is not in requirements/run.lock')\n"
        (folder / f"{name}.py").write_text(absent)
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's own settings reach these tests."""
    monkeypatch.setenv("REGISTRAR_DATA", str(tmp_path))


def test_a_learner_is_shown(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs and facts, in words."""
    assert run(["learner", "oulad-11391", "--url", server.url]) == 0
    said = capsys.readouterr().out
    assert said.startswith("oulad-11391: enrolments 1")
    assert "AAA-2013J" in said


def test_a_value_is_shown_with_the_facts_that_it_follows_from(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on one line where no terminal folds them; an item that there is not is no value."""
    monkeypatch.delenv("COLUMNS", raising=False)  # readline sets it for a test's own processes
    why = ["learner", "oulad-11391", "--url", server.url, "--run", "AAA-2013J", "--why"]
    assert run([*why, "grade"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "current.percent 41" in lines
    graded = "2013-10-19T18:00:00Z developer TMA 1752 was graded 78 of 100 grader tutor"
    assert graded in [line.partition(" ")[2] for line in lines]
    assert run([*why, "shoe"]) == 1
    assert "no work on item AAA-2013J/shoe" in capsys.readouterr().err


def test_a_difference_says_between_which_moments(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of occurred time where that is asked; a position is none."""
    since = ["learner", "oulad-11391", "--url", server.url, "--since"]
    assert run([*since, "2013-11-01", "--as-of", "2013-12-01", "--occurred"]) == 0
    said = capsys.readouterr().out
    assert "what occurred from 2013-11-01T00:00:00Z to 2013-12-01T00:00:00Z, as known" in said
    assert run([*since, "3", "--occurred"]) == 2
    assert "--since is a position" in capsys.readouterr().err


def test_a_learner_is_shown_as_it_was(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """By occurred time, only what had happened by then."""
    moment = ["--as-of", "2013-11-01", "--occurred", "--json"]
    assert run(["learner", "oulad-11391", "--url", server.url, *moment]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [fact["type"] for fact in shown["facts"]] == [
        "SubmissionGraded",
        "SubmissionReceived",
        "LearnerEnrolled",
    ]
    assert shown["enrolments"][0]["outcome"] is None


def test_a_gradebook_goes_out_and_comes_back_changed(
    server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Export, preview and apply; what was applied is not applied again."""
    to = ["--url", server.url]
    assert run(["grades", "export", "AAA-2013J", *to]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("subject,status,1752 (of 100)")
    file = tmp_path / "grades.csv"
    file.write_text("subject,1752\noulad-11391,99.5\n")
    assert run(["grades", "preview", "AAA-2013J", str(file), *to, "--json"]) == 0
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert (change["command"], change["old"], change["new"]) == ("override-score", "78", "99.5")
    why = ["--reason", "Second marking"]
    for _ in range(2):
        assert run(["grades", "apply", "AAA-2013J", str(file), *why, *to]) == 0
    facts = server.get("/v1/learners/oulad-11391/history?type=ScoreOverridden").body["facts"]
    assert len(facts) == 1
    file.write_text("subject,1752\noulad-11391,101\n")
    assert run(["grades", "apply", "AAA-2013J", str(file), *why, *to]) == 1
    assert "nothing was sent" in capsys.readouterr().err
    assert any(line.startswith("oulad-11391,") for line in lines)


def test_what_changed_is_shown(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Between two moments of occurred time, with the facts behind each value."""
    between = ["--since", "2013-11-01", "--as-of", "2013-12-01", "--occurred"]
    assert run(["learner", "oulad-11391", "--url", server.url, *between, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {fact["type"] for fact in found["added"]} == {"SubmissionReceived", "SubmissionGraded"}
    positions = {fact["position"] for fact in found["added"]}
    raw = next(change for change in found["changes"] if change["name"] == "raw")
    assert set(raw["because"]) == positions
    assert run(["learner", "oulad-11391", "--url", server.url, *between]) == 0
    assert "became" in capsys.readouterr().out


def test_what_a_value_follows_from_is_shown(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """The outcome of a run, and the fact that it rests on."""
    asked = ["learner", "oulad-11391", "--url", server.url, "--why", "outcome"]
    assert run([*asked, "--run", "AAA-2013J"]) == 0
    assert "The exam board decided: pass" in " ".join(capsys.readouterr().out.split())
    assert run(asked) == 2
    assert "--run" in capsys.readouterr().err


def test_a_learner_that_is_not_there_is_told_in_one_line(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the server's own sentence."""
    assert run(["learner", "oulad-0", "--url", server.url]) == 1
    said = capsys.readouterr().err
    assert said.startswith("registrar: There is no learner oulad-0.")
    assert said.count("\n") == 1


def test_events_are_followed_from_a_position(server: Server) -> None:
    """One JSON document a line, in the order of the log."""
    command = [sys.executable, "-m", "infra.cli.main", "events", "tail", "--json", "--from", "0"]
    subject = ["--subject", "oulad-11391", "--url", server.url]
    tail = subprocess.Popen([*command, *subject], stdout=subprocess.PIPE)
    try:
        assert tail.stdout is not None
        events = [json.loads(tail.stdout.readline()) for _ in range(FACTS_OF_11391)]
    finally:
        tail.kill()
        tail.communicate()
    assert events[0]["type"] == "registrar.LearnerEnrolled.v1"
    assert events[-1]["data"]["result"] == "pass"
    sequences = [event["sequence"] for event in events]
    assert sequences == sorted(sequences)


@pytest.mark.usefixtures("server")
def test_readings_are_listed_and_rebuilt(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server does it; the command line waits and says what came of it."""
    monkeypatch.setenv("REGISTRAR_DATABASE_URL", address)
    assert run(["projections", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"progress", "analytics", "history"} <= {entry["name"] for entry in listed}
    assert run(["projections", "rebuild", "progress"]) == 0
    assert "progress: rebuilt as generation" in capsys.readouterr().out
    assert run(["projections", "retry"]) == 0
    assert "progress: 0 of 0 facts put aside" in capsys.readouterr().out


def test_nobody_is_erased_or_exported_by_a_slip(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so, and no file is written."""
    at, to = ["--url", server.url], tmp_path / "nobody.zip"
    assert run(["learners", "erase", "nobody", "--ground", "objection", "--yes", *at]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Nothing is known of anybody called nobody" in line
    assert run(["learners", "export", "nobody", "--to", str(to), *at]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "nobody" in line
    assert not to.exists()


def test_a_tenant_is_opened_listed_and_erased(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that has no learners yet; what there is not, and the installation's own, are refused."""
    at = ["--url", server.url]
    ground = ["--ground", "no-longer-necessary"]
    assert run(["tenants", "open", "north", "--title", "University of the North", *at]) == 0
    assert run(["tenants", "list", *at]) == 0
    said = capsys.readouterr().out
    assert "University of the North" in said
    assert "not opened" in said
    assert run(["tenants", "erase", "nrth", *ground, "--yes", *at]) == 1
    assert "there is no tenant nrth" in capsys.readouterr().err
    assert run(["tenants", "erase", "main", *ground, "--yes", *at]) == 1
    assert "the installation's own tenant" in capsys.readouterr().err
    assert run(["tenants", "erase", "north", *ground, "--yes", *at]) == 0
    said = capsys.readouterr().out
    assert "north: erased" in said
    assert "0 learners; logins of analysts 0, identity.actors 0" in said
    assert run(["tenants", "open", "north", "--title", "Again", *at]) == 1
    assert "erased" in capsys.readouterr().err
