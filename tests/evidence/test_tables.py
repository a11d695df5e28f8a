"""Does an export in a Parquet file prove what is in it, and is every other file rejected?"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.evidence.checkpoints import Checkpoint
from domain.evidence.exports import Header, entry, line
from domain.evidence.notes import parse_key
from domain.evidence.parquet import WrongParquet
from domain.evidence.tables import ROWS_MAX, lines_of, table, verify_table
from domain.evidence.verifying import Verified
from infra.evidence.auditing import anchored
from infra.evidence.exporting import export
from infra.evidence.keys import check, new_key
from tests.evidence.conftest import FACTS
from tests.evidence.logs import KEY, ORIGIN, add_facts, seal

KNOWN = [KEY.public]
OLD_KEY = "registrar+bb216542+AUo2R3CcFaA2VsDF34ehHBhTfdSXUj3waGDSWC+5P8JU"


class Table:
    """A file that is too long to be shown."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __repr__(self) -> str:
        return "Table"


def exported(dsn: str, subject: str | None = None) -> bytes:
    """What ``registrar log export FILE.parquet`` writes."""
    out = io.BytesIO()
    export(dsn, out, "main" if subject else None, subject, lambda *_: None, table)
    return out.getvalue()


def verified(file: bytes, anchors: list[Checkpoint] | None = None) -> Verified:
    """What ``registrar verify`` finds."""
    return verify_table(io.BytesIO(file), KNOWN, check, anchors or [])


@pytest.fixture(scope="module")
def whole(sealed_dsn: str) -> Table:
    """The whole log."""
    return Table(exported(sealed_dsn))


@pytest.fixture(scope="module")
def of_one(sealed_dsn: str) -> Table:
    """What the log holds of one learner."""
    return Table(exported(sealed_dsn, "s1"))


def test_the_whole_log_is_proven_by_its_root(whole: Table) -> None:
    """As it is from JSON Lines."""
    found = verified(whole.content)
    assert (found.facts, found.subject, found.checkpoint.size) == (FACTS, None, FACTS)
    with pytest.raises(WrongParquet, match="no known key"):
        verify_table(io.BytesIO(whole.content), [new_key(ORIGIN).public], check)


def test_the_facts_of_one_learner_are_proven_one_by_one(of_one: Table) -> None:
    """Against the checkpoint of the whole log."""
    found = verified(of_one.content)
    assert (found.facts, found.subject, found.checkpoint.size) == (43, "s1", FACTS)


@given(st.booleans(), st.integers(0, 10_000_000), st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_any_byte_changed_is_rejected(
    whole: Table, of_one: Table, in_whole: bool, at: int, by: int
) -> None:
    """Wherever it is: in a fact, a copy of what is in it, a proof, or the form of the file."""
    file = bytearray((whole if in_whole else of_one).content)
    file[at % len(file)] ^= by
    with pytest.raises(WrongParquet):
        verified(bytes(file))


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_any_byte_of_the_footer_changed_is_rejected(of_one: Table, part: float, by: int) -> None:
    """What it says about the columns, where they lie, and who signed."""
    file = bytearray(of_one.content)
    length = int.from_bytes(file[-8:-4], "little") + 8
    file[len(file) - length + int(part * length)] ^= by
    with pytest.raises(WrongParquet):
        verified(bytes(file))


@given(st.binary(max_size=200))
def test_a_footer_of_anything_is_rejected(content: bytes) -> None:
    """And never leads astray."""
    end = len(content).to_bytes(4, "little") + b"PAR1"
    for file in (content, b"PAR1" + content + end):
        with pytest.raises(WrongParquet):
            verified(file)


def test_what_is_added_or_cut_is_rejected(whole: Table) -> None:
    """In front, in the middle, or behind."""
    file, middle = whole.content, len(whole.content) // 2
    for changed in (
        file[1:], file[:-1], file[:middle] + file[middle + 1 :],
        b"\0" + file, file + b"\0", file[:middle] + b"\0" + file[middle:], b"",
    ):  # fmt: skip
        with pytest.raises(WrongParquet):
            verified(changed)


def test_a_fact_that_is_not_the_logs_is_named(whole: Table) -> None:
    """Whoever writes the file anew with another fact in it is told which row it is."""
    head = Header(format="registrar-log/1", subject=None, facts=1, keys=[], checkpoint="")
    with pytest.raises(WrongParquet, match="the note"):
        verified(b"".join(table(head, [entry(1, 2, 3, b"{}")])))
    note = verified(whole.content).note
    head = Header(
        format="registrar-log/1", tenant="main", subject="s1", facts=1, keys=[str(KEY.public)],
        checkpoint=note,
    )  # fmt: skip
    with pytest.raises(WrongParquet, match="row 1: the proof of position 7 is not right"):
        verified(b"".join(table(head, [entry(7, 2, 3, b'{"type":"x"}', [bytes(32)])])))


def test_many_rows_are_several_groups_and_odd_bodies_are_kept() -> None:
    """Bodies that no other program could make anything of, too; nothing is copied out of them."""
    bodies = [
        b"\xff",
        b'{"type":"\xff"}',
        b"[]",
        b'{"type":7}',
        b'{"occurred_at":"2013-10-18T18:00:00"}',
        b"{}",
    ]
    entries = [entry(n, n, n, bodies[n % len(bodies)]) for n in range(1, ROWS_MAX + 9)]
    head = Header(format="registrar-log/1", subject=None, facts=1, keys=[], checkpoint="")
    file = io.BytesIO(b"".join(table(head, entries)))
    assert [*lines_of(file)] == [line(head), *map(line, entries)]


def test_a_file_is_held_against_what_was_anchored(dsn: str, tmp_path: Path) -> None:
    """As JSON Lines are."""
    for _ in range(2):
        add_facts(dsn, 10)
        seal(dsn, tmp_path)
    anchors = anchored(KNOWN, tmp_path)
    assert verified(exported(dsn), anchors).anchored == 2
    with pytest.raises(WrongParquet, match="row 10: the facts are not those anchored at 10"):
        verified(exported(dsn), [anchors[0]._replace(root=bytes(32))])


def test_a_file_that_was_handed_out_is_accepted_for_ever() -> None:
    """One made when the format was new, which PyArrow 26 and DuckDB 2.0 read as it is meant."""
    file = io.BytesIO((Path(__file__).parent / "facts-1.parquet").read_bytes())
    found = verify_table(file, [parse_key(OLD_KEY)], check)
    assert (found.facts, found.subject, found.checkpoint.size) == (13, "oulad-11391", 4_372)
