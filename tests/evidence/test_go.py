"""Do Go's sumdb/note and sumdb/tlog accept every proof that is given, and reject altered ones?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.tiles import Frontier, span_hashes
from domain.evidence.tree import consistency_spans
from infra.evidence.keys import new_key
from tests.evidence.conftest import FACTS
from tests.evidence.logs import KEY, LEARNERS, ORIGIN, execute, leaves_of, signing
from tests.evidence.test_exports import exported

PROGRAM = Path(__file__).parent / "go"
ELSEWHERE = ("/usr/local/go/bin", "/usr/lib/go/bin")
"""Where Go is installed without being on the path."""

Question = dict[str, Any]
Ask = Callable[[list[Question]], list[str]]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The program, built: it answers one line a question."""
    compiler = shutil.which("go", path=os.pathsep.join([os.environ["PATH"], *ELSEWHERE]))
    if compiler is None:
        pytest.skip("Go is not installed")
    program = tmp_path_factory.mktemp("go") / "verify"
    subprocess.run([compiler, "build", "-o", str(program), "."], cwd=PROGRAM, check=True)

    def ask(questions: list[Question]) -> list[str]:
        lines = "".join(json.dumps(one) + "\n" for one in questions)
        done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    return ask


@pytest.fixture(scope="module")
def facts(sealed_dsn: str) -> list[Question]:
    """For every fact of the log its proof, out of the files of all learners."""
    found = []
    for number in range(LEARNERS):
        header, *lines = map(json.loads, exported(sealed_dsn, f"s{number}").splitlines())
        for fact in lines:
            proof = fact.pop("hashes")
            found.append(
                {"key": str(KEY.public), "note": header["checkpoint"], "fact": fact}
                | {"hashes": proof}
            )
    return found


@pytest.fixture(scope="module")
def growths(sealed_dsn: str) -> list[Question]:
    """For every smaller tree the proof that it begins the one that is sealed."""
    (epoch,) = execute(sealed_dsn, "select name from log.epoch")[0]
    frontier, notes = Frontier(), {}
    for leaf in leaves_of(sealed_dsn):
        frontier.append(leaf)
        stated = Checkpoint(ORIGIN, frontier.size, frontier.root(), epoch)
        notes[frontier.size] = bytes(signing().sign(str(stated))).decode()
    tiles = frontier.full | frontier.partial()
    return [
        {
            "key": str(KEY.public),
            "note": notes[FACTS],
            "old": note,
            "hashes": [
                b64encode(one).decode()
                for one in span_hashes(consistency_spans(size, FACTS), tiles)
            ],
        }
        for size, note in notes.items()
    ]


def altered(proof: list[str]) -> list[str]:
    """A proof with one bit of its last hash changed."""
    return [*proof[:-1], b64encode(bytes(32)).decode()]


def test_every_inclusion_proof_is_accepted(go: Ask, facts: list[Question]) -> None:
    """For each fact of the log."""
    assert len(facts) == FACTS
    assert go(facts) == ["ok"] * FACTS


def test_every_consistency_proof_is_accepted(go: Ask, growths: list[Question]) -> None:
    """From each size to the last."""
    assert go(growths) == ["ok"] * FACTS


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("body", lambda body: body.replace('"x ', '"y ')),
        ("body", lambda body: body.replace('"test"', '"dean"')),
        ("version", lambda version: version + 1),
        ("recorded_us", lambda at: at - 1),
        ("position", lambda position: position % FACTS + 1),
    ],
)
def test_altered_facts_are_rejected(
    go: Ask, facts: list[Question], field: str, change: Callable[[Any], Any]
) -> None:
    """Whatever of them the leaf covers."""
    changed = [one | {"fact": one["fact"] | {field: change(one["fact"][field])}} for one in facts]
    assert all(answer.startswith("no") for answer in go(changed))


def test_altered_proofs_are_rejected(
    go: Ask, facts: list[Question], growths: list[Question]
) -> None:
    """A hash changed, one too many, one too few."""
    proofs = [one for one in facts + growths if one["hashes"]]
    changed = [one | {"hashes": altered(one["hashes"])} for one in proofs]
    changed += [one | {"hashes": [*one["hashes"], one["hashes"][0]]} for one in proofs]
    changed += [one | {"hashes": one["hashes"][:-1]} for one in proofs]
    assert all(answer.startswith("no") for answer in go(changed))


def test_checkpoints_that_were_altered_or_signed_by_others_are_rejected(
    go: Ask, growths: list[Question]
) -> None:
    """By size, root or epoch, or under another key of the same name."""
    question = {"key": str(KEY.public), "note": growths[-1]["note"]}
    note = question["note"]
    lines = note.split("\n")
    changed = [
        note.replace(f"\n{FACTS}\n", f"\n{FACTS + 1}\n"),
        note.replace(lines[2], b64encode(bytes(32)).decode()),
        note.replace(lines[3], "epoch another"),
        note.replace(ORIGIN, "other.example"),
    ]
    assert go([question]) == ["ok"]
    answers = go(
        [question | {"note": one} for one in changed]
        + [question | {"key": str(new_key(ORIGIN).public)}]
    )
    assert all(answer.startswith("no") for answer in answers)
