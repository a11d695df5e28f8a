"""How does the log, or what it holds of one learner, get into a file that proves itself?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from domain.evidence.exports import TOLD_FACTS, Header, entry, line
from domain.evidence.notes import parse
from domain.evidence.tiles import span_hashes, tiles_for
from domain.evidence.tree import inclusion_spans
from infra.evidence.auditing import Told
from infra.evidence.snapshot import Snapshot, snapshot


class NotSealed(Exception):
    """There is no checkpoint, or none of these facts yet. One sentence."""


def export(dsn: str, out: BinaryIO, subject: str | None, told: Told) -> int:
    """Write what is sealed, all of it or that of one subject; return how many facts that were.

    Raises NotSealed, StoreUnavailable, or what writing raises.
    """
    with snapshot(dsn) as log:
        seal = log.seal()
        if seal is None:
            raise NotSealed("the log is not sealed yet; is a server running that seals it?")
        count = seal.size
        facts: Iterable[bytes] = (
            line(entry(row[0], row[1], row[2], row[3])) for row in log.rows(seal.size)
        )
        if subject is not None:
            facts = kept = list(_proven(log, subject, seal.size))
            count = len(kept)
        header = Header(
            format="registrar-log/1",
            subject=subject,
            facts=count,
            keys=_signers(seal.keys, seal.note),
            checkpoint=seal.note.decode(),
        )
        out.write(line(header))
        for number, one in enumerate(facts, 1):
            out.write(one)
            if number % TOLD_FACTS == 0:
                told(number, count)
        told(count, count)
    return count


def _proven(log: Snapshot, subject: str, size: int) -> Iterator[bytes]:
    for row in list(log.rows(size, subject)):
        spans = inclusion_spans(row.position - 1, size)
        tiles = {tile: log.tile(tile) or b"" for tile in tiles_for(spans)}
        hashes = span_hashes(spans, tiles)
        yield line(entry(row.position, row.recorded_us, row.version, row.body, hashes))


def _signers(keys: str, note: bytes) -> list[str]:
    """Return those of the log's keys that signed a note."""
    by = {one.key_id.hex() for one in parse(note).signatures}
    return [key for key in keys.splitlines() if key.split("+")[1] in by]
