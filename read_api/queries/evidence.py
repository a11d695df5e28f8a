"""How does the log prove that a fact is in it, and that it only grew?"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from domain.evidence.exports import Entry, entry
from domain.evidence.tiles import TileId, path, span_hashes, tiles_for
from domain.evidence.tree import (
    HASH_BYTES,
    Span,
    consistency_spans,
    inclusion_spans,
    microseconds,
)
from projections.cloudevents import run_in
from projections.ports import StoreUnavailable
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound, NotYet
from read_api.ports.evidence import Leaf, Seal


class Inclusion(msgspec.Struct, frozen=True):
    """A fact as it is stored, and the hashes that prove it to be in a tree of ``size`` facts.

    The leaf's index is ``fact.position - 1``. ``checkpoint`` is the signed note of a tree of that
    size, or null where another size was asked for than that of the last one.
    """

    size: int
    fact: Entry
    hashes: list[str]
    checkpoint: str | None


class Consistency(msgspec.Struct, frozen=True):
    """The hashes that prove that the tree of size ``from`` begins the one of size ``to``."""

    from_: int = msgspec.field(name="from")
    to: int
    hashes: list[str]


class Inclusions(msgspec.Struct, frozen=True):
    """Facts as they are stored, each with the hashes that prove it to be in a tree of ``size``
    facts, and the signed note of that tree with the ``keys`` that may have signed it.

    What is not sealed yet is not among them; in a log that is not sealed at all ``size`` is 0 and
    ``checkpoint`` null.
    """

    size: int
    checkpoint: str | None
    keys: list[str]
    facts: list[Entry]


PROOFS_AT_ONCE = 256
"""Each takes a tile or two of 8 KiB of its own."""


async def checkpoint(deps: ReadDependencies, asking: Principal) -> bytes:
    """Return the last checkpoint as a signed note."""
    return (await _seal(deps)).note


async def keys(deps: ReadDependencies, asking: Principal) -> str:
    """Return the log's verifier keys, one a line, those that sign first."""
    return (await _seal(deps)).keys


async def tile(deps: ReadDependencies, asking: Principal, of: TileId, width: int) -> bytes:
    """Return the first ``width`` hashes of a tile. Raises NotFound where it has not so many."""
    found = (await deps.evidence.tiles([of])).get(of, b"")
    if len(found) < width * HASH_BYTES:
        raise NotFound("tile", path(of, width))
    return found[: width * HASH_BYTES]


async def inclusion(
    deps: ReadDependencies, asking: Principal, position: int, size: int | None
) -> Inclusion:
    """Prove that a position is in the log. Raises NotFound, NotYet or BadParameter."""
    seal = await _seal(deps)
    leaf = await deps.evidence.leaf(asking.tenant, position)
    if leaf is None or not _may_see(asking, leaf):
        raise NotFound("fact at position", str(position))
    if position > seal.size:
        raise NotYet(position, seal.size)
    of = _within(seal, "size", seal.size if size is None else size)
    if position > of:
        raise BadParameter("size", f"a tree of {of} does not have position {position}")
    fact = entry(position, microseconds(leaf.recorded_at), leaf.version, leaf.body)
    hashes = await _hashes(deps, inclusion_spans(position - 1, of))
    return Inclusion(of, fact, hashes, seal.note.decode() if of == seal.size else None)


async def inclusions(
    deps: ReadDependencies, asking: Principal, positions: Sequence[int]
) -> Inclusions:
    """Prove those of these positions that are sealed, and whose facts the asker may see."""
    seal = await deps.evidence.seal()
    if seal is None:
        return Inclusions(0, None, [], [])
    sealed = sorted({position for position in positions if position <= seal.size})
    leaves = [
        leaf for leaf in await deps.evidence.leaves(asking.tenant, sealed) if _may_see(asking, leaf)
    ]
    proven = await proofs(deps, leaves, seal.size)
    return Inclusions(seal.size, seal.note.decode(), seal.keys.splitlines(), proven)


class _Whose(msgspec.Struct):
    """What the stored bytes of a fact say of whose it is."""

    tenant: str
    stream: str
    subject: str | None


_whose = msgspec.json.Decoder(_Whose).decode


def whose(found: Sequence[Entry]) -> set[tuple[str | None, str | None]]:
    """Return the runs and subjects of facts as they are stored."""
    told = [_whose(one.stored) for one in found]
    return {(run_in(one.stream), one.subject) for one in told}


def _may_see(asking: Principal, leaf: Leaf) -> bool:
    told = _whose(leaf.body)
    return told.tenant == asking.tenant and may(
        asking, Permission.READ_RECORD, run_in(told.stream), told.subject
    )


async def proofs(deps: ReadDependencies, leaves: Sequence[Leaf], size: int) -> list[Entry]:
    """Return facts with the hashes that prove them to be in the tree of a size."""
    found = []
    for start in range(0, len(leaves), PROOFS_AT_ONCE):
        some = leaves[start : start + PROOFS_AT_ONCE]
        spans = [inclusion_spans(leaf.position - 1, size) for leaf in some]
        tiles = await deps.evidence.tiles(tiles_for(chain.from_iterable(spans)))
        found += await asyncio.to_thread(_proven, some, spans, tiles)
    return found


def _proven(
    leaves: Sequence[Leaf], spans: Sequence[list[Span]], tiles: Mapping[TileId, bytes]
) -> list[Entry]:
    with _whole_tree():
        return [
            entry(
                leaf.position,
                microseconds(leaf.recorded_at),
                leaf.version,
                leaf.body,
                span_hashes(wanted, tiles),
            )
            for leaf, wanted in zip(leaves, spans, strict=True)
        ]


async def consistency(
    deps: ReadDependencies, asking: Principal, old: int, new: int | None
) -> Consistency:
    """Prove that the log only grew between two sizes. Raises BadParameter."""
    seal = await _seal(deps)
    to = _within(seal, "to", seal.size if new is None else new)
    if old > to:
        raise BadParameter("from", f"is more than {to}")
    return Consistency(old, to, await _hashes(deps, consistency_spans(old, to)))


async def _hashes(deps: ReadDependencies, spans: list[Span]) -> list[str]:
    tiles = await deps.evidence.tiles(tiles_for(spans))
    with _whole_tree():
        return [b64encode(one).decode() for one in span_hashes(spans, tiles)]


@contextmanager
def _whole_tree() -> Iterator[None]:
    try:
        yield
    except LookupError as error:
        raise StoreUnavailable(f"the tree is not whole: {error}") from error


async def _seal(deps: ReadDependencies) -> Seal:
    found = await deps.evidence.seal()
    if found is None:
        raise NotFound("checkpoint:", "the log is not sealed")
    return found


def _within(seal: Seal, field: str, size: int) -> int:
    if size > seal.size:
        raise BadParameter(field, f"is more than the {seal.size} facts that are sealed")
    return size
