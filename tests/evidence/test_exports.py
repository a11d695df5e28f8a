"""Does a file prove what is in it, and is every other file rejected?"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.exports import entry, line
from domain.evidence.verifying import Rejected, Verified, verify
from infra.evidence.auditing import anchored
from infra.evidence.exporting import NotSealed, export
from infra.evidence.keys import check, new_key
from tests.evidence.conftest import FACTS
from tests.evidence.logs import KEY, ORIGIN, add_facts, seal

KNOWN = [KEY.public]


def exported(dsn: str, subject: str | None = None, tenant: str | None = None) -> bytes:
    """What ``registrar log export`` writes."""
    out = io.BytesIO()
    export(dsn, out, tenant or ("main" if subject else None), subject, lambda *_: None)
    return out.getvalue()


def verified(file: bytes, anchors: list[Checkpoint] | None = None) -> Verified:
    """What ``registrar verify`` finds."""
    return verify(io.BytesIO(file), KNOWN, check, anchors or [])


@pytest.fixture(scope="module")
def whole(sealed_dsn: str) -> bytes:
    """The whole log."""
    return exported(sealed_dsn)


@pytest.fixture(scope="module")
def of_one(sealed_dsn: str) -> bytes:
    """What the log holds of one learner."""
    return exported(sealed_dsn, "s1")


class Files:
    """Both, where they are too long to be shown."""

    def __init__(self, whole: bytes, of_one: bytes) -> None:
        self.whole = whole
        self.of_one = of_one

    def __repr__(self) -> str:
        return "Files"


@pytest.fixture(scope="module")
def files(whole: bytes, of_one: bytes) -> Files:
    """The whole log, and what it holds of one learner."""
    return Files(whole, of_one)


def test_the_whole_log_is_proven_by_its_root(whole: bytes) -> None:
    """Every fact up to the checkpoint, in order."""
    found = verified(whole)
    assert (found.facts, found.subject, found.checkpoint.size) == (FACTS, None, FACTS)
    assert [signed.key for signed in found.signed] == KNOWN


def test_the_facts_of_one_learner_are_proven_one_by_one(of_one: bytes) -> None:
    """Against the checkpoint of the whole log."""
    found = verified(of_one)
    assert (found.facts, found.subject, found.checkpoint.size) == (43, "s1", FACTS)


def test_the_key_of_the_file_does_where_none_is_known(whole: bytes) -> None:
    """It shows that nothing was changed since, not who made it."""
    assert verify(io.BytesIO(whole), [], check).facts == FACTS
    with pytest.raises(Rejected, match="no known key"):
        verify(io.BytesIO(whole), [new_key(ORIGIN).public], check)


def test_a_key_that_did_not_sign_is_not_named_in_its_place(whole: bytes, of_one: bytes) -> None:
    """Whoever takes the file's word for whose key it is would trust a stranger from then on."""
    ours, stranger = str(KEY.public).encode(), str(new_key(ORIGIN).public).encode()
    for file in (whole, of_one):
        assert file.count(ours) == 1
        with pytest.raises(Rejected, match="the keys it names did not sign"):
            verified(file.replace(ours, stranger))


@given(st.booleans(), st.integers(0, 1_000_000), st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_any_byte_changed_is_rejected(files: Files, in_whole: bool, at: int, by: int) -> None:
    """Wherever it is: in a body, a number, a proof, a key, the note, the line's form."""
    file = bytearray(files.whole if in_whole else files.of_one)
    file[at % len(file)] ^= by
    for known in (KNOWN, []):
        with pytest.raises(Rejected):
            verify(io.BytesIO(bytes(file)), known, check)


@pytest.mark.parametrize("lost", [0, 1, 100, -1])
def test_a_line_left_out_is_rejected(whole: bytes, of_one: bytes, lost: int) -> None:
    """The header, the first fact, one in the middle, the last."""
    for file in (whole, of_one):
        lines = file.splitlines(keepends=True)
        del lines[lost % len(lines)]
        with pytest.raises(Rejected):
            verified(b"".join(lines))


def test_lines_in_another_order_are_rejected(whole: bytes, of_one: bytes) -> None:
    """And a line that is there twice."""
    for file in (whole, of_one):
        lines = file.splitlines(keepends=True)
        with pytest.raises(Rejected):
            verified(b"".join([*lines[:5], lines[6], lines[5], *lines[7:]]))
        with pytest.raises(Rejected):
            verified(b"".join([*lines[:6], lines[5], *lines[6:]]))


def test_the_facts_of_another_learner_do_not_pass_as_his(sealed_dsn: str, of_one: bytes) -> None:
    """Though they are in the log."""
    lines = of_one.splitlines(keepends=True)
    other = exported(sealed_dsn, "s2").splitlines(keepends=True)
    with pytest.raises(Rejected, match="not about s1"):
        verified(b"".join([*lines[:-1], other[-1]]))


def test_an_empty_file_is_rejected() -> None:
    """There is nothing in it."""
    with pytest.raises(Rejected, match="line 1"):
        verified(b"")


def test_a_body_that_is_no_text_is_kept_as_it_is() -> None:
    """Byte by byte, in base64."""
    one = entry(1, 2, 3, b"\xff\x00")
    assert (one.body, one.base64, one.stored) == (None, "/wA=", b"\xff\x00")
    assert b'"body"' not in line(one)


def test_a_log_that_is_not_sealed_is_not_exported(dsn: str) -> None:
    """There would be nothing to prove it by."""
    with pytest.raises(NotSealed, match="not sealed yet"):
        exported(dsn)


def test_what_is_not_sealed_yet_is_left_out(dsn: str) -> None:
    """A file ends where its checkpoint does."""
    add_facts(dsn, 10)
    seal(dsn)
    add_facts(dsn, 10)
    assert verified(exported(dsn)).facts == 10


def test_a_file_is_held_against_what_was_anchored(dsn: str, tmp_path: Path) -> None:
    """A log that was signed with the right key, and is another one, is rejected."""
    for _ in range(3):
        add_facts(dsn, 10)
        seal(dsn, tmp_path)
    anchors = anchored(KNOWN, tmp_path)
    file, of_one = exported(dsn), exported(dsn, "s1")
    assert (verified(file, anchors).anchored, verified(of_one, anchors).anchored) == (3, 1)
    other = [anchors[0], anchors[1]._replace(root=bytes(32)), anchors[2]]
    with pytest.raises(Rejected, match="not those anchored at 20"):
        verified(file, other)
    with pytest.raises(Rejected, match="not the one anchored at 30"):
        verified(of_one, [anchors[2]._replace(root=bytes(32))])
