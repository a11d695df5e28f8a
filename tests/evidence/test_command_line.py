"""Can an auditor do with the command line what the log promises?"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.evidence.checkpoints import parse_checkpoint
from domain.evidence.notes import Note, parse, parse_key, sign, signers
from infra.cli.main import run
from infra.evidence.keys import check, read_keys
from streams.seals import Broken
from tests.evidence.logs import add_facts, execute, seal, tamper
from tests.read_api.world import COURSE
from tests.server import Server, eventually, running

Said = pytest.CaptureFixture[str]


@pytest.fixture
def data(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose key sealed a log of 20 facts, and anchored it; settings lead there."""
    folder = tmp_path / "data"
    monkeypatch.setenv("REGISTRAR_DATA", str(folder))
    monkeypatch.setenv("REGISTRAR_DATABASE_URL", dsn)
    monkeypatch.setenv("REGISTRAR_LOG_ORIGIN", "log.example")
    monkeypatch.setenv("REGISTRAR_ANCHORS", str(tmp_path / "anchors"))
    assert run(["log", "key"]) == 0
    add_facts(dsn, 20)
    seal(dsn, tmp_path / "anchors", *read_keys(folder / "log.key", "log.example").signing)
    return folder


def test_what_was_exported_is_verified_without_server_or_database(
    data: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the published key and the anchors; a single letter changed is told, with its line."""
    capsys.readouterr()
    assert run(["log", "key"]) == 0
    key = capsys.readouterr().out.strip()
    file = tmp_path / "log.jsonl"
    assert run(["log", "export", str(file)]) == 0
    monkeypatch.delenv("REGISTRAR_DATABASE_URL")
    strict = ["verify", str(file), "--key", key, "--anchors", str(tmp_path / "anchors")]
    assert run([*strict, "--json"]) == 0
    said = capsys.readouterr().out
    shown = json.loads(said[said.index("{") :])
    assert (shown["facts"], shown["anchors"], shown["signed_by"]) == (20, 1, [key])
    file.write_bytes(file.read_bytes().replace(b"x 17", b"x 71"))
    assert run(strict) == 1
    assert "is not what was sealed: line 21: the facts are not those" in capsys.readouterr().err


def test_the_facts_of_a_learner_are_exported(data: Path, tmp_path: Path, capsys: Said) -> None:
    """Each with its own proof."""
    file = tmp_path / "s1.jsonl"
    assert run(["log", "export", str(file), "--subject", "s1"]) == 0
    assert run(["verify", str(file)]) == 0
    said = capsys.readouterr()
    assert "facts of s1 of main, 3 facts, as log.example had them at 20" in said.out
    assert "The key is the file's own" in said.err
    file.write_bytes(file.read_bytes().replace(b"x 15", b"x 51"))
    assert run(["verify", str(file)]) == 1
    assert "line 4: the proof of position 15 is not right" in capsys.readouterr().err


def test_a_parquet_file_is_verified_as_well(data: Path, tmp_path: Path, capsys: Said) -> None:
    """The name of the file says which it is to be; whoever verifies need not know."""
    file = tmp_path / "log.parquet"
    assert run(["log", "export", str(file)]) == 0
    assert file.read_bytes()[:4] == b"PAR1"
    assert run(["verify", str(file)]) == 0
    assert "the whole log, 20 facts, as log.example had them at 20" in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace(b"x 15", b"x 51"))
    assert run(["verify", str(file)]) == 1
    assert "the facts are not those of the checkpoint" in capsys.readouterr().err


def test_nobody_known_is_told_and_leaves_no_file(data: Path, tmp_path: Path, capsys: Said) -> None:
    """A name that was mistyped must not look like a learner of whom nothing is kept."""
    file = tmp_path / "s.jsonl"
    for of in (["--subject", "s99"], ["--tenant", "north"]):
        assert run(["log", "export", str(file), *of]) == 1
        assert "there is no fact of " in capsys.readouterr().err
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_told(data: Path, tmp_path: Path, capsys: Said) -> None:
    """In one line; what was there before stays."""
    assert run(["log", "export", str(tmp_path / "nowhere" / "log.jsonl")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_the_audit_names_what_was_altered(
    data: Path, dsn: str, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its exit code says so as well; and it says what it cannot notice without anchors."""
    assert run(["log", "audit"]) == 0
    said = capsys.readouterr()
    assert "everything is as it was sealed" in said.out
    assert said.err == ""
    monkeypatch.delenv("REGISTRAR_ANCHORS")
    assert run(["log", "audit"]) == 0
    assert "No anchors were given" in capsys.readouterr().err
    monkeypatch.setenv("REGISTRAR_ANCHORS", str(tmp_path / "anchors"))
    tamper(dsn, "update log.facts set version = 99 where position = 7")
    assert run(["log", "audit", "--json"]) == 1
    said = capsys.readouterr()
    found = [(one["kind"], one["position"]) for one in json.loads(said.out)["findings"]]
    assert found == [("altered", 7), ("anchor", 20)]
    assert "2 findings: the log is not what it was" in said.err


def test_a_log_that_is_not_sealed_says_so(
    dsn: str, data: Path, tmp_path: Path, capsys: Said
) -> None:
    """There is nothing to export, and nothing to audit but what is anchored."""
    execute(dsn, "delete from evidence.sealed")
    assert run(["log", "export", str(tmp_path / "no")]) == 1
    assert "the log is not sealed yet" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir() if "no" in file.name] == []
    assert run(["log", "audit"]) == 0
    assert "nothing was signed to hold it against" in capsys.readouterr().out
    assert run(["log", "audit", "--anchors", str(tmp_path / "nowhere")]) == 1
    assert "the anchors cannot be read: " + str(tmp_path / "nowhere") in capsys.readouterr().err


def test_a_key_is_made_for_its_owner_only_and_can_be_replaced(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both keys sign for a while; what the retired one signed is still believed."""
    monkeypatch.setenv("REGISTRAR_DATA", str(tmp_path))
    file = tmp_path / "log.key"
    assert run(["log", "key"]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (old,) = capsys.readouterr().out.splitlines()
    assert run(["log", "key", "--replace"]) == 0
    first, new = capsys.readouterr().out.splitlines()
    assert first == old
    assert [str(key.public) for key in read_keys(file, "registrar").signing] == [old, new]
    assert run(["log", "key", "--retire"]) == 0
    assert capsys.readouterr().out.splitlines() == [new, old]
    keys = read_keys(file, "registrar")
    assert [str(key.public) for key in keys.signing] == [new]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert run(["log", "key"]) == 1
    assert "may be read by others" in capsys.readouterr().err


def test_a_server_seals_and_anchors_with_the_embedded_database(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has to be set for the first; all is there to verify while it runs, and after."""
    anchors = tmp_path / "anchors"
    with served(tmp_path, anchors) as server:
        for number in range(30):
            answer = server.command("create-course", COURSE | {"course": f"C{number}"})
            assert answer.status == 201
        eventually(lambda: b"\n30\n" in server.get("/v1/log/checkpoint").body, 20, "sealed")
        monkeypatch.setenv("REGISTRAR_DATA", str(tmp_path / "data"))
        file = tmp_path / "log.jsonl"
        assert run(["log", "export", str(file)]) == 0
        assert run(["verify", str(file)]) == 0
        assert run(["log", "audit", "--anchors", str(anchors)]) == 0
    assert "30 facts, 30 of them sealed" in capsys.readouterr().out
    (epoch,) = anchors.iterdir()
    assert f"{30:019}.txt" in {file.name for file in epoch.iterdir()}


def test_a_witness_vouches_for_a_log_that_only_grew(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no longer once it has shown something else, though rightly signed."""
    seen = tmp_path / "seen.txt"
    with served(tmp_path, tmp_path / "anchors") as server:
        monkeypatch.setenv("REGISTRAR_DATA", str(tmp_path / "data"))
        log_key = server.get("/v1/log/keys").body.decode().strip()
        look = ["log", "witness", str(seen), "--url", server.url, "--key", log_key]
        look += ["--key-file", str(tmp_path / "witness.key")]
        for number in range(2):
            assert server.command("create-course", COURSE | {"course": f"C{number}"}).status == 201
            end = f"\n{number + 1}\n".encode()
            eventually(lambda end=end: end in server.get("/v1/log/checkpoint").body, 20, "sealed")
            assert run(look) == 0
        said = capsys.readouterr().out
        assert "registrar grew from 1 to 2 facts; co-signed by witness+" in said
        witness = parse_key(said.split()[-1])
        by = signers(parse(seen.read_bytes()), [witness], check)
        assert len(by) == 1
        (log,) = read_keys(tmp_path / "data" / "log.key", "registrar").signing
        kept = parse_checkpoint(parse(seen.read_bytes()).text)
        for shown, why in (
            (kept._replace(root=bytes(32)), "does not begin with the 2 it had"),
            (kept._replace(size=3), "had 3 facts, and has 2: a tail is cut"),
            (kept._replace(epoch="old"), "was a backup restored?"),
        ):
            note = Note(str(shown), (sign(str(shown), log.public, log.sign),))
            seen.write_bytes(bytes(note))
            assert run(look) == 1
            assert why in capsys.readouterr().err
            assert seen.read_bytes() == bytes(note)


def test_a_restored_backup_is_noticed_and_sealed_anew_in_a_new_epoch(
    data: Path, dsn: str, tmp_path: Path, capsys: Said
) -> None:
    """What was lost stays to be seen until somebody says that it is known."""
    keys = read_keys(data / "log.key", "log.example").signing
    tamper(dsn, "delete from log.facts where position > 10")
    execute(dsn, "delete from evidence.tiles", "delete from evidence.sealed")
    with pytest.raises(Broken, match="20 facts is anchored, and 0 are sealed"):
        seal(dsn, tmp_path / "anchors", *keys)
    capsys.readouterr()
    assert run(["log", "epoch"]) == 0
    old = capsys.readouterr().out.strip()
    assert run(["log", "epoch", "--renew"]) == 0
    assert capsys.readouterr().out.strip() != old
    seal(dsn, tmp_path / "anchors", *keys)
    assert run(["log", "audit"]) == 1
    assert f"to 20 were anchored in epoch {old}" in " ".join(capsys.readouterr().out.split())
    assert run(["log", "audit", "--restored", old]) == 0
    capsys.readouterr()
    assert run(["log", "audit", "--restored", f"{old}x"]) == 2
    assert f"no checkpoint of an epoch {old}x is anchored" in capsys.readouterr().err


@contextmanager
def served(folder: Path, anchors: Path) -> Iterator[Server]:
    """A server with an empty log."""
    settings = {"REGISTRAR_ANCHORS": str(anchors)}
    with running(folder / "data", "--no-example", environment=settings) as server:
        yield server
