"""Is all that the log holds of one learner found, and handed over with its proofs?"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.evidence.archive import unpacked
from domain.evidence.bundles import verify
from domain.evidence.notes import parse_key
from infra.cli.main import run
from infra.evidence.exporting import export
from infra.evidence.keys import check
from infra.evidence.subjects import known
from infra.keys.opener import KeyOpener
from tests.console.record import ANNA, RUN, load
from tests.databases import Databases
from tests.evidence.logs import execute
from tests.read_api.world import World, furnish, world
from tests.server import Server, eventually, running

WITHDRAWN = {"run": "AAA-2013J", "subject": "s2", "occurred_at": "2013-12-01T08:00:00Z"}
PARKED = """
  insert into readings.parked (name, generation, documents, key, position, error)
  select name, generation, 'entry', '["~unreadable"]', 8, 'x' from readings.state
  where name = 'history'
"""
REASON = "Moved to <b>Wales</b> & away"


@pytest.fixture(scope="module")
def university(databases_18: Databases) -> Iterator[tuple[World, str]]:
    """A registrar with two learners, one of whom said why he left, and its database."""
    with databases_18.fresh() as dsn, world(dsn) as one:
        furnish(one)
        one.command("withdraw-learner", **WITHDRAWN, reason=REASON)
        yield one, dsn


def bundled(one: World, subject: str) -> dict[str, bytes]:
    """The files of a learner's bundle, which is verified with the log's key."""
    answer = one.ask(f"/v1/learners/{subject}/evidence?min_position={one.position}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    keys = [parse_key(line) for line in one.ask("/v1/log/keys").text.splitlines()]
    found = verify(answer.content, keys, check)
    name = f'attachment; filename="{subject}-{found.checkpoint.size}.zip"'
    assert answer.headers["content-disposition"] == name
    assert found.subject == subject
    return dict(unpacked(answer.content))


def positions(dsn: str, subject: str) -> list[int]:
    """Where the log speaks of a learner, by its rows."""
    rows = execute(
        dsn, f"select position from log.facts where subject = '{subject}' order by position"
    )
    return [position for (position,) in rows]


def positions_in(facts: bytes) -> list[int]:
    """Where the facts of an export are."""
    return [json.loads(line)["position"] for line in facts.splitlines()[1:]]


def test_a_bundle_holds_the_whole_history(university: tuple[World, str]) -> None:
    """Every fact about the learner, in the words of the history."""
    one, dsn = university
    files = bundled(one, "s1")
    assert positions_in(files["facts.jsonl"]) == positions(dsn, "s1")
    told = [fact["sentence"] for fact in json.loads(files["told.json"])["facts"]]
    history = one.get("learners/s1/history", limit=500)["facts"]
    assert told == [fact["sentence"] for fact in history]
    assert "Submitted TMA 2, 13 hours late" in files["history.html"].decode()


def test_personal_fields_are_proven_sealed_and_shown_opened(
    university: tuple[World, str],
) -> None:
    """The facts hold ciphertext only; the page shows what the key opens, as text."""
    one, dsn = university
    files = bundled(one, "s2")
    assert b"Wales" not in files["facts.jsonl"]
    assert "reason: Moved to &lt;b&gt;Wales&lt;/b&gt; &amp; away" in files["history.html"].decode()
    one.registrar.keys.destroy("main", "s2", "request", "withdrawn-consent")
    erased = bundled(one.but(opener=KeyOpener(one.registrar.keys)), "s2")
    assert b"Wales" not in b"".join(erased.values())
    assert b"reason (encrypted)" in erased["history.html"]
    assert positions_in(erased["facts.jsonl"]) == positions(dsn, "s2")


def test_nothing_is_handed_over_of_nobody(university: tuple[World, str]) -> None:
    """A learner of whom nothing is recorded, and a position that is not there yet."""
    one, _ = university
    one.refused("/v1/learners/nobody/evidence", 404)
    one.refused("/v1/learners/s1/evidence", 503, min_position=one.position + 1_000)
    one.refused("/v1/learners/s1/evidence", 422, as_of_position=1)


def test_a_history_that_lacks_facts_is_not_handed_over(university: tuple[World, str]) -> None:
    """While a fact of the learner is put aside, rather none than a part; others get theirs."""
    one, dsn = university
    execute(dsn, PARKED.replace('"~unreadable"', '"main","s1"'))
    problem = one.refused("/v1/learners/s1/evidence", 503)
    assert "put aside" in problem["detail"]
    bundled(one, "s2")
    execute(dsn, "delete from readings.parked")


def test_several_facts_are_proven_at_once(university: tuple[World, str]) -> None:
    """As one by one; what is not sealed is left out."""
    one, _ = university
    bundled(one, "s1")  # waits until all is sealed
    asked = "at=7&at=3&at=7&at=100000"
    answer = one.ask(f"/v1/log/proofs?{asked}").json()
    assert [fact["position"] for fact in answer["facts"]] == [3, 7]
    for fact in answer["facts"]:
        alone = one.ask(f"/v1/log/proof/{fact['position']}?size={answer['size']}").json()
        assert fact == alone["fact"] | {"hashes": alone["hashes"]}
    assert answer["keys"] == one.ask("/v1/log/keys").text.splitlines()
    one.refused("/v1/log/proofs", 422)
    one.refused("/v1/log/proofs", 422, at=[1] * 201)


def test_an_export_reads_what_the_history_knows_and_what_came_later(dsn: str) -> None:
    """The history reading is the index; where it is behind, or has put a fact aside, all that came
    after is read, so that nothing is missing."""
    with world(dsn) as one:
        furnish(one)
        bundled(one, "s1")  # waits until all is sealed and read
    whole = positions(dsn, "s1")
    assert known(dsn, "main", "s1").positions == whole
    for change, through in (
        ("update readings.state set position = 12 where name = 'history'", 12),
        (PARKED, 7),
        ("update log.epoch set name = 'another'", 0),
        ("drop view views.history", 0),
    ):
        execute(dsn, change)
        assert known(dsn, "main", "s1") == (through, [at for at in whole if at <= through])
        out = io.BytesIO()
        export(dsn, out, "main", "s1", lambda *_: None)
        assert positions_in(out.getvalue()) == whole


def test_a_bundle_from_the_command_line_is_verified_anywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is there whole or not at all; a byte changed is told."""
    with running(tmp_path / "data", "--no-example") as server:
        load(server)
        eventually(lambda: sealed(server), 20, "all is sealed")
        file = tmp_path / "anna.zip"
        ask = ["learner", ANNA, "--url", server.url, "--bundle"]
        assert run([*ask, str(file)]) == 0
        assert f"facts of {ANNA}, proven to be among the" in capsys.readouterr().out
        assert run([*ask, str(tmp_path / "nowhere" / "anna.zip")]) == 1
        assert "cannot write" in capsys.readouterr().err
        assert run([*ask, str(file), "--why", "grade", "--run", RUN]) == 2
        key = server.get("/v1/log/keys").body.decode().strip()
    capsys.readouterr()
    assert run(["verify", str(file), "--key", key]) == 0
    assert f"facts of {ANNA}" in capsys.readouterr().out
    content = file.read_bytes()
    file.write_bytes(content.replace(b"tutor-9", b"tutor-8", 1))
    assert run(["verify", str(file)]) == 1
    assert "is not what was sealed" in capsys.readouterr().err
    file.write_bytes(b"p" + content[1:])
    assert run(["verify", str(file)]) == 1


def sealed(server: Server) -> bool:
    """Whether the last fact is in the checkpoint."""
    head, note = server.get("/v1/log").body["position"], server.get("/v1/log/checkpoint")
    return note.status == 200 and f"\n{head}\n".encode() in note.body
