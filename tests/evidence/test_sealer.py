"""Is the log sealed as it grows, and never again once it is not what was sealed?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from domain.evidence.checkpoints import opened
from domain.evidence.tiles import WIDTH
from domain.evidence.tree import leaf_hash, microseconds
from infra.evidence.anchors import DirectoryAnchors
from infra.evidence.keys import check, new_key
from infra.evidence.leaves import PostgresLeaves
from infra.evidence.seals import PostgresSeals
from infra.migrations import migrate
from streams.sealer import Sealer
from streams.seals import AnchorsUnavailable, Broken, Page, Signing
from tests.evidence.logs import (
    KEY,
    ORIGIN,
    add_facts,
    execute,
    leaves_of,
    naive_root_of,
    signing,
    tamper,
)
from tests.server import eventually

Make = Callable[..., Sealer]


@pytest.fixture
def make(dsn: str) -> Iterator[Make]:
    """Sealers on one database, each with sessions of its own."""
    with closing(_Made(dsn)) as made:
        yield made


class _Made:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._open: list[PostgresLeaves | PostgresSeals] = []

    def __call__(self, folder: Path | None = None, signs: Signing | None = None) -> Sealer:
        reader, seals = PostgresLeaves(self._dsn), PostgresSeals(self._dsn)
        self._open += [reader, seals]
        anchors = None if folder is None else DirectoryAnchors(folder)
        return Sealer(reader, seals, signs or signing(), anchors, anchor_seconds=0)

    def close(self) -> None:
        for one in self._open:
            one.close()


def sealed(dsn: str, sealer: Sealer) -> int:
    """Seal all there is, and return how much is sealed and rightly signed."""
    while sealer.step():
        pass
    (note,) = execute(dsn, "select note from evidence.sealed")[0]
    checkpoint = opened(note, [KEY.public], check).checkpoint
    assert checkpoint.root == naive_root_of(dsn, checkpoint.size)
    return checkpoint.size


def test_what_is_recorded_is_sealed(dsn: str, make: Make) -> None:
    """The empty log too; then page by page, the root is always that of all leaves."""
    sealer = make()
    assert sealed(dsn, sealer) == 0
    for count in (1, 254, 1, 1, 300):
        add_facts(dsn, count)
        sealed(dsn, sealer)
    assert sealer.size == 557
    rows = execute(dsn, "select level, number, hashes from evidence.tiles order by 1, 2")
    leaves = leaves_of(dsn)
    assert [(level, number) for level, number, _ in rows] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert rows[1][2] == b"".join(leaves[WIDTH : 2 * WIDTH])
    assert rows[2][2] == b"".join(leaves[2 * WIDTH :])


def test_another_process_goes_on(dsn: str, make: Make) -> None:
    """It finds the tree as it was left, and one seals at a time."""
    first, second = make(), make()
    add_facts(dsn, 300)
    assert sealed(dsn, first) == 300
    add_facts(dsn, 10)
    assert sealed(dsn, second) == 310
    add_facts(dsn, 10)
    first.step()  # it finds that somebody else has sealed, and looks again
    assert sealed(dsn, first) == 320
    assert first._store.lead()
    assert not second._store.lead()


def test_it_comes_back_when_its_sessions_are_lost(dsn: str, make: Make, tmp_path: Path) -> None:
    """In its own thread, as the server runs it; what was sealed at the end is anchored."""
    sealer = make(tmp_path)
    sealer.start()
    try:
        for count in (20, 40, 60):
            add_facts(dsn, 20)
            eventually(lambda count=count: sealer.size == count, 20, f"{count} are sealed")
            execute(
                dsn,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()",
            )
    finally:
        sealer.stop()
    assert sealer.error is None
    assert b"\n60\n" in DirectoryAnchors(tmp_path).all()[-1][1]


def test_a_standby_takes_over(dsn: str, make: Make) -> None:
    """As soon as whoever seals is gone."""
    first, second = make(), make()
    first.start()
    eventually(lambda: execute(dsn, "select 1 from evidence.sealed"), 20, "the first seals")
    second.start()
    try:
        add_facts(dsn, 20)
        eventually(lambda: first.size == 20, 20, "sealed by the first")
        first.stop()
        first._store.close()
        add_facts(dsn, 20)
        eventually(lambda: second.size == 40, 20, "sealed by the second")
    finally:
        second.stop()


def test_a_new_epoch_is_sealed_anew(dsn: str, make: Make) -> None:
    """Positions mean other facts now; the checkpoint says which epoch it is of."""
    sealer = make()
    add_facts(dsn, 300)
    sealed(dsn, sealer)
    tamper(dsn, "delete from log.facts where position > 200", "update log.epoch set name = 'new'")
    assert sealed(dsn, sealer) == 200
    (epoch, tiles) = execute(
        dsn, "select epoch, (select count(*) from evidence.tiles) from evidence.sealed"
    )[0]
    assert (epoch, tiles) == ("new", 1), "no tile is left of the larger tree before"


def test_leaves_of_the_next_epoch_are_not_signed_as_of_the_one_before(dsn: str) -> None:
    """A backup is restored, and its epoch made new, while a page is read."""

    class Restored(PostgresLeaves):
        def leaves(self, after: int, limit: int) -> Page | None:
            page = super().leaves(after, limit)
            tamper(dsn, "update log.epoch set name = 'new'")
            return page

    add_facts(dsn, 20)
    with closing(Restored(dsn)) as leaves, closing(PostgresSeals(dsn)) as seals:
        sealer = Sealer(leaves, seals, signing())
        assert sealer.step() == 0
        (before,) = execute(dsn, "select epoch, size from evidence.sealed")
        assert before[0] != "new"
        assert before[1] == 0
        assert sealer.step() == 20
        assert execute(dsn, "select epoch, size from evidence.sealed") == [("new", 20)]


def test_a_cut_tail_stops_it(dsn: str, make: Make) -> None:
    """Whether it is running or begins: what was sealed is gone, and nothing more is signed."""
    sealer = make()
    add_facts(dsn, 20)
    sealed(dsn, sealer)
    tamper(dsn, "delete from log.facts where position > 15")
    for one in (sealer, make()):
        with pytest.raises(Broken, match="ends at 15, and 20 facts were sealed"):
            one.step()


def test_a_gap_stops_it(dsn: str, make: Make) -> None:
    """A position that was never recorded cannot be sealed."""
    sealer = make()
    add_facts(dsn, 20)
    tamper(dsn, "delete from log.facts where position = 7")
    with pytest.raises(Broken, match="gap"):
        sealer.step()
    assert sealer.size == 0


def test_a_tree_that_was_altered_stops_it(dsn: str, make: Make) -> None:
    """The tiles do not give the root that was signed."""
    add_facts(dsn, 20)
    sealed(dsn, make())
    execute(dsn, "update evidence.tiles set hashes = hashes || hashes")
    execute(dsn, "update evidence.tiles set hashes = set_byte(hashes, 0, 255 - get_byte(hashes,0))")
    with pytest.raises(Broken, match="not the one that was signed at 20"):
        make().step()
    execute(dsn, "delete from evidence.tiles")
    with pytest.raises(Broken, match="not whole"):
        make().step()


def test_a_seal_by_a_stranger_stops_it(dsn: str, make: Make) -> None:
    """Whoever owns the tables can put another note there, but not sign it."""
    stranger = new_key(ORIGIN)
    add_facts(dsn, 20)
    make(None, signing(stranger)).step()
    with pytest.raises(Broken, match="cannot be believed"):
        make().step()


def test_a_log_put_back_stops_at_what_is_anchored(dsn: str, make: Make, tmp_path: Path) -> None:
    """Facts and seals of an old backup fit each other; the checkpoint outside tells."""
    add_facts(dsn, 20)
    sealed(dsn, make(tmp_path))
    kept = execute(dsn, "select epoch, size, note, keys from evidence.sealed")[0]
    tiles = execute(dsn, "select level, number, hashes from evidence.tiles")
    add_facts(dsn, 20)
    sealed(dsn, make(tmp_path))
    tamper(dsn, "delete from log.facts where position > 20", "delete from evidence.tiles")
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany("insert into evidence.tiles values (%s, %s, %s)", tiles)
        cursor.execute("update evidence.sealed set epoch=%s, size=%s, note=%s, keys=%s", kept)
    with pytest.raises(Broken, match="checkpoint of 40 facts is anchored, and 20 are sealed"):
        make(tmp_path).step()
    add_facts(dsn, 20, text="another")
    assert sealed(dsn, make()) == 40
    with pytest.raises(Broken, match="not the one that was anchored at 40"):
        make(tmp_path).step()


def test_seals_that_vanished_are_not_made_anew(dsn: str, make: Make, tmp_path: Path) -> None:
    """Otherwise an altered log would be signed as if nothing had been."""
    add_facts(dsn, 20)
    sealed(dsn, make(tmp_path))
    execute(dsn, "delete from evidence.tiles", "delete from evidence.sealed")
    with pytest.raises(Broken, match="20 facts is anchored, and 0 are sealed"):
        make(tmp_path).step()


def test_every_anchor_is_a_file_that_can_be_opened(dsn: str, make: Make, tmp_path: Path) -> None:
    """In the order of their sizes; what is there already is left as it is."""
    sealer = make(tmp_path)
    sealer.step()
    for _ in range(2):
        add_facts(dsn, 5)
        sealer.step()
        sealer.step()
    notes = [note for _, note in DirectoryAnchors(tmp_path).all()]
    found = [opened(note, [KEY.public], check).checkpoint for note in notes]
    assert [checkpoint.size for checkpoint in found] == [0, 5, 10]
    DirectoryAnchors(tmp_path).put(found[1], b"something else")
    assert [note for _, note in DirectoryAnchors(tmp_path).all()] == notes


def test_anchors_that_cannot_be_written_do_not_stop_the_sealing(
    dsn: str, make: Make, tmp_path: Path
) -> None:
    """It is said, and tried again."""
    (tmp_path / "file").write_text("not a folder")
    sealer = make(tmp_path / "file")
    add_facts(dsn, 5)
    with pytest.raises(AnchorsUnavailable, match="anchors cannot be read"):
        sealer.step()


def test_what_keeps_it_from_sealing_is_there_to_see(dsn: str, make: Make) -> None:
    """Until it seals again."""
    sealer = make()
    add_facts(dsn, 20)
    sealed(dsn, sealer)
    sealer._store.fault("a tail is cut")
    assert execute(dsn, "select error from evidence.sealed") == [("a tail is cut",)]
    add_facts(dsn, 1)
    sealed(dsn, sealer)
    assert execute(dsn, "select error from evidence.sealed") == [(None,)]


def test_what_stops_it_is_told_in_one_line_and_where_only_if_nobody_expected_it(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Once each, however often it looks again."""
    sealer = make()
    for error in (Broken("a tail is cut"), Broken("a tail is cut"), ZeroDivisionError("by zero")):
        sealer._stall(error)
    told = [one for one in caplog.records if one.name == "streams.sealer"]
    assert [(one.getMessage(), one.exc_info is None) for one in told] == [
        ("the log is not sealed: a tail is cut", True),
        ("the log is not sealed: ZeroDivisionError('by zero')", False),
    ]


def test_a_leaf_is_what_the_row_says(dsn: str) -> None:
    """Position, microseconds, version, body: a copy in another column is not in it."""
    add_facts(dsn, 1)
    position, at, version, body = execute(
        dsn, "select position, recorded_at, version, body from log.facts"
    )[0]
    assert leaves_of(dsn) == [leaf_hash(position, microseconds(at), version, body)]


def test_an_old_database_gets_the_tables(dsn: str) -> None:
    """Nothing is sealed until somebody seals."""
    assert migrate(dsn) == []
    assert execute(dsn, "select count(*) from evidence.sealed") == [(0,)]
