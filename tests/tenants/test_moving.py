"""Is a tenant in another installation what it was, after its files were taken there?"""

from __future__ import annotations

import io
import json
from pathlib import Path

import psycopg
import pytest

from domain.evidence.exports import Entry
from domain.evidence.verifying import facts
from domain.streams import REGISTRY
from infra.cli.main import run
from infra.moving.taking_in import NotTaken, take_in
from tests.databases import Databases
from tests.read_api.world import IN_RUN, furnish, world
from tests.server import eventually
from tests.tenants.conftest import THEIRS
from tests.tenants.test_exports import sealed

Said = pytest.CaptureFixture[str]
REASON = "Moved to Zanzibar"


def bodies(dsn: str, tenant: str = "other") -> list[tuple[str, int, bytes]]:
    """What the log holds of a tenant, in order."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select stream, version, body from log.facts where tenant = %s order by position",
            (tenant,),
        ).fetchall()


def settle(monkeypatch: pytest.MonkeyPatch, dsn: str, data: Path) -> None:
    """Have the command line work on one of the installations."""
    monkeypatch.setenv("REGISTRAR_DATABASE_URL", dsn)
    monkeypatch.setenv("REGISTRAR_DATA", str(data))


def test_a_tenant_is_moved(
    databases_18: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    """Every fact under its id and stream, in its order, opened by the same keys; whose key was
    destroyed has none there either; again adds nothing, and what is changed is refused."""
    file, keys = tmp_path / "other.jsonl", tmp_path / "other.keys"
    here, there = tmp_path / "here", tmp_path / "there"
    with databases_18.fresh() as old, databases_18.fresh() as new:
        with world(old, here) as ours:
            theirs = ours.asked_by(THEIRS)
            furnish(theirs)
            theirs.command("withdraw-learner", **IN_RUN, subject="s2", reason=REASON)
            ours.registrar.keys.destroy("other", "gone", "request", "objection")
            told = theirs.get("enrolments/AAA-2013J/s1")["demographics"]
            assert told["value"] == {"gender": "F", "region": "Wales"}
            eventually(lambda: sealed(old), 20, "the seal of all facts")
        settle(monkeypatch, old, here)
        assert run(["log", "key"]) == 0
        key = capsys.readouterr().out.strip()
        assert run(["tenants", "export", "main", str(file), "--keys", str(keys)]) == 2
        assert run(["tenants", "export", "other", str(file), "--keys", str(keys), "--json"]) == 0
        said = capsys.readouterr()
        exported = json.loads(said.out)
        assert (exported["facts"], exported["keys"]) == (len(bodies(old)), 2)
        assert REASON.encode() not in file.read_bytes() + keys.read_bytes()
        settle(monkeypatch, new, there)
        importing = ["tenants", "import", str(file), "--keys", str(keys), "--key", key, "--json"]
        assert run([*importing, "--secret", "A" * 43 + "="]) == 1
        assert "the secret does not open the file" in capsys.readouterr().err
        assert bodies(new) == bodies(new, "main") == []
        monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
        assert run(importing) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "secret: neither given nor on standard input" in line
        for added in (len(bodies(old)), 0):
            monkeypatch.setattr("sys.stdin", io.StringIO(f"{exported['secret']}\n"))
            assert run(importing) == 0
            found = json.loads(capsys.readouterr().out)
            assert (found["added"], found["keys"], found["facts"]) == (added, 2, len(bodies(old)))
        assert bodies(new) == bodies(old)
        with file.open("rb") as lines:
            entries = list(facts(lines))
        enrolled = next(
            at for at, one in enumerate(entries) if "LearnerEnrolled" in (one.body or "")
        )
        gap = entries[:enrolled] + entries[enrolled + 1 :]
        changed = (entries[-1].body or "").replace("other-developer", "somebody")
        forged = [*entries[:-1], Entry(1, 1, entries[-1].version, changed)]
        for wrong, why in ((forged, "other facts of other"), (gap, "lacks facts")):
            with pytest.raises(NotTaken, match=why):
                take_in(new, "other", wrong, REGISTRY, lambda: None, lambda _: None)
        with world(new, there) as ours:
            theirs = ours.asked_by(THEIRS)
            theirs.position = len(bodies(new)) + 1
            assert theirs.get("enrolments/AAA-2013J/s1")["demographics"] == told
            (row,) = (one for one in ours.get("tenants")["tenants"] if one["tenant"] == "other")
            assert (row["facts"], row["learners"]) == (len(bodies(new)), 3)
            erased = ours.registrar.keys.erased(("other", ""))
            assert [one.subject for one in erased] == ["gone"]
            theirs.command("withdraw-learner", **IN_RUN, subject="s1", reason="Moved on")
