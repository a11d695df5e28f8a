"""How does the log, or what it holds of one learner, get into a file that proves itself?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from domain.evidence.exports import TOLD_FACTS, Entry, Header, entry, header, line
from domain.evidence.strays import Row
from domain.evidence.tiles import span_hashes, tiles_for
from domain.evidence.tree import inclusion_spans
from infra.evidence.auditing import Told
from infra.evidence.snapshot import Snapshot, snapshot
from infra.evidence.subjects import known


class NotSealed(Exception):
    """There is no checkpoint, or none of these facts yet. One sentence."""


def lines(header: Header, entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the file as JSON Lines."""
    yield line(header)
    yield from map(line, entries)


def export(
    dsn: str,
    out: BinaryIO,
    tenant: str | None,
    subject: str | None,
    told: Told,
    form: Callable[[Header, Iterable[Entry]], Iterator[bytes]] = lines,
) -> int:
    """Write what is sealed: all of it, or that of one tenant, or of one of its subjects; return how
    many facts that were. ``form`` makes a file of them.

    Raises NotSealed, StoreUnavailable, or what writing raises.
    """
    own = None if tenant is None or subject is None else known(dsn, tenant, subject)
    with snapshot(dsn) as log:
        seal = log.seal()
        if seal is None:
            raise NotSealed("the log is not sealed yet; is a server running that seals it?")
        size = seal.size
        facts: Iterable[Entry]
        if tenant is None:
            count = size
            facts = (entry(row[0], row[1], row[2], row[3]) for row in log.rows(size))
        elif subject is None or own is None:
            count = log.facts_of_tenant(tenant, size)
            facts = _proven(log, log.rows_of_tenant(tenant, size), size)
        else:
            rows = list(log.rows_of(tenant, subject, size, own))
            count = len(rows)
            facts = _proven(log, rows, size)
        head = header(tenant, subject, count, seal.keys, seal.note)
        for part in form(head, _telling(facts, count, told)):
            out.write(part)
        told(count, count)
    return count


def _telling(facts: Iterable[Entry], count: int, told: Told) -> Iterator[Entry]:
    for number, one in enumerate(facts, 1):
        yield one
        if number % TOLD_FACTS == 0:
            told(number, count)


def _proven(log: Snapshot, rows: Iterable[Row], size: int) -> Iterator[Entry]:
    for row in rows:
        spans = inclusion_spans(row.position - 1, size)
        tiles = {tile: log.tile(tile) or b"" for tile in tiles_for(spans)}
        hashes = span_hashes(spans, tiles)
        yield entry(row.position, row.recorded_us, row.version, row.body, hashes)
