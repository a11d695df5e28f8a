"""Does every partition get exactly its facts, however the log is paged?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.decoding import StoredFact
from streams.packs import BYTES_MAX, FACTS_MAX, Pack, decode, encode
from streams.relay.packing import Packer
from streams.relay.ports import Message
from tests.relay.checker import Row, check_packs

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

_subjects = st.sampled_from([f"s{number}" for number in range(12)])
_streams = st.one_of(
    st.tuples(st.just("main/course/A"), st.none()),
    st.tuples(st.just("main/run-seats/R"), _subjects),
    _subjects.map(lambda subject: (f"main/enrolment/R/{subject}", subject)),
    _subjects.map(lambda subject: (f"main/viewing/R/{subject}", subject)),
)


def stored(stream: str, subject: str | None, position: int, body: bytes = b"{}") -> StoredFact:
    """A fact as the log has it."""
    return StoredFact(position, AT, 1, stream, "X", "main", subject, body)


def rows(of: list[StoredFact]) -> list[Row]:
    """The same, as the checker takes them."""
    return [Row(fact.position, fact.stream, fact.subject, fact.body) for fact in of]


@given(
    st.lists(_streams, max_size=60),
    st.lists(st.integers(1, 9), min_size=1, max_size=20),
    st.integers(1, 7),
    st.lists(st.booleans(), min_size=1, max_size=20),
)
def test_each_partition_gets_its_facts_once(
    facts: list[tuple[str, str | None]],
    page_sizes: list[int],
    partitions: int,
    watermarks: list[bool],
) -> None:
    """Of any history, in pages of any size, with watermarks wherever one likes."""
    log = [stored(*fact, position, b"%d" % position) for position, fact in enumerate(facts, 1)]
    packer = Packer("e", 0, partitions)
    sent: list[list[Message]] = [[] for _ in range(partitions)]
    begin, turn = 0, 0

    def send(packs: list[tuple[int, Pack]]) -> None:
        for partition, pack in packs:
            sent[partition].append(Message(None, encode(pack)))

    while begin < len(log):
        size = page_sizes[turn % len(page_sizes)]
        send(packer.take(log[begin : begin + size]))
        if watermarks[turn % len(watermarks)]:
            send(packer.watermarks())
        begin, turn = begin + size, turn + 1
    send(packer.watermarks())
    assert not packer.behind
    check_packs(sent, "e", rows(log))


def test_a_relay_that_begins_again_repeats_and_leaves_no_gap() -> None:
    """It begins at a place that everybody had reached, and chains on to it."""
    log = [stored(f"main/enrolment/R/s{n % 9}", f"s{n % 9}", n) for n in range(1, 41)]
    sent: list[list[Message]] = [[] for _ in range(3)]
    for begin, end in ((0, 25), (10, 40)):
        packer = Packer("e", begin, 3)
        for partition, pack in [*packer.take(log[begin:end]), *packer.watermarks()]:
            sent[partition].append(Message(None, encode(pack)))
    check_packs(sent, "e", rows(log))


def test_packs_keep_their_bounds() -> None:
    """In facts and in bytes; a fact that is larger than a pack travels alone."""
    small = [stored("main/course/A", None, n) for n in range(1, FACTS_MAX + 2)]
    packs = [pack for _, pack in Packer("e", 0, 1).take(small)]
    assert [len(pack.facts) for pack in packs] == [FACTS_MAX, 1]
    half = b"x" * (BYTES_MAX // 2 + 1)
    bodies = [half, half, b"y" * (3 * BYTES_MAX), b"z"]
    large = [stored("main/course/A", None, n, body) for n, body in enumerate(bodies, 1)]
    packs = [pack for _, pack in Packer("e", 0, 1).take(large)]
    assert [[fact.body for fact in pack.facts] for pack in packs] == [[body] for body in bodies]
    assert [(pack.after, pack.through) for pack in packs] == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_shared_facts_go_everywhere() -> None:
    """Of courses and runs, also when they name a learner; a learner's go to one partition."""
    facts = [
        stored("main/course/A", None, 1),
        stored("main/run-seats/R", "s1", 2),
        stored("main/enrolment/R/s1", "s1", 3),
    ]
    packs = Packer("e", 0, 4).take(facts)
    by_partition = {partition: [f.position for f in pack.facts] for partition, pack in packs}
    assert sorted(by_partition) == [0, 1, 2, 3]
    assert sorted(map(len, by_partition.values())) == [2, 2, 2, 3]


def test_what_is_read_back_is_what_was_packed() -> None:
    """Times to the microsecond, and the body's bytes."""
    ((_, pack),) = Packer("e", 0, 1).take([stored("main/course/A", None, 1, b"\x00\xff")])
    assert decode(encode(pack)) == pack


@pytest.mark.parametrize("everywhere", [True, False])
def test_watermarks(everywhere: bool) -> None:
    """Without facts they say where the log is; a heartbeat says it again to all."""
    packer = Packer("e", 7, 2)
    told = packer.watermarks(everywhere=everywhere)
    assert [pack for _, pack in told] == ([Pack("e", 7, 7, [])] * 2 if everywhere else [])


@pytest.mark.parametrize("which", [1, 2])
def test_control_the_checker_sees_what_is_missing(which: int) -> None:
    """Without one of its packs a partition has a gap, or does not come to the end."""
    log = [stored("main/course/A", None, n) for n in range(1, 4)]
    packer = Packer("e", 0, 1)
    sent = [Message(None, encode(pack)) for fact in log for _, pack in packer.take([fact])]
    check_packs([sent], "e", rows(log))
    with pytest.raises(AssertionError):
        check_packs([sent[:which] + sent[which + 1 :]], "e", rows(log))
