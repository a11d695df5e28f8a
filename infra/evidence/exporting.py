"""How does the log, or what it holds of one learner, get into a file that proves itself?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from domain.evidence.exports import TOLD_FACTS, entry, header, line
from domain.evidence.strays import Row
from domain.evidence.tiles import span_hashes, tiles_for
from domain.evidence.tree import inclusion_spans
from infra.evidence.auditing import Told
from infra.evidence.snapshot import Snapshot, snapshot
from infra.evidence.subjects import known


class NotSealed(Exception):
    """There is no checkpoint, or none of these facts yet. One sentence."""


def export(dsn: str, out: BinaryIO, tenant: str | None, subject: str | None, told: Told) -> int:
    """Write what is sealed: all of it, or that of one tenant, or of one of its subjects; return how
    many facts that were.

    Raises NotSealed, StoreUnavailable, or what writing raises.
    """
    own = None if tenant is None or subject is None else known(dsn, tenant, subject)
    with snapshot(dsn) as log:
        seal = log.seal()
        if seal is None:
            raise NotSealed("the log is not sealed yet; is a server running that seals it?")
        size = seal.size
        facts: Iterable[bytes]
        if tenant is None:
            count = size
            facts = (line(entry(row[0], row[1], row[2], row[3])) for row in log.rows(size))
        elif subject is None or own is None:
            count = log.facts_of_tenant(tenant, size)
            facts = _proven(log, log.rows_of_tenant(tenant, size), size)
        else:
            rows = list(log.rows_of(tenant, subject, size, own))
            count = len(rows)
            facts = _proven(log, rows, size)
        out.write(line(header(tenant, subject, count, seal.keys, seal.note)))
        for number, one in enumerate(facts, 1):
            out.write(one)
            if number % TOLD_FACTS == 0:
                told(number, count)
        told(count, count)
    return count


def _proven(log: Snapshot, rows: Iterable[Row], size: int) -> Iterator[bytes]:
    for row in rows:
        spans = inclusion_spans(row.position - 1, size)
        tiles = {tile: log.tile(tile) or b"" for tile in tiles_for(spans)}
        hashes = span_hashes(spans, tiles)
        yield line(entry(row.position, row.recorded_us, row.version, row.body, hashes))
