"""Is every kind of tampering found and named, by the owner of the tables on a live database?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.evidence.auditing import Audited, audit
from infra.evidence.keys import check, new_key
from tests.databases import Databases
from tests.evidence.logs import KEY, ORIGIN, add_facts, execute, seal, tamper

FACTS = 300
UP = "update log.facts set position = position + 100000 where position {}"
DOWN = "update log.facts set position = position - {} where position > 100000"

Audits = Callable[..., list[tuple[str, int]]]


@pytest.fixture
def log(databases_18: Databases, tmp_path: Path) -> Iterator[str]:
    """A log that was sealed and anchored twice, with a few facts that are not sealed yet."""
    with databases_18.fresh() as dsn:
        for _ in range(2):
            add_facts(dsn, FACTS // 2)
            seal(dsn, tmp_path)
        add_facts(dsn, 5)
        yield dsn


def audited(dsn: str, anchors: Path | None, *over: str) -> Audited:
    """What ``registrar log audit`` finds."""
    return audit(dsn, [KEY.public], anchors, over, lambda *_: None)


def found(dsn: str, anchors: Path | None = None, *over: str) -> list[tuple[str, int]]:
    """The kinds and positions of what an audit finds."""
    return [(one.kind, one.position) for one in audited(dsn, anchors, *over).findings]


def said(dsn: str) -> str:
    """What an audit says of the first thing that it finds."""
    return audited(dsn, None).findings[0].said


def test_a_log_as_it_was_has_no_findings(log: str, tmp_path: Path) -> None:
    """What is not sealed yet is no finding."""
    told = audited(log, tmp_path)
    assert (told.facts, told.sealed, told.anchors) == (FACTS + 5, FACTS, 2)
    assert told.findings == []


@pytest.mark.parametrize("position", [1, 7, 256, 257, FACTS])
def test_an_altered_body_is_found(log: str, position: int) -> None:
    """At the ends of the log and of its tiles too."""
    body = "set body = convert_to(replace(convert_from(body, 'UTF8'), '\"x ', '\"y '), 'UTF8')"
    tamper(log, f"update log.facts {body} where position = {position}")
    assert found(log) == [("altered", position)]
    assert f"position {position} is not what was sealed" in said(log)
    assert "Noted in main/note/s" in said(log)


@pytest.mark.parametrize(
    "change", ["recorded_at = recorded_at - interval '1 microsecond'", "version = version + 1000"]
)
def test_an_altered_time_or_version_is_found(log: str, change: str) -> None:
    """The leaf covers them as it covers the body."""
    tamper(log, f"update log.facts set {change} where position = 7")
    assert ("altered", 7) in found(log)


def test_an_actor_altered_in_the_body_is_found(log: str) -> None:
    """Who did it is in the body."""
    body = "convert_to(replace(convert_from(body, 'UTF8'), 'test', 'dean'), 'UTF8')"
    tamper(log, f"update log.facts set body = {body} where position = 9")
    assert found(log) == [("altered", 9)]


def test_two_facts_swapped_are_found(log: str) -> None:
    """With all that is theirs, side by side or far apart."""
    for one, other in ((10, 11), (20, 280)):
        tamper(
            log,
            UP.format(f"in ({one}, {other})"),
            f"update log.facts set position = {other} where position = {100000 + one}",
            f"update log.facts set position = {one} where position = {100000 + other}",
        )
    kinds = [one for one in found(log) if one[0] != "time"]
    assert kinds == [("swapped", 10), ("swapped", 20)]


def test_two_bodies_swapped_are_found(log: str) -> None:
    """Time and version stay where they were; the copies in the columns tell as well."""
    tamper(
        log,
        "update log.facts f set body = o.body from log.facts o"
        " where f.position in (30, 33) and o.position = 63 - f.position",
    )
    assert [one for one in found(log) if one[0] != "column"] == [("swapped", 30)]
    assert ("column", 30) in found(log)


def test_a_deleted_fact_is_found(log: str) -> None:
    """The position that is missing."""
    tamper(log, "delete from log.facts where position = 40")
    assert found(log) == [("missing", 40)]
    tamper(log, "delete from log.facts where position in (50, 51)")
    assert found(log) == [("missing", 40), ("missing", 50)]
    assert "position 40 is not there" in said(log)


@pytest.mark.parametrize("count", [1, 3])
def test_a_deletion_that_was_closed_up_is_found(log: str, count: int) -> None:
    """The later facts were moved, so that no position is missing."""
    tamper(
        log,
        f"delete from log.facts where position between 40 and {39 + count}",
        UP.format(f"> {39 + count}"),
        DOWN.format(100000 + count),
    )
    assert found(log) == [("deleted", 40)]


def insert(log: str) -> None:
    """Put a fact at 61, and those that were there and later one further."""
    tamper(
        log,
        UP.format("> 60"),
        DOWN.format(100000 - 1),
        "insert into log.facts select 61, recorded_at, 999, stream, type, tenant, subject, body"
        " from log.facts where position = 60",
    )


def test_an_inserted_fact_is_found(log: str) -> None:
    """The later facts were moved to make room."""
    insert(log)
    assert found(log) == [("inserted", 61)]


def test_a_log_that_is_sealed_further_after_an_insertion_lacks_nothing(log: str) -> None:
    """The sealer did not look back, and what it sealed since is there."""
    insert(log)
    seal(log)
    assert found(log) == [("inserted", 61)]


@pytest.mark.parametrize(("last", "said"), [(299, "was sealed and is"), (290, "to 300 were")])
def test_a_tail_cut_after_a_deletion_is_found_where_it_was_sealed(
    log: str, last: int, said: str
) -> None:
    """Positions are told as they were when they were sealed."""
    tamper(
        log,
        f"delete from log.facts where position = 40 or position > {last}",
        UP.format("> 40"),
        DOWN.format(100001),
    )
    assert found(log) == [("deleted", 40), ("cut", last + 1)]
    assert said in audited(log, None).findings[1].said


def test_a_cut_tail_is_found(log: str, tmp_path: Path) -> None:
    """By what was signed; and where the seal was put back as well, by the anchors."""
    kept = execute(log, "select epoch, size, note, keys from evidence.sealed")
    assert kept
    tamper(log, "delete from log.facts where position > 280")
    assert found(log) == [("cut", 281)]
    assert "position 281 to 300 were sealed and are cut off" in said(log)
    execute(log, "delete from evidence.tiles", "delete from evidence.sealed")
    assert found(log) == []
    seal(log)
    assert found(log) == []
    assert found(log, tmp_path) == [("cut", 281)]


def test_an_old_backup_is_found(databases_18: Databases, tmp_path: Path) -> None:
    """Facts and seals of it fit each other; what was anchored since is not there."""
    with databases_18.fresh() as dsn:
        add_facts(dsn, 20)
        seal(dsn, tmp_path)
        name = dsn.rpartition("/")[2].partition("?")[0]
        backup = f"{name}_backup"
        databases_18.copy(name, backup)
        add_facts(dsn, 20)
        seal(dsn, tmp_path)
        restored = databases_18.server.address(backup)
        assert found(restored) == []
        assert found(restored, tmp_path) == [("cut", 21)]
        add_facts(restored, 20, text="other")
        seal(restored)
        assert found(restored) == []
        assert found(restored, tmp_path) == [("anchor", 40)]
        databases_18.drop(backup)


def test_a_new_epoch_does_not_hide_what_was_lost(log: str, tmp_path: Path) -> None:
    """Anchors of the old one are held against the log, until somebody says that it was known."""
    (epoch,) = execute(log, "select name from log.epoch")[0]
    tamper(log, "delete from log.facts where position > 280", "update log.epoch set name = 'new'")
    seal(log, tmp_path)
    assert found(log, tmp_path) == [("epoch", 281)]
    assert found(log, tmp_path, epoch) == []


@pytest.mark.parametrize(
    ("column", "value"), [("stream", "a/b/c"), ("type", "T"), ("tenant", "t"), ("subject", "s")]
)
def test_a_column_that_is_not_what_the_body_says_is_found(
    log: str, column: str, value: str
) -> None:
    """Columns are copies to search by; the leaf does not cover them, the body does."""
    tamper(log, f"update log.facts set {column} = '{value}' where position in (70, 303)")
    assert found(log) == [("column", 70), ("column", 303)]
    assert f"its column {column} says '{value}'" in said(log)


def test_a_tree_that_was_altered_is_told_from_an_altered_fact(log: str) -> None:
    """The facts still give the root that was signed."""
    leaf = "hashes = set_byte(hashes, 64, 255 - get_byte(hashes, 64))"
    execute(log, f"update evidence.tiles set {leaf} where level = 0 and number = 0")
    assert found(log) == [("tree", 3)]


def test_a_tree_made_to_fit_an_altered_fact_is_found(log: str, tmp_path: Path) -> None:
    """It was not signed so: the anchors tell between which positions it is."""
    body = "convert_to(replace(convert_from(body, 'UTF8'), 'test', 'dean'), 'UTF8')"
    tamper(log, f"update log.facts set body = {body} where position = 200")
    stranger = new_key(ORIGIN)
    (kept,) = execute(log, "select note, keys from evidence.sealed")
    execute(log, "delete from evidence.tiles", "delete from evidence.sealed")
    seal(log, None, stranger)
    assert found(log)[0][0] == "signature"
    tamper(log, "delete from log.facts where position > 300")
    execute(log, "delete from evidence.tiles", "delete from evidence.sealed")
    seal(log, None, stranger)
    execute(log, f"update evidence.sealed set note = '\\x{kept[0].hex()}', keys = '{kept[1]}'")
    assert found(log) == [("altered", 1)]
    assert found(log, tmp_path)[0] == ("altered", 151)


def test_an_anchor_that_was_altered_is_found(log: str, tmp_path: Path) -> None:
    """It is signed as well."""
    file = sorted(tmp_path.rglob("*.txt"))[-1]
    file.write_bytes(file.read_bytes().replace(b"\n300\n", b"\n299\n"))
    assert found(log, tmp_path) == [("signature", 0)]
    assert check(KEY.public.public, b"", b"") is False


def test_many_altered_facts_are_all_counted(log: str) -> None:
    """The first are named."""
    tamper(log, "update log.facts set version = version + 1000 where position <= 300")
    told = audited(log, None)
    assert len([one for one in told.findings if one.kind == "altered"]) + told.more == FACTS
